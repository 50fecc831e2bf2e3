"""Prints an `Api` as TypeScript declarations: dense, but as a developer would write them.

    // Room chat
    type Room={id:string,name:string,topic?:string|null}
    export declare const api:{
    rooms:{
    list(a?:{limit?:number}):Promise<Room[]>
    get(a:{id:string}):Promise<Room>}}
    // 1.2 3f2a9c41d0e7

What changes with every version stands last, so that a prompt cache holds as far as the text does.
The printer spells and decides nothing: names are final, prose is what the passes left, and
each choice below is between spellings of the same type.  The choices were measured in tokens of
o200k_base: a comma joins the name that follows it, a line feed joins the bracket before it, the
export makes the file a module (so that `type Event` cannot meet the browser's own).

`grammars/dts.lark` reads what this module prints.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import IntEnum
from functools import partial
from typing import Final, assert_never

from tsbind.emit import prelude, text
from tsbind.emit.offered import RESPONSE, print_offered
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
    Scalar,
    Text,
    Trim,
    Tuple,
    Type,
    Union,
    Unknown,
    Variable,
)

# From this many operations on, saying once that every method returns a promise is cheaper than
# saying it each time.
ASYNC_FROM: Final = 17
DOC_LIMIT: Final = 400  # characters of one comment, whatever the passes left

# What says once that every method returns a promise; no type of an API may have its name.
_ASYNC: Final = (
    "type Async<T>={[K in keyof T]:T[K]extends(...a:infer A)=>infer R"
    "?(...a:A)=>Promise<R>:Async<T[K]>}"
)
_SHORTENED: Final = "// shortened: `await api.$describe(NAME)` tells all of an operation or type"


class Level(IntEnum):
    """How tightly the place of a type binds; a type that binds less is put in parentheses."""

    UNION = 0
    INTERSECTION = 1
    POSTFIX = 2


def print_declarations(api: Api, *, fingerprint: str = "", shortened: bool = False) -> str:
    """Print `api` as one TypeScript module, which ends with a line feed.

    `fingerprint` is the Bundle's and goes into the last line.  Of an Api that detail was taken out
    of, `shortened`, it is said where that is found.  Raises nothing: whatever the Api holds, the
    text parses, and its comments and literals are closed.
    """
    bulk = len(api.operations) >= ASYNC_FROM
    printer = _Printer()
    body = [printer.named(name, named) for name, named in api.types.items()]
    tree = _Tree.of(api.operations)
    overloaded = [operation for operation in api.operations if operation.overload is not None]
    if shortened:
        body.append(_SHORTENED)
    if api.wide:
        body.append("// integers beyond 2^53 are bigint")
    if bulk:  # said here, beside the methods, for the head may be thousands of lines away
        body.append("// every method returns a Promise, or throws ApiError{status,body}")
    method = partial(printer.method, bulk=bulk)
    head = "export declare const api:"
    if bulk and overloaded:  # what comes first fits first
        body.extend([head + "{", *printer.members(_Tree.of(overloaded), printer.overload)])
        head = body.pop() + "}&"
    body.append(head + ("Async<{" if bulk else "{"))
    offered = print_offered(api)
    if bulk:
        body.extend(printer.members(tree, method))
        body[-1] += "}>"
        body.extend(["&{", *offered] if offered else [])
    else:
        body.extend([*offered, *printer.members(tree, method)])
    body[-1] += "}" if offered or not bulk else ""
    top = [text.line_comment(api.title, 120)]
    top += [text.block_comment(api.preface, DOC_LIMIT)] if api.preface else []
    top += [_ASYNC] if bulk else []
    short, spelt = prelude.settle("\n".join(body))
    mark = f"{api.version} {fingerprint}".strip()
    end = [text.line_comment(mark, 80)] if mark else []
    return "\n".join([*top, *short, spelt, *end, ""])


def print_pieces(api: Api) -> tuple[dict[str, str], dict[str, str]]:
    """Print each operation, by dotted name, and each type by itself, for showing a few of them.

    An operation is spelt as it is called: `issues.get(a:{id:string}):Promise<Issue>`.
    """
    printer = _Printer()
    operations = {
        operation.id: prelude.written_out(printer.method(operation, bulk=False, name=operation.id))
        + _headers(operation)
        for operation in api.operations
    }
    types = {
        name: prelude.written_out(printer.named(name, named)) for name, named in api.types.items()
    }
    return operations, types


def _headers(operation: Operation) -> str:
    names = ", ".join(operation.call.headers)
    return f" {text.line_comment(f'{RESPONSE} headers: {names}', DOC_LIMIT)}" if names else ""


class _Tree:
    """The operations of one namespace and the namespaces inside it, in order of appearance."""

    def __init__(self) -> None:
        self.inner: dict[str, _Tree | Operation] = {}

    @classmethod
    def of(cls, operations: Iterable[Operation]) -> _Tree:
        root = cls()
        for operation in operations:
            place = root
            for name in operation.name[:-1]:
                inner = place.inner.setdefault(name, cls())
                assert isinstance(inner, cls), f"{operation.id} is inside an operation"
                place = inner
            place.inner[operation.name[-1]] = operation
        return root


class _Printer:
    """Spells types, with marks where `prelude` decides."""

    def named(self, name: str, named: NamedType) -> str:
        head = name
        if named.parameters:
            head += f"<{','.join(named.parameters)}>"
        return f"{_doc(named.doc, named.note, line=True)}type {head}={self.type(named.type)}"

    def members(self, tree: _Tree, method: Callable[[Operation], str]) -> Iterator[str]:
        for name, inner in tree.inner.items():
            if isinstance(inner, _Tree):
                yield f"{text.property_name(name)}:{{"
                lines = list(self.members(inner, method))
                lines[-1] += "}"
                yield from lines
            else:
                yield method(inner)

    def method(self, operation: Operation, bulk: bool, *, name: str = "") -> str:
        key = name or _key(operation)
        given = ""
        if operation.input is not None:
            given = ("a?:" if operation.optional else "a:") + self.type(operation.input)
        reply = "void" if operation.output is None else self.type(operation.output)
        doc = _doc(operation.summary, operation.doc, operation.deprecated, line=True)
        # Of several signatures that fit, TypeScript takes the first.
        first = "" if bulk or operation.overload is None else f"{self.overload(operation, key)}\n"
        return f"{doc}{first}{key}({given}):{reply if bulk else f'Promise<{reply}>'}"

    def overload(self, operation: Operation, key: str = "") -> str:
        """Spell the signature of an operation that is there for one kind of argument."""
        other = operation.overload
        assert other is not None, f"{operation.id} has no overload"
        head = f"{key or _key(operation)}(a:{self.type(other.input)})"
        return f"{head}:Promise<{self.type(other.output)}>"

    def type(self, node: Type, level: Level = Level.UNION) -> str:
        """Spell `node` for a place that binds as tightly as `level`."""
        match node:
            case Text():
                return "string"
            case Ref(name) | Variable(name):
                return name
            case Record():
                return self._record(node)
            case Array(item):
                return f"{self.type(item, Level.POSTFIX)}[]"
            case Union(options):
                return _bracket(self._each(options, "|", Level.UNION), Level.UNION, level)
            case Number():
                return "number"
            case Boolean():
                return "boolean"
            case Enum(values):
                return _literals(values, level)
            case Null():
                return "null"
            case Unknown():
                return "unknown"
            case Never():
                return "never"
            case Anything():
                return prelude.dictionary()
            case Bytes():
                return prelude.BYTES
            case Intersection(parts):
                spelt = self._each(parts, "&", Level.INTERSECTION)
                return _bracket(spelt, Level.INTERSECTION, level)
            case Tuple():
                return self._tuple(node)
            case Apply(name, arguments):
                return f"{name}<{self._each(arguments, ',', Level.UNION)}>"
            case Trim(base, how, names):
                keys = "," + "|".join(map(text.quote, names)) if names else ""
                return f"{how}<{self.type(base)}{keys}>"
            case _:
                assert_never(node)

    def _each(self, nodes: Iterable[Type], separator: str, level: Level) -> str:
        return separator.join(self.type(node, level) for node in nodes)

    def _record(self, node: Record) -> str:
        if node.fields:
            members = list(map(self._field, node.fields))
            if node.rest is not None:
                members.append(f"[k:string]:{self._index(node, node.rest)}")
            return "{" + ",".join(members) + "}"
        if node.rest is None:
            return prelude.dictionary("never" if node.closed else "")
        if isinstance(node.rest, Unknown):
            return prelude.dictionary()
        return prelude.dictionary(self.type(node.rest), late=_mentions_names(node.rest))

    def _index(self, node: Record, rest: Type) -> str:
        # TypeScript holds an index signature against the optional properties beside it, too.
        optional = not isinstance(rest, Unknown) and any(not f.required for f in node.fields)
        return self.type(rest) + ("|undefined" if optional else "")

    def _field(self, field: Field) -> str:
        mark = ":" if field.required else "?:"
        note = field.note
        if field.example:
            note += f"{', ' if note else ''}e.g. {field.example}"
        doc = _doc(field.doc, note, field.deprecated)
        return f"{doc}{text.property_name(field.name)}{mark}{self.type(field.type)}"

    def _tuple(self, node: Tuple) -> str:
        members = [
            self.type(item) if index < node.required else self.type(item, Level.POSTFIX) + "?"
            for index, item in enumerate(node.items)
        ]
        if node.rest is not None:
            members.append(f"...{self.type(node.rest, Level.POSTFIX)}[]")
        return f"[{','.join(members)}]"


def _key(operation: Operation) -> str:
    own = operation.name[-1]
    return text.property_name(own) if own != "new" else '"new"'


def _mentions_names(node: Type) -> bool:
    """Whether a type alias could lead back to itself through `node`, with no braces between."""
    match node:
        case Ref() | Apply():
            return True
        case Union(inner) | Intersection(inner):
            return any(map(_mentions_names, inner))
        case Trim(base):
            return _mentions_names(base)
        case Record((), rest) if rest is not None:
            return _mentions_names(rest)
        case _:
            return False


def _bracket(spelt: str, own: Level, level: Level) -> str:
    return f"({spelt})" if level > own else spelt


def _doc(prose: str, note: str, deprecated: bool = False, *, line: bool = False) -> str:
    if not (prose or note or deprecated):
        return ""
    words = " · ".join(part for part in (prose, note) if part)
    comment = text.block_comment(f"{'@deprecated ' if deprecated else ''}{words}", DOC_LIMIT)
    return comment + ("\n" if line else "")


def _literals(values: Sequence[Scalar], level: Level) -> str:
    """Spell literal values: each by itself, or those that are words as one text of many."""
    words: list[str] = []
    if len(values) >= prelude.LISTED_FROM:
        words = [value for value in values if isinstance(value, str) and text.is_word(value)]
        words = words if prelude.LISTED_FROM <= len(words) <= prelude.LISTED_TO else []
    listed = frozenset(words)
    parts = [_scalar(v) for v in values if not (isinstance(v, str) and v in listed)]
    if words:
        parts.insert(0, prelude.one_of(words, bracket=level > Level.UNION and not parts))
    spelt = "|".join(parts) or "never"
    return _bracket(spelt, Level.UNION, level) if len(parts) > 1 else spelt


def _scalar(value: Scalar) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return text.quote(value)
        case int():
            return str(value)
        case float():
            return _float(value)
        case _:
            assert_never(value)


def _float(value: float) -> str:
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    # A literal beyond the range of a double is one that JavaScript reads as Infinity, too.
    return repr(value).replace("inf", "1e999")
