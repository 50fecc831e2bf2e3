"""Says why a program failed, in words and positions that whoever wrote it can act on."""

from __future__ import annotations

import re
from difflib import get_close_matches

from tsbind.errors import Location, ProgramError
from tsbind.runtime.codeframe import plain
from tsbind.runtime.messages import Failure, Frame
from tsbind.runtime.program import Program, program_error

SIZE = 8 * 1024  # bytes of UTF-8 of a whole error, with code and stack
MESSAGE = 4_000  # characters of the program's own message
FRAMES = 8  # of the stack

# Globals that a misspelt name may have meant, beside the names in the program itself.
_GLOBALS = (
    "console", "structuredClone", "URL", "URLSearchParams", "TextEncoder", "TextDecoder",
    "setTimeout", "Promise", "Object", "Array", "String", "Number", "JSON", "Math", "Date",
    "Map", "Set", "parseInt", "parseFloat", "undefined",
)  # fmt: skip


def explain(failure: Failure, program: Program) -> ProgramError:
    """Return the error for how `program` ended, at most SIZE bytes.

    Nothing in `failure` is believed: the guest may have made it up.
    """
    stack = [(frame, program.position(frame.line, frame.column)) for frame in failure.stack]
    where = next((place for _, place in stack if place is not None), None)
    what = _what(failure, program, where)
    error = program_error(
        program.text,
        what,
        where,
        fix=_fix(failure, program, where),
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


_BY_NAME = {
    "ApiError": "correct the call, or catch the error and look at its status, code and body",
    "ArgumentError": "correct the arguments; the declarations give their types",
    "ReplyError": "do not rely on this reply; it does not have its declared type",
    "PolicyError": "do without this call; the operator has not allowed it",
    "NetworkError": "try again later, or catch the error: the API gave no usable answer",
    "CredentialError": "ask the operator for the credential; no program can supply it",
    "ResultError": "return plain data: objects, arrays, strings, numbers, booleans, null",
    "NeverSettles": "await only calls, timers, and promises that the program resolves",
}
# What the API itself said tells more than the kind of the error does.
_BY_ANSWER = (
    (
        r"ApiError: status (429|5\d\d)\b",
        "try again later, or catch the error: the call is not at fault",
    ),
    (r"NetworkError: the reply is longer than", "ask for less at once: a filter, a smaller page"),
    (r"NetworkError: the reply is not", "do without this reply, or catch the error"),
)
_BY_MESSAGE = (
    (r"cannot read property '.*' of (undefined|null)", "check for it first, or write `?.`"),
    (r"declared twice|redeclaration", "give one of them another name"),
    (
        r"\b(map|filter|find|forEach|reduce|some|every|flatMap|sort|slice|join) is not a function$",
        "that is no array; many replies hold theirs in a field",
    ),
    (r"or its argument is none", "log both to see which; many replies hold an array in a field"),
    (r"not a function", "call only what is declared; the declarations list the operations"),
    (r"not iterable", "loop over an array; many replies hold theirs in a field"),
    (r"is not initialized", "use it after its declaration, or give it another name"),
    (r"read-only", "declare it with let"),
    (r"Maximum call stack", "end the recursion, or write it as a loop"),
    (r"out of memory", "hold less at once"),
)


def _fix(failure: Failure, program: Program, where: Location | None) -> str:
    """Return the one hint that helps most, or ""."""
    if failure.floating:
        return "await every promise, or return it"
    if failure.name in _BY_NAME:
        said = f"{failure.name}: {failure.message}"
        known = (fix for pattern, fix in _BY_ANSWER if re.match(pattern, said))
        return next(known, _BY_NAME[failure.name])
    if missing := re.fullmatch(r"([\w$]+) is not defined", failure.message):
        words = set(re.findall(r"[A-Za-z_$][\w$]*", program.source)) - {missing[1]}
        close = get_close_matches(missing[1], [*sorted(words), *_GLOBALS], 1, 0.75)
        return f"did you mean {close[0]}?" if close else "declare it, or use a declared operation"
    what = _what(failure, program, where)
    found = (fix for pattern, fix in _BY_MESSAGE if re.search(pattern, what))
    return next(found, "correct the syntax there" if failure.name == "SyntaxError" else "")


def _stack(stack: list[tuple[Frame, Location | None]]) -> str:
    """Return the stack in positions of the program, innermost first, a call a line."""
    lines = [
        f"at {_cut(plain(frame.function), 100) or '<top>'} ({place})"
        for frame, place in stack
        if place is not None
    ]
    return "\n".join(lines[:FRAMES])


def _cut(text: str, size: int) -> str:
    """Return `text` cut to `size` bytes of UTF-8, with an ellipsis where it was cut."""
    encoded = text.encode("utf-8", "replace")
    if len(encoded) <= size:
        return text
    return encoded[: size - 3].decode("utf-8", "ignore") + "…"
