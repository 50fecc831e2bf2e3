"""Reads TypeScript declarations in the subset that tsbind prints (`grammars/dts.lark`).

What was printed and read back must be the Api that went in: that is how tests, and the compiler
itself, know that nothing was lost.  Prose is skipped.  The names `Omit`, `Pick`, `Partial`,
`Required`, `Record`, `Dict`, `Bytes`, `OneOf`, `Promise` and `Async`
mean what the printer means by them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, Final

import msgspec
from lark import Lark, Token, Transformer, v_args
from lark.exceptions import UnexpectedInput, VisitError

from tsbind.emit.dts_literals import Outside, number, unquote
from tsbind.errors import Location, SpecError
from tsbind.ir.api import NamedType, Overload
from tsbind.ir.types import (
    ANYTHING,
    BOOLEAN,
    BYTES,
    NEVER,
    NULL,
    NUMBER,
    TEXT,
    UNKNOWN,
    Apply,
    Array,
    Enum,
    Field,
    Intersection,
    Record,
    Ref,
    Trim,
    Tuple,
    Type,
    Variable,
    union,
)
from tsbind.ir.walk import rewrite
from tsbind.resources import grammar


class Signature(msgspec.Struct, frozen=True):
    """One method of the `api` object, as declared."""

    name: tuple[str, ...]
    input: Type | None
    output: Type | None
    optional: bool = False  # the argument may be left out
    overload: Overload | None = None  # the signature before it, of the same name


class Declarations(msgspec.Struct, frozen=True):
    """What a declaration file says: its methods and its named types."""

    operations: tuple[Signature, ...]
    types: Mapping[str, NamedType]
    # Fields that `$pages` finds a list in, "" for a reply that is one; None: it is not declared.
    pages: tuple[str, ...] | None = None
    response: bool = False  # `$response` is declared


class _Namespace(msgspec.Struct, frozen=True):
    """An object with methods: the `api` object, or a part of it."""

    methods: tuple[Signature, ...] = ()
    pages: tuple[str, ...] | None = None
    response: bool = False


class _Index(msgspec.Struct, frozen=True):
    """`[k:string]:T`."""

    type: Type


class _Promise(msgspec.Struct, frozen=True):
    """`Promise<T>`, which stands only where a method returns it."""

    type: Type


KEYWORDS: Final[Mapping[str, Type]] = {
    "string": TEXT,
    "number": NUMBER,
    "boolean": BOOLEAN,
    "unknown": UNKNOWN,
    "never": NEVER,
    "null": NULL,
    "true": Enum((True,)),
    "false": Enum((False,)),
    "Bytes": BYTES,
    "Uint8Array": BYTES,
    "Dict": ANYTHING,
}
_PRELUDE: Final = frozenset({"Bytes", "Dict"})
_TRIMS: Final = frozenset({"Omit", "Pick", "Partial", "Required"})
# No types of the Api: they stand where the printer puts them, and nowhere else.
_UNDEFINED, _VOID = Ref("undefined"), Ref("void")


def read_declarations(text: str, *, file: str = "declarations") -> Declarations:
    """Read a whole declaration file.

    Raises SpecError, located in `file`, when `text` is outside the subset or names a type twice.
    """
    operations: tuple[Signature, ...] = ()
    types: dict[str, NamedType] = {}
    pages: tuple[str, ...] | None = None
    response = False
    for statement in _parse(text, "start", file):
        match statement:
            case (str(name), NamedType() as named) if name not in types:
                types[name] = named
            case (str(name), NamedType()):
                raise _refuse(f'type "{name}" is declared twice', Location(file))
            case _Namespace(methods, found, whole):
                operations += methods
                pages = found if pages is None else pages
                response = response or whole
            case _:
                raise _refuse("something other than an API is declared", Location(file))
    return Declarations(_overloaded(operations, file), types, pages, response)


def _overloaded(listed: Iterable[Signature], file: str) -> tuple[Signature, ...]:
    """Join signatures of one name: the first of two is the overload."""
    found: dict[tuple[str, ...], Signature] = {}
    for each in listed:
        first = found.get(each.name)
        if first is None:
            found[each.name] = each
        elif first.overload is None and first.input is not None and first.output is not None:
            overload = Overload(first.input, first.output)
            found[each.name] = msgspec.structs.replace(each, overload=overload)
        else:
            raise _refuse(f'"{".".join(each.name)}" is declared too often', Location(file))
    return tuple(found.values())


def read_type(text: str, *, file: str = "type") -> Type:
    """Read one type expression, e.g. `{id:number,title?:string}[]`; raises SpecError."""
    return _type(_parse(text, "type", file))


def _parse(text: str, start: str, file: str) -> Any:  # noqa: ANN401  lark does not say
    try:
        return _parser().parse(text, start=start)
    except UnexpectedInput as error:
        # Line and column are -1 at the end of the text.
        line, column = max(error.line, 0), max(error.column, 0)
        near = text[error.pos_in_stream :][:30].splitlines() if line else []
        found = f'near "{near[0]}"' if near else "at its end"
        raise _refuse(f"cannot be read {found}", Location(file, line, column)) from None
    except VisitError as error:
        if isinstance(error.orig_exc, Outside):
            raise _refuse(str(error.orig_exc), Location(file)) from None
        raise
    except Outside as error:
        raise _refuse(str(error), Location(file)) from None


def _refuse(what: str, where: Location) -> SpecError:
    return SpecError(
        what,
        where=where,
        fix="use type aliases, interfaces and one `export declare const`, as tsbind prints them",
        code="declarations",
    )


@cache
def _parser() -> Lark:
    return Lark(
        grammar("dts"),
        parser="lalr",
        start=["start", "type"],
        maybe_placeholders=True,
        transformer=_Reader(),
    )


def _type(value: Any) -> Type:  # noqa: ANN401  whatever a rule gave
    """Return `value` when it is a type that may stand anywhere."""
    if isinstance(value, (_Namespace, _Promise, _Index)) or value in (_UNDEFINED, _VOID):
        raise Outside("a method, a promise, `void` or `undefined` stands inside a type")
    checked: Type = value
    return checked


@v_args(inline=True)
class _Reader(Transformer[Token, Any]):
    """Turns each rule of the grammar into our words, from the leaves up."""

    def start(self, *statements: Any) -> tuple[Any, ...]:  # noqa: ANN401
        return tuple(statement for statement in statements if statement is not None)

    def alias(
        self, name: Token, parameters: tuple[str, ...] | None, body: Type
    ) -> tuple[str, NamedType] | None:
        if name in _PRELUDE:
            return None
        bound = _bind(_type(body), parameters or ())
        return str(name), NamedType(bound, parameters=parameters or ())

    def interface(
        self,
        name: Token,
        parameters: tuple[str, ...] | None,
        bases: tuple[Type, ...] | None,
        body: Type,
    ) -> tuple[str, NamedType] | None:
        return self.alias(name, parameters, Intersection((*bases, body)) if bases else body)

    def constant(self, name: Token, value: Any) -> _Namespace:  # noqa: ANN401
        match value:
            case _Namespace():
                return value
            case Record((), None):
                return _Namespace()
            case _:
                raise Outside(f'"{name}" is no object of methods')

    def prelude(self, _: Token) -> None:
        return None

    def parameters(self, *names: str) -> tuple[str, ...]:
        return names

    def parameter(self, name: Token, default: Type | None) -> str:
        return str(name)

    def heritage(self, *bases: Type) -> tuple[Type, ...]:
        return bases

    def union(self, *options: Any) -> Any:  # noqa: ANN401
        if len(options) == 1:
            return options[0]
        kept = [option for option in options if option != _UNDEFINED]
        read = union(map(_type, kept))
        return _Index(read) if len(kept) < len(options) else read

    def intersection(self, *parts: Any) -> Any:  # noqa: ANN401
        if len(parts) == 1:
            return parts[0]
        if all(isinstance(part, _Namespace) for part in parts):
            return _joined(parts)
        flat: list[Type] = []
        for part in parts:
            flat.extend(part.parts if isinstance(part, Intersection) else [_type(part)])
        return Intersection(tuple(flat))

    def array(self, item: Type) -> Type:
        return Array(_type(item))

    def text_literal(self, token: Token) -> Type:
        return Enum((unquote(token),))

    def number_literal(self, token: Token) -> Type:
        return Enum((number(token),))

    def reference(self, token: Token, *arguments: Any) -> Any:  # noqa: ANN401
        name, given = str(token), tuple(a for a in arguments if a is not None)
        if not given:
            return KEYWORDS.get(name) or Ref(name)
        if name in _TRIMS:
            return Trim(_type(given[0]), name, tuple(_keys(given[1])) if given[1:] else ())
        match name:
            case "Dict" | "Record" if given[:-1] in ((), (TEXT,)):
                return _dictionary(_type(given[-1]))
            case "OneOf":
                return union(Enum((word,)) for key in _keys(given[0]) for word in key.split(" "))
            case "Promise":
                return _Promise(given[0])
            case "Async":
                return given[0]
            case _:
                return Apply(name, tuple(map(_type, given)))

    def tuple_type(self, *elements: Any) -> Type:  # noqa: ANN401
        items = [item for item in elements if item is not None]
        rest = items.pop()[1] if items and items[-1][0] == "rest" else None
        if any(kind == "rest" for kind, _ in items):
            raise Outside("a rest element is not the last of its tuple")
        required = sum(kind == "item" for kind, _ in items)
        return Tuple(tuple(item for _, item in items), required, rest)

    def item(self, item: Type) -> tuple[str, Type]:
        return "item", _type(item)

    def optional_item(self, item: Type) -> tuple[str, Type]:
        return "optional", _type(item)

    def rest_item(self, rest: Type) -> tuple[str, Type]:
        if not isinstance(rest, Array):
            raise Outside("a rest element is no array")
        return "rest", rest.item

    def object(self, *members: Any) -> Type | _Namespace:  # noqa: ANN401
        spaces: list[_Namespace] = []
        fields: list[Field] = []
        rest: Type | None = None
        for member in members:
            match member:
                case _Namespace():
                    spaces.append(member)
                case _Index(index):
                    rest = index
                case _:
                    fields.append(member)
        if spaces and (fields or rest is not None):
            raise Outside("one object has both methods and fields")
        return _joined(spaces) if spaces else Record(tuple(fields), rest)

    def pages(self, _: Token, fields: tuple[str, ...], *_end: Token) -> _Namespace:
        return _Namespace(pages=fields)

    def response(self, _: Token) -> _Namespace:
        return _Namespace(response=True)

    def items(self, *held: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name for names in held for name in names)

    def held_by_reply(self, _: Token) -> tuple[str, ...]:
        return ("",)

    def held_by_field(self, name: str, _: Token) -> tuple[str, ...]:
        return (name,)

    def held_by_fields(self, *names: Token) -> tuple[str, ...]:
        return tuple(map(unquote, names[:-1]))

    def required_field(self, name: str, value: Any) -> Any:  # noqa: ANN401
        if isinstance(value, _Namespace):
            inner = (msgspec.structs.replace(m, name=(name, *m.name)) for m in value.methods)
            if value.pages is not None or value.response:
                raise Outside("`$pages` or `$response` stands inside a namespace")
            return _Namespace(tuple(inner))
        return Field(name, _type(value), required=True)

    def optional_field(self, name: str, value: Type) -> Field:
        return Field(name, _type(value))

    def index(self, _: Token, value: Any) -> _Index:  # noqa: ANN401
        return value if isinstance(value, _Index) else _Index(_type(value))

    def plain_method(self, name: str, reply: Any) -> _Namespace:  # noqa: ANN401
        return _Namespace((_signature(name, None, reply, optional=False),))

    def method(self, name: str, _: Token, given: Type, reply: Any) -> _Namespace:  # noqa: ANN401
        return _Namespace((_signature(name, given, reply, optional=False),))

    def lenient_method(self, name: str, _: Token, given: Type, reply: Any) -> _Namespace:  # noqa: ANN401
        return _Namespace((_signature(name, given, reply, optional=True),))

    def key(self, token: Token) -> str:
        return unquote(token) if token.type == "STRING" else str(token)


def _dictionary(member: Type) -> Type:
    if member == NEVER:
        return Record((), closed=True)
    return ANYTHING if member == UNKNOWN else Record((), member)


def _joined(spaces: Iterable[_Namespace]) -> _Namespace:
    """The methods of several objects as those of one."""
    listed = list(spaces)
    pages = next((each.pages for each in listed if each.pages is not None), None)
    methods = tuple(method for each in listed for method in each.methods)
    return _Namespace(methods, pages, any(each.response for each in listed))


def _signature(name: str, given: Type | None, reply: Any, *, optional: bool) -> Signature:  # noqa: ANN401
    output = reply.type if isinstance(reply, _Promise) else reply
    return Signature(
        (name,),
        None if given is None else _type(given),
        None if output == _VOID else _type(output),
        optional,
    )


def _bind(body: Type, parameters: tuple[str, ...]) -> Type:
    change: Callable[[Type], Type] = lambda node: (  # noqa: E731
        Variable(node.name) if isinstance(node, Ref) and node.name in parameters else node
    )
    return rewrite(body, change)


def _keys(node: Type) -> list[str]:
    values = node.values if isinstance(node, Enum) else ()
    if not values or not all(isinstance(value, str) for value in values):
        raise Outside("keys are picked by something other than string literals")
    return [value for value in values if isinstance(value, str)]
