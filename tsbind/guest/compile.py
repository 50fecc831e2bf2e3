"""Compile QuickJS-ng and our glue to WebAssembly, with the C compiler that PyPI's ziglang carries.

The same inputs give the same bytes: sources are named relative to a folder of their own, symbols
are stripped, and nothing of the machine goes in.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tsbind.guest.fetch import run

STACK = 1 << 19  # bytes of shadow stack; it lies lowest, so that running over it traps

ENGINE = ("libregexp.c", "libunicode.c", "dtoa.c")  # our engine.c includes quickjs.c
_FLAGS = ("-target", "wasm32-wasi", "-O2", "-DNDEBUG", "-D_GNU_SOURCE", "-DQUICKJS_NG_BUILD")
_OURS = ("-Wall", "-Wextra", "-Werror")
_LINK = ("-mexec-model=reactor", "-s", f"-Wl,-z,stack-size={STACK}", "-Wl,--export=__stack_pointer")


def sources(folder: Path) -> list[Path]:
    """Return our own C files, headers included."""
    return sorted([*folder.glob("*.c"), *folder.glob("*.h")])


def compile_guest(quickjs: Path, ours: Iterable[Path], work: Path) -> bytes:
    """Compile the engine's sources in `quickjs` with `ours` in the empty folder `work`."""
    shutil.copytree(quickjs, work / "quickjs")
    for path in ours:
        shutil.copy(path, work / path.name)
    jobs = [
        *([*_OURS, "-isystem", "quickjs", "-c", path.name] for path in ours if _is_plain(path)),
        ["-w", "-Iquickjs", "-c", "engine.c"],
        *(["-w", "-c", f"quickjs/{name}"] for name in ENGINE),
    ]
    # The largest first: it takes as long as all the others.
    jobs.sort(key=lambda job: job[-1] != "engine.c")
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        list(pool.map(lambda job: _zig([*_FLAGS, *job], work), jobs))
    objects = sorted(path.name for path in work.glob("*.o"))
    _zig([*_FLAGS[:2], *_LINK, *objects, "-o", "engine.wasm"], work)
    return (work / "engine.wasm").read_bytes()


def _is_plain(path: Path) -> bool:
    return path.suffix == ".c" and not path.name.startswith("engine")


def _zig(arguments: Iterable[str], work: Path) -> None:
    run([sys.executable, "-m", "ziglang", "cc", *arguments], work)
