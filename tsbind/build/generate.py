"""Writes the declarations, stubs and Bundles that a configuration asks for, where they changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from tsbind.bundle import write_whole
from tsbind.cache import Cache
from tsbind.config import Config, File
from tsbind.errors import BuildError, TsbindError
from tsbind.meter import tokenizer
from tsbind.pipeline import Compiled
from tsbind.project import compile_api, over_budget


class Made(msgspec.Struct, frozen=True):
    """What a build made of one API."""

    name: str
    tokens: int  # of the declarations
    written: tuple[Path, ...]
    unchanged: tuple[Path, ...]  # equal to what would have been written, so left alone

    @property
    def files(self) -> tuple[Path, ...]:
        """All files that the API stands in."""
        return tuple(sorted((*self.written, *self.unchanged)))


def generate(
    config: Config, names: Iterable[str] | None = None, *, cache: Cache | None = None
) -> tuple[Made, ...]:
    """Compile the APIs that have an `output`, and write the files that are not as they should be.

    Nothing is written before everything is compiled and within its budget.  Raises BudgetError for
    an API over its budget, BuildError when no API has an output or a file cannot be written, and
    what compiling raises.
    """
    wanted = [name for name in (names or config.apis) if config.apis[name].output]
    if not wanted:
        raise BuildError(
            "no API of it has an output, so there is nothing to build",
            where=str(config.path),
            fix='add `output = "src/PACKAGE/apis"` to those that are to be built',
            code="no-output",
        )
    planned = [_planned(config, name, cache) for name in wanted]
    return tuple(_write(name, tokens, files) for name, tokens, files in planned)


def _planned(
    config: Config, name: str, cache: Cache | None
) -> tuple[str, int, Mapping[Path, bytes]]:
    compiled = compile_api(config, name, cache)
    tokens = tokenizer(config.apis[name].tokenizer).count(compiled.declarations)
    over = over_budget(config, name, tokens)
    if over is not None:
        raise over
    paths = config.outputs(name)
    return name, tokens, {path: _content(kind, compiled) for kind, path in paths.items()}


def _content(kind: File, compiled: Compiled) -> bytes:
    match kind:
        case "declarations":
            return compiled.declarations.encode()
        case "stubs":
            return compiled.stubs.encode()
        case "bundle":
            return msgspec.json.encode(compiled.bundle)


def _write(name: str, tokens: int, files: Mapping[Path, bytes]) -> Made:
    changed = tuple(path for path, data in files.items() if not _holds(path, data))
    try:
        for path in changed:
            write_whole(path, files[path])
    except OSError as error:
        raise BuildError(
            f'the files of "{name}" cannot be written: {error.strerror}',
            where=str(error.filename or ""),
            fix="choose an `output` that can be written to",
            code="unwritable",
        ) from None
    return Made(name, tokens, changed, tuple(path for path in files if path not in changed))


def _holds(path: Path, data: bytes) -> bool:
    try:
        return path.read_bytes() == data
    except OSError:
        return False


def failure(error: TsbindError) -> str:
    """Spell an error for a build's log, where it stands among other tools' lines."""
    return f"tsbind: {error}"
