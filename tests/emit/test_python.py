"""The printed Python: what it says, that Python's own tools accept it, and that it is only data."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from msgspec.structs import replace

from tsbind.bundle import Call
from tsbind.emit.python import HOST_ATTRIBUTES, print_stubs
from tsbind.emit.python_text import literal, width
from tsbind.ir.api import Api, NamedType, Operation
from tsbind.ir.types import (
    ANYTHING,
    BOOLEAN,
    BYTES,
    NEVER,
    NULL,
    NUMBER,
    TEXT,
    UNKNOWN,
    Array,
    Enum,
    Field,
    Intersection,
    Number,
    Record,
    Ref,
    Tuple,
    Type,
    Union,
    union,
)
from tsbind.runtime.host import Host

ROOT = Path(__file__).parents[2]


def operation(name: str, input: Type | None, output: Type | None, **rest: object) -> Operation:
    parts = tuple(name.split("."))
    call = Call(op=name, method="GET", path="/" + "/".join(parts))
    return replace(Operation(parts, input, output, call), **rest)


def api(*operations: Operation, **types: Type | NamedType) -> Api:
    named = {
        name: node if isinstance(node, NamedType) else NamedType(node)
        for name, node in types.items()
    }
    return Api("Room chat API", "1.2", operations, named, schemas={}, schemes={})


CHAT = api(
    operation(
        "rooms.list",
        Record((Field("limit", Number(whole=True), note="1..100, default 30"),)),
        Array(Ref("Room")),
        optional=True,
        summary="List rooms",
        doc="Newest first.\n\nAll of them.",
    ),
    operation("rooms.leave", Record((Field("id", TEXT, required=True),)), None, deprecated=True),
    operation("me", None, Ref("User")),
    Room=NamedType(
        Record(
            (
                Field("id", TEXT, required=True),
                Field("topic", union([TEXT, NULL]), doc="What it is about.", note="max 255 chars"),
                Field("owner", Ref("User"), required=True, deprecated=True),
                Field("state", Enum(("open", "closed"))),
            )
        ),
        doc="A place to talk.",
    ),
    User=Record((Field("id", TEXT, required=True), Field("rooms", Array(Ref("Room"))))),
)

CHAT_STUBS = '''\
"""Stubs of Room chat API 1.2, made by tsbind; edits will be lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal, NotRequired, TypedDict

from tsbind.bundle import Json
from tsbind.runtime.host import Host


class Room(TypedDict):
    """A place to talk."""

    id: str
    topic: NotRequired[str | None]
    """What it is about. (max 255 chars)"""
    owner: User
    """Deprecated."""
    state: NotRequired[Literal["open", "closed"]]


class User(TypedDict):
    id: str
    rooms: NotRequired[list[Room]]


class RoomsListArgs(TypedDict):
    limit: NotRequired[int]
    """1..100, default 30"""


class RoomsLeaveArgs(TypedDict):
    id: str


class RoomChatHost(Host):
    """Room chat API 1.2

    Rooms, messages and members.
    """

    FINGERPRINT: ClassVar[str] = "3f2a9c41d0e7"
    OPERATIONS: ClassVar[Mapping[str, str]] = {
        "rooms.list": "rooms_list",
        "rooms.leave": "rooms_leave",
        "me": "me",
    }

    async def rooms_list(self, args: RoomsListArgs | None = None) -> list[Room]:
        """List rooms

        Newest first. All of them.

        GET /rooms/list
        """
        reply: list[Room] = await self.send("rooms.list", args)
        return reply

    async def rooms_leave(self, args: RoomsLeaveArgs) -> None:
        """Deprecated.

        GET /rooms/leave
        """
        await self.send("rooms.leave", args)

    async def me(self, args: Mapping[str, Json] | None = None) -> User:
        """GET /me"""
        reply: User = await self.send("me", args)
        return reply
