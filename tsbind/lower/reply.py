"""Responses → what a call returns.

Every 2xx response counts, `2XX` and, when there is no other, `default`.  Of several media types
the one that a program is best given decides (media.py).  When one success has a body and another
has none, the type says `null` for the latter: that is what the runtime returns for an empty
reply.  When no success has a body, the headers that the document promises are what is returned:
the `Location` of what was made, or all that a HEAD can say.  Other headers are there for those
who ask for the whole reply.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from msgspec.structs import replace

from tsbind.bundle import Json, Reply
from tsbind.headers import is_told, is_wanted
from tsbind.ir.types import BYTES, NULL, TEXT, UNKNOWN, Array, Field, Record, Type, union
from tsbind.lower.events import Described, described
from tsbind.lower.media import Content, by_preference, contents
from tsbind.lower.references import References, shown
from tsbind.lower.report import At, Node, Report
from tsbind.lower.table import Types
from tsbind.lower.validation import Validation
from tsbind.media import kind_of


class Output(NamedTuple):
    """What a call returns, as a type and as the runtime checks it."""

    type: Type | None  # None: no success has a body
    replies: tuple[Reply, ...]
    headers: Mapping[str, Json] = {}  # schemas of those that come with it, by name in lower case
    streamed: Type | None = None  # what a call returns that asked for a stream


def output(
    node: dict[str, Node],
    at: At,
    types: Types,
    validation: Validation,
    report: Report,
    *,
    bodied: bool = True,
) -> Output:
    """Read `responses` of an operation; unless `bodied`, none has a body (HEAD)."""
    bodies: list[Type] = []
    replies: list[Reply] = []
    streams: list[Type] = []
    headers: dict[str, Json] = {}
    empty = False
    for status, response, place in _successes(node, at, types, report):
        if response is None:  # its reference is broken: it may be anything
            bodies.append(UNKNOWN)
            replies.append(Reply(status, "application/json"))
            continue
        headers |= _headers(response, place, types.references, validation, report)
        found = by_preference(contents(response, place, types.references, report), reply=True)
        if not found or not bodied:
            empty = True
            replies.append(Reply(status, headers=_wanted(response)))
            continue
        bodies.append(_type(found[0], types))
        beside = [each for each in found[1:] if each.kind == "stream" != found[0].kind]
        streams.extend(_type(each, types) for each in beside)
        kept = [found[0], *beside]
        replies.extend(_reply(status, each, types.references, validation) for each in kept)
    if not bodies:
        return _without_bodies(replies, headers)
    told = tuple(replace(reply, headers=()) for reply in replies)
    streamed = union(streams) if streams else None
    return Output(union([*bodies, NULL] if empty else bodies), told, headers, streamed)


def _headers(
    response: dict[str, Node],
    at: At,
    references: References,
    validation: Validation,
    report: Report,
) -> dict[str, Json]:
    """The schemas of the headers that a program may see."""
    table = response.get("headers")
    found: dict[str, Json] = {}
    for name, header in sorted(table.items()) if isinstance(table, dict) else ():
        place: At = ((at, "headers"), name)
        resolved = references.node(header, place) if is_told(name) else None
        if resolved is not None:
            node, where = resolved
            schema = node.get("schema", True)
            for written in contents(node, where, references, report)[:1]:
                schema, where = written.schema, written.at
            found[name.lower()] = validation.schema(schema, (where, "schema"), "reply")
    return found


def _wanted(response: dict[str, Node]) -> tuple[str, ...]:
    table = response.get("headers")
    return tuple(filter(is_wanted, table)) if isinstance(table, dict) else ()


def _without_bodies(replies: list[Reply], headers: Mapping[str, Json]) -> Output:
    """Where no success has a body, what the headers say is all that there is to return."""
    names = dict.fromkeys(name for reply in replies for name in reply.headers)
    if not names:
        return Output(None, tuple(replies), headers)
    told = tuple(replace(reply, headers=tuple(names)) for reply in replies)
    value = {name.lower() for name in names}
    beside = {name: schema for name, schema in headers.items() if name not in value}
    return Output(Record(tuple(Field(name, TEXT) for name in names)), told, beside)


def _successes(
    node: dict[str, Node], at: At, types: Types, report: Report
) -> list[tuple[str, dict[str, Node] | None, At]]:
    responses = node.get("responses")
    place: At = (at, "responses")
    if responses is None:
        return []
    if not isinstance(responses, dict):
        report.add("shape", place, f'"responses" must be an object, not {shown(responses)}')
        return []
    wanted = sorted(status for status in responses if status[:1] == "2" and len(status) == 3)
    if not wanted and "default" in responses:
        wanted = ["default"]
    found = []
    for status in wanted:
        resolved = types.references.node(responses[status], (place, status))
        spelled = status if status.isdigit() or status == "default" else status.upper()
        found.append((spelled, *(resolved or (None, place))))
    return found


def _type(content: Content, types: Types) -> Type:
    match content.kind:
        case "json":
            return types.lower(content.schema, (content.at, "schema"), "reply")
        case "stream":
            item = _item(content, types.references)
            return Array(types.lower(item.schema, item.at, "reply")) if item else BYTES
        case "binary" | "multipart":
            return BYTES
        case _:
            return TEXT


def _item(content: Content, references: References) -> Described | None:
    """What one item of a stream is; None where the runtime gives the stream as bytes.

    Before OpenAPI 3.2 there was no `itemSchema`; documents describe one item, or a list of them.
    """
    kind = kind_of(content.media)
    if kind == "multipart":
        return None
    if "itemSchema" in content.node:
        schema, at = content.node["itemSchema"], (content.at, "itemSchema")
    else:
        schema, at = content.schema, (content.at, "schema")
        if isinstance(schema, dict) and schema.get("type") == "array":
            schema, at = schema.get("items", True), (at, "items")
    return (
        described(schema, at, references) if kind == "events" else Described("fields", schema, at)
    )


def _reply(status: str, content: Content, references: References, validation: Validation) -> Reply:
    if content.kind == "json":
        schema = validation.schema(content.schema, (content.at, "schema"), "reply")
        return Reply(status, content.media, schema)
    item = _item(content, references) if content.kind == "stream" else None
    if item is None:
        return Reply(status, content.media)
    made = validation.schema(item.schema, item.at, "reply")
    return Reply(status, content.media, item=made, event=item.event)
