"""The printer: each shape of type is spelt as TypeScript that means the same."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tsbind.bundle import Call
from tsbind.emit.dts import read_declarations
from tsbind.emit.prelude import LISTED_FROM
from tsbind.emit.typescript import print_declarations
from tsbind.ir.api import Api, NamedType, Operation
from tsbind.ir.types import (
    ANYTHING,
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
    union,
)

CALL = Call(op="get", method="GET", path="/")


def api(*operations: Operation, **types: Type | NamedType) -> Api:
    table = {
        name: given if isinstance(given, NamedType) else NamedType(given)
        for name, given in types.items()
    }
    return Api("Rooms", "1", operations, table, {}, {})


def spelt(node: Type) -> str:
    (line,) = (x for x in print_declarations(api(T=node)).splitlines() if x.startswith("type T="))
    return line.removeprefix("type T=")


WORDS = tuple(f"w{n}" for n in range(2 * LISTED_FROM))
FEW = WORDS[:LISTED_FROM]  # too few to say how a text of them is read

SPELLINGS = [
    (UNKNOWN, "unknown"),
    (NEVER, "never"),
    (ANYTHING, "Record<string,unknown>"),
    (BYTES, "Uint8Array"),
    (Enum(("a", 1, True, None, -2.5, 3.0)), '"a"|1|true|null|-2.5|3'),
    (Enum((*WORDS, "a b", None, 1)), f'OneOf<"{" ".join(WORDS)}">|"a b"|null|1'),
    (Array(Enum(WORDS)), f'OneOf<"{" ".join(WORDS)}">[]'),
    (Array(Enum((*WORDS, 1))), f'(OneOf<"{" ".join(WORDS)}">|1)[]'),
    (Enum(FEW), '"' + '"|"'.join(FEW) + '"'),
    (Array(Enum(FEW)), '("' + '"|"'.join(FEW) + '")[]'),
    (Array(TEXT), "string[]"),
    (Array(union([TEXT, NULL])), "(string|null)[]"),
    (Array(Enum(("a",))), '"a"[]'),
    (Array(Enum(("a", "b"))), '("a"|"b")[]'),
    (Array(Intersection((Ref("A"), Ref("B")))), "(A&B)[]"),
    (Intersection((union([TEXT, NULL]), Ref("A"))), "(string|null)&A"),
    (Union((Intersection((Ref("A"), Ref("B"))), NULL)), "A&B|null"),
    (Union((Enum(("a", "b")), NULL)), '"a"|"b"|null'),
    (Tuple((TEXT, union([TEXT, NULL])), 1, NUMBER), "[string,(string|null)?,...number[]]"),
    (Record((Field("a", TEXT, True), Field("b-c", NUMBER))), '{a:string,"b-c"?:number}'),
    (Record((Field("a", TEXT, True),), rest=TEXT), "{a:string,[k:string]:string}"),
    (Record((Field("a", TEXT),), rest=TEXT), "{a?:string,[k:string]:string|undefined}"),
    (Record((Field("a", TEXT),), rest=UNKNOWN), "{a?:string,[k:string]:unknown}"),
    (Record((), rest=NUMBER), "Record<string,number>"),
    (Record((), rest=Ref("A")), "{[k:string]:A}"),
    (Record((), rest=Array(Ref("A"))), "Record<string,A[]>"),
    (Record((), closed=True), "Record<string,never>"),
    (Trim(Ref("A"), "Omit", ("a", "b")), 'Omit<A,"a"|"b">'),
    (Trim(Ref("A"), "Partial"), "Partial<A>"),
    (Apply("Page", (union([TEXT, NULL]), Ref("A"))), "Page<string|null,A>"),
]


@pytest.mark.parametrize(("node", "want"), SPELLINGS, ids=[want for _, want in SPELLINGS])
def test_a_type_is_spelt_so(node: Type, want: str) -> None:
    assert spelt(node) == want


def test_a_generic_type_names_its_parameters() -> None:
    page = NamedType(Record((Field("data", Array(Variable("T")), True),)), parameters=("T",))
    assert "type Page<T>={data:T[]}" in print_declarations(api(Page=page))


def test_operations_stand_in_their_namespaces() -> None:
    text = print_declarations(
        api(
            Operation(
                ("rooms", "list"), Record((Field("limit", NUMBER),)), Array(TEXT), CALL, True
            ),
            Operation(("ping",), None, None, CALL),
            Operation(("rooms", "members", "new"), Ref("Member"), TEXT, CALL),
            Member=Record((Field("name", TEXT, required=True),)),
        ),
        fingerprint="3f2a9c41d0e7",
    )
    assert text == (
        "// Rooms\n"
        "type Member={name:string}\n"
        "export declare const api:{\n"
        "rooms:{\n"
        "list(a?:{limit?:number}):Promise<string[]>\n"
        "members:{\n"
        '"new"(a:Member):Promise<string>}}\n'
        "ping():Promise<void>}\n"
        "// 1 3f2a9c41d0e7\n"
    )


def test_many_operations_say_once_that_they_return_promises() -> None:
    operations = [Operation((f"m{n}",), None, TEXT, CALL) for n in range(17)]
    text = print_declarations(api(*operations))
    assert text.count("Promise<") == 1
    assert "export declare const api:Async<{\nm0():string\n" in text
    assert text.endswith("m16():string}>\n// 1\n")


def test_what_changes_with_every_version_stands_last() -> None:
    described = api(Operation(("ping",), None, None, call=Call("ping", "GET", "/ping")))
    before = print_declarations(described, fingerprint="aaaaaaaaaaaa")
    after = print_declarations(replace(described, version="2"), fingerprint="bbbbbbbbbbbb")
    changed = [
        pair
        for pair in zip(before.splitlines(), after.splitlines(), strict=True)
        if pair[0] != pair[1]
    ]
    assert changed == [("// 1 aaaaaaaaaaaa", "// 2 bbbbbbbbbbbb")]


def test_prose_stays_in_its_comment() -> None:
    field = Field("limit", NUMBER, note="1..100", doc="*/ evil() /*\u2028\u202e", deprecated=True)
    text = print_declarations(api(T=NamedType(Record((field,)), note="a", doc="b\nc")))
    assert (
        "/** b c · a */\ntype T={/** @deprecated *\\/ evil() /* · 1..100 */limit?:number}\n" in text
    )


@pytest.mark.parametrize(
    ("nodes", "defined", "spelt"),
    [
        ([ANYTHING] * 2, [], "Record<string,unknown>"),
        ([ANYTHING] * 3, ["type Dict=Record<string,unknown>"], "Dict"),
        ([ANYTHING] * 3 + [Record((), rest=TEXT)], ["type Dict="], "Record<string,string>"),
        ([Record((), rest=Ref("T"))] * 4, ["interface Dict<"], "Dict<T>"),
        ([Record((), rest=TEXT)] * 9, ["interface Dict<"], "Dict<string>"),
        ([BYTES] * 3, [], "Uint8Array"),
        ([BYTES] * 4 + [ANYTHING] * 3, ["type Bytes=", "type Dict="], "Dict"),
    ],
)
def test_a_short_name_is_defined_where_it_pays(
    nodes: list[Type], defined: list[str], spelt: str
) -> None:
    described = api(T=Tuple(tuple(nodes), len(nodes)))
    _, *lines, type_, _, _ = print_declarations(described).splitlines()
    assert [line[: len(start)] for line, start in zip(lines, defined, strict=True)] == defined
    assert type_.endswith(f",{spelt}]")
    assert read_declarations("\n".join([*lines, type_])).types["T"] == described.types["T"]
