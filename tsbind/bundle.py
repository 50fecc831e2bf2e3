"""What compile time hands to run time: a `Bundle`, one versioned JSON file.

It holds the declarations, a table of calls (how each operation goes over the wire), and the JSON
Schemas for arguments and replies.  It holds no code objects and no secrets.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from tsbind.errors import BundleError

FORMAT = 1

Json = Any  # a JSON value: None, bool, int, float, str, list, dict
Place = Literal["path", "query", "header", "cookie", "querystring"]
Style = Literal[
    "matrix",
    "label",
    "form",
    "simple",
    "spaceDelimited",
    "pipeDelimited",
    "deepObject",
    "cookie",
    "content",
]


class Parameter(msgspec.Struct, frozen=True, omit_defaults=True):
    """One parameter and how it is serialised (OpenAPI 3.2 §4.12, RFC 6570)."""

    arg: str  # key in the program's argument object
    name: str  # name on the wire
    place: Place
    style: Style
    explode: bool = False
    required: bool = False
    allow_reserved: bool = False
    media: str = ""  # style "content": the media type that the value is written in


class Part(msgspec.Struct, frozen=True, omit_defaults=True):
    """How one property of a form or multipart body is written (Encoding Object)."""

    media: str = ""  # "" means: by the type of the value, as OpenAPI 3.2 §4.15.1.1 says
    style: Style | None = None  # urlencoded and form-data: serialise as a query parameter would
    explode: bool = True
    allow_reserved: bool = False


class Body(msgspec.Struct, frozen=True, omit_defaults=True):
    """One way to send the request body."""

    media: str
    arg: str = ""  # key in the argument object; "": every argument that is no parameter
    required: bool = False
    parts: Mapping[str, Part] = {}
    schema: Json = True  # of the body alone; chooses between several bodies


# All fields of an event, `data` as text or read as JSON; or its data alone, as text or as JSON.
Event = Literal["fields", "read fields", "text", "json"]


class Reply(msgspec.Struct, frozen=True, omit_defaults=True):
    """One successful reply that the document promises."""

    status: str  # "200", "2XX" or "default"
    media: str = ""  # "": no body
    schema: Json = True
    item: Json = None  # streams (JSON lines, events): the schema of one item
    event: Event = "fields"  # event streams: what of an event an item is
    headers: tuple[str, ...] = ()  # without a body: those that are the value, as an object


class Paging(msgspec.Struct, frozen=True, omit_defaults=True):
    """How each next page of an operation's list is asked for; names are arguments of the call."""

    items: str | None = None  # field of the reply that is the list, "": the reply; None: unknown
    cursor: str = ""  # takes the cursor that the last page named
    after: str = ""  # takes the id of the last item
    page: str = ""  # counts pages,
    first: int = 1  # from here
    offset: str = ""  # counts items
    size: str = ""  # how many items a page holds when it is full


class Streaming(msgspec.Struct, frozen=True, omit_defaults=True):
    """The argument that decides whether the reply is a stream."""

    arg: str
    default: bool = False  # what the API takes it for where it is not given


class Variable(msgspec.Struct, frozen=True, omit_defaults=True):
    """A server variable."""

    default: str
    allowed: tuple[str, ...] = ()


