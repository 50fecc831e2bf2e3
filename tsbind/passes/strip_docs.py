"""Drop all prose: what is left is what a program can be checked against.

>>> from tsbind.emit.sketch import show, sketch
>>> from tsbind.ir.api import NamedType
>>> from tsbind.ir.types import TEXT
>>> api = replace(sketch("list():Pet"), types={"Pet": NamedType(TEXT, doc="its name")})
>>> print(show(strip_docs(api)))
type Pet=string
list():Promise<Pet>
"""

from __future__ import annotations

from msgspec.structs import replace

from tsbind.ir.api import Api, NamedType
from tsbind.ir.types import Field, Record, Type
from tsbind.ir.walk import each_type, rewriter


def strip_docs(api: Api) -> Api:
    """Return `api` without summaries, descriptions, notes and marks of deprecation."""
    bare = replace(
        api,
        operations=tuple(
            replace(operation, summary="", doc="", deprecated=False) for operation in api.operations
        ),
        types={
            name: NamedType(named.type, parameters=named.parameters)
            for name, named in api.types.items()
        },
    )
    return each_type(bare, rewriter(_without_prose))


def _without_prose(node: Type) -> Type:
    if type(node) is not Record or not any(map(_has_prose, node.fields)):
        return node
    fields = tuple(Field(field.name, field.type, field.required) for field in node.fields)
    return replace(node, fields=fields)


def _has_prose(field: Field) -> bool:
    return bool(field.note or field.doc or field.deprecated or field.example)
