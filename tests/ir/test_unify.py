"""Equal types become one object, and nothing else changes."""

from __future__ import annotations

from hypothesis import given

from tests.strategies import apis
from tsbind.ir.api import Api, NamedType
from tsbind.ir.types import NUMBER, TEXT, Array, Enum, Field, Number, Record, Type, Union
from tsbind.ir.unify import unify
from tsbind.ir.walk import children, distinct, each_type, rewriter, roots, with_children


@given(apis())
def test_equal_types_are_one_object(api: Api) -> None:
    # As lowering makes them: no part of a union or intersection twice.
    api = each_type(api, rewriter(lambda node: with_children(node, children(node))))
    unified = unify(api)
    assert unified == api
    objects = list(distinct(roots(unified)))
    assert len(set(map(_exactly, objects))) == len(objects)
    assert len(objects) <= len(list(distinct(roots(api))))


def _exactly(node: Type) -> str:
    return repr(node)  # tells True from 1


def test_the_enum_of_a_union_is_shared_too() -> None:
    beside = Union((Array(Enum((1,))), Enum((1,))))
    unified = unify(Api("t", "1", (), {"A": NamedType(beside)}, {}, {}))
    assert len(list(distinct(roots(unified)))) == 3


def test_what_differs_in_any_respect_stays_apart() -> None:
    """Order, prose, and types of values count; printing and stubs depend on them."""
    alike: list[Type] = [
        Record((Field("a", TEXT), Field("b", TEXT))),
        Record((Field("b", TEXT), Field("a", TEXT))),
        Record((Field("a", TEXT, note="uuid"), Field("b", TEXT))),
        Record((Field("a", TEXT), Field("b", TEXT)), closed=True),
        Enum((1, 2)),
        Enum((True, 2)),
        Array(NUMBER),
        Array(Number(whole=True)),
    ]
    types = {f"T{index}": NamedType(node) for index, node in enumerate(alike)}
    unified = unify(Api("t", "1", (), types, {}, {})).types
    assert [repr(named.type) for named in unified.values()] == list(map(repr, alike))
