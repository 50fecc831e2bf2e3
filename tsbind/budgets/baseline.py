"""tsbind.lock: how many tokens each API and each of its operations took when last agreed to.

    # Tokens by API and operation, for `tsbind ci`; `tsbind ci --update` writes it anew.
    chat 135 o200k_base
    chat.rooms.list 14 o200k_base

One fact a line, sorted, and nothing that depends on the machine, so that lines from two branches
merge as text.  A union merge (`tsbind.lock merge=union` in .gitattributes) may leave two lines for
one thing; the greater holds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import msgspec

from tsbind.bundle import write_whole
from tsbind.errors import ConfigError, Location

NAME: Final = "tsbind.lock"
LARGEST: Final = 16 << 20  # bytes
_HEAD: Final = (
    "# Tokens by API and operation, for `tsbind ci`; `tsbind ci --update` writes it anew.\n"
)
_PLAIN: Final = re.compile(r"[a-z_][a-z0-9_]*(?:\.[\w$.-]+)?")
# A name with anything unusual in it is a JSON string.
_LINE: Final = re.compile(r'("(?:[^"\\]|\\.)*"|[^\s"]+) (\d{1,12}) (\S+)')


class Cost(msgspec.Struct, frozen=True):
    """The tokens of one API's declarations, and of each operation's own lines."""

    tokens: int
    operations: Mapping[str, int]
    tokenizer: str


Baseline = Mapping[str, Cost]  # by API


def read_baseline(path: Path) -> Baseline | None:
    """Read a baseline; None when there is no such file.

    Raises ConfigError, with the line, for what `write_baseline` would not have written, such as
    the marks of a merge that is not finished.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError(
            f"cannot be read: {error.strerror}", where=str(path), fix="check its permissions"
        ) from None
    if len(data) > LARGEST:
        raise _wrong(path, 0, f"it has more than {LARGEST:,} bytes")
    try:
        lines = data.decode("utf-8").splitlines()
    except UnicodeDecodeError:
        raise _wrong(path, 0, "it is not UTF-8") from None
    return _gathered(path, lines)


def _gathered(path: Path, lines: list[str]) -> Baseline:
    totals: dict[str, tuple[int, str]] = {}
    operations: dict[str, dict[str, int]] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        found = _LINE.fullmatch(line)
        name = _read_name(found[1]) if found else None
        if found is None or name is None:
            raise _wrong(path, number, f'"{line[:60]}" is no line of a baseline')
        api, dot, operation = name.partition(".")
        tokens = int(found[2])
        if dot:
            own = operations.setdefault(api, {})
            own[operation] = max(tokens, own.get(operation, 0))
        else:
            totals[api] = max((tokens, found[3]), totals.get(api, (0, "")))
    return {
        api: Cost(tokens, operations.get(api, {}), tokenizer)
        for api, (tokens, tokenizer) in totals.items()
    }


def _read_name(text: str) -> str | None:
    if not text.startswith('"'):
        return text
    try:
        return str(json.loads(text))
    except ValueError:
        return None


def _wrong(path: Path, line: int, what: str) -> ConfigError:
    return ConfigError(
        what,
        where=Location(str(path), line, 1 if line else 0),
        fix="finish the merge, or write it anew with `tsbind ci --update`",
        code="baseline",
    )


def write_baseline(path: Path, baseline: Baseline) -> bool:
    """Write a baseline, whole or not at all; returns whether anything changed."""
    data = spell(baseline).encode("utf-8", "surrogatepass")
    if path.is_file() and path.read_bytes() == data:
        return False
    try:
        write_whole(path, data)
    except OSError as error:
        raise ConfigError(
            f"cannot be written: {error.strerror}", where=str(path), fix="check its permissions"
        ) from None
    return True


def spell(baseline: Baseline) -> str:
    """Return the text of a baseline."""
    return _HEAD + "".join(f"{line}\n" for line in sorted(_lines(baseline)))


def _lines(baseline: Baseline) -> Iterator[str]:
    for api, cost in baseline.items():
        yield f"{_name(api)} {cost.tokens} {cost.tokenizer}"
        for operation, tokens in cost.operations.items():
            yield f"{_name(f'{api}.{operation}')} {tokens} {cost.tokenizer}"


def _name(name: str) -> str:
    return name if name.isascii() and _PLAIN.fullmatch(name) else json.dumps(name)
