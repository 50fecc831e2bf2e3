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


CALL = Call("x", "GET", "/")
HEAD = """\
// Chat 1: 3 operations
// A room to talk in.
// Call them as `await api.NAMESPACE.METHOD({...})`, once you know how they look:
declare const api: {
  // the best matching operations as signatures, with the types they need
  $search(a: string | {words: string, limit?: number, tokens?: number}): Promise<string>
  // one operation or type, or all operations of a namespace
  $describe(a: string | {name: string, tokens?: number}): Promise<string>
}
// For example: await api.$describe("rooms.method0")
// Namespaces, with the number of their operations:
"""
ROOMS = api({"rooms": 2, "": 1}, "A room to talk in.\n\nFree.", rooms="Places\nto talk")

# What is said of the namespaces, from the roomiest limit (in characters) to the tightest.
LEVELS = [
    (9999, "// rooms 2: method0, method1\n// (none) 1: method0\n"),
    (len(HEAD) + 45, "// rooms 2: method0, …\n// (none) 1: method0\n"),
    (len(HEAD) + 25, "// rooms 2, (none) 1\n"),
]


@pytest.mark.parametrize(("limit", "want"), LEVELS)
def test_as_much_is_said_as_fits(limit: int, want: str) -> None:
    assert print_catalog(ROOMS, len, limit=limit) == HEAD + want


def test_purposes_are_told_where_most_namespaces_have_one() -> None:
    text = print_catalog(api({"rooms": 90}, rooms="Places\nto talk"), len, limit=700)
    assert text.endswith("operations:\n// rooms 90: Places to talk\n")


def test_the_largest_namespaces_are_named_first() -> None:
    sizes = {f"space{n}": n for n in range(1, 40)}
    text = print_catalog(api(sizes), len, limit=597)
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
        "declare const api: {",
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
