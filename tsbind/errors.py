"""Everything tsbind raises or reports.

TsbindError
  SpecError            the document cannot be used at all
  SelectionError       the selection does not parse, or names something absent
  BudgetError          the API cannot fit, even with all detail dropped
  BundleError          a Bundle cannot be read, or is not the one it claims to be
  BuildError           a file that the build makes is missing or damaged
  TokenizerError       a tokenizer cannot be found, or does not count
  ConfigError          a project's configuration, or its baseline, cannot be used
  CheckerError         the type checker is absent, or broke down
  RunError             a program did not give a result
    ProgramError       its own fault: it does not parse, or it threw
    LimitError         cpu, wall, memory, stack, calls or bytes ran out
    PolicyError        it asked for a call that the policy forbids
    CredentialError    a call needs a credential that the operator did not give
    JournalError       a journal cannot be read, is another run's, or cannot be gone on with
    SnapshotError      a snapshot cannot be read, is not genuine, or is of another run
    SuspendedError     it waits for a decision; the snapshot goes on with it
    ResultError        what it returned does not match the schema
    GuestError         the guest broke the protocol: the engine inside must be assumed corrupt

A message reads *where: what is wrong, with the offending value in quotes [code]*, then `fix:`.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Severity = Literal["error", "warning", "info"]


class Location(msgspec.Struct, frozen=True, order=True):
    """A place in a source text; `line` and `column` count from 1, 0 means unknown."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


class Diagnostic(msgspec.Struct, frozen=True):
    """A problem with one part of a document; the rest still compiles."""

    code: str
    where: Location
    what: str
    fix: str = ""
    severity: Severity = "error"
    operation: str = ""  # "GET /pets" when the problem cost a whole operation

    def __str__(self) -> str:
        return message(self.what, where=str(self.where), code=self.code, fix=self.fix)


def message(what: str, *, where: str = "", code: str = "", fix: str = "") -> str:
    """Spell a problem the one way tsbind spells problems."""
    text = f"{where}: {what}" if where else what
    if code:
        text += f" [{code}]"
    return f"{text}\nfix: {fix}" if fix else text


class TsbindError(Exception):
    """The base of everything that tsbind raises on purpose.

    `exit_code` is what the command line ends with when this error reaches it.
    """

    code = "error"
    exit_code = 1

    def __init__(
        self, what: str, *, where: Location | str = "", fix: str = "", code: str = ""
    ) -> None:
        self.what = what
        self.where = str(where)
        self.place = where if isinstance(where, Location) else Location(where)
        self.fix = fix
        self.code = code or type(self).code
        super().__init__(message(what, where=self.where, code=self.code, fix=fix))

    def __reduce__(self) -> tuple[object, ...]:
        """Cross to another process as what it is, without being made again."""
        return _bare, (type(self), self.args), self.__dict__


def _bare(kind: type[TsbindError], arguments: tuple[str, ...]) -> TsbindError:
    return kind.__new__(kind, *arguments)


class SpecError(TsbindError):
    """The document cannot be used at all."""

    code = "spec"
    exit_code = 3


class SelectionError(TsbindError):
    """A selection does not parse, or names something that the API lacks."""

    code = "selection"
    exit_code = 4


class BudgetError(TsbindError):
    """The API cannot fit the token budget, even with all detail dropped."""

    code = "budget"
    exit_code = 5
    least = 0  # tokens that would be enough, where that is known


class BundleError(TsbindError):
    """A Bundle cannot be read, is of another version, or does not match its stubs."""

    code = "bundle"
    exit_code = 6


class BuildError(TsbindError):
    """A file that the build makes (guest image, stripper, ranks) is missing or damaged."""

    code = "build"
    exit_code = 7


class TokenizerError(TsbindError):
    """A tokenizer cannot be found, or what it returns is no count."""

    code = "tokenizer"
    exit_code = 8


class ConfigError(TsbindError):
    """A configuration (tsbind.toml, pyproject.toml) or a baseline (tsbind.lock) cannot be used."""

    code = "config"
    exit_code = 9


class CheckerError(TsbindError):
    """The type checker is absent, or broke down; the program has not run."""

    code = "checker"
    exit_code = 18


