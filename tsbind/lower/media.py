"""Media types: what kind of content each announces, and which one a program is best given."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple, cast

from tsbind.lower.references import References, shown
from tsbind.lower.report import At, Node, Report
from tsbind.media import essence
from tsbind.media import kind_of as kind_by_name

Kind = Literal["json", "form", "multipart", "stream", "text", "binary"]

_STREAMS = ("events", "lines", "sequence")
_BODY_ORDER: dict[Kind, int] = {
    "json": 0,
    "form": 1,
    "multipart": 2,
    "text": 3,
    "binary": 4,
    "stream": 5,
}
_REPLY_ORDER: dict[Kind, int] = {
    "json": 0,
    "stream": 1,
    "text": 2,
    "form": 3,
    "multipart": 4,
    "binary": 5,
}


class Content(NamedTuple):
    """One entry of a `content` table."""

    media: str
    kind: Kind
    node: dict[str, Node]  # the Media Type Object
    at: At

    @property
    def schema(self) -> Node:
        """The schema of the whole content; `True` when the document gives none."""
        if "schema" not in self.node and "itemSchema" in self.node:
            return {"type": "array", "items": self.node["itemSchema"]}
        return self.node.get("schema", True)


def kind_of(media: str, node: dict[str, Node]) -> Kind:
    """Say what kind of content a media type is, using its schema where the name leaves it open."""
    name = essence(media)
    if "*" in name and not name.startswith(("text/", "image/", "audio/", "video/")):
        return _kind_of_any(node.get("schema"))
    kind = kind_by_name(name)
    if kind in _STREAMS or (kind == "multipart" and "itemSchema" in node):
        return "stream"
    return cast("Kind", kind)


def _kind_of_any(schema: Node) -> Kind:
    """`*/*` with a schema means JSON in practice, unless the schema says that it is bytes."""
    if isinstance(schema, dict) and schema.get("type") == "string":
        return "binary" if schema.get("format") == "binary" else "text"
    return "json"


def contents(
    node: dict[str, Node], at: At, references: References, report: Report
) -> list[Content]:
    """Read the `content` of a body, response or parameter."""
    table = node.get("content")
    if table is None:
        return []
    place: At = (at, "content")
    if not isinstance(table, dict):
        report.add("shape", place, f'"content" must be an object, not {shown(table)}')
        return []
    found = []
    for media, entry in table.items():
        resolved = references.node({} if entry is None else entry, (place, media))
        if resolved is not None:
            inner, where = resolved
            found.append(Content(media, kind_of(media, inner), inner, where))
    return found


def by_preference(found: Iterable[Content], *, reply: bool) -> list[Content]:
    """Sort by what a program handles best: JSON first; the document's order among equals."""
    order = _REPLY_ORDER if reply else _BODY_ORDER
    return sorted(found, key=lambda each: (order[each.kind], _rank(each.media)))


def _rank(media: str) -> int:
    name = essence(media)
    if name == "application/json":
        return 0
    # A JSON Patch is a list of edits; what documents describe is nearly always the merged object.
    return 3 if name == "application/json-patch+json" else 1 if "merge-patch" in name else 2


def concrete(content: Content) -> str:
    """The media type to send: a range such as `*/*` made definite."""
    if "*" not in content.media:
        return content.media
    return {"json": "application/json", "text": "text/plain"}.get(
        content.kind, "application/octet-stream"
    )
