"""Makes a JSON Schema of the TypeScript type that a program's result must have.

    >>> result_schema("{id:number,title?:string}[]")["items"]["required"]
    ['id']

The type may name those of the API's declarations.  An object type that is written out means its
members and no others, since a result is to be as small as its type says; the API's own types allow
what the API adds to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

from msgspec.structs import replace

from tsbind.bundle import Json
from tsbind.emit.dts import read_declarations, read_type
from tsbind.errors import SpecError
from tsbind.ir.api import NamedType
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
from tsbind.ir.walk import rewrite

DRAFT = "https://json-schema.org/draft/2020-12/schema"
_DEPTH = 50  # generic types inside one another; more never end


def result_schema(text: str, declarations: str = "") -> dict[str, Json]:
    """Return the schema of the type expression `text`, as draft 2020-12.

    Raises SpecError when it cannot be read, or names a type that `declarations` lack.
    """
    try:
        node = read_type(text, file="result type")
    except SpecError as error:
        raise _refuse(error.what, error.where) from None
    types = read_declarations(declarations).types if declarations else {}
    printer = _Printer(types)
    schema = printer.schema(node, strict=True)
    whole: dict[str, Json] = schema if isinstance(schema, dict) else {} if schema else {"not": {}}
    definitions = printer.definitions()
    return {"$schema": DRAFT, **whole, **({"$defs": definitions} if definitions else {})}


class _Printer:
    """Prints types, and remembers which named ones it came across."""

    def __init__(self, types: Mapping[str, NamedType]) -> None:
        self._types = types
        self._pending: list[str] = []
        self._printed: dict[str, Json] = {}
        self._depth = 0

    def definitions(self) -> dict[str, Json]:
        """Return the schemas of the named types that were reached, and of those that they reach."""
        while self._pending:
            name = self._pending.pop()
            if name not in self._printed:
                self._printed[name] = {}  # it may name itself
                self._printed[name] = self.schema(self._named(name).type, strict=False)
        return dict(sorted(self._printed.items()))

    def schema(self, node: Type, *, strict: bool) -> dict[str, Json] | bool:
        """Return the schema of a type; `strict`: objects have no members but their own."""
        match node:
            case Unknown():
                return True
            case Never() | Variable():  # a type with a free variable has no values
                return False
            case Null():
                return {"type": "null"}
            case Boolean():
                return {"type": "boolean"}
            case Text():
                return {"type": "string"}
            case Number(whole):
                return {"type": "integer" if whole else "number"}
            case Anything():
                return {"type": "object"}
            case Enum(values):
                return {"enum": list(values)}
            case Array(item):
                return {"type": "array", "items": self.schema(item, strict=strict)}
            case Tuple():
                return self._tuple(node, strict=strict)
            case Record():
                return self._record(node, strict=strict)
            case Union(options):
                return {"anyOf": [self.schema(option, strict=strict) for option in options]}
            case Intersection(parts):
                return self._intersection(parts, strict=strict)
            case Ref(name):
                self._named(name)
                self._pending.append(name)
                return {"$ref": "#/$defs/" + name.replace("~", "~0").replace("/", "~1")}
            case Trim():
                return self._record(self._trimmed(node), strict=strict)
            case Apply():
                return self._applied(node, strict=strict)
            case Bytes():
                raise _refuse("a result is JSON and holds no Bytes")
            case _:
                assert_never(node)

    def _tuple(self, node: Tuple, *, strict: bool) -> dict[str, Json]:
        items: list[Json] = [self.schema(item, strict=strict) for item in node.items]
        rest: Json = False if node.rest is None else self.schema(node.rest, strict=strict)
        head: dict[str, Json] = {"prefixItems": items} if items else {}
        return {"type": "array", **head, "minItems": node.required, "items": rest}

    def _record(self, node: Record, *, strict: bool) -> dict[str, Json]:
        schema = self._open_record(node, strict=strict)
        if node.rest is None and (strict or node.closed):
            schema["additionalProperties"] = False
        return schema

    def _open_record(self, node: Record, *, strict: bool) -> dict[str, Json]:
        properties = {field.name: self.schema(field.type, strict=strict) for field in node.fields}
        schema: dict[str, Json] = {"type": "object", "properties": properties}
        if required := [field.name for field in node.fields if field.required]:
            schema["required"] = list(required)
        if node.rest is not None:
            schema["additionalProperties"] = self.schema(node.rest, strict=strict)
        return schema

    def _intersection(self, parts: tuple[Type, ...], *, strict: bool) -> dict[str, Json]:
        # Members that another part knows are no surplus: only the whole can tell.
        each = [
            self._open_record(part, strict=strict)
            if isinstance(part, Record)
            else self.schema(part, strict=strict)
            for part in parts
        ]
        records = any(isinstance(part, Record) for part in parts)
        closing: dict[str, Json] = {"unevaluatedProperties": False} if strict and records else {}
        return {"allOf": list(each), **closing}

    def _applied(self, node: Apply, *, strict: bool) -> dict[str, Json] | bool:
        named = self._named(node.name)
        if len(named.parameters) != len(node.arguments):
            raise _refuse(f'"{node.name}" takes {len(named.parameters)} type arguments')
        bound = dict(zip(named.parameters, node.arguments, strict=True))
        body = rewrite(
            named.type, lambda each: bound[each.name] if isinstance(each, Variable) else each
        )
        self._depth += 1
        if self._depth > _DEPTH:
            raise _refuse(f'"{node.name}" never ends')
        try:
            return self.schema(body, strict=strict)
        finally:
            self._depth -= 1

    def _trimmed(self, node: Trim) -> Record:
        """Return the Record that `Omit`, `Pick`, `Partial` or `Required` makes."""
        base = self._resolved(node.base)
        if not isinstance(base, Record):
            raise _refuse(f"{node.how} needs an object type")
        match node.how:
            case "Pick":
                fields = tuple(field for field in base.fields if field.name in node.names)
            case "Omit":
                fields = tuple(field for field in base.fields if field.name not in node.names)
            case how:
                fields = tuple(_with(field, required=how == "Required") for field in base.fields)
        return Record(fields, base.rest, base.closed)

    def _resolved(self, node: Type) -> Type:
        """Follow names and trims to what they stand for."""
        for _ in range(_DEPTH):
            if isinstance(node, Trim):
                return self._trimmed(node)
            if not isinstance(node, Ref):
                return node
            node = self._named(node.name).type
        raise _refuse("a type stands for itself")

    def _named(self, name: str) -> NamedType:
        named = self._types.get(name)
        if named is None:
            raise _refuse(f'there is no type "{name[:100]}"')
        return named


def _with(field: Field, *, required: bool) -> Field:
    return replace(field, required=required)


def _refuse(what: str, where: str = "result type") -> SpecError:
    return SpecError(
        what,
        where=where,
        fix="write a type such as `{id:number,title:string}[]`, or one that is declared",
        code="result-type",
    )
