"""What the build makes, from what, and that it makes it only when it must."""

from __future__ import annotations

import hashlib
import io
import sys
import tarfile
import tomllib
from pathlib import Path

import pytest
import wasmtime

from tsbind import resources
from tsbind.guest import artefacts, compile, fetch, image
from tsbind.resources import PACKAGE

ROOT = PACKAGE.parent


def test_nothing_is_missing_so_nothing_is_asked_for() -> None:
    assert artefacts.stale() == []
    assert artefacts.requirements() == []


def test_every_artefact_has_its_licence() -> None:
    for group in artefacts.GROUPS:
        licenses = [name for name in group.files if name.startswith("licenses/")]
        assert licenses
        for name in licenses:
            assert "opyright" in (resources.artefact_folder() / name).read_text("utf-8")


@pytest.mark.parametrize(
    ("name", "package"),
    [
        ("swc.wasm", artefacts.SWC),
        *((f"{rank.name}.tiktoken", rank) for rank in artefacts.RANKS),
    ],
)
def test_what_is_fetched_is_what_was_pinned(name: str, package: artefacts.Package) -> None:
    data = resources.artefact(name).read_bytes()
    assert hashlib.sha256(data).hexdigest() == package.sha256
    with pytest.raises(fetch.FetchError, match="sha256"):
        fetch.verify(data + b" ", package.sha256, name)


def test_the_hook_is_declared_and_its_results_are_shipped() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    build = project["tool"]["hatch"]["build"]
    assert build["hooks"]["custom"]["path"] == "tsbind/guest/build.py"
    for target in ("wheel", "sdist"):
        assert "tsbind/_data/" in build["targets"][target]["artifacts"]
    # The image is made by a version of wasmtime that the package may also be installed with.
    assert artefacts.WASMTIME in project["project"]["dependencies"]


def test_a_failing_command_says_what_it_said(tmp_path: Path) -> None:
    with pytest.raises(fetch.FetchError, match="No module named no_such_module"):
        fetch.run([sys.executable, "-m", "no_such_module"], tmp_path)
    with pytest.raises(fetch.FetchError, match="cannot be run"):
        fetch.run([str(tmp_path / "absent")], tmp_path)


def test_an_archive_cannot_write_outside_its_folder(tmp_path: Path) -> None:
    archive = tmp_path / "evil.tgz"
    with tarfile.open(archive, "w:gz") as tar:
        entry = tarfile.TarInfo("../outside")
        tar.addfile(entry, io.BytesIO(b""))
    with pytest.raises(tarfile.OutsideDestinationError):
        fetch._unpack(archive, tmp_path)
    assert not (tmp_path.parent / "outside").exists()


# ---- The image ---------------------------------------------------------------------------------

TINY = """
(module
  (memory (export "memory") 2)
  (global (export "__stack_pointer") (mut i32) (i32.const 1024))
  (global $inbox i32 (i32.const 4096))
  (data (i32.const 2000) "data")
  (func (export "_initialize"))
  (func (export "boot") (result i32)
    (i32.store (i32.const 100) (i32.const 7))      ;; garbage on the stack
    (i32.store (i32.const 9000) (i32.const 0x21646e65))  ;; "end!"
    (i32.const 0))
  (func (export "bootstrap") (param i32 i32) (result i32)
    ;; the first letter of the script, after its name, is kept; "!" fails
    (i32.store8 (i32.const 5000) (i32.load8_u (i32.add (local.get 0) (i32.const 2))))
    (if (result i32) (i32.eq (i32.load8_u (i32.const 5000)) (i32.const 33))
      (then (i32.store (i32.const 4096) (i32.const 0x776f)) (i32.const -1))
      (else (i32.const 0))))
  (func (export "seal") (memory.fill (i32.const 4096) (i32.const 0) (i32.const 100)))
  (func (export "protocol") (result i32) (i32.const 1))
  (func (export "input") (param i32) (result i32) (global.get $inbox))
  (func (export "start") (param i32 i32) (result i64) (i64.const 0))
  (func (export "resume") (param i32 i32) (result i64) (i64.const 0)))
"""


def assemble(wat: str) -> bytes:
    return bytes(wasmtime.wat2wasm(wat))


def memory_of(module: bytes) -> tuple[bytes, set[str]]:
    store = wasmtime.Store()
    exports = wasmtime.Instance(store, wasmtime.Module(store.engine, module), []).exports(store)
    memory = exports["memory"]
    assert isinstance(memory, wasmtime.Memory)
    return bytes(memory.read(store, 0, memory.data_len(store))), set(exports)


def test_an_image_starts_where_the_initialisation_ended() -> None:
    made = image.make_image(assemble(TINY), {"a": "xyz"})
    memory, exports = memory_of(made)
    assert exports == set(image.EXPORTS)
    assert len(memory) == 2 * 65536
    expected = {2000: b"data", 5000: b"x", 9000: b"end!"}
    for at, text in expected.items():
        assert memory[at : at + len(text)] == text
    assert sum(1 for byte in memory if byte) == 9  # nothing of the stack or the inbox


def test_a_bootstrap_that_fails_stops_the_build() -> None:
    with pytest.raises(image.ImageError, match="b: ow"):
        image.make_image(assemble(TINY), {"a": "x", "b": "!"})


def test_a_module_without_an_export_is_refused() -> None:
    wat = TINY.replace('(export "resume")', "")
    with pytest.raises(image.ImageError, match="does not export all"):
        image.make_image(assemble(wat), {})


def test_the_bootstrap_is_evaluated_in_a_fixed_order() -> None:
    names = list(image.scripts(PACKAGE / "guest" / "js"))
    assert names[:4] == ["errors.js", "api.js", "timers.js", "absent.js"]
    assert names[4:] == sorted(names[4:])
    assert set(names) == {path.name for path in (PACKAGE / "guest" / "js").glob("*.js")}


def test_nothing_of_the_machine_is_in_the_guest() -> None:
    guest = resources.artefact("guest.wasm").read_bytes()
    for word in (b"/home/", b"/root/", b"/tmp/", b"/Users/", b"site-packages", bytes(ROOT)):
        assert word not in guest


@pytest.mark.slow
def test_the_same_inputs_give_the_same_guest(tmp_path: Path) -> None:
    pytest.importorskip("ziglang", reason="the C compiler is a build requirement only")
    made = []
    for name in ("first", "second"):
        folder = tmp_path / name
        folder.mkdir()
        source = fetch.source_distribution(
            artefacts.QUICKJS.name, artefacts.QUICKJS.version, artefacts.QUICKJS.sha256, folder
        )
        work = folder / "work"
        work.mkdir()
        module = compile.compile_guest(
            source / "upstream-quickjs", compile.sources(PACKAGE / "guest"), work
        )
        made.append(image.make_image(module, image.scripts(PACKAGE / "guest" / "js")))
    assert made[0] == made[1] == resources.artefact("guest.wasm").read_bytes()
