"""What schemas take, at first sight: which JSON types, which fields, which items.

All choices of a schema count, since a text that was received may be any of them.

    >>> shapes = Shapes({"Id": {"anyOf": [{"type": "integer"}, {"enum": ["me"]}]}})
    >>> sorted(shapes.kinds({"$ref": "#/$defs/Id"}))
    ['integer', 'string']
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from tsbind.bundle import Json

_DEEP: Final = 16  # references and compositions that are followed
_MOST: Final = 1000  # schemas that are looked at for one question
_KINDS: Final = ((bool, "boolean"), (int, "integer"), (float, "number"), (str, "string"),
                 (list, "array"), (dict, "object"))  # fmt: skip


class Shapes:
    """Reads schemas; `schemas` holds those that have names."""

    def __init__(self, schemas: Mapping[str, Json]) -> None:
        self._schemas = schemas

    def kinds(self, schema: Json) -> set[str]:
        """Return the JSON types that a value may have; none means any."""
        found: set[str] = set()
        for part in self._parts(schema):
            kind = part.get("type", ())
            found |= {kind} if isinstance(kind, str) else {*kind}
            values = [*part.get("enum", ()), *([part["const"]] if "const" in part else ())]
            found |= set(map(_kind, values)) if not kind else set()
            found |= {"array"} if "items" in part else set()
            found |= {"object"} if part.get("properties") else set()
        return found

    def fields(self, schema: Json) -> dict[str, Json]:
        """Return the schemas of the fields that an object may have."""
        found: dict[str, Json] = {}
        for part in self._parts(schema):
            for name, each in part.get("properties", {}).items():
                # What says nothing stands for what another part says.
                if found.get(name, True) is True:
                    found[name] = each
        return found

    def items(self, schema: Json) -> Json:
        """Return the schema of a list's items."""
        return next((part["items"] for part in self._parts(schema) if "items" in part), True)

    def at(self, schema: Json, step: str) -> Json:
        """Return the schema of a field, or of an item where `step` is a number."""
        fields = self.fields(schema)
        if step in fields:
            return fields[step]
        return self.items(schema) if step.isdigit() else True

    def required(self, schema: Json) -> set[str]:
        """Return the fields that an object must have, whichever choice it is."""
        parts = self._parts(schema, choices=())
        return {name for part in parts for name in part.get("required", ())}

    def is_open(self, schema: Json) -> bool:
        """Whether an object may have other fields, too."""
        return not any(part.get("additionalProperties") is False for part in self._parts(schema))

    def _parts(
        self, schema: Json, choices: tuple[str, ...] = ("anyOf", "oneOf")
    ) -> Iterator[dict[str, Json]]:
        """Yield the schemas that a value may have to fit."""
        pending, left = [(schema, 0)], _MOST
        while pending and left:
            part, deep = pending.pop(0)
            if not isinstance(part, dict) or deep > _DEEP:
                continue
            left -= 1
            yield part
            target = part.get("$ref")
            if isinstance(target, str):
                name = target.removeprefix("#/$defs/").replace("~1", "/").replace("~0", "~")
                pending.append((self._schemas.get(name, True), deep + 1))
            for word in ("allOf", *choices):
                pending.extend((each, deep + 1) for each in part.get(word, ()))


def _kind(value: Json) -> str:
    return next((name for kind, name in _KINDS if isinstance(value, kind)), "null")
