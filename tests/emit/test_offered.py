"""How `$pages` is declared: for where the lists are, so that an item has the type that it has."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.tsc import complaints
from tsbind.bundle import Paging
from tsbind.emit.dts import read_declarations
from tsbind.emit.offered import print_offered
from tsbind.emit.sketch import sketch
from tsbind.emit.typescript import print_declarations
from tsbind.ir.api import Api

ROOM = "type Room={id:string}; "
# What replies are, where their lists are, and what `$pages` is said to take and to give.
SPELLINGS: dict[str, tuple[list[str], list[str | None], str, str]] = {
    "a field": (["{rooms:Room[],next?:string}"], ["rooms"], "Promise<{rooms?:T[]}>", "T"),
    "the reply": (["Room[]"], [""], "Promise<T[]>", "T"),
    "a name": (["Rooms"], ["rooms"], "Promise<{rooms?:T[]}>", "T"),
    "a name of a list": (["{rooms:List}"], ["rooms"], "Promise<{rooms?:T[]}>", "T"),
    "a generic type": (["Page<Room>", "Page<number>"], ["rooms"] * 2, "Promise<{rooms?:T[]}>", "T"),
    "optional fields": (["Partial<{rooms:Room[]}>"], ["rooms"], "Promise<{rooms?:T[]}>", "T"),
    "parts": (["{next:string}&{rooms:Room[]}"], ["rooms"], "Promise<{rooms?:T[]}>", "T"),
    "a list or null": (
        ["{rooms:Room[]|null}", "{rooms:string[]}"],
        ["rooms"] * 2,
        "Promise<{rooms?:T[]|null}>",
        "T",
    ),
    "two fields": (
        ["{rooms:Room[]}", "{users:string[]}"],
        ["rooms", "users"],
        "Promise<R>",
        'R extends{[K in"rooms"|"users"]?:(infer T)[]}?T:any',
    ),
    "a field and a reply": (
        ["{rooms:Room[]}", "Room[]"],
        ["rooms", ""],
        "Promise<R>",
        "R extends(infer T)[]|{rooms?:(infer T)[]}?T:any",
    ),
    "no list that can be seen": (
        ["{rooms:unknown}"],
        ["rooms"],
        "Promise<R>",
        "R extends{rooms?:(infer T)[]}?T:any",
    ),
    "an object or null": (
        ["{rooms:Room[]}|null"],
        ["rooms"],
        "Promise<R>",
        "R extends{rooms?:(infer T)[]}?T:any",
    ),
    "nobody knows where": (["unknown"], [None], "Promise<R>", "any"),
}


def paged(replies: list[str], places: list[str | None]) -> Api:
    types = ROOM + "type Rooms={rooms:Room[],next?:Rooms}; type List=Room[]; "
    types += "type Page<T>={rooms:T[],last:boolean}; "
    methods = [f"list{n}(a?:{{page?:number}}):{reply}" for n, reply in enumerate(replies)]
    api = sketch(types + "; ".join([*methods, "other():string"]))
    listed = [
        replace(operation, call=replace(operation.call, paging=Paging(place, page="page")))
        for operation, place in zip(api.operations, places, strict=False)
    ]
    return replace(api, operations=(*listed, api.operations[-1]))


@pytest.mark.parametrize("what", SPELLINGS)
def test_pages_are_declared_for_the_lists_that_there_are(what: str) -> None:
    replies, places, reply, item = SPELLINGS[what]
    api = paged(replies, places)
    (text,) = print_offered(api)
    assert f">(list:(a:A)=>{reply},a?:NoInfer<A>,most?:number):AsyncIterable<{item}>" in text
    read = read_declarations(print_declarations(api))
    assert read.pages == tuple(sorted({place for place in places if place is not None}))


def test_an_api_without_lists_in_pages_declares_nothing() -> None:
    assert print_offered(sketch("list():string[]")) == []


def test_an_operation_of_that_name_comes_first() -> None:
    api = paged(["Room[]"], [""])
    first = replace(api.operations[0], name=("$pages", "get"))
    assert print_offered(replace(api, operations=(first, *api.operations))) == []


def test_an_item_has_the_type_that_the_compiler_finds(tmp_path: Path) -> None:
    lines: list[str] = []
    for index, (replies, places, _, item) in enumerate(SPELLINGS.values()):
        (tmp_path / f"api{index}.d.ts").write_text(print_declarations(paged(replies, places)))
        lines.append(f'import {{api as api{index}}} from "./api{index}"')
        walked = f"for await (const x of api{index}.$pages(api{index}.list0, {{page: 1}}, 9)) "
        lines.append(f"{walked} say(x.id)")
        wrong = [f"api{index}.$pages(api{index}.list0, {{size: 1}})"]
        if item == "T":  # and no `any`
            wrong += [f"{walked} say(x.name)", f"api{index}.$pages(api{index}.other)"]
        lines += [f"// @ts-expect-error\n{line}" for line in wrong]
    program = "\n".join(["declare function say(what: unknown): void", *lines])
    (tmp_path / "program.ts").write_text(program)
    assert complaints(tmp_path) == []
