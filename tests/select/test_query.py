"""Selecting: what is kept, what goes with it, and when it is an error."""

from __future__ import annotations

import pytest

from tsbind.bundle import Call
from tsbind.errors import SelectionError
from tsbind.ir.api import Api, NamedType, Operation
from tsbind.ir.types import TEXT, Array, Field, Record, Ref
from tsbind.pipeline import Options, compile
from tsbind.select.query import select


def operation(name: str, output: str, method: str = "GET") -> Operation:
    call = Call(name, method, "/" + name.replace(".", "/"), tags=(name.split(".")[0],))
    return Operation(tuple(name.split(".")), None, Ref(output), call)


API = Api(
    "Chat",
    "1",
    (
        operation("rooms.list", "Rooms"),
        operation("rooms.members.add", "Member", "POST"),
        operation("users.me", "User"),
    ),
    {
        "Rooms": NamedType(Array(Ref("Room"))),
        "Room": NamedType(Record((Field("owner", Ref("User")),))),
        "Member": NamedType(Record((Field("user", Ref("User")),))),
        "User": NamedType(TEXT),
    },
    schemas={},
    schemes={},
    namespaces={"rooms": "Places", "rooms.members": "Who is there", "users": "People"},
)


def test_types_and_namespaces_go_with_their_operations() -> None:
    kept = select(API, "tag:rooms read")
    assert [op.id for op in kept.operations] == ["rooms.list"]
    assert list(kept.types) == ["Rooms", "Room", "User"]
    assert kept.namespaces == {"rooms": "Places"}


def test_selecting_all_changes_nothing() -> None:
    assert select(API, "all") is API


def test_a_selection_of_nothing_is_an_error() -> None:
    with pytest.raises(SelectionError) as caught:
        select(API, "users.me write")
    assert str(caught.value) == (
        "selection: none of the 3 operations is meant by all of it together [selection-empty]"
        "\nfix: join terms with `or` where either is enough"
    )
    with pytest.raises(SelectionError, match=r'did you mean "rooms\.list"'):
        select(API, "rooms.lst")


INTEGERS = b"""
openapi: 3.1.0
info: {title: Integers, version: '1'}
paths:
  /wide: {get: {deprecated: true, responses: {'200': {$ref: '#/components/responses/Wide'}}}}
  /text: {get: {responses: {'200': {$ref: '#/components/responses/Text'}}}}
components:
  responses:
    Wide: {description: ok, content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Id'}}}}}
    Text: {description: ok, content: {application/json: {schema: {type: string, format: int64}}}}
  schemas:
    Id: {type: object, properties: {id: {type: integer, format: int64}}}
"""  # noqa: E501


@pytest.mark.parametrize(
    ("options", "wide"),
    [
        (Options(), True),
        (Options(select="wide"), True),
        (Options(select="text"), False),
        (Options(docs="brief", budget=55), False),
    ],
)
def test_integers_beyond_a_double_are_told_of_where_there_are_any(
    options: Options, wide: bool
) -> None:
    assert ("beyond 2^53" in compile(INTEGERS, options).declarations) is wide
