"""test262's parser tests through the front end: what was read before still is, and nothing traps.

They are the npm package test262-parser-tests; TSBIND_PARSER_TESTS names its folder.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import pytest

from benchmarks.parser_tests import ACCEPTED, counts

pytestmark = pytest.mark.slow

# Of 1,981 programs each; what is refused is modules, and what only sloppy mode has.
READ: Final = {"pass": 1_741, "pass-explicit": 1_758}
# Of 668 and 731 that are none: most early errors, and all but what TypeScript reads otherwise.
REFUSED: Final = {"early": 499, "fail": 717}


def test_programs_are_read_and_others_are_refused() -> None:
    folder = os.environ.get("TSBIND_PARSER_TESTS")
    if not folder:
        pytest.skip("TSBIND_PARSER_TESTS names no folder of test262-parser-tests")
    found = counts(Path(folder))
    assert found["traps"] == []
    for name, least in READ.items():
        assert found[name][ACCEPTED] >= least, name
    for name, least in REFUSED.items():
        assert found[name]["files"] - found[name][ACCEPTED] >= least, name
