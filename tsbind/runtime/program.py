"""Turns what the model wrote into a script that the guest can run, and positions back again.

A program may be TypeScript or JavaScript, in any of the forms that models produce (see `forms.py`),
inside a Markdown fence or not.  Types are blanked out, so a position in the script is a position in
the program; where blanking is not enough the source map leads back.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import msgspec

from tsbind.errors import LimitError, Location, ProgramError
from tsbind.runtime.codeframe import code_frame, plain
from tsbind.runtime.fence import unfence
from tsbind.runtime.forms import Form, Insert, Refused, body_form, returns, script_form
from tsbind.runtime.limits import Limits
from tsbind.runtime.sourcemap import SourceMap
from tsbind.runtime.strip import SyntaxFault, stripper
from tsbind.runtime.tokens import Token, scan

ATTEMPTS = 8  # parses of one program: each after the first follows a repair of the text
MESSAGE = 300  # characters of a parser's message that are shown


class Layout(msgspec.Struct, frozen=True):
    """How positions of the script lead to positions of the program."""

    inserts: tuple[Insert, ...] = ()
    map: SourceMap | None = None
    head: int = 0  # characters of `Program.typescript` in front of the program's first line

    def find(self, javascript: str, line: int, column: int) -> tuple[int, int]:
        """Return line and UTF-16 column in the program; all count from 0, `column` in bytes.

        What was put in front of the program leads to its start, what was put behind it to a line
        that it lacks.
        """
        lines = javascript.split("\n")
        if not 0 <= line < len(lines):
            return -1, 0
        head = lines[line].encode()[: max(column, 0)].decode("utf-8", "ignore")
        start = sum(len(each) + 1 for each in lines[:line])
        end = start + len(head)
        inserted = [each for each in self.inserts if start <= each.start < end]
        units = _units(head) - sum(min(each.length, end - each.start) for each in inserted)
        if self.map is None:
            return line, units
        row, at = self.map.find(line, units) or (-1, 0)
        return row, at if row else max(0, at - self.head)


class Program(msgspec.Struct, frozen=True):
    """A program, ready to run."""

    file: str
    text: str  # as the model wrote it, without a byte order mark, line breaks as line feeds
    source: str  # `text` with all blanked that is Markdown around the program
    typescript: str  # `source`, between what makes a whole of it; see `Layout.head`
    javascript: str  # see `messages.Start.source`
    notes: tuple[str, ...]  # what was done for the model, in words
    layout: Layout

    def position(self, line: int, column: int) -> Location | None:
        """Return where in `text` a position of `javascript` lies, or None if nowhere.

        `line` counts from 1, `column` from 1 in UTF-8 bytes, as QuickJS counts; the Location's
        column counts characters.
        """
        row, units = self.layout.find(self.javascript, line - 1, column - 1)
        return _location(self.file, self.text, row, units)


def prepare(text: str, *, file: str = "program.ts", limit: int = Limits().program_bytes) -> Program:
    """Return the program that `text` is; `limit` is its size in bytes of UTF-8.

    Raises ProgramError (with a place in `text`), LimitError, GuestError, BuildError.
    """
    if not isinstance(text, str):
        raise ProgramError(f"a program is a text, not {type(text).__name__}", where=file)
    _check_bytes(text, file, limit)
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    source = re.sub(r"\A(\s*)#!", r"\1//", unfence(text, file))
    if not source.strip():
        raise ProgramError("the program is empty", where=file, code="program-empty")
    stripped = _javascript(text, source, file)
    head = Insert(0, len(stripped.head))
    layout = Layout((head,) if head.length else (), stripped.map, head.length)
    try:
        form = _form(stripped)
    except Refused as refused:
        before = stripped.javascript[: refused.start]
        column = len(before.rpartition("\n")[2].encode())
        place = layout.find(stripped.javascript, before.count("\n"), column)
        where = _location(file, text, *place)
        raise program_error(text, refused.what, where, fix=refused.fix, code=refused.code) from None
    layout = msgspec.structs.replace(layout, inserts=form.inserts)
    return Program(file, text, source, stripped.typescript, form.javascript, form.notes, layout)


def program_error(
    text: str, what: str, where: Location | None, *, fix: str, code: str
) -> ProgramError:
    """Return the error for a place in `text`, with the code around it."""
    frame = code_frame(text, where.line, where.column) if where else ""
    return ProgramError(what, where=where or "", fix=fix, code=code, frame=frame)


class _Stripped(NamedTuple):
    """JavaScript without types, and how it relates to the program."""

    javascript: str
    map: SourceMap | None
    head: str  # what the program was read behind
    typescript: str  # as it was read
    tokens: list[Token] | None = None  # of `body`, if they are known

    @property
    def body(self) -> str:
        """What is between the braces of `_BODY`."""
        return self.javascript[self.javascript.index("{") + 1 : self.javascript.rindex("}")]


class _Attempt(NamedTuple):
    """One way to read a program."""

    source: str
    head: str = ""  # put in front of it, on the same line, so that line numbers stay
    tail: str = ""

    @property
    def code(self) -> str:
        return f"{self.head}{self.source}\n{self.tail}" if self.head else self.source


_BODY = ("async function main() {", "}")
_EXPRESSION = ("0,", "")
_ANONYMOUS = re.compile(r"(?:\s|//[^\n]*|/\*.*?\*/)*(?:async\s+)?function\s*\*?\s*\(", re.DOTALL)
_KEYWORD_ALONE = re.compile(r"(?<![\w$.])(?:namespace|module|global|declare|abstract|type)[ \t]*$")


def _javascript(text: str, source: str, file: str) -> _Stripped:
    """Return `source` without its types, read in the first way in which it can be read."""
    if _RETURNS.search(source) and (stripped := _returning(source)) is not None:
        return stripped
    attempt = _Attempt(source)
    for _ in range(ATTEMPTS):
        try:
            return _strip(attempt)
        except SyntaxFault as caught:
            fault, failed = caught, attempt
        repaired = _repair(failed, fault)
        if repaired is None:
            break
        attempt = repaired
    raise _syntax_error(text, file, fault, failed)


_RETURNS = re.compile(r"^return\b", re.MULTILINE)  # outside of functions, by the looks of it


def _returning(source: str) -> _Stripped | None:
    """Return `source` read as a function's body, if that is the way: most programs end so.

    It only saves the parse that would have found it out.
    """
    try:
        stripped = _strip(_Attempt(source, *_BODY))
    except SyntaxFault:
        return None
    tokens = scan(stripped.body)
    return stripped._replace(tokens=tokens) if returns(tokens) else None


def _repair(attempt: _Attempt, fault: SyntaxFault) -> _Attempt | None:
    """Return another way to read a program that could not be read, or None."""
    if fault.message.startswith("Return statement is not allowed") and not attempt.head:
        return attempt._replace(head=_BODY[0], tail=_BODY[1])
    if not attempt.head and _ANONYMOUS.match(attempt.source):
        return attempt._replace(head=_EXPRESSION[0], tail=_EXPRESSION[1])
    # swc takes `namespace` at the end of a line for a declaration; in TypeScript it is a name.
    lines = attempt.source.split("\n")
    near = fault.line - 1
    for row in range(min(near, len(lines) - 1), max(near - 4, -1), -1):
        if _KEYWORD_ALONE.search(lines[row]):
            lines[row] += ";"
            return attempt._replace(source="\n".join(lines))
    return None


def _strip(attempt: _Attempt) -> _Stripped:
    """Return the JavaScript of one attempt.  Raises SyntaxFault."""
    swc = stripper()
    code = attempt.code
    try:
        javascript = swc.erase(code)
        if _is_faithful(code, javascript):
            return _Stripped(javascript, None, attempt.head, code)
    except SyntaxFault as fault:
        if fault.code != "UnsupportedSyntax" or "export assignment" in fault.message:
            raise
    transformed = swc.transform(code)
    return _Stripped(transformed.code, SourceMap.read(transformed.map), attempt.head, code)


def _is_faithful(code: str, javascript: str) -> bool:
    """Say whether stripping kept the meaning, as far as that is in doubt.

    swc 1.16 puts no semicolon where it blanks a member of a class, which can fuse its neighbours.
    Rewriting both texts shows it: they must come out alike but for layout.
    """
    if javascript == code or not _CLASS.search(javascript):
        return True
    try:
        rewritten = stripper().transform(javascript)
    except SyntaxFault:
        return False
    return _bare(stripper().transform(code).code) == _bare(rewritten.code)


_CLASS = re.compile(r"\bclass\b")
_LAYOUT = re.compile(r"/\*.*?\*/|//[^\n]*|\s+", re.DOTALL)
_EMPTY = re.compile(r"(^|[{;]);+")  # statements, such as the semicolons that swc leaves behind


def _bare(javascript: str) -> str:
    return _EMPTY.sub(r"\1", _LAYOUT.sub("", javascript))


def _form(stripped: _Stripped) -> Form:
    """Return the script for a program without types.  Raises Refused."""
    code = stripped.javascript
    if stripped.head != _BODY[0]:
        form = script_form(code)
        head = len(stripped.head)
    else:
        form = body_form(stripped.body, stripped.tokens)
        form = form._replace(javascript=f"{_CALL}{form.javascript}}})")
        head = len(_CALL)
        form = form._replace(inserts=tuple(Insert(i.start + head, i.length) for i in form.inserts))
    if stripped.map is None and head:
        form = form._replace(inserts=(Insert(0, head), *form.inserts))
    return form


_CALL = "(async () => {"


# -- positions --


def _location(file: str, text: str, row: int, units: int) -> Location | None:
    """Return the Location of a row and UTF-16 column from 0, or None if `text` lacks it."""
    lines = text.split("\n")
    if not 0 <= row < len(lines):
        return None
    head = lines[row].encode("utf-16-le")[: 2 * max(units, 0)].decode("utf-16-le", "ignore")
    return Location(file, row + 1, len(head) + 1)


def _units(text: str) -> int:
    """Return the length of `text` in UTF-16 units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


