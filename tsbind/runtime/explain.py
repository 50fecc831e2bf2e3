"""Says why a program failed, in words and positions that whoever wrote it can act on."""

from __future__ import annotations

import re
from itertools import groupby

from tsbind.errors import Location, ProgramError
from tsbind.runtime.codeframe import plain
from tsbind.runtime.hints import Operations, Said, hint
from tsbind.runtime.messages import Failure, Frame
from tsbind.runtime.program import Program, program_error

SIZE = 8 * 1024  # bytes of UTF-8 of a whole error, with code and stack
MESSAGE = 4_000  # characters of the program's own message
CAUSE = 1_000  # characters of what its error names as the cause
FRAMES = 8  # of the stack


def explain(
    failure: Failure, program: Program, operations: Operations | None = None
) -> ProgramError:
    """Return the error for how `program` ended, at most SIZE bytes.

    Nothing in `failure` is believed: the guest may have made it up.  `operations` is what the
    program could call.
    """
    stack = [(frame, program.position(frame.line, frame.column)) for frame in failure.stack]
    where = next((place for _, place in stack if place is not None), None)
    where = _place(failure, program, where)
    what = _what(failure, program, where)
    error = program_error(
        program.text,
        what,
        where,
        fix=hint(_said(failure, what, program, where, operations or {})),
        code="program-floating" if failure.floating else "program",
    )
    error.stack = _stack(stack)
    return error


def _what(failure: Failure, program: Program, where: Location | None) -> str:
    if failure.name == "SyntaxError" and "redefinition" in failure.message and where:
        return _redeclared(program, where)
    if failure.message == "not a function" and where:
        return f"{failure.name}: {_callee(program, where)}"
    said = _cut(plain(" ".join(failure.message.split())), MESSAGE)
    name = _cut(plain(failure.name), 100)
    if name and name != "Thrown":
        said = f"{name}: {said}" if said else name
    if failure.cause:
        said += f" (caused by {_cut(plain(' '.join(failure.cause.split())), CAUSE)})"
    return f"nobody awaited a promise that failed: {said}" if failure.floating else said


def _callee(program: Program, where: Location) -> str:
    """Say what is not a function: the engine says where its name or its first argument starts."""
    line = program.text.split("\n")[where.line - 1]
    before, after = line[: where.column - 1], line[where.column - 1 :]
    called = re.search(r"((?:[\w$]+\??\.)*[\w$]+)\s*\(\s*$", before)
    if called and _FUNCTION.match(after):
        return f"{_cut(called[1], 200)} is not a function"
    if called and not re.match(r"[\w$]+\s*(\?\.)?\(", after):
        return f"{_cut(called[1], 200)} is not a function, or its argument is none"
    owner = re.search(r"(?:[\w$]+\??\.)*$", before)
    name = re.match(r"[\w$]+", after)
    if owner is None or name is None:
        return "not a function"
    return f"{_cut(owner[0] + name[0], 200)} is not a function"


_FUNCTION = re.compile(r"(async\b\s*)?(function\b|[\w$]+\s*=>|\([^()]*\)\s*=>)")


def _redeclared(program: Program, where: Location) -> str:
    """Say which name is declared twice, and where first; `where` is at or just behind the name."""
    lines = program.text.split("\n")
    names = re.findall(r"[\w$]+", lines[where.line - 1][: where.column + 100])
    behind = len(re.findall(r"[\w$]+", lines[where.line - 1][: where.column - 1]))
    for name in reversed(names[: behind + 1]):
        declared = re.compile(
            rf"\b(?:const|let|var|class|function)\b[^=;]*?(?<![\w$]){re.escape(name)}(?![\w$])"
        )
        first = next((n for n, line in enumerate(lines, 1) if declared.search(line)), 0)
        if first:
            return f'"{_cut(name, 100)}" is declared twice, first on line {first}'
    return "a name is declared twice"


def _place(failure: Failure, program: Program, where: Location | None) -> Location | None:
    """Return where it happened, also where the engine does not say it."""
    pattern = next((each for words, each in _UNPLACED if words in failure.message), None)
    if pattern is None:
        return where
    lines = program.source.split("\n")
    first = where.line if where else 1
    for number, line in enumerate(lines[first - 1 :], first):
        if found := pattern.search(line):
            return Location(program.file, number, found.start() + 1)
    return where


_UNPLACED = (
    ("undefined or null to object", re.compile(r"(?:const|let|var)\s*[{\[]|\(\s*\{[^()]*\}\s*\)")),
    ("cannot import", re.compile(r"\bimport\s*\(")),
)


def _said(
    failure: Failure,
    what: str,
    program: Program,
    where: Location | None,
    operations: Operations,
) -> Said:
    line = next_line = ""
    column = 0
    if where:
        lines = program.text.split("\n")
        line, column = lines[where.line - 1], where.column - 1
        next_line = lines[where.line] if where.line < len(lines) else ""
    return Said(failure, what, program, line[:column], line[column:], next_line, operations)


def _stack(stack: list[tuple[Frame, Location | None]]) -> str:
    """Return the stack in positions of the program, innermost first, a call a line."""
    lines = [
        f"at {_cut(plain(frame.function).replace('<eval>', ''), 100) or '<top>'} ({place})"
        for frame, place in stack
        if place is not None
    ]
    counted = [(line, len(list(same))) for line, same in groupby(lines)]
    shown = [line if count == 1 else f"{line}, {count} times" for line, count in counted]
    return "\n".join(shown[:FRAMES])


def _cut(text: str, size: int) -> str:
    """Return `text` cut to `size` bytes of UTF-8, with an ellipsis where it was cut."""
    encoded = text.encode("utf-8", "replace")
    if len(encoded) <= size:
        return text
    return encoded[: size - 3].decode("utf-8", "ignore") + "…"
