"""What run-time schemas say of their values at first sight: JSON types, fields, where they begin.

References, `allOf` and an only choice beside null are followed, at most DEEP of them.  Each schema
is looked at once, however many operations come by.

    >>> page = {"type": "object", "properties": {"size": {"type": "integer"}}}
    >>> outlines = Outlines({"Page": page})
    >>> [*outlines.fields({"$ref": "#/$defs/Page"})], outlines.kinds({"$ref": "#/$defs/Page"})
    (['size'], frozenset({'object'}))
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from tsbind.bundle import Json

DEEP: Final = 16  # references and compositions that are followed

_WORDS: Final[tuple[str, ...]] = ("default", "minimum")
_ANY: Final[frozenset[str]] = frozenset()


class _Glance(NamedTuple):
    kinds: frozenset[str]
    words: Mapping[str, Json]  # `default` and `minimum`, as far as they are given


class Outlines:
    """The outlines of all schemas of one document; `schemas` holds those that have names."""

    def __init__(self, schemas: Mapping[str, Json]) -> None:
        self._schemas = schemas
        # By id() and depth; holding the schema keeps its id valid.
        self._glances: dict[tuple[int, int], tuple[Json, _Glance]] = {}
        self._fields: dict[tuple[int, int], tuple[Json, Mapping[str, Json]]] = {}

    def kinds(self, schema: Json) -> frozenset[str]:
        """Return the JSON types, other than null, that the value may have; none means any."""
        return self._glance(schema, 0).kinds

    def words(self, schema: Json) -> Mapping[str, Json]:
        """Return `default` and `minimum`, as far as they are given."""
        return self._glance(schema, 0).words

    def fields(self, schema: Json, deep: int = 0) -> Mapping[str, Json]:
        """Return the schemas of the value's fields, by name; the same object for a mere name."""
        if not isinstance(schema, dict) or deep > DEEP:
            return {}
        found = self._fields.get((id(schema), deep))
        if found is None:
            inner = [self.fields(part, deep + 1) for part in self._parts(schema)]
            said = [each for each in (*inner, schema.get("properties", {})) if each]
            merged = {name: each for fields in said for name, each in fields.items()}
            found = schema, said[0] if len(said) == 1 else merged
            self._fields[id(schema), deep] = found
        return found[1]

    def _glance(self, schema: Json, deep: int) -> _Glance:
        if not isinstance(schema, dict) or deep > DEEP:
            return _Glance(_ANY, {})
        found = self._glances.get((id(schema), deep))
        if found is None:
            found = self._glances[id(schema), deep] = schema, self._look(schema, deep)
        return found[1]

    def _look(self, schema: dict[str, Json], deep: int) -> _Glance:
        kind = schema.get("type", ())
        kinds = {kind} if isinstance(kind, str) else {*kind}
        words: Mapping[str, Json] = {word: schema[word] for word in _WORDS if word in schema}
        for part in self._parts(schema):
            inner = self._glance(part, deep + 1)
            kinds |= inner.kinds
            words = {**inner.words, **words}
        kinds |= {"array"} if "items" in schema else set()
        kinds |= {"object"} if schema.get("properties") else set()
        return _Glance(frozenset(kinds - {"null"}), words)

    def _parts(self, schema: dict[str, Json]) -> Iterator[Json]:
        """Yield the schemas that hold for the same value."""
        target = schema.get("$ref")
        if isinstance(target, str):
            yield self._schemas.get(target.removeprefix("#/$defs/"), True)
        yield from schema.get("allOf", ())
        for word in ("anyOf", "oneOf"):
            choices = [choice for choice in schema.get(word, ()) if choice != {"type": "null"}]
            if len(choices) == 1:
                yield choices[0]
