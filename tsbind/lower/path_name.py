"""Names an operation by its method and path, for documents whose operationIds say no more.

The first fixed segment is the namespace; the rest of the path and the method make the name:

    >>> " ".join(name_by_path("GET", "/v1/charges", Siblings(()))[1])
    'list'
    >>> " ".join(name_by_path("POST", "/v1/charges/{charge}/capture", Siblings(()))[1])
    'capture'
    >>> namespace, name = name_by_path("GET", "/v1/accounts/{id}/bank_accounts/{id}", Siblings(()))
    >>> " ".join(namespace), " ".join(name)
    ('accounts', 'get bank account')
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from tsbind.lower.words import plural, singular, words

# Segments in front that say which API this is and not what it is about.
_PREFIX = re.compile(
    r"(?:apis?|rest|rpc|web|public|services?|v?\d[\d.\-]*(?:alpha\d*|beta\d*|rc\d*)?)",
    re.IGNORECASE,
)
_EXTENSION = re.compile(r"\.(?:json|xml|ya?ml|html?|php|aspx?|do)$", re.IGNORECASE)
_VARIABLE = re.compile(r"\{[^{}]*\}")
# Last segments that are deeds rather than things, also under GET.
_DEEDS = frozenset(
    [
        "search",
        "query",
        "export",
        "import",
        "download",
        "upload",
        "preview",
        "validate",
        "verify",
        "check",
        "count",
        "batch",
        "login",
        "logout",
        "refresh",
        "cancel",
        "approve",
        "reject",
        "archive",
        "restore",
    ]
)
_VERBS = {
    "GET": "get",
    "POST": "create",
    "PUT": "replace",
    "PATCH": "update",
    "DELETE": "delete",
    "HEAD": "check",
    "OPTIONS": "options",
    "TRACE": "trace",
    "QUERY": "query",
}


class Siblings:
    """The paths of a document, asked what else is there beside one of them."""

    def __init__(self, operations: Iterable[tuple[str, str]]) -> None:
        self._methods: dict[str, set[str]] = {}
        self._collections: set[str] = set()
        for method, path in operations:
            shape = _VARIABLE.sub("{}", path)
            self._methods.setdefault(shape, set()).add(method)
            if shape.endswith("/{}"):
                self._collections.add(shape[:-3])

    def has_items(self, path: str) -> bool:
        """Whether there is a path for one item of the collection at `path`."""
        return _VARIABLE.sub("{}", path) in self._collections

    def methods(self, path: str) -> set[str]:
        """The methods at the path."""
        return self._methods.get(_VARIABLE.sub("{}", path), set())


def segments(path: str) -> list[str]:
    """Return the segments of a path without the prefix that names the API and its version."""
    found = [_EXTENSION.sub("", each) for each in path.partition("?")[0].split("/") if each]
    start = 0
    while start < len(found) - 1 and _PREFIX.fullmatch(found[start]):
        start += 1
    return found[start:]


def is_variable(segment: str) -> bool:
    """Whether a segment is a variable and nothing more."""
    return _VARIABLE.fullmatch(segment) is not None


def namespace_by_path(path: str) -> list[str]:
    """The words of the first fixed segment; [] when there is none."""
    for segment in segments(path):
        if not is_variable(segment):
            return words(_VARIABLE.sub(" ", segment))
    return []


def name_by_path(method: str, path: str, siblings: Siblings) -> tuple[list[str], list[str]]:
    """Return the words of the namespace and of the method."""
    found = segments(path)
    fixed = [index for index, each in enumerate(found) if not is_variable(each)]
    if not fixed:
        return [], [_VERBS.get(method, method.lower())]
    namespace = words(_VARIABLE.sub(" ", found[fixed[0]]))
    things: list[str] = []
    for index in fixed[1:-1]:
        one = index + 1 < len(found) and is_variable(found[index + 1])
        things += _things(found[index], one)
    last = found[fixed[-1]] if len(fixed) > 1 else ""
    return namespace, _name(method, path, things, last, is_variable(found[-1]), siblings)


def _name(
    method: str, path: str, things: list[str], last: str, item: bool, siblings: Siblings
) -> list[str]:
    """Verb and object; `last` is the last fixed segment when it is not the namespace."""
    verb = _VERBS.get(method, method.lower())
    if item:
        if method == "POST":
            verb = "update"  # a new item has no name of its own yet
        return [verb, *things, *_things(last, True)]
    deed = words(last)
    if deed and _is_deed(method, path, deed, siblings):
        return [*deed, *things]
    many = siblings.has_items(path) or plural(last or (segments(path)[0] if path else ""))
    if method == "GET" and many:
        return ["list", *things, *_things(last, False)]
    return [verb, *things, *_things(last, method == "POST")]


def _is_deed(method: str, path: str, last: list[str], siblings: Siblings) -> bool:
    if last[0].lower() in _DEEDS:
        return method in ("GET", "POST", "PUT")
    if method != "POST" or siblings.has_items(path):
        return False
    return not plural(last[-1]) and siblings.methods(path) <= {"POST"}


def _things(segment: str, one: bool) -> list[str]:
    parts = words(_VARIABLE.sub(" ", segment))
    if one and parts:
        parts[-1] = _one_of(parts[-1])
    return parts


def _one_of(word: str) -> str:
    """The singular in the word's own spelling."""
    single = singular(word)
    return word[: len(single)] if word.lower().startswith(single) else single
