"""Make a value that fits a JSON Schema: small, always the same, plausible to read.

For hosts that answer without an API (`MockHost`), dry runs, and tests.  A value is built from the
schema; where keywords interact in ways that building does not follow (`not`, `if`, crossing
`allOf`), the caller validates it and does without.

    >>> sample({"required": ["id"], "properties": {"id": {"type": "integer"}}}, {})
    {'id': 1}
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Final

from tsbind.bundle import Json
from tsbind.runtime.pattern import text_for

DEPTH: Final = 4  # levels below which only what is required is made
DEEPEST: Final = 40  # levels below which nothing is made: the schema demands an endless value
MOST_ITEMS: Final = 1000  # of a list whose schema demands so many

_FORMATS: Final = {
    "date": "2024-01-31",
    "date-time": "2024-01-31T12:00:00Z",
    "time": "12:00:00Z",
    "duration": "P1D",
    "email": "user@example.com",
    "idn-email": "user@example.com",
    "hostname": "example.com",
    "idn-hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "url": "https://example.com/",  # in no standard, and in many documents
    "uri-reference": "/path",
    "iri": "https://example.com/",
    "iri-reference": "/path",
    "uri-template": "/path/{id}",
    "uuid": "00000000-0000-4000-8000-000000000001",
    "json-pointer": "/a",
    "relative-json-pointer": "0",
    "regex": "a",
    "byte": "YQ==",
    "binary": "a",
}
_KEYWORD_TYPE: Final = {
    "properties": "object",
    "required": "object",
    "additionalProperties": "object",
    "items": "array",
    "prefixItems": "array",
    "minItems": "array",
    "pattern": "string",
    "minLength": "string",
    "format": "string",
    "minimum": "number",
    "maximum": "number",
    "multipleOf": "number",
}


class Unsatisfiable(Exception):
    """No value was found for the schema; it may allow none."""


def sample(schema: Json, schemas: Mapping[str, Json], *, optional: bool = False) -> Json:
    """Return a value for `schema`, whose references are `#/$defs/NAME` into `schemas`.

    `optional` adds optional fields, to a depth.  Raises Unsatisfiable when none is found.
    """
    return _Sampler(schemas, optional).value(schema, 0)


class _Sampler:
    def __init__(self, schemas: Mapping[str, Json], optional: bool) -> None:
        self._schemas = schemas
        self._optional = optional

    def value(self, schema: Json, depth: int) -> Json:
        if depth > DEEPEST:
            raise Unsatisfiable("endless")
        if not isinstance(schema, Mapping):
            if schema is False:
                raise Unsatisfiable("false")
            return "text"
        schema = self._merged(schema, depth)
        for word in ("const", "default", "example"):
            if word in schema:
                return schema[word]
        if "enum" in schema:
            return self._first_of_enum(schema)
        for word in ("oneOf", "anyOf"):
            if schema.get(word):
                return self._of_branches(schema, word, depth)
        return self._of_type(schema, depth)

    def _first_of_enum(self, schema: Mapping[str, Json]) -> Json:
        values = [value for value in schema["enum"] if value is not None] or schema["enum"]
        if not values:
            raise Unsatisfiable("an empty enum")
        return values[0]

    def _of_branches(self, schema: Mapping[str, Json], word: str, depth: int) -> Json:
        rest = {key: value for key, value in schema.items() if key != word}
        problem = Unsatisfiable("no branch")
        for branch in schema[word]:
            if branch == {"type": "null"} and len(schema[word]) > 1:
                continue
            try:
                return self.value({"allOf": [rest, branch]} if rest else branch, depth + 1)
            except Unsatisfiable as failed:
                problem = failed
        raise problem

    def _of_type(self, schema: Mapping[str, Json], depth: int) -> Json:
        match _type_of(schema):
            case "object":
                return self._object(schema, depth)
            case "array":
                return self._array(schema, depth)
            case "string":
                return _string(schema)
            case "integer" | "number" as kind:
                return _number(schema, whole=kind == "integer")
            case "boolean":
                return True
            case "null":
                return None
            case _:
                return "text"

    def _object(self, schema: Mapping[str, Json], depth: int) -> Json:
        known = schema.get("properties", {})
        required = list(schema.get("required", ()))
        made: dict[str, Json] = {}
        for name in required:
            made[name] = self.value(
                known.get(name, schema.get("additionalProperties", True)), depth + 1
            )
        if self._optional:
            told = known if depth < DEPTH else _constants(known)
            made.update(self._optional_fields(told, made, depth))
        missing = schema.get("minProperties", 0) - len(made)
        extra = schema.get("additionalProperties", True)
        for index in range(min(missing, MOST_ITEMS)):
            made[f"key{index + 1}"] = self.value(extra, depth + 1)
        return made

    def _optional_fields(
        self, known: Mapping[str, Json], made: Mapping[str, Json], depth: int
    ) -> Iterator[tuple[str, Json]]:
        for name, schema in known.items():
            if name not in made and schema is not True:  # of which a branch not taken says more
                try:
                    yield name, self.value(schema, depth + 1)
                except Unsatisfiable:
                    continue

    def _array(self, schema: Mapping[str, Json], depth: int) -> Json:
        made = [self.value(each, depth + 1) for each in schema.get("prefixItems", ())]
        wanted = schema.get("minItems", 0)
        if not made and depth < DEPTH:  # an empty list cannot be told from none in a query
            wanted = max(wanted, min(1, schema.get("maxItems", 1)))
        items = schema.get("items", True)
        if len(made) < wanted and items is not False:
            item = self.value(items, depth + 1)
            more = min(wanted, MOST_ITEMS) - len(made)
            unique = schema.get("uniqueItems")
            made += [_varied(item, items, n) if unique and n else item for n in range(more)]
        return made

    def _merged(self, schema: Mapping[str, Json], depth: int) -> Mapping[str, Json]:
        """The schema with its reference and its `allOf` folded in, as far as keywords add up."""
        parts: list[Json] = [schema]
        seen: set[str] = set()
        whole: dict[str, Json] = {}
        while parts:
            part = parts.pop(0)
            if part is False:
                raise Unsatisfiable("false")
            if not isinstance(part, Mapping):
                continue
            name = _reference(part)
            if name and name not in seen:
                seen.add(name)
                parts.append(self._schemas.get(name, True))
            parts.extend(part.get("allOf", ()))
            _fold(whole, part)
        return whole


def _constants(known: Mapping[str, Json]) -> Mapping[str, Json]:
    """The properties with one value, which tell alternatives apart however deep they lie."""
    return {
        name: schema
        for name, schema in known.items()
        if isinstance(schema, Mapping) and ("const" in schema or len(schema.get("enum", ())) == 1)
    }


def _fold(whole: dict[str, Json], part: Mapping[str, Json]) -> None:
    for word, value in part.items():
        match word:
            case "allOf" | "$ref" | "$defs":
                continue
            case "properties":
                merged = dict(whole.get(word, {}))
                for name, schema in value.items():
                    merged[name] = {"allOf": [merged[name], schema]} if name in merged else schema
                whole[word] = merged
            case "required":
                whole[word] = list(dict.fromkeys([*whole.get(word, ()), *value]))
            case "enum" if word in whole:
                whole[word] = [item for item in whole[word] if item in value]
            case "minimum" | "minLength" | "minItems" | "exclusiveMinimum" if word in whole:
                whole[word] = max(whole[word], value)
            case "maximum" | "maxLength" | "maxItems" | "exclusiveMaximum" if word in whole:
                whole[word] = min(whole[word], value)
            case "type" if word in whole:
                whole[word] = _common_type(whole[word], value)
            case "anyOf" | "oneOf" if word in whole:
                # Both must hold; a value for the first may not fit the second.
                whole[word] = [{"allOf": [a, {word: value}]} for a in whole[word]]
            case _:
                whole.setdefault(word, value)


def _common_type(one: Json, other: Json) -> Json:
    first = one if isinstance(one, list) else [one]
    second = other if isinstance(other, list) else [other]
    common = [name for name in first if name in second]
    if not common and {"integer", "number"} <= {*first, *second}:
        common = ["integer"]
    if not common:
        raise Unsatisfiable("two types at once")
    return common if len(common) > 1 else common[0]


def _reference(schema: Mapping[str, Json]) -> str:
    target = schema.get("$ref", "")
    prefix = "#/$defs/"
    if not isinstance(target, str) or not target.startswith(prefix):
        return ""
    return target[len(prefix) :].replace("~1", "/").replace("~0", "~")


def _type_of(schema: Mapping[str, Json]) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((name for name in kind if name != "null"), "null")
    if isinstance(kind, str):
        return kind
    return next((kind for word, kind in _KEYWORD_TYPE.items() if word in schema), "")


def _string(schema: Mapping[str, Json]) -> str:
    least, most = schema.get("minLength", 0), schema.get("maxLength", math.inf)
    if "pattern" in schema:
        try:
            return text_for(schema["pattern"], least, most)
        except (re.error, ValueError):
            raise Unsatisfiable("a pattern") from None
    text = _FORMATS.get(schema.get("format", ""), "text")
    if len(text) < least:
        text += "x" * (least - len(text))
    return text if len(text) <= most else text[: int(most)]


def _number(schema: Mapping[str, Json], *, whole: bool) -> int | float:
    step = schema.get("multipleOf") or (1 if whole else None)
    low, high = _bounds(schema, whole=whole)
    value: int | float = 1
    if not low <= value <= high:
        value = low if low > -math.inf else high
    if step:
        value = math.ceil(value / step - 1e-9) * step
        if value > high:
            value = math.floor(high / step) * step
    if value < low or value > high:
        raise Unsatisfiable("a number between its bounds")
    return int(value) if whole or value == int(value) else value


def _bounds(schema: Mapping[str, Json], *, whole: bool) -> tuple[float, float]:
    gap = 1 if whole else 1e-6
    low = max(schema.get("minimum", -math.inf), schema.get("exclusiveMinimum", -math.inf) + gap)
    high = min(schema.get("maximum", math.inf), schema.get("exclusiveMaximum", math.inf) - gap)
    return (
        (math.ceil(low), math.floor(high))
        if whole and abs(low) + abs(high) < math.inf
        else (
            low,
            high,
        )
    )


def _varied(item: Json, schema: Json, number: int) -> Json:
    """Another value like `item`, for lists whose items must differ."""
    if isinstance(schema, Mapping) and len(schema.get("enum", ())) > number:
        return schema["enum"][number]
    match item:
        case bool():
            return not item
        case int() | float():
            return item + number
        case str():
            return f"{item}{number}"
        case _:
            return item
