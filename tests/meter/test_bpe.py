"""Counts are exactly those of tiktoken, whatever is done to have them sooner."""

from __future__ import annotations

import os
import subprocess
import sys
from binascii import a2b_base64
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiktoken import Encoding

from tsbind import resources
from tsbind.errors import BuildError
from tsbind.meter import bpe
from tsbind.meter.bpe import ENCODINGS, RankTokenizer
from tsbind.meter.cut import LONG_GAP, LONG_RUN, SLICE, gaps, repeats, slices, stretches

# What documents are made of, and what the encodings' expressions treat each in its own way.
WORDS = ["a", "Z", "don't", "'s", "'", "É", "é", "中", "\u0301", "1", "1234", "\u0663", "getUser"]
BLANKS = [" ", "  ", "\t", "\n", "\r\n", "\r", "\n\n", "\n \n", "\n  x", "\xa0", "\u2028", "\x1c"]
SIGNS = ["/", "//", "\n/", "\n  /x", '"', '":{"', ",", "==", "_id", "\ud800", "\U0001f600"]
PIECES = st.sampled_from([*WORDS, *BLANKS, *SIGNS, "<|endoftext|>"])
TEXTS = st.lists(PIECES, max_size=40).map("".join) | st.text(max_size=80)


@pytest.fixture(scope="module", params=sorted(ENCODINGS))
def pair(request: pytest.FixtureRequest) -> tuple[RankTokenizer, Encoding]:
    """Our tokenizer, with everything loaded, and tiktoken's own of the same encoding."""
    ours = RankTokenizer(ENCODINGS[request.param])
    lines = resources.artefact(f"{ours.name}.tiktoken").read_bytes().split(b"\n")
    ranks = {a2b_base64(line.split()[0]): rank for line, rank in zip(lines[:-1], count())}
    theirs = Encoding(
        ours.name,
        pat_str=ENCODINGS[ours.name].pattern,
        mergeable_ranks=ranks,
        special_tokens={},
    )
    return ours, theirs


@given(text=TEXTS)
@settings(max_examples=300, deadline=None)
def test_counts_are_tiktokens(pair: tuple[RankTokenizer, Encoding], text: str) -> None:
    ours, theirs = pair
    ours._partials = bpe._PARTIALS  # everything loaded
    assert ours.count(text) == len(theirs.encode_ordinary(text))


@given(text=TEXTS)
@settings(max_examples=60, deadline=None)
def test_a_table_of_its_own_counts_the_same(
    pair: tuple[RankTokenizer, Encoding], text: str
) -> None:
    ours, theirs = pair
    small = RankTokenizer(ENCODINGS[ours.name])
    small.__dict__["_keys"] = ours._keys
    small.prepare(["prepared for", text[::2]])
    assert small.count(text) == len(theirs.encode_ordinary(text))
    assert small.count(text[::2]) == len(theirs.encode_ordinary(text[::2]))
    assert "_full" not in small.__dict__


@given(text=TEXTS)
@settings(max_examples=500, deadline=None)
def test_equal_lines_are_counted_once(pair: tuple[RankTokenizer, Encoding], text: str) -> None:
    _, theirs = pair
    text = text + "\n" + text  # so that there is something to find
    parts = [(times, len(theirs.encode_ordinary(part))) for times, part in repeats(text)]
    assert sum(times * tokens for times, tokens in parts) == len(theirs.encode_ordinary(text))


@given(text=TEXTS)
@settings(max_examples=500, deadline=None)
def test_no_token_reaches_across_a_stretch(pair: tuple[RankTokenizer, Encoding], text: str) -> None:
    _, theirs = pair
    parts = stretches(text)
    assert "".join(parts) == text
    separate = sum(len(theirs.encode_ordinary(part)) for part in parts)
    assert separate == len(theirs.encode_ordinary(text))


GAPS = [
    ("x" + " " * LONG_GAP + "y"),
    ("\n" + "\t" * LONG_GAP + "{"),
    (" " * LONG_GAP),
    ("x" + " \u00a0" * LONG_GAP + "\n y"),
    ("x" + " " * LONG_GAP + "\u2028" + "1"),
    ("\n" * LONG_GAP + "/" + " " * LONG_GAP + "\r\n" + " " * LONG_GAP + "'s"),
]


