"""Write parameters into a request: every style of OpenAPI 3.2 §4.12 (RFC 6570 where it applies).

    >>> from tsbind.bundle import Parameter
    >>> ids = Parameter("ids", "ids", "query", "form", explode=False)
    >>> query_pairs(ids, [3, 4])
    (('ids', '3,4'),)

Values follow the standard where it speaks.  Where it says *undefined*, this does:
null and an empty list or object mean that the parameter is left out (RFC 6570 §2.3);
a nested value in a style that has no place for it is written as JSON;
deepObject nests as `a[b][c]` and numbers lists as `a[0]`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import partial

import msgspec

from tsbind.bundle import Call, Json, Parameter
from tsbind.headers import is_token
from tsbind.media import is_json
from tsbind.runtime import escape
from tsbind.runtime.failures import ArgumentError

Pairs = tuple[tuple[str, str], ...]  # name and value, both as they stand on the wire
_Encode = Callable[[str], str]

_DELIMITERS = {"spaceDelimited": "%20", "pipeDelimited": "%7C"}
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


class Target(msgspec.Struct, frozen=True):
    """Everything of a request that its parameters decide."""

    path: str  # encoded
    query: str  # encoded, without "?"
    headers: Pairs
    cookies: Pairs


def place(call: Call, args: Mapping[str, Json], *, slashes: Collection[str] = ()) -> Target:
    """Write the parameters of `call` that `args` gives; `slashes` names "op:arg" that may hold "/".

    Raises ArgumentError for a value that cannot stand where it belongs.
    """
    given = [(p, args[p.arg]) for p in call.parameters if args.get(p.arg) is not None]
    headers: list[tuple[str, str]] = []
    query: list[str] = []
    cookies: list[tuple[str, str]] = []
    for parameter, value in given:
        match parameter.place:
            case "query":
                query.extend(f"{n}={v}" for n, v in query_pairs(parameter, value))
            case "querystring":
                query.append(_querystring(parameter, value))
            case "header":
                headers.append(_header(parameter, value))
            case "cookie":
                cookies.extend(_cookie(parameter, value))
    in_path = {p.name: (p, v) for p, v in given if p.place == "path"}
    path, _, fixed = _path(call, in_path, slashes).partition("?")
    # Some documents tell operations apart by a query in the path; a parameter of that name wins.
    said = {p.name for p, _ in given if p.place == "query"}
    query[:0] = [each for each in fixed.split("&") if each.partition("=")[0] not in said]
    return Target(
        path=path,
        query="&".join(part for part in query if part),
        headers=tuple(headers),
        cookies=tuple(cookies),
    )


# Path


def _path(call: Call, given: Mapping[str, tuple[Parameter, Json]], slashes: Collection[str]) -> str:
    def expand(match: re.Match[str]) -> str:
        name = match[1]
        if name not in given:
            raise ArgumentError(f'{call.op}: the path parameter "{name}" is missing', code="path")
        parameter, value = given[name]
        return path_text(parameter, value, slashes=f"{call.op}:{parameter.arg}" in slashes)

    path = _PLACEHOLDER.sub(expand, call.path)
    escape.check_path(path.partition("?")[0], call.op)
    return path if path.startswith("/") else f"/{path}"


def path_text(parameter: Parameter, value: Json, *, slashes: bool = False) -> str:
    """Expand one path parameter (matrix, label, simple or content)."""
    where = f"args.{parameter.arg}"
    slashes = slashes or parameter.allow_reserved
    if parameter.style == "content":
        value = content_text(value, parameter.media)
    for text in filter(None, _leaves(value)):
        escape.check_path_value(text, where, slashes=slashes)
    text = _path_style(parameter, value, escape.reserved_in_path if slashes else escape.unreserved)
    if not text:
        raise ArgumentError(f"{where}: an empty segment would arise in the path", code="path")
    return text


def _path_style(parameter: Parameter, value: Json, encode: _Encode) -> str:
    match parameter.style:
        case "matrix":
            name = escape.unreserved(parameter.name)
            pairs = _expanded(name, value, encode, explode=parameter.explode, joiner=",")
            return "".join(f";{n}={v}" if v else f";{n}" for n, v in pairs)
        case "label":
            return "." + _joined(
                value, encode, parameter.explode, "." if parameter.explode else ","
            )
        case _:
            return _joined(value, encode, parameter.explode, ",")


# Query


def query_pairs(parameter: Parameter, value: Json) -> Pairs:
    """Expand one query parameter to its encoded names and values."""
    encode = escape.reserved_in_query if parameter.allow_reserved else escape.unreserved
    name = escape.unreserved(parameter.name)
    if parameter.style == "content":
        return ((name, encode(content_text(value, parameter.media))),)
    return styled_pairs(parameter.style, name, value, encode, explode=parameter.explode)


def styled_pairs(style: str, name: str, value: Json, encode: _Encode, *, explode: bool) -> Pairs:
    """Expand a value by a query style; `name` is encoded already."""
    match style:
        case "deepObject":
            return tuple(_deep(name, value, encode))
        case "spaceDelimited" | "pipeDelimited" if not explode:
            return _expanded(name, value, encode, explode=False, joiner=_DELIMITERS[style])
        case _:
            return _expanded(name, value, encode, explode=explode, joiner=",")


def _querystring(parameter: Parameter, value: Json) -> str:
    """The whole query string as one value (OpenAPI 3.2 `in: querystring`)."""
    media = parameter.media.partition(";")[0].strip().lower()
    if media == "application/x-www-form-urlencoded" and isinstance(value, Mapping):
        pairs = (
            pair
            for key, item in value.items()
            for pair in _expanded(escape.form(key), item, escape.form, explode=True, joiner=",")
        )
        return "&".join(f"{name}={text}" for name, text in pairs)
    return escape.unreserved(content_text(value, parameter.media))


def _deep(name: str, value: Json, encode: _Encode) -> Iterator[tuple[str, str]]:
    match value:
        case Mapping():
            for key, item in value.items():
                yield from _deep(f"{name}%5B{escape.unreserved(key)}%5D", item, encode)
        case list() | tuple():
            for index, item in enumerate(value):
                yield from _deep(f"{name}%5B{index}%5D", item, encode)
        case None:
            return
        case _:
            yield name, encode(text_of(value))


# Headers and cookies


def _header(parameter: Parameter, value: Json) -> tuple[str, str]:
    where = f"args.{parameter.arg}"
    escape.check_header_name(parameter.name, where)
    if parameter.style == "content":
        text = content_text(value, parameter.media)
    else:
        text = _joined(value, _as_it_is, parameter.explode, ",")
    return parameter.name, escape.check_header_value(text, where)


def _cookie(parameter: Parameter, value: Json) -> Pairs:
    if not is_token(parameter.name):
        raise ArgumentError(
            f'args.{parameter.arg}: "{parameter.name}" names no cookie', code="cookie"
        )
    if parameter.style == "content":
        return ((parameter.name, escape.unreserved(content_text(value, parameter.media))),)
    encode: _Encode = escape.unreserved
    if parameter.style == "cookie":  # written as it is (OpenAPI 3.2 §4.12.4)
        encode = partial(escape.check_cookie_value, where=f"args.{parameter.arg}")
    return _expanded(parameter.name, value, encode, explode=parameter.explode, joiner=",")


# Values


def text_of(value: Json) -> str:
    """Write one primitive as text; anything nested as JSON."""
    match value:
        case str():
            return value
        case bytes():
            return value.decode("latin-1")
        case _:
            return msgspec.json.encode(value).decode()


def content_text(value: Json, media: str) -> str:
    """Write a value in a media type: text as it is, anything else as JSON."""
    if isinstance(value, str) and not is_json(media):
        return value
    return msgspec.json.encode(value).decode()


def _as_it_is(text: str) -> str:
    return text


def _expanded(name: str, value: Json, encode: _Encode, *, explode: bool, joiner: str) -> Pairs:
    """The name-value pairs of the styles that write names (form, matrix, delimited)."""
    if explode and isinstance(value, Mapping):
        return tuple(
            (_name(k, encode), encode(text_of(v))) for k, v in value.items() if v is not None
        )
    if explode and isinstance(value, (list, tuple)):
        return tuple((name, encode(text_of(item))) for item in value if item is not None)
    if value in ([], {}):
        return ()
    return ((name, _joined(value, encode, False, joiner)),)


def _name(name: str, encode: _Encode) -> str:
    """Encode the name of a pair; unlike a value it never holds reserved characters."""
    return escape.form(name) if encode is escape.form else escape.unreserved(name)


def _joined(value: Json, encode: _Encode, explode: bool, joiner: str) -> str:
    match value:
        case Mapping():
            between = "=" if explode else joiner
            items = ((encode(k), encode(text_of(v))) for k, v in value.items() if v is not None)
            return joiner.join(f"{k}{between}{v}" for k, v in items)
        case list() | tuple():
            return joiner.join(encode(text_of(item)) for item in value if item is not None)
        case _:
            return encode(text_of(value))


def _leaves(value: Json) -> Iterable[str]:
    match value:
        case Mapping():
            for key, item in value.items():
                yield key
                yield text_of(item)
        case list() | tuple():
            yield from (text_of(item) for item in value)
        case _:
            yield text_of(value)
