"""Results that fit: JSON at any size, what is missing counted, and all of it to be read on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tsbind.bundle import Bundle
from tsbind.errors import LimitError, ResultError
from tsbind.meter import DEFAULT, tokenizer
from tsbind.runtime import Options, run_sync
from tsbind.runtime.fitted import Fitted, fit

ROWS = [{"id": id, "title": f"row number {id}"} for id in range(500)]


def quarter(text: str) -> int:
    return -(-len(text) // 4)


def test_what_fits_is_left_as_it_is() -> None:
    value = {"rows": ROWS[:3], "n": None}
    assert fit(value, 1_000, quarter) == Fitted(value, fit(value, 1_000, quarter).tokens, ())


def test_a_long_array_keeps_its_first_items_and_counts_the_others() -> None:
    fitted = fit({"rows": ROWS}, 200, quarter)
    kept = len(fitted.value["rows"]) - 1
    assert kept > 10
    assert fitted.value["rows"][:kept] == ROWS[:kept]
    more = f"… {500 - kept} more of 500 items: /rows from {kept}"
    assert fitted.value["rows"][kept] == more
    assert [str(gap) for gap in fitted.gaps] == [more]


def test_a_long_text_and_a_wide_object_are_cut_too() -> None:
    text = fit("x" * 100_000, 100, quarter).value
    assert text.startswith("xxxx")
    assert "more of 100000 characters: / from " in text
    wide = fit({f"k{n}": n for n in range(5_000)}, 100, quarter).value
    assert wide.pop("…").endswith(f"more of 5000 fields: / from {len(wide)}")
    odd = fit({"…": 1} | {f"k{n}": n for n in range(5_000)}, 100, quarter).value
    assert odd["…"] == 1
    assert "more of 5001 fields" in odd["……"]


def test_a_run_gives_the_whole_value_and_the_part_that_fits() -> None:
    program = "return Array.from({ length: 300 }, (_, id) => ({ id }))"
    options = Options(max_result_tokens=100, count_tokens=quarter)
    result = run_sync(program, Bundle("T", "1", "", {}, {}), **options)
    assert len(result.value) == 300
    assert result.fitted is not None
    (gap,) = result.fitted.gaps
    rest = result.more(gap.path, gap.kept, max_tokens=10_000, count_tokens=quarter)
    assert [*result.fitted.value[:-1], *rest.value] == result.value
    assert rest.gaps == ()
    assert run_sync("return [1]", Bundle("T", "1", "", {}, {}), **options).fitted is None


def test_the_tokens_are_exact() -> None:
    count = tokenizer(DEFAULT).count
    fitted = fit(ROWS, 300, count)
    assert fitted.tokens == count(msgspec.json.encode(fitted.value).decode()) <= 300
    assert fitted.tokens > 240


def _whole(value: Any, allowed: int, count: Callable[[str], int]) -> list[Any]:  # noqa: ANN401
    """Read an array page by page."""
    pages: list[Any] = []
    start = 0
    while True:
        fitted = fit(value, allowed, count, path="/rows", start=start)
        gap = next((gap for gap in fitted.gaps if gap.path == "/rows"), None)
        if gap is None:
            return [*pages, *fitted.value]
        pages += fitted.value[: gap.kept]
        start += gap.kept
        assert gap.start + gap.kept == start


def test_all_of_it_can_be_read_page_by_page() -> None:
    assert _whole({"rows": ROWS}, 300, quarter) == ROWS


@pytest.mark.parametrize(
    ("path", "start", "want"),
    [
        ("", 0, {"a/b": [1, {"~": "text"}]}),
        ("/", 0, {"a/b": [1, {"~": "text"}]}),
        ("/a~1b", 1, [{"~": "text"}]),
        ("/a~1b/1/~0", 2, "xt"),
        ("/a~1b/0", 0, 1),
        ("/a~1b/1", 1, {}),
    ],
)
def test_a_part_is_named_by_a_pointer(path: str, start: int, want: object) -> None:
    assert fit({"a/b": [1, {"~": "text"}]}, 100, quarter, path=path, start=start).value == want


@pytest.mark.parametrize(
    ("path", "start"), [("/b", 0), ("/a/2", 0), ("/a/-1", 0), ("/a/x", 0), ("/a", 3), ("/a/0", 1)]
)
def test_a_part_that_is_not_there_says_so(path: str, start: int) -> None:
    with pytest.raises(ResultError, match=r"no-part"):
        fit({"a": [1, 2]}, 100, quarter, path=path, start=start)


def test_when_not_even_a_gap_fits_that_is_the_error() -> None:
    with pytest.raises(LimitError, match="tokens of its result"):
        fit(ROWS, 2, quarter)


def test_what_is_nested_deeply_is_cut() -> None:
    value: Any = 1
    for _ in range(900):
        value = [value]
    fitted = fit(value, 1_000, quarter)
    assert fitted.gaps[0].path == "/0" * 60


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9**9) | st.text(max_size=200),
    lambda inner: st.lists(inner, max_size=20) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=80,
)


@settings(max_examples=200, deadline=None)
@example(
    {"0": False, "": [None] * 17, "1": None}, 30
)  # "/" names a part, and is the whole elsewhere
@given(JSON, st.integers(30, 400))
def test_whatever_is_cut_is_json_within_the_limit(value: Any, allowed: int) -> None:  # noqa: ANN401
    try:
        fitted = fit(value, allowed, quarter)
    except LimitError:  # a long path alone may be too long
        assert quarter(msgspec.json.encode(value).decode()) > allowed
        return
    text = msgspec.json.encode(fitted.value).decode()
    assert quarter(text) == fitted.tokens <= allowed
    assert bool(fitted.gaps) == (fitted.value != value)
    for gap in fitted.gaps:
        assert 0 <= gap.kept < gap.total
        assert fit(value, 10**6, quarter, path=gap.path, start=gap.kept).tokens >= 0
