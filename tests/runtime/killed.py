"""Writes what tsbind keeps on disk, over and over, until somebody kills it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path

from tests.runtime.test_snapshot import KEY, put_off
from tsbind.bundle import write_whole
from tsbind.cache import Cache
from tsbind.cli.results import keep
from tsbind.runtime.codecache import cached_code
from tsbind.runtime.snapshot import seal, unseal

SIZE = 2_000_000  # bytes, so that writing takes a while


def code(folder: Path) -> Callable[[int], object]:
    return lambda n: cached_code(
        b"module %d" % n, "settings", lambda module: module * (SIZE // len(module)), folder=folder
    )


def compiled(folder: Path) -> Callable[[int], object]:
    cache = Cache(folder)
    return lambda n: cache.put(f"{n:064x}", [f"{n}", "x" * SIZE], {})


def snapshot(folder: Path) -> Callable[[int], object]:
    text = "const rows = Array.from({ length: 20_000 }, (_, id) => ({ id }));\n"
    saved, pages = unseal(put_off(f"{text}await api.put({{ n: 1 }})").snapshot, KEY)
    sealed = seal(saved, pages, KEY), seal(saved, pages + b"more", KEY)
    return lambda n: write_whole(folder / "run.snapshot", sealed[n % 2], mode=0o600)


def result(folder: Path) -> Callable[[int], object]:
    return lambda n: keep([n, "x" * SIZE], folder=folder)


KINDS = {"code": code, "compiled": compiled, "snapshot": snapshot, "result": result}

if __name__ == "__main__":
    work = KINDS[sys.argv[1]](Path(sys.argv[2]))
    work(0)
    print("begun", flush=True)
    for number in count(1):
        work(number)
