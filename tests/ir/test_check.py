"""Each invariant of the IR, broken once."""

from __future__ import annotations

import pytest

from tsbind.bundle import Call, Parameter
from tsbind.ir.api import Api, NamedType, Operation
from tsbind.ir.check import check
from tsbind.ir.types import NULL, NUMBER, TEXT, Enum, Field, Intersection, Record, Ref, Tuple, Union
from tsbind.ir.types import Type as AnyType


def operation(*name: str, input_: AnyType | None = None, op: str = "") -> Operation:
    parameter = Parameter("a", "a", "query", "form")
    parameters = () if input_ is None else (parameter,)
    return Operation(name, input_, None, Call(op or ".".join(name), "GET", "/", parameters))


def api(*operations: Operation, **types: AnyType) -> Api:
    named = {name: NamedType(type_) for name, type_ in types.items()}
    return Api("t", "1", operations, named, {}, {})


WRONG = [
    (api(operation("a"), operation("a")), 'operation "a" is there twice'),
    (api(operation("a"), operation("a", "b")), '"a" is an operation and a namespace'),
    (api(operation("a", op="b")), 'operation "a" calls itself "b"'),
    (api(operation("")), 'operation "" has an empty name'),
    (api(operation("a", input_=Ref("X"))), 'operation "a" mentions "X", which is not there'),
    (api(A=Union((TEXT,))), "type A has a union of 1"),
    (api(A=Union((NULL, TEXT))), "type A has a union with null not last"),
    (api(A=Union((TEXT, Union((NUMBER, NULL))))), "type A: union not flat"),
    (api(A=Intersection((TEXT, TEXT))), "type A has a intersection with two like members"),
    (api(A=Enum(())), "type A has an empty or repeating enum"),
    (
        api(A=Record((Field("a", TEXT), Field("a", TEXT)))),
        "type A has a record with two like fields",
    ),
    (api(A=Tuple((TEXT,), 2)), "type A has a tuple of wrong length"),
]


@pytest.mark.parametrize(("wrong", "message"), WRONG, ids=[message for _, message in WRONG])
def test_a_broken_invariant(wrong: Api, message: str) -> None:
    with pytest.raises(AssertionError) as caught:
        check(wrong)
    assert str(caught.value) == message


def test_a_sound_api() -> None:
    check(api(operation("a", "b", input_=Ref("A")), A=Enum((1, True, "1"))))
