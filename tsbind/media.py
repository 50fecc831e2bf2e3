"""What a media type announces: the compiler declares by it, and the runtime reads by it.

>>> [kind_of(name) for name in ("application/vnd.x+json", "text/csv; charset=utf-8", "image/png")]
['json', 'text', 'binary']
"""

from __future__ import annotations

from typing import Literal

Kind = Literal["json", "form", "multipart", "events", "lines", "sequence", "text", "binary"]

STREAMS: frozenset[Kind] = frozenset({"events", "lines", "sequence"})
_STREAMS: dict[str, Kind] = {
    "text/event-stream": "events",
    **dict.fromkeys(
        (
            "application/jsonl",
            "application/jsonlines",
            "application/x-jsonlines",
            "application/ndjson",
            "application/x-ndjson",
        ),
        "lines",
    ),
    "application/json-seq": "sequence",
}
_TEXT = frozenset(
    [
        "application/xml",
        "application/yaml",
        "application/x-yaml",
        "application/javascript",
        "application/graphql",
        "application/sql",
        "application/toml",
        "application/x-sh",
        "application/pgp-signature",
        "application/jwt",
    ]
)


def kind_of(media: str) -> Kind:
    """Say what kind of content a media type is; what is not known to be text is binary."""
    name = essence(media)
    if name in _STREAMS:
        return _STREAMS[name]
    if is_json(name):
        return "json"
    if name == "application/x-www-form-urlencoded":
        return "form"
    if name.startswith("multipart/"):
        return "multipart"
    if name.startswith("text/") or name in _TEXT or name.endswith(("+xml", "+yaml")):
        return "text"
    return "binary"


def is_json(media: str) -> bool:
    """Whether a media type is JSON (RFC 6839 suffix included)."""
    return essence(media).endswith(("/json", "/x-json", "+json"))


def essence(media: str) -> str:
    """Return a media type in lower case without its parameters."""
    return media.partition(";")[0].strip().lower()
