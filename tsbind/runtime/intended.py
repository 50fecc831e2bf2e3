"""Read the schema of arguments as its author meant it, where the letter of it admits nothing.

Published documents hold two contradictions that no server enforces, and that would leave some of
their operations without any valid call:

- Alternatives of a `oneOf` that overlap, often because all their fields are optional: the letter
  refuses what fits two of them.  A union of TypeScript takes it, and so do arguments, unless each
  alternative requires a field of its own: those are meant to exclude each other.
- A part of an `allOf` that closes itself (`additionalProperties: false`) against the fields of the
  other parts.  The whole is meant to be closed, and so it is here.

What an API replies and what a program returns is still judged by the letter.

>>> intended({"oneOf": [{"required": ["a"]}, {"required": ["a", "b"]}]})
{'anyOf': [{'required': ['a']}, {'required': ['a', 'b']}]}
>>> base = {"properties": {"a": {}}, "additionalProperties": False}
>>> intended({"allOf": [base, {"properties": {"b": {}}}]})
{'allOf': [{'properties': {'a': {}}}, {'properties': {'b': {}}}], 'unevaluatedProperties': False}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from itertools import permutations
from typing import Final

from tsbind.bundle import Json

_DEFINED: Final = "#/$defs/"
_MOST_PARTS: Final = 200  # of one composition; a larger one is read by the letter
_MOST_COMPARED: Final = 50  # alternatives; of more, each hardly excludes all others
# Where schemas stand inside of a schema (JSON Schema 2020-12 §10 and §11).  `not` and `if` are no
# such places here: what is lenient inside of them would be strict outside.
_TABLES: Final = ("$defs", "properties", "patternProperties", "dependentSchemas")
_LISTS: Final = ("allOf", "anyOf", "oneOf", "prefixItems")
_SINGLE: Final = (
    "additionalProperties", "unevaluatedProperties", "propertyNames", "then", "else",
    "items", "unevaluatedItems", "contains",
)  # fmt: skip


def intended(schema: Json) -> Json:
    """Return `schema`, its `$defs` included, without the contradictions named above."""
    definitions = schema.get("$defs", {}) if isinstance(schema, Mapping) else {}
    return _read(schema, definitions)


def _read(node: Json, definitions: Mapping[str, Json]) -> Json:
    if not isinstance(node, Mapping):
        return node
    if "allOf" in node and _is_closed_to_itself(node, definitions):
        node = {**_opened(node, definitions, set()), "unevaluatedProperties": False}
    made = dict(node)
    for key in _TABLES:
        if isinstance(made.get(key), Mapping):
            made[key] = {name: _read(each, definitions) for name, each in made[key].items()}
    for key in _LISTS:
        if isinstance(made.get(key), (list, tuple)):
            made[key] = [_read(each, definitions) for each in made[key]]
    for key in _SINGLE:
        if key in made:
            made[key] = _read(made[key], definitions)
    if "oneOf" in made and not _exclude_each_other(node["oneOf"], definitions):
        alternatives = made.pop("oneOf")
        if "anyOf" in made:
            made["allOf"] = [*made.get("allOf", ()), {"anyOf": alternatives}]
        else:
            made["anyOf"] = alternatives
    return made


def _exclude_each_other(alternatives: Json, definitions: Mapping[str, Json]) -> bool:
    """Whether no alternative requires all that another one does."""
    if not isinstance(alternatives, (list, tuple)) or len(alternatives) > _MOST_COMPARED:
        return False
    required = [_required(each, definitions) for each in alternatives]
    return not any(one <= other for one, other in permutations(required, 2))


def _required(alternative: Json, definitions: Mapping[str, Json]) -> set[str]:
    if not isinstance(alternative, Mapping):
        return set()
    return {str(name) for part in _parts(alternative, definitions) for name in _names(part)}


def _names(part: Mapping[str, Json]) -> Sequence[Json]:
    required = part.get("required")
    return required if isinstance(required, (list, tuple)) else ()


def _is_closed_to_itself(node: Mapping[str, Json], definitions: Mapping[str, Json]) -> bool:
    """Whether a part of a composition forbids a field that another part declares."""
    parts = list(_parts(node, definitions))
    if len(parts) > _MOST_PARTS:
        return False
    fields = {name for part in parts for name in _fields(part)}
    return any(
        part.get("additionalProperties") is False
        and "patternProperties" not in part
        and not fields <= _fields(part)
        for part in parts
    )


def _fields(part: Mapping[str, Json]) -> Set[str]:
    properties = part.get("properties")
    return properties.keys() if isinstance(properties, Mapping) else frozenset()


def _parts(
    node: Mapping[str, Json], definitions: Mapping[str, Json]
) -> Iterator[Mapping[str, Json]]:
    """All that holds of a value at once: the schema, and what its `allOf` and `$ref` name."""
    pending: list[Json] = [node]
    seen: set[str] = set()
    found = 0
    while pending and found <= _MOST_PARTS:
        part = pending.pop()
        if not isinstance(part, Mapping):
            continue
        found += 1
        yield part
        pending.extend(part.get("allOf", ()))
        name = _named(part)
        if name in definitions and name not in seen:
            seen.add(name)
            pending.append(definitions[name])


def _opened(node: Json, definitions: Mapping[str, Json], written: set[str]) -> dict[str, Json]:
    """The same composition without what closes its parts; each named part is written out once."""
    if not isinstance(node, Mapping):
        return {"allOf": [node]}
    made = {key: value for key, value in node.items() if key not in ("allOf", "$ref")}
    if made.get("additionalProperties") is False:
        del made["additionalProperties"]
    parts = [_opened(part, definitions, written) for part in node.get("allOf", ())]
    name = _named(node)
    if name in definitions and name not in written:
        written.add(name)
        parts.append(_opened(definitions[name], definitions, written))
    elif "$ref" in node and name not in written:
        made["$ref"] = node["$ref"]
    if parts:
        made["allOf"] = parts
    return made


def _named(node: Mapping[str, Json]) -> str:
    target = node.get("$ref")
    if not isinstance(target, str) or not target.startswith(_DEFINED):
        return ""
    return target[len(_DEFINED) :].replace("~1", "/").replace("~0", "~")
