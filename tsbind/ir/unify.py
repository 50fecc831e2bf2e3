"""Makes equal parts of an Api one object, so that whatever looks at each object looks at few.

Published documents say most things several times: of GitHub's 19,000 types within types, 3,300
differ.  Equal means equal in every respect, prose and order included, so nothing changes in print.

>>> from tsbind.ir.api import NamedType
>>> from tsbind.ir.types import TEXT
>>> one, two = (NamedType(Record((Field("tags", Array(TEXT)),))) for _ in range(2))
>>> types = unify(Api("t", "1", (), {"A": one, "B": two}, {}, {})).types
>>> one.type is two.type, types["A"].type is types["B"].type
(False, True)
"""

from __future__ import annotations

from typing import Final

from tsbind.ir.api import Api
from tsbind.ir.types import Apply, Array, Enum, Field, Number, Record, Ref, Trim, Tuple, Type, Union
from tsbind.ir.walk import LEAVES, children, each_type, rewriter

_SINGLE: Final = LEAVES - {Enum, Number, Ref}  # kinds whose members are all alike


def unify(api: Api) -> Api:
    """Return `api` with equal types as one object; it compares equal to `api`."""
    known: dict[tuple[object, ...], Type] = {}

    def one(node: Type) -> Type:
        if type(node) is Union:  # rebuilding it has made its enum anew
            node = Union(tuple(known.setdefault(_key(each), each) for each in node.options))
        return known.setdefault(_key(node), node)

    return each_type(api, rewriter(one))


def _key(node: Type) -> tuple[object, ...]:
    """Return what two nodes have in common when they are equal, their children being unified."""
    kind = type(node)
    if kind in _SINGLE:
        return (kind,)
    match node:
        case Record(fields, rest, closed):
            return (kind, closed, id(rest), *map(_field, fields))
        case Array(item):
            return kind, id(item)
        case Enum(values):
            return (kind, *zip(map(type, values), values, strict=True))
        case Ref(name):
            return kind, name
        case Number(whole):
            return kind, whole
        case Tuple(_, required, rest):
            return (kind, required, rest is None, *map(id, children(node)))
        case Trim(base, how, names):
            return kind, id(base), how, names
        case Apply(name):
            return (kind, name, *map(id, children(node)))
        case _:
            return (kind, *map(id, children(node)))


def _field(field: Field) -> tuple[object, ...]:
    said = field.note, field.doc, field.deprecated, field.example, field.reading
    return field.name, id(field.type), field.required, *said