# -- errors --


def _check_bytes(text: str, file: str, limit: int) -> None:
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        row = text.count("\n", 0, error.start)
        column = error.start - text.rfind("\n", 0, error.start)
        raise ProgramError(
            f"half of a surrogate pair, U+{ord(text[error.start]):04X}, is no character",
            where=Location(file, row + 1, column),
            fix="write the whole character, or an escape such as \\ud83d\\ude00",
            code="program-surrogate",
        ) from None
    if size > limit:
        raise LimitError("program_bytes", used=size, allowed=limit, unit="bytes")


_FIXES = (
    (r"await.*(only|not allowed|isn't allowed)|`await` as", "make the enclosing function async"),
    (r"^Unexpected eof|Expected '[)}\]]', got '<eof>'", "close every bracket, string and template"),
    (r"^'import', and 'export'", "programs have no modules: use the API's operations, plain code"),
    (r"[Ee]xport assignment|import equals", "programs have no modules: declare it with const"),
)
_JSX = re.compile(
    r"<([A-Za-z][\w.]*)(\s[^<>]*)?/>|<([A-Za-z][\w.]*)(\s[^<>]*)?>.*</|=\s*<>|\(\s*<>"
)


_PYTHON = re.compile(
    r"\s*((for|while|if|elif|else|def|class|with|try|except)\b[^{]*:\s*(#.*)?$|from \w+ import\b"
    r"|import \w+\s*$|print\s+\S)"
)


