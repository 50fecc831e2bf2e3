"""Names of types: PascalCase, unique, and the same whatever else the document holds.

A name that two schemas would share goes to the one that is already spelled that way; the others
keep their own spelling made into an identifier (`foo.bar` → `FooDotBar`), which needs no counter.
Of a qualified name (`io.k8s.api.core.v1.Pod`) only as many of the last parts are taken as tell it
from the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from tsbind.ir.numbering import numbered
from tsbind.lower.words import identifier, pascal, words
from tsbind.spec.document import EXTERNAL

_SPELLED = {".": "Dot", "-": "Dash", "/": "Slash", " ": "Space", ":": "Colon", "+": "Plus"}


_PARTS = 8  # of a qualified name, before all of them are taken
_PASCAL = re.compile(r"[A-Z][A-Za-z0-9]*")


class TypeNames:
    """Hands out names; asking again for the same key gives the same name."""

    def __init__(self, components: Iterable[str]) -> None:
        self._taken: set[str] = set()
        self.components: Mapping[str, str] = self._name_components(sorted(components))

    def fresh(self, *candidates: str) -> str:
        """Take the first candidate that is free, else the last one with a number."""
        for name in candidates:
            if name not in self._taken:
                self._taken.add(name)
                return name
        return self.fresh(numbered(candidates[-1], self._taken))

    def for_pointer(self, pointer: str) -> str:
        """Name a schema that is no component, from the end of the pointer to it."""
        keys = [key for key in pointer.split("/") if key]
        plain = [key.replace("~1", "/").replace("~0", "~") for key in keys]
        meaning = [key for key in plain if key not in _STRUCTURE] or plain or ["Root"]
        alone = plain[:1] == [EXTERNAL] and _PASCAL.fullmatch(meaning[-1]) is not None
        tails = [
            [word for key in meaning[-n:] for word in words(_stem(key))]
            for n in (1 if alone else 2, 2, 3, len(meaning))
        ]
        return self.fresh(*[pascal(tail) if tail else "Schema" for tail in tails])

    def _name_components(self, names: list[str]) -> dict[str, str]:
        groups: dict[str, list[str]] = {}
        for name, short in _shortest(names).items():
            groups.setdefault(short, []).append(name)
        for short, members in groups.items():
            # The member that is spelled like the name goes first.
            members.sort(key=lambda each, short=short: (each != short, each))  # type: ignore[misc]
        chosen: dict[str, str] = {}
        for short, members in sorted(groups.items()):
            chosen[members[0]] = self.fresh(short, short + "Type", short + "Schema")
        for short, members in sorted(groups.items()):
            for name in members[1:]:
                chosen[name] = self.fresh(_spelled(name), short + "Type")
        return chosen


# Keys that structure a document and say nothing about the schema.
_STRUCTURE = frozenset(
    [
        EXTERNAL,
        "components",
        "schemas",
        "definitions",
        "properties",
        "items",
        "allOf",
        "anyOf",
        "oneOf",
        "content",
        "schema",
        "paths",
        "responses",
        "requestBody",
        "parameters",
        "$defs",
        "additionalProperties",
        "patternProperties",
    ]
)


def _stem(key: str) -> str:
    """A file is called what it is called without its folder and extension."""
    return key.rsplit("/", 1)[-1].removesuffix(".yaml").removesuffix(".yml").removesuffix(".json")


def _shortest(names: list[str]) -> dict[str, str]:
    """Name each of `names` by as few of its last parts as tell it from all others.

    >>> _shortest(["io.core.v1.Pod", "io.core.v1.Event", "io.events.v1.Event", "issuing.card"])
    {'io.core.v1.Pod': 'Pod', 'io.core.v1.Event': 'CoreV1Event', \
'io.events.v1.Event': 'EventsV1Event', 'issuing.card': 'IssuingCard'}
    """
    parts = {name: name.split(".") for name in names}
    # Only where the last part is spelled like a type: in `issuing.card` it is half of the name.
    used = {name: 1 if of[-1][:1].isupper() else len(of) for name, of in parts.items()}
    shorts = {name: _short(".".join(of[-used[name] :])) for name, of in parts.items()}
    while True:
        groups: dict[str, list[str]] = {}
        for name, short in shorts.items():
            groups.setdefault(short, []).append(name)
        clashing = [
            name
            for members in groups.values()
            if len(members) > 1
            for name in members
            if used[name] < len(parts[name])
        ]
        if not clashing:
            return shorts
        for name in clashing:
            used[name] = used[name] + 1 if used[name] < _PARTS else len(parts[name])
            shorts[name] = _short(".".join(parts[name][-used[name] :]))


def _short(name: str) -> str:
    if _PASCAL.fullmatch(name):  # most names
        return identifier(name)
    parts = words(name)
    return pascal(parts) if parts else "Schema"


def _spelled(name: str) -> str:
    """Keep every character that tells a name from its neighbours."""
    if name.isidentifier():
        return identifier(name)
    text = "".join(f" {_SPELLED[letter]} " if letter in _SPELLED else letter for letter in name)
    return pascal(words(text)) if words(text) else "Schema"
