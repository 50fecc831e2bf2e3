"""The engine, and the compiled code that it keeps between processes."""

from __future__ import annotations

import ctypes
import hashlib
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import wasmtime

from tsbind import resources
from tsbind.runtime.codecache import KEPT, cached_code
from tsbind.runtime.engine import Engine
from tsbind.runtime.isolate import Isolate
from tsbind.runtime.limits import Limits
from tsbind.runtime.messages import Start
from tsbind.runtime.pool import SLOTS
from tsbind.runtime.wasm import Extern, lib

WAT = (Path(__file__).parent.parent / "guest" / "lying_guest.wat").read_text("utf-8")
MODULE = bytes(wasmtime.wat2wasm(WAT))
START = Start(source="", table="\n", now=0.0, seed=0)


def works(engine: Engine) -> bool:
    try:
        with Isolate(engine, Limits()) as isolate:
            return isolate.start(START).state == "waiting"
    finally:
        engine.close()


def kept(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.cwasm"))


def test_code_is_compiled_once(tmp_path: Path) -> None:
    folder = tmp_path / "code"
    assert works(Engine(MODULE, cache=folder))
    (path,) = kept(folder)
    before = path.stat()
    assert works(Engine(MODULE, cache=folder))
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert stat.S_IMODE(before.st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("damage", ["flip", "truncate", "empty", "append", "swap"])
def test_a_damaged_file_is_made_again(tmp_path: Path, damage: str) -> None:
    assert works(Engine(MODULE, cache=tmp_path))
    (path,) = kept(tmp_path)
    good = path.read_bytes()
    bad = {
        "flip": good[:1000] + bytes([good[1000] ^ 1]) + good[1001:],
        "truncate": good[: len(good) // 2],
        "empty": b"",
        "append": good + b"\0",
        "swap": good[::-1],
    }[damage]
    path.write_bytes(bad)
    assert works(Engine(MODULE, cache=tmp_path))
    (again,) = kept(tmp_path)
    assert again.read_bytes() == good


def test_code_that_others_can_write_is_not_believed(tmp_path: Path) -> None:
    assert works(Engine(MODULE, cache=tmp_path))
    (path,) = kept(tmp_path)
    path.chmod(0o666)
    compiled: list[bytes] = []

    def compile(module: bytes) -> bytes:
        compiled.append(module)
        return b"code"

    settings = "s"
    first = cached_code(b"m", settings, compile, folder=tmp_path)
    assert first is not None
    first.chmod(0o622)
    assert cached_code(b"m", settings, compile, folder=tmp_path) == first
    assert len(compiled) == 2
    tmp_path.chmod(0o777)
    assert cached_code(b"m", settings, compile, folder=tmp_path) is None


def test_a_link_in_place_of_the_code_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(b"code")
    first = cached_code(b"m", "s", lambda module: b"code", folder=tmp_path / "a")
    assert first is not None
    first.unlink()
    first.symlink_to(tmp_path / "elsewhere")
    again = cached_code(b"m", "s", lambda module: b"code", folder=tmp_path / "a")
    assert again is not None
    assert not again.is_symlink()


def test_code_depends_on_module_and_settings(tmp_path: Path) -> None:
    paths = {
        cached_code(module, settings, lambda module: b"c" + module, folder=tmp_path)
        for module in (b"m", b"n")
        for settings in ("s", "t")
    }
    assert len(paths) == 4


def test_old_code_is_removed(tmp_path: Path) -> None:
    for number in range(KEPT + 5):
        cached_code(b"m", str(number), lambda module: b"c", folder=tmp_path)
    assert len(kept(tmp_path)) == KEPT


def test_a_folder_that_cannot_be_made_costs_only_time(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert works(Engine(MODULE, cache=tmp_path / "file" / "code"))


def test_code_of_another_wasmtime_is_not_run(tmp_path: Path) -> None:
    # The name says that the bytes are right, and they are not code: wasmtime itself refuses them.
    assert works(Engine(MODULE, cache=tmp_path))
    (path,) = kept(tmp_path)
    junk = b"\x7fELF" + bytes(5000)
    forged = path.with_name(f"{path.name[:33]}{hashlib.sha256(junk).hexdigest()}.cwasm")
    path.unlink()
    forged.write_bytes(junk)
    forged.chmod(0o600)
    assert works(Engine(MODULE, cache=tmp_path))
    assert not forged.exists()


def test_processes_that_start_at_once_share_the_cache(tmp_path: Path) -> None:
    source = (
        "import sys, pathlib; from tests.runtime.test_engine import *;"
        "assert works(Engine(MODULE, cache=pathlib.Path(sys.argv[1])))"
    )

    def start(_: int) -> int:
        command = [sys.executable, "-c", source, str(tmp_path)]
        return subprocess.run(command, cwd=Path(__file__).parents[2], check=False).returncode

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(start, range(3))) == [0, 0, 0]
    assert 1 <= len(kept(tmp_path)) <= 3
    assert not [path for path in tmp_path.iterdir() if path.suffix != ".cwasm"]


# ---- The process-wide engine -------------------------------------------------------------------


def test_there_is_one_engine_per_process() -> None:
    engines: list[Engine] = []
    threads = [threading.Thread(target=lambda: engines.append(Engine.default())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, engines))) == 1


def test_the_guest_imports_nothing() -> None:
    module = wasmtime.Module(wasmtime.Engine(), resources.artefact("guest.wasm").read_bytes())
    assert [(each.module, each.name) for each in module.imports] == []
    assert {each.name for each in module.exports} == {
        "memory", "protocol", "input", "start", "resume", "__stack_pointer",
    }  # fmt: skip


def test_the_clock_sleeps_when_nothing_runs() -> None:
    engine = Engine(MODULE, use_cache=False)
    with Isolate(engine, Limits()) as isolate:
        isolate.start(START)
    ticker = engine._ticker
    for _ in range(200):
        if not ticker.awake:
            break
        threading.Event().wait(0.02)
    assert not ticker.awake
    assert engine.turns.running == 0
    engine.close()


def test_importing_the_runtime_loads_no_wasmtime() -> None:
    source = "import sys, tsbind.runtime; print([m for m in sys.modules if 'wasm' in m])"
    done = subprocess.run(
        [sys.executable, "-c", source],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


# ---- The pool ----------------------------------------------------------------------------------


def _memory(isolate: Isolate) -> bytes:
    handle = ctypes.addressof(isolate._memory) + Extern.value.offset
    size = lib.wasmtime_memory_data_size(isolate._context, handle)
    return ctypes.string_at(lib.wasmtime_memory_data(isolate._context, handle), size)


def _fill(isolate: Isolate, grown: int) -> None:
    """Write over every byte of an isolate's memory, after letting it grow."""
    isolate._grow(grown)
    handle = ctypes.addressof(isolate._memory) + Extern.value.offset
    ctypes.memset(lib.wasmtime_memory_data(isolate._context, handle), 0xA5, grown)


def test_a_slot_that_was_filled_is_an_image_again() -> None:
    engine = Engine.default()
    image, grown = engine.image.memory, 16 << 20  # above what stays resident, too
    for _ in range(3 * SLOTS):
        with Isolate(engine, Limits()) as isolate:
            assert _memory(isolate) == image
            _fill(isolate, grown)
        with Isolate(engine, Limits()) as isolate:
            isolate._grow(grown)
            assert _memory(isolate) == image.ljust(grown, b"\0")


def test_isolates_beyond_the_pool_get_memory_from_the_system() -> None:
    engine = Engine(MODULE, use_cache=False)
    live = [Isolate(engine, Limits()) for _ in range(2 * SLOTS)]
    assert len({isolate._place for isolate in live}) == 2
    for isolate in live:
        assert isolate.start(START).state == "waiting"
        isolate.close()
    again = [Isolate(engine, Limits()) for _ in range(SLOTS)]
    assert len({isolate._place for isolate in again}) == 1, "a slot was not given back"
    for isolate in again:
        isolate.close()
    engine.close()


def test_a_warm_engine_has_its_pool_before_the_first_isolate() -> None:
    engine = Engine(MODULE, use_cache=False)
    engine.warm()
    with Isolate(engine, Limits()) as first, Isolate(engine, Limits()) as second:
        assert first._place is second._place
    engine.close()


def test_a_program_without_calls_needs_neither_asyncio_nor_http() -> None:
    source = """
import sys
from tsbind.bundle import Bundle
from tsbind.runtime import run_sync
bundle = Bundle(title="", version="", declarations="", calls={}, schemas={})
assert run_sync("return 1 + 1", bundle).value == 2
print([name for name in ("asyncio", "ssl", "aiohttp", "jsonschema_rs") if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", source],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.skipif(sys.platform != "linux", reason="the limit on addresses is Linux's")
def test_a_process_with_few_addresses_does_without_a_pool() -> None:
    source = """
import resource
from tsbind.runtime.engine import Engine
from tsbind.runtime.isolate import Isolate
from tsbind.runtime.limits import Limits
engine = Engine.default()
resource.setrlimit(resource.RLIMIT_AS, (32 << 30, resource.RLIM_INFINITY))  # the pool takes 64
live = [Isolate(engine, Limits()) for _ in range(3)]
print(len({isolate._place for isolate in live}))
"""
    done = subprocess.run(
        [sys.executable, "-c", source],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "1"