def _syntax_error(text: str, file: str, fault: SyntaxFault, attempt: _Attempt) -> ProgramError:
    """Return the error for a program that swc refuses."""
    lines = text.split("\n")
    row = min(fault.line, len(lines))
    column = fault.column - (len(attempt.head) if row == 1 else 0)
    column = (
        min(max(column, 0), len(lines[row - 1])) if fault.line <= len(lines) else len(lines[-1])
    )
    where = Location(file, row, column + 1) if fault.line else None
    what = _spoken(fault.message)
    if where and _JSX.search(text.split("\n")[where.line - 1]):
        fix = "return plain data: there is no JSX, and nothing to render it"
        return program_error(text, what, where, fix=fix, code="program-jsx")
    if where and _PYTHON.match(text.split("\n")[where.line - 1]):
        fix = "write TypeScript: this reads like Python"
        return program_error(text, what, where, fix=fix, code="program-syntax")
    fix = next((fix for pattern, fix in _FIXES if re.search(pattern, fault.message)), "")
    code = "program-depth" if fault.code == "TooDeep" else "program-syntax"
    return program_error(text, what, where, fix=fix or "correct the syntax there", code=code)


def _spoken(message: str) -> str:
    """Return a parser's message as part of ours: one line, cut, lower case, no full stop."""
    line = plain(" ".join(message.removesuffix(" in strip-only mode").split()))
    if len(line) > MESSAGE:
        line = line[: MESSAGE - 1].rstrip() + "…"
    line = line.rstrip(".")
    return line[:1].lower() + line[1:] if line[1:2].islower() else line