@pytest.mark.parametrize("text", GAPS, ids=range(len(GAPS)))
def test_a_long_gap_counts_as_tiktoken_counts_it(
    pair: tuple[RankTokenizer, Encoding], text: str
) -> None:
    ours, theirs = pair
    assert "".join(part for part, _ in gaps(text)) == text
    assert ours.count(text) == len(theirs.encode_ordinary(text))


def test_a_gap_that_overflows_tiktoken_is_counted(pair: tuple[RankTokenizer, Encoding]) -> None:
    ours, _ = pair
    # tiktoken itself panics on this in both encodings.
    once = ours.count(" " * LONG_GAP * 12 + "x")
    assert once == ours.count(" " * (LONG_GAP * 12 - 1)) + ours.count(" x")


SLICED = [
    "abc?" * LONG_RUN,
    '{"a": [1, 2.5, "x y"]}\n' * (LONG_RUN // 8),
    "漢字 or kanji, " * (LONG_RUN // 8),
]


@pytest.mark.parametrize("text", SLICED, ids=range(len(SLICED)))
def test_large_texts_are_counted_in_parts(pair: tuple[RankTokenizer, Encoding], text: str) -> None:
    _, theirs = pair
    parts = list(slices(text))
    assert "".join(parts) == text
    assert max(map(len, parts[:-1])) < 2 * SLICE
    assert sum(len(theirs.encode_ordinary(part)) for part in parts) == len(
        theirs.encode_ordinary(text)
    )


def test_endless_runs_are_cut_all_the_same(pair: tuple[RankTokenizer, Encoding]) -> None:
    ours, theirs = pair
    exact = len(theirs.encode_ordinary("!" * 2 * SLICE))
    text = "!" * LONG_RUN * 4
    assert "".join(slices(text)) == text
    assert exact * LONG_RUN / SLICE * 2 <= ours.count(text) + 4 * LONG_RUN / SLICE
    assert ours.count(text) <= (exact / 2 + 1) * 4 * LONG_RUN / SLICE


def test_expressions_are_those_of_tiktoken(tmp_path: Path) -> None:
    # tiktoken's registry loads ranks before it tells the expression, so it is given the files
    # under the names of its cache.  In a process of its own, for it reads the environment.
    names = {
        "o200k_base": "fb374d419588a4632f3f557e76b4b70aebbca790",
        "cl100k_base": "9b5ad71b2ce5302211f9c61530b329a4922fc6a4",
    }
    for name, cached in names.items():
        (tmp_path / cached).write_bytes(resources.artefact(f"{name}.tiktoken").read_bytes())
    program = (
        "import tiktoken; from tsbind.meter import ENCODINGS\n"
        "for name, ours in ENCODINGS.items():\n"
        "    assert tiktoken.get_encoding(name)._pat_str == ours.pattern, name\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "TIKTOKEN_CACHE_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr


def test_a_damaged_rank_file_is_refused() -> None:
    encoding = ENCODINGS["o200k_base"]
    forged = bpe.Encoding(encoding.name, encoding.pattern, digest="0" * 64)
    with pytest.raises(BuildError) as caught:
        RankTokenizer(forged).count("text")
    assert str(caught.value) == (
        '"o200k_base.tiktoken" is not the file that its makers publish [damaged]\n'
        "fix: install tsbind again"
    )


@pytest.mark.parametrize("name", sorted(ENCODINGS))
def test_real_documents_count_as_tiktoken_counts_them(
    name: str, corpus: Path, pair: tuple[RankTokenizer, Encoding]
) -> None:
    ours, theirs = pair
    for path in ("discord.json", "notion.json", "oai/petstore-3.0.yaml", "stripe.yaml"):
        text = (corpus / "openapi" / path).read_text("utf-8")
        assert ours.count(text) == len(theirs.encode_ordinary(text)), path
