"""No document hangs, takes more than 512 MB, or is answered with a traceback.

How many seconds each takes is for `benchmarks/hostile.py` to say: a busy machine would make a test
of it fail by chance.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from benchmarks.apart import apart
from benchmarks.hostile import FOLDERS, LARGER, compiled, outcome
from benchmarks.hostile_documents import MADE, ordinary

# Of 512 MB, 112 are what a process has that only loaded the compiler and a tokenizer; this one has
# whatever other tests left in it.
MEGABYTES = 512 - 112
DEADLINE = 60.0  # on the clock, of a busy machine

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", MADE)
def test_what_is_made_to_cost_most(name: str) -> None:
    found = compiled(MADE[name])
    assert not found.failure
    assert found.grown_mb < MEGABYTES


@pytest.mark.parametrize("folder", FOLDERS)
def test_documents_that_others_found_hard(corpus: Path, folder: str) -> None:
    files = [
        file
        for file in sorted((corpus / "hostile" / folder).rglob("*"))
        if file.suffix in (".json", ".yaml", ".yml")
    ]
    assert files
    for file in files:
        found = apart(outcome, file, deadline=DEADLINE)
        assert not found.failure, f"{file}: {found.failure}"
        assert found.grown_mb < MEGABYTES, file


def test_cost_grows_with_the_document() -> None:
    """Ten times the operations take about ten times as long: no part is quadratic."""
    small, large = (compiled(partial(ordinary, size), LARGER) for size in (500, 5_000))
    assert not small.failure
    assert not large.failure
    assert large.seconds < 20 * small.seconds
