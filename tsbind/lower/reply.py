"""Responses → what a call returns.

Every 2xx response counts, `2XX` and, when there is no other, `default`.  Of several media types
the one that a program is best given decides (media.py).  When one success has a body and another
has none, the type says `null` for the latter: that is what the runtime returns for an empty
reply.
"""

from __future__ import annotations

from typing import NamedTuple

from tsbind.bundle import Json, Reply
from tsbind.ir.types import BYTES, NULL, TEXT, UNKNOWN, Array, Type, union
from tsbind.lower.media import Content, by_preference, contents
from tsbind.lower.references import shown
from tsbind.lower.report import At, Node, Report
from tsbind.lower.table import Types
from tsbind.lower.validation import Validation


class Output(NamedTuple):
    """What a call returns, as a type and as the runtime checks it."""

    type: Type | None  # None: no success has a body
    replies: tuple[Reply, ...]
    link: bool = False  # a `Link` header comes with it


def output(
    node: dict[str, Node], at: At, types: Types, validation: Validation, report: Report
) -> Output:
    """Read `responses` of an operation."""
    bodies: list[Type] = []
    replies: list[Reply] = []
    empty = link = False
    for status, response, place in _successes(node, at, types, report):
        if response is None:  # its reference is broken: it may be anything
            bodies.append(UNKNOWN)
            replies.append(Reply(status, "application/json"))
            continue
        link = link or _has_link(response)
        found = by_preference(contents(response, place, types.references, report), reply=True)
        if not found:
            empty = True
            replies.append(Reply(status))
            continue
        bodies.append(_type(found[0], types))
        replies.extend(_replies(status, found, validation))
    if not bodies:
        return Output(None, tuple(replies), link)
    return Output(union([*bodies, NULL] if empty else bodies), tuple(replies), link)


def _has_link(response: dict[str, Node]) -> bool:
    headers = response.get("headers")
    return isinstance(headers, dict) and any(name.lower() == "link" for name in headers)


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
            items = _item(content)
            if items is None:
                return TEXT
            item, place = items
            return Array(types.lower(item, place, "reply"))
        case "binary":
            return BYTES
        case _:
            return TEXT


def _item(content: Content) -> tuple[Node, At] | None:
    """The schema of one item of a stream.

    Before OpenAPI 3.2 there was no `itemSchema`; documents describe one item, or a list of them.
    """
    if "itemSchema" in content.node:
        return content.node["itemSchema"], (content.at, "itemSchema")
    if "schema" not in content.node:
        return None
    schema, at = content.schema, (content.at, "schema")
    if isinstance(schema, dict) and schema.get("type") == "array":
        return schema.get("items", True), (at, "items")
    return schema, at


def _replies(status: str, found: list[Content], validation: Validation) -> list[Reply]:
    """The preferred content, and a stream beside it, which a parameter of the call may ask for."""
    kept = found[:1] + [each for each in found[1:] if each.kind == "stream"]
    return [_reply(status, each, validation) for each in kept]


def _reply(status: str, content: Content, validation: Validation) -> Reply:
    if content.kind == "json":
        schema = validation.schema(content.schema, (content.at, "schema"), "reply")
        return Reply(status, content.media, schema)
    if content.kind == "stream":
        items = _item(content)
        item: Json = validation.schema(*items, "reply") if items else None
        return Reply(status, content.media, item=item)
    return Reply(status, content.media)
