"""A stable, short text of an `Api`, for golden cases and for people.

>>> from tsbind.ir.types import NULL, NUMBER, TEXT, Array, Enum, Field, Record, Ref, union
>>> spell(Record((Field("id", NUMBER, True), Field("tags", Array(union([Ref("Tag"), NULL]))))))
'{id: number, tags?: (Tag | null)[]}'
>>> spell(union([TEXT, Enum((1, True))]))
'text | 1 | true'
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import assert_never

from tsbind.bundle import Body, Call, Paging, Parameter, Reply
from tsbind.ir.api import Api, NamedType, Operation
from tsbind.ir.types import (
    Anything,
    Apply,
    Array,
    Boolean,
    Bytes,
    Enum,
    Field,
    Intersection,
    Never,
    Null,
    Number,
    Record,
    Ref,
    Text,
    Trim,
    Tuple,
    Type,
    Union,
    Unknown,
    Variable,
)


def dump(api: Api) -> str:
    """Return the whole Api, one line for each type, operation and wire detail."""
    return "\n".join(_lines(api)) + "\n"


def _lines(api: Api) -> Iterator[str]:
    yield f"api {json.dumps(api.title)} {json.dumps(api.version)}"
    for server in api.servers:
        yield f"server {server.url}"
    for name, scheme in api.schemes.items():
        parts = (scheme.type, scheme.place, scheme.name, scheme.scheme, scheme.token_url)
        yield " ".join(["scheme", name, *filter(None, parts)])
    for name, named in api.types.items():
        yield _named(name, named)
    for operation in api.operations:
        yield from _operation(operation)


def _named(name: str, named: NamedType) -> str:
    parameters = f"<{', '.join(named.parameters)}>" if named.parameters else ""
    return f"type {name}{parameters} = {spell(named.type)}{_comment(named.note, named.doc)}"


def _operation(operation: Operation) -> Iterator[str]:
    takes = "" if operation.input is None else spell(operation.input)
    optional = "?" if operation.optional and takes else ""
    gives = "nothing" if operation.output is None else spell(operation.output)
    flag = " deprecated" if operation.deprecated else ""
    yield f"{operation.id}({takes}){optional} -> {gives}{flag}{_comment('', operation.summary)}"
    if operation.overload is not None:
        yield f"    or ({spell(operation.overload.input)}) -> {spell(operation.overload.output)}"
    yield from ("    " + line for line in _call(operation.call))


def _call(call: Call) -> Iterator[str]:
    yield f"{call.method} {call.path}"
    yield from map(_parameter, call.parameters)
    yield from map(_body, call.bodies)
    yield from map(_reply, call.replies)
    if call.headers:
        yield f"headers {', '.join(call.headers)}"
    if call.paging is not None:
        yield _paging(call.paging)
    for needs in call.security:
        words = [" ".join([need.scheme, *need.scopes]) for need in needs]
        yield f"needs {' and '.join(words) or 'nothing'}"
    for server in call.servers:
        yield f"server {server.url}"


def _parameter(parameter: Parameter) -> str:
    flags = (
        "explode" if parameter.explode else "",
        "required" if parameter.required else "",
        "reserved" if parameter.allow_reserved else "",
        parameter.media,
    )
    renamed = "" if parameter.arg == parameter.name else f" as {json.dumps(parameter.name)}"
    head = f"{parameter.place} {parameter.arg}{renamed} {parameter.style}"
    return " ".join([head, *filter(None, flags)])


def _body(body: Body) -> str:
    parts = [f"{name}: {part.media or part.style}" for name, part in body.parts.items()]
    flags = [body.arg and f"in {body.arg}", "required" if body.required else "", ", ".join(parts)]
    return " ".join(["body", body.media, *filter(None, flags)])


def _reply(reply: Reply) -> str:
    flags = ["stream"] if reply.item is not None else []
    flags += [f"of {reply.event}"] if reply.event != "fields" else []
    flags += [f"gives {', '.join(reply.headers)}"] if reply.headers else []
    return " ".join(["reply", reply.status, reply.media or "empty", *flags])


def _paging(paging: Paging) -> str:
    asked = [
        f"{word} {getattr(paging, word)}"
        for word in ("cursor", "after", "page", "offset", "size")
        if getattr(paging, word)
    ]
    items = "?" if paging.items is None else paging.items or "reply"
    start = [] if paging.first == 1 else [f"from {paging.first}"]
    return ", ".join([f"pages of {items}", *asked, *start])


def _comment(note: str, doc: str) -> str:
    text = "; ".join(part for part in (note, " ".join(doc.split())) if part)
    return f"  # {text}" if text else ""


def spell(node: Type, *, tight: bool = False) -> str:
    """Spell a type; `tight` puts brackets around what a suffix would otherwise split."""
    match node:
        case Unknown():
            return "unknown"
        case Never():
            return "never"
        case Null():
            return "null"
        case Boolean():
            return "boolean"
        case Text():
            return "text"
        case Number(whole):
            return "integer" if whole else "number"
        case Bytes():
            return "bytes"
        case Anything():
            return "object"
        case Enum(values):
            text = " | ".join(json.dumps(value, ensure_ascii=False) for value in values)
            return f"({text})" if tight and len(values) > 1 else text
        case Array(item):
            return f"{spell(item, tight=True)}[]"
        case Tuple(items, required, rest):
            return _tuple(items, required, rest)
        case Record():
            return _record(node)
        case Union(options):
            text = " | ".join(spell(option, tight=False) for option in options)
            return f"({text})" if tight else text
        case Intersection(parts):
            text = " & ".join(spell(part, tight=True) for part in parts)
            return f"({text})" if tight else text
        case Ref(name) | Variable(name):
            return name
        case Trim(base, how, names):
            return f"{how}<{', '.join([spell(base), *map(json.dumps, names)])}>"
        case Apply(name, arguments):
            return f"{name}<{', '.join(map(spell, arguments))}>"
        case _:
            assert_never(node)


def _tuple(items: tuple[Type, ...], required: int, rest: Type | None) -> str:
    parts = [
        spell(item, tight=index >= required) + ("" if index < required else "?")
        for index, item in enumerate(items)
    ]
    if rest is not None:
        parts.append(f"...{spell(rest, tight=True)}[]")
    return f"[{', '.join(parts)}]"


def _record(node: Record) -> str:
    parts = [_field(field) for field in node.fields]
    if node.rest is not None:
        parts.append(f"*: {spell(node.rest)}")
    if node.closed:
        parts.append("!")
    return f"{{{', '.join(parts)}}}"


def _field(field: Field) -> str:
    name = field.name if field.name.isidentifier() else json.dumps(field.name, ensure_ascii=False)
    note = f" ({field.note})" if field.note else ""
    return f"{name}{'' if field.required else '?'}: {spell(field.type)}{note}"
