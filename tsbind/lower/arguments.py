"""One argument object per operation: the parameters, and the body beside or inside them."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from tsbind.bundle import Body, Json, Parameter
from tsbind.ir.types import Record, Type, union
from tsbind.lower.body import Sent, as_argument, bodies, includes, shape_of, wire
from tsbind.lower.compose import intersect
from tsbind.lower.fields import Shape
from tsbind.lower.keywords import in_place
from tsbind.lower.parameter import Argument, field
from tsbind.lower.report import At, Node, Report
from tsbind.lower.table import Types
from tsbind.lower.validation import MAX_COPIED, Validation

# Keywords that make a schema's meaning depend on more than its own list of properties.
_COMPOSED = frozenset(
    [
        "$ref",
        "allOf",
        "anyOf",
        "oneOf",
        "not",
        "if",
        "then",
        "else",
        "dependentSchemas",
        "unevaluatedProperties",
    ]
)
# Keywords that look at every member, so that a parameter beside the body would disturb them.
_COUNTING = frozenset(["minProperties", "maxProperties", "propertyNames", "patternProperties"])


class Input(NamedTuple):
    """The argument object, as a type, for validation, and over the wire."""

    type: Type | None  # None: the operation takes nothing
    optional: bool  # the object may be left out
    schema: Json
    parameters: tuple[Parameter, ...]
    bodies: tuple[Body, ...]


def arguments_object(
    node: dict[str, Node],
    at: At,
    parameters: list[Argument],
    types: Types,
    validation: Validation,
    report: Report,
) -> Input:
    """Join the parameters of an operation with its body."""
    sent, required = bodies(node, at, types, validation, report)
    record = _record(parameters, types)
    schema = _schema(parameters, validation)
    ways = [_joined(each, required, len(sent) > 1, schema, validation, report) for each in sent]
    type_: Type = record
    if ways:
        inner = union(
            way.type
            for way, one in zip(ways, sent, strict=True)
            if not any(includes(other, one) for other in sent)
        )
        type_ = intersect((record, inner)) if record.fields else inner
    elif not record.fields:
        return Input(None, True, schema, (), ())
    return Input(
        type_,
        _optional(type_, types),
        _any_of([way.schema for way in ways]) if ways else schema,
        tuple(each.parameter for each in parameters),
        tuple(way.body for way in ways),
    )


class _Way(NamedTuple):
    type: Type
    schema: Json
    body: Body


def _record(parameters: list[Argument], types: Types) -> Record:
    return Record(
        tuple(
            field(
                each, types.lower(each.schema, each.at, "request"), types.note(each.schema, each.at)
            )
            for each in parameters
        )
    )


def _schema(parameters: list[Argument], validation: Validation) -> dict[str, Json]:
    made: dict[str, Json] = {
        "type": "object",
        "properties": {
            each.parameter.arg: _with_nought(
                validation.schema(each.schema, each.at, "request"), each.schema
            )
            for each in parameters
        },
        "additionalProperties": False,
    }
    required = [each.parameter.arg for each in parameters if each.parameter.required]
    if required:
        made["required"] = required
    return made


def _with_nought(made: Json, schema: Node) -> Json:
    """Keep a default of 0: it says that an API counts its pages from there (paging.py)."""
    default = schema.get("default") if isinstance(schema, dict) else None
    if isinstance(made, dict) and type(default) is int and default == 0:
        return {**made, "default": 0}
    return made


def _joined(
    sent: Sent,
    required: bool,
    several: bool,
    schema: dict[str, Json],
    validation: Validation,
    report: Report,
) -> _Way:
    taken = schema["properties"].keys()
    flat = sent.shape is not None and _may_flatten(sent, sent.shape, required, taken, validation)
    if flat and sent.shape is not None and _has_room(sent, sent.shape, validation, report):
        body = wire(sent, "", required, several, report)
        return _Way(sent.type, _beside(schema, sent, sent.shape, validation), body)
    arg = _free_name(taken)
    body = wire(sent, arg, required, several, report)
    return _Way(as_argument(sent, arg, required), _inside(schema, sent, arg, required), body)


def _may_flatten(
    sent: Sent, shape: Shape, required: bool, taken: Collection[str], validation: Validation
) -> bool:
    if not required and (not shape.empty or "minProperties" in _plain(sent.schema, validation)):
        return False
    if not taken:
        return True
    if any(name in shape.names for name in taken):
        return False
    return not _restricts_all(sent.schema, validation)


def _has_room(sent: Sent, shape: Shape, validation: Validation, report: Report) -> bool:
    """Every operation has a list of its own of all that stands beside its parameters."""
    if validation.may_copy(len(shape.names)):
        return True
    report.add(
        "many-fields",
        sent.content.at,
        f"the {len(shape.names):,} fields of this body stay together in one argument: beside the "
        f"parameters, all operations may list {MAX_COPIED:,} fields of bodies",
        fix="pass the body as that argument, or describe bodies of fewer fields",
        severity="info",
    )
    return False


def _free_name(taken: Collection[str]) -> str:
    names = ("body", "requestBody", "payload", "requestPayload")
    return next((name for name in names if name not in taken), "requestBodyContent")


def _plain(schema: Json, validation: Validation) -> dict[str, Json]:
    """Follow a schema that is a reference and nothing more."""
    for _ in range(16):
        if not (isinstance(schema, dict) and schema.keys() == {"$ref"}):
            break
        schema = validation.definitions[schema["$ref"].removeprefix("#/$defs/")]
    return schema if isinstance(schema, dict) else {}


def _restricts_all(schema: Json, validation: Validation) -> bool:
    """Whether a body's schema would object to parameters beside its own fields.

    A plain `additionalProperties: false` does not: it is joined with the list of parameters.
    """
    body = _plain(schema, validation)
    if body.keys().isdisjoint(_COMPOSED):
        return not body.keys().isdisjoint(_COUNTING)
    seen: set[int] = set()
    pending: list[Json] = [body]
    while pending:
        part = pending.pop()
        if not isinstance(part, dict) or id(part) in seen:
            continue
        seen.add(id(part))
        if part.get("additionalProperties") is False or "unevaluatedProperties" in part:
            return True
        if not part.keys().isdisjoint(_COUNTING):
            return True
        pending.extend(in_place(part))
        if "$ref" in part:
            pending.append(validation.definitions[part["$ref"].removeprefix("#/$defs/")])
    return False


def _beside(
    schema: dict[str, Json], sent: Sent, shape: Shape, validation: Validation
) -> dict[str, Json]:
    """Parameters and the fields of the body at one level; other names are refused."""
    body = _plain(sent.schema, validation)
    # A field may be required and declared nowhere, or declared deep in a composition.
    further = body.get("additionalProperties")
    fields: dict[str, Json] = dict.fromkeys(sorted(shape.names), further or True)
    made: dict[str, Json] = {"type": "object"}
    if body.keys().isdisjoint(_COMPOSED):
        made = {**body, **made}
        made["properties"] = {**schema["properties"], **fields, **body.get("properties", {})}
        required = [*schema.get("required", ()), *body.get("required", ())]
        if not shape.open and "patternProperties" not in body:
            made["additionalProperties"] = False
    else:
        made["properties"] = {**schema["properties"], **fields}
        made["allOf"] = [sent.schema]
        required = schema.get("required", [])
        if not shape.open:
            made["unevaluatedProperties"] = False
    if required:
        made["required"] = required
    return made


def _inside(schema: dict[str, Json], sent: Sent, arg: str, required: bool) -> dict[str, Json]:
    """The body as one more property of the argument object."""
    made = {**schema, "properties": {**schema["properties"], arg: sent.schema}}
    if required:
        made["required"] = [*schema.get("required", ()), arg]
    return made


def _any_of(schemas: list[Json]) -> Json:
    return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}


def _optional(type_: Type, types: Types) -> bool:
    """Whether `{}` will do."""
    shape = shape_of(type_, types)
    return shape is not None and shape.empty