class RunError(TsbindError):
    """A program did not give a result.

    `logs`, `trace` and `usage` say what it did until then, as in a Result; None when it never ran.
    """

    code = "run"
    exit_code = 10
    logs: tuple[tuple[str, str], ...] = ()
    trace: Any = None  # runtime.trace.Trace
    usage: Any = None  # runtime.limits.Usage


class ProgramError(RunError):
    """The program does not parse, or threw; `stack` points into what was written."""

    code = "program"
    exit_code = 11

    def __init__(
        self,
        what: str,
        *,
        where: Location | str = "",
        fix: str = "",
        code: str = "",
        stack: str = "",
        frame: str = "",
    ) -> None:
        super().__init__(what, where=where, fix=fix, code=code)
        self.stack = stack
        self.frame = frame  # the lines of code around `where`

    def __str__(self) -> str:
        head = message(self.what, where=self.where, code=self.code)
        return "\n".join(filter(None, (head, self.frame, self.fix and f"fix: {self.fix}")))


LimitName = Literal[
    "cpu",
    "wall",
    "memory",
    "stack",
    "calls",
    "concurrency",
    "request_bytes",
    "reply_bytes",
    "log_bytes",
    "result_bytes",
    "result_tokens",
    "program_bytes",
]


_LIMITED = {
    "cpu": "CPU time",
    "wall": "time, waiting included",
    "request_bytes": "requests",
    "reply_bytes": "replies",
    "log_bytes": "console output",
    "result_bytes": "its result",
    "result_tokens": "its result",
    "program_bytes": "its own text",
}
_LESS = {
    "calls": "make fewer calls: larger pages, a filter, no call that is made twice",
    "memory": "hold less at once",
    "wall": "wait for less in one program",
    "request_bytes": "send less",
    "reply_bytes": "ask for less: a filter, smaller pages",
    "result_bytes": "return less: pick fields, filter, count",
    "result_tokens": "return less: pick fields, filter, count",
    "program_bytes": "write a shorter program",
}


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.4g}"


class LimitError(RunError):
    """A limit ran out; says which, what was used and what was allowed.

    `during` says what the program was waiting for.
    """

    exit_code = 12

    def __init__(
        self, limit: LimitName, *, used: float, allowed: float, unit: str, during: str = ""
    ) -> None:
        self.limit, self.used, self.allowed, self.unit = limit, used, allowed, unit
        of = "" if limit == unit else f" of {_LIMITED.get(limit, limit)}"
        super().__init__(
            f"the program used {_number(used)} {unit}{of}, {_number(allowed)} allowed"
            + (f", while it waited for {during}" if during else ""),
            fix=f"{_LESS.get(limit, 'do less in one program')}, or raise the limit `{limit}`",
            code=f"limit-{limit.replace('_', '-')}",
        )


class PolicyError(RunError):
    """The program asked for a call that the operator's policy forbids."""

    code = "policy"
    exit_code = 13


class ResultError(RunError):
    """What the program returned is not JSON, or does not match the result schema."""

    code = "result"
    exit_code = 14


class GuestError(RunError):
    """The guest broke the protocol; nothing that it said is believed."""

    code = "guest"
    exit_code = 15


class CredentialError(RunError):
    """A call needs a credential that the operator did not give, or that could not be had."""

    code = "credential"
    exit_code = 16


class JournalError(RunError):
    """A journal cannot be read, belongs to another run, or cannot be gone on with."""

    code = "journal"
    exit_code = 17


class SnapshotError(RunError):
    """A snapshot cannot be read, is not genuine, or does not match what it is resumed with."""

    code = "snapshot"
    exit_code = 19


class SuspendedError(RunError):
    """The run stands still: nothing went wrong, and `snapshot` goes on with it.

    `questions` are the calls that nobody has decided about (runtime.policy.Question).
    """

    code = "suspended"
    exit_code = 20

    def __init__(self, snapshot: bytes, questions: tuple[Any, ...] = ()) -> None:
        self.snapshot, self.questions = snapshot, questions
        super().__init__(
            f"the run waits for a decision about {questions[0].op}"
            if questions
            else "the run was suspended",
            fix="go on with its snapshot: `tsbind resume FILE`",
        )
