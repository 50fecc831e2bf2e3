"""The one walk knows every node."""

from __future__ import annotations

from typing import get_args

import pytest

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
    Union,
    Variable,
)
from tsbind.ir.walk import (
    children,
    distinct,
    intersection,
    rewrite,
    rewriter,
    walk,
    with_children,
)

ONE_OF_EACH: list[tuple[Type, tuple[Type, ...]]] = [
    (UNKNOWN, ()),
    (NEVER, ()),
    (NULL, ()),
    (BOOLEAN, ()),
    (TEXT, ()),
    (NUMBER, ()),
    (BYTES, ()),
    (ANYTHING, ()),
    (Enum((1, "a")), ()),
    (Array(TEXT), (TEXT,)),
    (Tuple((TEXT, NUMBER), 1, BOOLEAN), (TEXT, NUMBER, BOOLEAN)),
    (Record((Field("a", TEXT), Field("b", NUMBER)), BOOLEAN), (TEXT, NUMBER, BOOLEAN)),
    (Union((TEXT, NUMBER)), (TEXT, NUMBER)),
    (Intersection((Ref("A"), Ref("B"))), (Ref("A"), Ref("B"))),
    (Ref("A"), ()),
    (Trim(Ref("A"), "Omit", ("x",)), (Ref("A"),)),
    (Apply("Page", (TEXT,)), (TEXT,)),
    (Variable("T"), ()),
]


def test_there_is_one_of_each() -> None:
    assert [type(node) for node, _ in ONE_OF_EACH] == list(get_args(Type))


@pytest.mark.parametrize(("node", "inside"), ONE_OF_EACH, ids=lambda each: type(each).__name__)
def test_children(node: Type, inside: tuple[Type, ...]) -> None:
    assert children(node) == inside
    assert with_children(node, inside) == node
    assert list(walk(node))[: 1 + len(inside)] == [node, *inside]
    assert rewrite(node, lambda each: each) is node


@pytest.mark.parametrize(("node", "inside"), ONE_OF_EACH, ids=lambda each: type(each).__name__)
def test_rewrite_reaches_every_child(node: Type, inside: tuple[Type, ...]) -> None:
    wrapped = rewrite(node, lambda each: Array(each) if each in inside else each)
    assert children(wrapped) == tuple(Array(each) for each in inside)


def test_rewrite_simplifies_unions_and_intersections() -> None:
    same = rewrite(Union((TEXT, NUMBER)), lambda each: TEXT if each == NUMBER else each)
    assert same == TEXT
    both = Intersection((Ref("A"), Ref("B")))
    assert rewrite(both, lambda each: Ref("A") if each == Ref("B") else each) == Ref("A")


def test_intersections_are_flat() -> None:
    inner = Intersection((Ref("A"), Ref("B")))
    assert intersection((inner, Ref("A"), Ref("C"))) == Intersection((Ref("A"), Ref("B"), Ref("C")))


def test_what_stands_in_several_types_is_seen_and_rebuilt_once() -> None:
    page = Array(TEXT)
    both: list[Type] = [Array(page), Record((Field("a", page), Field("b", page)))]
    assert sorted(type(node).__name__ for node in distinct(both)) == [
        "Array",
        "Array",
        "Record",
        "Text",
    ]
    seen: list[Type] = []

    def change(node: Type) -> Type:
        seen.append(node)
        return Array(node) if node is page else node

    first, second = map(rewriter(change), both)
    assert seen.count(page) == 1
    assert isinstance(second, Record)
    assert children(first)[0] is second.fields[0].type is second.fields[1].type