class Server(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where the API answers; `url` may be relative to where the document was found."""

    url: str
    variables: Mapping[str, Variable] = {}


class Scheme(msgspec.Struct, frozen=True, omit_defaults=True):
    """A security scheme (OpenAPI 3.2 §4.27), without any secret."""

    type: Literal["apiKey", "http", "oauth2", "openIdConnect", "mutualTLS"]
    name: str = ""  # apiKey: the header, query parameter or cookie
    place: Literal["", "header", "query", "cookie"] = ""
    scheme: str = ""  # http: basic, bearer, …
    token_url: str = ""  # oauth2: of the client credentials (or password) flow
    refresh_url: str = ""
    openid_url: str = ""


class Need(msgspec.Struct, frozen=True, omit_defaults=True):
    """One scheme that a call needs, with the scopes it asks for."""

    scheme: str
    scopes: tuple[str, ...] = ()


class Call(msgspec.Struct, frozen=True, omit_defaults=True):
    """An operation as the runtime sees it: everything needed to make its request."""

    op: str  # "issues.list": what the guest asks for
    method: str  # upper case
    path: str  # the template as documented: "/repos/{owner}/{repo}"
    parameters: tuple[Parameter, ...] = ()
    bodies: tuple[Body, ...] = ()  # the preferred one first
    replies: tuple[Reply, ...] = ()
    # Any one of these alternatives; within one, all.  An empty alternative is anonymous access,
    # and no alternatives at all means that the document asks for nothing.
    security: tuple[tuple[Need, ...], ...] = ()
    servers: tuple[Server, ...] = ()  # overrides Bundle.servers when not empty
    args: Json = True  # JSON Schema of the argument object
    # Schemas of the headers promised beside the body of a reply, by name in lower case.
    headers: Mapping[str, Json] = {}
    paging: Paging | None = None  # None: it gives no list in pages
    streaming: Streaming | None = None  # None: its reply is always, or never, a stream
    deprecated: bool = False
    tags: tuple[str, ...] = ()
    summary: str = ""

    @property
    def safe(self) -> bool:
        """Whether the method promises to change nothing (RFC 9110 §9.2.1)."""
        return self.method in SAFE_METHODS


SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "QUERY"})


class Bundle(msgspec.Struct, frozen=True, omit_defaults=True):
    """A compiled API."""

    title: str
    version: str
    declarations: str
    calls: Mapping[str, Call]
    schemas: Mapping[str, Json]  # `#/$defs/NAME` of the calls' schemas
    schemes: Mapping[str, Scheme] = {}
    servers: tuple[Server, ...] = ()
    doc: str = ""
    namespaces: Mapping[str, str] = {}
    fingerprint: str = ""  # of everything that decides what a call does; stubs must match it
    format: int = FORMAT
    # The declarations as they were before a budget cut them, for programs are checked against
    # what the API takes; "" where nothing was given up.
    whole: str = ""
    # A `tsbind.search.Index` or null.  Kept as bytes: few runs ever search.
    index: msgspec.Raw = msgspec.Raw(b"null")

    def declared_as(self, root: str) -> str:
        """Return the declarations for programs that reach the API under another name than `api`.

        Raises BundleError when `root` cannot be a global name.
        """
        check_root(root)
        # The printers put this at the start of a line, and nothing of the document there.
        text = re.sub(
            r"^(export declare const )api\b", rf"\1{root}", self.declarations, flags=re.MULTILINE
        )
        return re.sub(r"^(//.*?\bawait )api\.", rf"\1{root}.", text, flags=re.MULTILINE)

    def save(self, path: Path | str) -> None:
        """Write the Bundle to `path`, whole or not at all."""
        write_whole(Path(path), msgspec.json.encode(self))

    @staticmethod
    def open(path: Path | str) -> Bundle:
        """Read a Bundle; raises BundleError when it is no Bundle or of another format."""
        try:
            data = Path(path).read_bytes()
        except OSError as error:
            raise BundleError(
                f"cannot be read: {error.strerror}",
                where=str(path),
                fix="make it with `tsbind compile SPEC -o DIR`",
            ) from None
        return Bundle.decode(data, where=str(path))

    @staticmethod
    def decode(data: bytes, *, where: str = "bundle") -> Bundle:
        """Read a Bundle from the bytes that `save` wrote."""
        try:
            bundle = _DECODER.decode(data)
        except (msgspec.DecodeError, RecursionError) as error:
            raise BundleError(
                f"is not a tsbind Bundle: {error}",
                where=where,
                fix="make it with `tsbind compile SPEC -o DIR`",
                code="bundle-syntax",
            ) from None
        if bundle.format != FORMAT:
            raise BundleError(
                f'has format "{bundle.format}", this tsbind reads "{FORMAT}"',
                where=where,
                fix="compile the document again",
                code="bundle-format",
            )
        return bundle


def check_root(name: str) -> None:
    """Raise BundleError when `name` cannot be a global name of a program."""
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) or name in _RESERVED:
        raise BundleError(
            f'"{name}" cannot be a global name of a program',
            fix="use letters and digits, and no word of JavaScript's own",
        )


# What no global of a script can be called (ECMA-262 §12.7.2), with what would hide the language.
_WORDS = """
arguments async await break case catch class const continue debugger default delete do else enum
eval export extends false finally for function globalThis if implements import in Infinity
instanceof interface let NaN new null package private protected public return static super
switch this throw true try typeof undefined var void while with yield
"""
_RESERVED = frozenset(_WORDS.split())
_DECODER = msgspec.json.Decoder(Bundle)


class Same:
    """A Bundle as a cache key: equal only to itself, since comparing contents is slow."""

    __slots__ = ("bundle",)

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and other.bundle is self.bundle

    def __hash__(self) -> int:
        return id(self.bundle)


def fingerprint(calls: Mapping[str, Call], schemas: Mapping[str, Json]) -> str:
    """Hash what decides the meaning of a call, as 12 hexadecimal digits."""
    encoder = msgspec.json.Encoder(order="sorted")
    digest = hashlib.sha256(encoder.encode(calls))
    digest.update(encoder.encode(schemas))
    return digest.hexdigest()[:12]


_HOUR = 3600.0  # seconds; nothing that is kept takes as long to write


def write_whole(path: Path, data: bytes, *, mode: int = 0o644, synced: bool = True) -> None:
    """Write `data` to `path` through a temporary name, so that nobody sees half a file.

    Unless it is `synced`, that holds only as long as the machine goes on.
    """
    import tempfile  # late: few runs write

    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            if synced:
                file.flush()
                os.fsync(file.fileno())  # what replaces a file must be on the disk itself first
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def sweep(folder: Path) -> None:
    """Remove what `write_whole` left in `folder` when its process was killed, an hour later."""
    import time

    for path in folder.glob(".*.*"):
        try:
            if time.time() - path.stat().st_mtime > _HOUR:
                path.unlink()
        except OSError:  # somebody else did, or may write it still
            continue
