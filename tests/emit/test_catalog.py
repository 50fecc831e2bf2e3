"""The introduction: as much as fits, never more."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsbind.bundle import Call
from tsbind.emit.catalog import print_catalog
from tsbind.errors import BudgetError
from tsbind.ir.api import Api, Operation
from tsbind.lower import lower
from tsbind.meter.tokenizer import tokenizer
from tsbind.spec.load import load


def api(sizes: dict[str, int], doc: str = "", **namespaces: str) -> Api:
    operations = (
        Operation((space, f"method{n}") if space else (f"method{n}",), None, None, CALL)
        for space, size in sizes.items()
        for n in range(size)
    )
    return Api("Chat", "1", tuple(operations), {}, {}, {}, doc=doc, namespaces=namespaces)


ARGUMENTS = {
    "type": "object",
    "properties": {"mode": True, "to": True, "x-id": True},
    "required": ["x-id", "to"],
}
CALL = Call("x", "GET", "/", args=ARGUMENTS)
HEAD = """\
// Chat 1: 3 operations
// A room to talk in.
// Call them as `await api.NAMESPACE.METHOD({...})`, once you know how they look:
export declare const api: {
  // the best matching operations as signatures, with the types they need
  $search(a: string | {words: string, limit?: number, tokens?: number}): Promise<string>
  // one operation or type, or all operations of a namespace
  $describe(a: string | {name: string, tokens?: number}): Promise<string>
}
// For example: await api.$describe("rooms.method0")
// Namespaces, with the number of their operations:
"""
ROOMS = api({"rooms": 2, "": 1}, "A room to talk in.\n\nFree.", rooms="Places\nto talk")

# What is said of the namespaces, from the roomiest limit to the tightest: all arguments, those
# that are required, names, sizes.
LEVELS = [
    """\
// rooms 2: method0(to,"x-id",mode?), method1(to,"x-id",mode?)
// (none) 1: method0(to,"x-id",mode?)
""",
    """\
// rooms 2: method0(to,"x-id",mode?), method1(to,"x-id")
// (none) 1: method0(to,"x-id")
""",
    """\
// rooms 2: method0(to,"x-id"), method1
// (none) 1: method0(to,"x-id")
""",
    """\
// rooms 2: method0, method1
// (none) 1: method0
""",
    """\
// rooms 2: method0, …
// (none) 1: method0
""",
    """\
// rooms 2, (none) 1
""",
]


@pytest.mark.parametrize("want", LEVELS)
def test_as_much_is_said_as_fits(want: str) -> None:
    assert print_catalog(ROOMS, len, limit=len(HEAD + want)) == HEAD + want


@given(st.integers(len(HEAD + LEVELS[-1]), 2 * len(HEAD)))
def test_more_room_never_says_less(limit: int) -> None:
    said, more = (print_catalog(ROOMS, len, limit=room) for room in (limit, limit + 1))
    assert len(said) <= limit
    assert len(more) >= len(said)


def test_the_arguments_of_the_first_of_several_forms_are_told() -> None:
    forms = Call("x", "GET", "/", args={"anyOf": [CALL.args, {"properties": {"other": True}}]})
    api = Api("Chat", "1", (Operation(("get",), None, None, forms),), {}, {}, {})
    assert print_catalog(api, len, limit=9999).endswith('// (none) 1: get(to,"x-id",mode?)\n')


def test_purposes_are_told_where_most_namespaces_have_one() -> None:
    rooms = api({"rooms": 90}, rooms="Places\nto talk")
    said = "// rooms 90 (Places to talk)\n"
    head = print_catalog(rooms, len, limit=700).partition("// rooms")[0]
    assert print_catalog(rooms, len, limit=len(head + said)) == head + said
    more = "// rooms 90 (Places to talk): method0, method1, …\n"
    assert print_catalog(rooms, len, limit=len(head + more)) == head + more


def test_the_largest_namespaces_are_named_first() -> None:
    sizes = {f"space{n}": n for n in range(1, 40)}
    text = print_catalog(api(sizes), len, limit=605)
    assert text.endswith("// space39 39, space38 38, 37 namespaces more with 703\n")


def test_a_limit_below_the_fixed_part_is_an_error() -> None:
    with pytest.raises(BudgetError) as caught:
        print_catalog(api({"a": 9, "b": 9}), len, limit=100)
    assert caught.value.code == "catalog-budget"
    least = int(caught.value.fix.removeprefix("allow at least "))
    assert len(print_catalog(api({"a": 9, "b": 9}), len, limit=least)) == least


@given(
    st.dictionaries(st.text(min_size=1, max_size=30), st.integers(1, 60), max_size=30),
    st.text(max_size=300),
    st.integers(900, 3000),
)
def test_the_limit_is_kept_and_all_is_comment(sizes: dict[str, int], doc: str, limit: int) -> None:
    text = print_catalog(api(sizes, doc), len, limit=limit)
    assert len(text) <= limit
    code = [line for line in text.splitlines() if not line.lstrip().startswith("//")]
    assert code == [
        "export declare const api: {",
        "  $search(a: string | {words: string, limit?: number, tokens?: number}): Promise<string>",
        "  $describe(a: string | {name: string, tokens?: number}): Promise<string>",
        "}",
    ]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["github.json", "cloudflare.json", "kubernetes.json"])
def test_large_apis_are_introduced_in_a_thousand_tokens(corpus: Path, name: str) -> None:
    whole, _ = lower(load(corpus / "openapi" / name))
    tokens = tokenizer("o200k_base").count(print_catalog(whole, tokenizer("o200k_base").count))
    assert 500 < tokens <= 1000