'''


def test_an_api_prints_as_a_typed_class() -> None:
    described = replace(CHAT, doc="Rooms, messages and members.\n\nSince 2019.")
    assert print_stubs(described, "3f2a9c41d0e7") == CHAT_STUBS


def test_an_api_without_operations_still_prints() -> None:
    printed = print_stubs(replace(api(), title=""), "0", class_name="my-chat host")
    assert "class MyChatHost(Host):" in printed
    assert "    OPERATIONS: ClassVar[Mapping[str, str]] = {}\n" in printed


LONG = "A" * 70
HARD = api(
    operation("bundle", None, UNKNOWN),
    operation("class", Union((Ref("Leaf"), Ref("Either"))), Enum((1, True, 1.5, "x", None))),
    operation("a.getHTTPUrl", ANYTHING, Record((Field("a", Record((Field("b", TEXT),))),))),
    operation("a.get_http_url", None, Record((Field("a", Record((Field("b", TEXT),))),))),
    operation("x." + "long" * 20, Record((), closed=True), Ref(LONG), optional=True),
    operation("x." + "vast" * 20, Ref(LONG), Array(Array(Ref(LONG))), optional=True),
    operation("x.blob", Record((Field("file", BYTES, required=True),)), BYTES),
    operation("x.never", None, Record((Field("never", NEVER),))),
    operation("x.deep", None, Tuple((TEXT, Array(NUMBER)), required=1, rest=BOOLEAN)),
    operation("x.both", Intersection((Record((Field("id", TEXT),)), Ref("Cat"))), Ref("Either")),
    operation("x.choice", Intersection((Record((Field("id", TEXT),)), Ref("Either"))), None),
    operation("x.odd", ANYTHING, Intersection((TEXT, UNKNOWN))),
    operation("x.enum", None, Enum(tuple(f"a rather long value {n}" for n in range(9)))),
    Leaf=Record((Field("children", Array(Ref("Leaf"))), Field("str", TEXT), Field("str2", TEXT))),
    Dog=Intersection((Ref("Cat"), Record((Field("barks", BOOLEAN),)))),
    Cat=Record((Field("Cat", Ref("Cat")), Field("list", Array(TEXT)), Field("n", NUMBER))),
    Hound=Intersection((Ref("Dog"), Record((Field("barks", Enum((True,)), required=True),)))),
    Mule=Intersection((Ref("Alias"), Record((Field("x-y", TEXT),)))),
    Alias=Ref("Cat"),
    Either=union([Ref("Dog"), Ref("Hound"), NULL]),
    Json=union([TEXT, NUMBER, Array(Ref("Json")), Record((), rest=Ref("Json"))]),
    Self=union([Ref("Other"), TEXT]),
    Other=Ref("Self"),
    Literal=Enum(("it's", 'say "hi"', "\\n\n\u2028\u202e")),
    Bag=Record((Field("known", TEXT, required=True),), rest=Record((Field("v", NUMBER),))),
    Keys=Record(
        (
            Field("class", Array(Ref("Bag")), required=True, doc="A reserved word."),
            Field("__private", Enum(tuple(f"value number {n}" for n in range(9)))),
            Field("\u212a", TEXT),
            Field("", TEXT),
            Field("a-b" * 40, TEXT),
        )
    ),
    **{
        LONG: Record(
            (
                Field("f" * 60, union([Ref("Leaf"), Array(Ref(LONG)), NULL])),
                Field("g", union([Ref(LONG), Ref("Leaf"), NULL]), required=True),
                Field("h", Enum(tuple(f"value number {n}" for n in range(9))), doc="word " * 60),
                Field("i", Record((), rest=Array(Ref(LONG)))),
            )
        )
    },
)


def tool(*command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=cwd, capture_output=True, text=True, check=False
    )


def complaints(stubs: str, folder: Path, *, types: bool) -> list[str]:
    """What Python's compiler, ruff's two halves and mypy have against a module."""
    compile(stubs, "stubs.py", "exec")
    path = folder / "stubs.py"
    path.write_text(stubs, "utf-8")
    found = []
    for command in (["ruff", "check"], ["ruff", "format", "--diff"]):
        ran = tool(*command, "--isolated", "--no-cache", str(path), cwd=folder)
        if ran.returncode:
            found.append(ran.stdout + ran.stderr)
    if types:
        ran = tool("mypy", "--strict", "--python-version=3.11", str(path), cwd=ROOT)
        found += [line for line in ran.stdout.splitlines() if "stubs.py" in line]
        assert ran.returncode in (0, 1), ran.stderr
    return found


@pytest.mark.slow
def test_python_tools_accept_the_hardest_api(tmp_path: Path) -> None:
    assert complaints(print_stubs(HARD, "0" * 12), tmp_path, types=True) == []


def test_ruff_would_change_nothing(tmp_path: Path) -> None:
    assert complaints(print_stubs(CHAT, "0" * 12), tmp_path, types=False) == []
    assert complaints(print_stubs(HARD, "0" * 12), tmp_path, types=False) == []


def test_no_method_hides_what_a_host_has() -> None:
    public = {name for name in dir(Host) if not name.startswith("_") and name.islower()}
    assert public == HOST_ATTRIBUTES
    printed = print_stubs(HARD, "0")
    assert "async def bundle_2(" in printed
    assert "async def class_(" in printed
    assert "async def a_get_http_url(" in printed
    assert "async def a_get_http_url_2(" in printed


def test_a_stub_module_runs_and_dispatches() -> None:
    scope: dict[str, object] = {"__name__": "stubs"}
    exec(print_stubs(HARD, "0"), scope)
    host = scope["RoomChatHost"]
    assert isinstance(host, type)
    assert issubclass(host, Host)
    assert len(host.OPERATIONS) == len(HARD.operations)
    assert all(callable(getattr(host, name)) for name in host.OPERATIONS.values())
    keys = scope["Keys"].__required_keys__  # type: ignore[attr-defined]
    assert keys == {"class"}


def hostile(text: str) -> Api:
    """An Api with one text in every place that takes text from a document."""
    field = Field(text, TEXT, doc=text, note=text)
    call = Call(op=text, method="GET", path=text, summary=text, tags=(text,))
    return Api(
        title=text,
        version=text,
        operations=(
            Operation((text, text), Record((field,)), Enum((text,)), call, summary=text, doc=text),
            Operation(("x",), Ref("T"), Ref("E"), call, deprecated=True),
        ),
        types={
            "T": NamedType(Record((Field("plain", TEXT, doc=text),)), doc=text, note=text),
            "E": NamedType(Enum((text, "other")), doc=text),
        },
        schemas={},
        schemes={},
        doc=text,
        namespaces={text: text},
    )


def skeleton(stubs: str) -> list[str]:
    """The kinds of nodes of a module, without its docstrings: prose may be there or not."""
    tree = ast.parse(stubs)
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.AsyncFunctionDef)):
            node.body = [statement for statement in node.body if not _is_prose(statement)]
    return [type(node).__name__ for node in ast.walk(tree)]


def _is_prose(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def strings(stubs: str) -> set[str]:
    tree = ast.walk(ast.parse(stubs))
    return {
        node.value
        for node in tree
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def payloads(corpus: Path) -> Iterable[str]:
    yield from json.loads((corpus / "hostile/own/codegen-injection.json").read_text())["payloads"]
    yield from json.loads((corpus / "hostile/blns/blns.json").read_text())


def test_text_from_a_document_stays_data(corpus: Path) -> None:
    tried = 0
    for text in payloads(corpus):
        printed = print_stubs(hostile(text), "0")
        # As wide when spelled, since width decides which types get a line of their own.
        harmless = (mark * (width(literal(text)) - 2) for mark in "p-")
        assert skeleton(printed) in [skeleton(print_stubs(hostile(t), "0")) for t in harmless], text
        assert {c for c in printed if not c.isprintable()} == {"\n"}
        assert f"{text}.{text}" in strings(printed), text
        declared = {
            node.target.id
            for node in ast.walk(ast.parse(printed))
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
        }
        assert text in declared | strings(printed), text
        tried += 1
    assert tried > 500
