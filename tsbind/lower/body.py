"""Request bodies → part of the argument object.

A body that is a record with known fields is flattened: its fields stand beside the parameters.
Any other body, and one whose fields would collide with a parameter, is one argument, `body`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from tsbind.bundle import Body, Json, Part, Style
from tsbind.ir.types import (
    BYTES,
    TEXT,
    UNKNOWN,
    Array,
    Field,
    Intersection,
    Record,
    Ref,
    Type,
    Union,
)
from tsbind.lower.depth import MAX_NAMES
from tsbind.lower.direction import Mode
from tsbind.lower.fields import Shape
from tsbind.lower.media import Content, by_preference, concrete, contents
from tsbind.lower.report import At, Node, Report
from tsbind.lower.table import Types
from tsbind.lower.validation import Validation

_NOTHING = Record((), closed=True)  # some documents say "no body" this way


class Sent(NamedTuple):
    """One way to send the body: as a type, for validation, and over the wire."""

    type: Type
    schema: Json
    shape: Shape | None  # None: not a record with known fields
    content: Content
    note: str
    doc: str


def bodies(
    node: dict[str, Node], at: At, types: Types, validation: Validation, report: Report
) -> tuple[list[Sent], bool]:
    """Read `requestBody`: the ways to send it that differ, the preferred first; and whether it
    is required."""
    if node.get("requestBody") is None:
        return [], False
    resolved = types.references.node(node["requestBody"], (at, "requestBody"))
    if resolved is None:  # its reference is broken: it may be anything
        anything = Content("application/json", "json", {}, at)
        return [Sent(UNKNOWN, True, None, anything, "", "")], False
    body, place = resolved
    found = by_preference(contents(body, place, types.references, report), reply=False)
    doc = body.get("description")
    text = doc.strip() if isinstance(doc, str) else ""
    kept: list[Sent] = []
    for content in found:
        if kept and not _worth_offering(content, kept[0].content):
            continue
        sent = _sent(content, text, types, validation)
        if not any(_adds_nothing(sent, other) for other in kept):
            kept.append(sent)
    required = body.get("required") is True
    if not required and [sent.type for sent in kept] == [_NOTHING]:
        return [], False
    return kept, required


def _worth_offering(content: Content, preferred: Content) -> bool:
    """Whether a second media type can carry something that the preferred one does not say."""
    if content.schema == preferred.schema:
        return False
    if content.kind == preferred.kind:
        return content.kind == "json"  # such as two kinds of patch
    if content.kind == "text":
        schema = content.schema
        return isinstance(schema, dict) and schema.get("type") == "string"
    return True


def _adds_nothing(sent: Sent, other: Sent) -> bool:
    if sent.type == other.type:
        return True
    return (
        sent.shape is not None
        and other.shape is not None
        and sent.shape.names <= other.shape.names
        and sent.content.kind != "multipart"
    )


def _sent(content: Content, doc: str, types: Types, validation: Validation) -> Sent:
    schema, at = content.schema, (content.at, "schema")
    mode: Mode = "form" if content.media.startswith("multipart/") else "request"
    if content.kind == "text":
        return Sent(TEXT, {"type": "string"}, None, content, "", doc)
    if content.kind == "binary":
        return Sent(
            BYTES, True, None, content, content.media if "*" not in content.media else "", doc
        )
    if content.kind == "stream":
        item = content.node.get("itemSchema", True)
        place: At = (content.at, "itemSchema")
        listed = {"type": "array", "items": validation.schema(item, place, mode)}
        return Sent(Array(types.lower(item, place, mode)), listed, None, content, "", doc)
    type_ = types.lower(schema, at, mode)
    shape = shape_of(type_, types)
    made = validation.schema(schema, at, mode)
    return Sent(type_, made, shape, content, types.note(schema, at), doc)


def shape_of(
    node: Type, types: Types, known: dict[str, Shape | None] | None = None, depth: int = 0
) -> Shape | None:
    """Return the fields of a type that is certainly a record with known fields, else None.

    `known` keeps what the named types on the way turned out to be, so that each is read once;
    those that are records are kept for all operations that send them.
    `depth` names lead here; what is composed through more than MAX_NAMES is not looked into.
    """
    known = {} if known is None else known
    match node:
        case Record(fields, rest):
            if not fields or (rest is not None and rest != UNKNOWN):
                return None
            names = frozenset(field.name for field in fields)
            required = frozenset(field.name for field in fields if field.required)
            return Shape(names, required, not required, rest is not None)
        case Ref(name):
            if name not in known:
                known[name] = types.shapes.get(name)
                if known[name] is None and depth < MAX_NAMES:
                    found = shape_of(types.look(name), types, known, depth + 1)
                    known[name] = found
                    if found is not None:
                        types.shapes[name] = found
            return known[name]
        case Intersection(inner):
            parts = [shape_of(part, types, known, depth) for part in inner]
            return _joined(parts, set[str].union, all)
        case Union(inner):
            parts = [shape_of(part, types, known, depth) for part in inner]
            return _joined(parts, set[str].intersection, any)
    return None


def _joined(
    shapes: list[Shape | None],
    required: Callable[..., set[str]],
    empty: Callable[[Iterable[bool]], bool],
) -> Shape | None:
    known = [shape for shape in shapes if shape is not None]
    if len(known) < len(shapes):
        return None
    return Shape(
        frozenset[str]().union(*(shape.names for shape in known)),
        frozenset(required(*({*shape.required} for shape in known))),
        empty(shape.empty for shape in known),
        any(shape.open for shape in known),
    )


def includes(sent: Sent, other: Sent) -> bool:
    """Whether one way takes all that another one does, and more: a form with files, say."""
    if sent is other or sent.shape is None or other.shape is None:
        return False
    return sent.shape.names > other.shape.names and sent.shape.required <= other.shape.required


def wire(sent: Sent, arg: str, required: bool, several: bool, report: Report) -> Body:
    """Say how a body goes over the wire."""
    schema: Json = True
    if several:
        schema = sent.schema
        if sent.shape is not None and not sent.shape.open:
            # A field that only another way knows must lead there.
            schema = {"allOf": [schema], "unevaluatedProperties": False}
    parts = _parts(sent.content, report)
    return Body(concrete(sent.content), arg, required, parts, schema)


_STYLES: tuple[Style, ...] = ("form", "spaceDelimited", "pipeDelimited", "deepObject")


def _parts(content: Content, report: Report) -> dict[str, Part]:
    """Read `encoding` of a form or multipart body (OpenAPI 3.2 §4.15)."""
    table = content.node.get("encoding")
    if content.kind not in ("form", "multipart") or not isinstance(table, dict):
        return {}
    parts = {}
    for name, node in table.items():
        if not isinstance(node, dict):
            report.add("shape", ((content.at, "encoding"), name), "encoding must be an object")
            continue
        if node.get("headers"):
            at = ((content.at, "encoding"), name)
            report.add(
                "part-headers", at, f'part "{name}" is sent without headers', severity="info"
            )
        media, style, explode = (node.get(key) for key in ("contentType", "style", "explode"))
        part = Part(
            media=media if isinstance(media, str) else "",
            style=style if style in _STYLES else None,
            explode=explode if isinstance(explode, bool) else style in (None, "form"),
            allow_reserved=node.get("allowReserved") is True,
        )
        if part != Part():
            parts[name] = part
    return parts


def as_argument(sent: Sent, arg: str, required: bool) -> Record:
    """The body as one argument of its own."""
    return Record((Field(arg, sent.type, required, sent.note, sent.doc),))
