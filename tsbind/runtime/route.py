"""Find which call of a Bundle an HTTP request is: what a server does, for hosts that are one.

>>> calls = [Call("pets.get", "GET", "/pets/{id}"), Call("pets.mine", "GET", "/pets/mine")]
>>> [Routes(calls).find("GET", path).op for path in ("/pets/7", "/pets/mine")]
['pets.get', 'pets.mine']
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from tsbind.bundle import Call

_VARIABLE = re.compile(r"\{[^{}]*\}")


class NoRoute(LookupError):
    """No call has that path, or none with that method; `allowed` are the methods that there are."""

    def __init__(self, allowed: tuple[str, ...]) -> None:
        self.allowed = allowed
        super().__init__(", ".join(allowed))


class Routes:
    """The paths of a Bundle's calls; concrete ones are matched before templated ones."""

    def __init__(self, calls: Iterable[Call]) -> None:
        # OpenAPI 3.2 §4.8.2: concrete paths come first; then, as in most servers, the one whose
        # first variable stands furthest to the right.
        ranked = sorted(calls, key=lambda call: (call.path.count("{"), -len(_head(call.path))))
        self._routes = [(_pattern(call.path), call) for call in ranked]

    def find(self, method: str, path: str) -> Call:
        """Return the call; `path` is as sent, without the query.  Raises NoRoute."""
        here = [call for pattern, call in self._routes if pattern.fullmatch(path)]
        for call in here:
            if call.method == method:
                return call
        raise NoRoute(tuple(sorted({call.method for call in here})))


def variables(template: str, path: str) -> dict[str, str]:
    """Return what stands for each variable of `template` in `path`, as it was sent."""
    fixed = _VARIABLE.split(template.partition("?")[0].partition("#")[0])
    found = re.fullmatch("([^/]+?)".join(map(re.escape, fixed)), path)
    names = [name[1:-1] for name in _VARIABLE.findall(template)]
    return dict(zip(names, found.groups(), strict=False)) if found else {}


def _head(path: str) -> str:
    return path.partition("{")[0]


def _pattern(path: str) -> re.Pattern[str]:
    """A pattern without nesting repetition: each variable is a run within one segment."""
    fixed = _VARIABLE.split(path.partition("?")[0].partition("#")[0])
    return re.compile("[^/]+?".join(map(re.escape, fixed)))
