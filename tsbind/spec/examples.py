"""The replies that a document gives as examples, for hosts that answer without the API."""

from __future__ import annotations

from collections.abc import Iterator

from tsbind.bundle import Json
from tsbind.errors import SpecError
from tsbind.spec.document import Document

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")


def reply_examples(document: Document) -> dict[str, Json]:
    """Return the example of each operation's first success, by method and path: `GET /pets`.

    Of several the first counts (OpenAPI 3.2 §4.14.2.1).  What has none, or one that lies in
    another file, is not in it.
    """
    found: dict[str, Json] = {}
    for path, item in _items(document, document.root.get("paths")):
        for method, operation in _items(document, item):
            if method in _METHODS:
                for example in _of_operation(document, operation):
                    found.setdefault(f"{method.upper()} {path}", example)
    return found


def _of_operation(document: Document, operation: Json) -> Iterator[Json]:
    replies = operation.get("responses") if isinstance(operation, dict) else None
    for status, reply in _items(document, replies):
        if status.startswith("2") or status == "default":
            content = reply.get("content") if isinstance(reply, dict) else None
            for _, media in _items(document, content):
                yield from _of_media(document, media)


def _of_media(document: Document, media: Json) -> Iterator[Json]:
    if not isinstance(media, dict):
        return
    if "example" in media:
        yield media["example"]
    for _, example in _items(document, media.get("examples")):
        if isinstance(example, dict):
            for key in ("dataValue", "value"):
                if key in example:
                    yield example[key]


def _items(document: Document, node: Json) -> Iterator[tuple[str, Json]]:
    """The members of an object, with each reference among them followed."""
    if not isinstance(node, dict):
        return
    for key, value in node.items():
        try:
            yield key, document.follow(value)[0]
        except SpecError:
            continue  # reported when the document was loaded
