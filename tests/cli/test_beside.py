"""What works beside the compiler: another process for large documents, nothing for small ones."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import time

import pytest

from tsbind.cli.beside import LARGE, beside
from tsbind.errors import Location, SpecError, TokenizerError


def test_small_documents_start_nothing() -> None:
    with beside(LARGE - 1) as other:
        assert other.submit(os.getpid).result() == os.getpid()
        failed = other.submit(int, "x")
    with pytest.raises(ValueError, match="invalid literal"):
        failed.result()


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="no forking there")
def test_large_documents_have_a_process_for_which_nobody_waits() -> None:
    program = """
import os, time
from tsbind.cli.beside import LARGE, beside
with beside(LARGE) as other:
    print(other.submit(os.getpid).result() != os.getpid())
    other.submit(time.sleep, 60)
"""
    start = time.monotonic()
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=50, check=True
    )
    assert (ran.stdout, ran.stderr) == ("True\n", "")
    assert time.monotonic() - start < 50


def test_errors_cross_processes_as_they_are() -> None:
    for error in (
        SpecError("it is empty", where=Location("a.yaml", 1, 2), fix="fill it", code="empty"),
        TokenizerError("returned 'x'", where="m:f"),
    ):
        crossed = pickle.loads(pickle.dumps(error))
        assert type(crossed) is type(error)
        assert (str(crossed), crossed.__dict__) == (str(error), error.__dict__)
