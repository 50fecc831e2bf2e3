"""What a run was told, on disk: to replay it without the API, and to go on after a crash.

A program sees nothing of the world but its start message and the answers to its calls, so a run
is determined by them.  The journal is append-only JSON lines:

    {"journal": 1, "program": sha256, "bundles": {name: fingerprint}, "now": …, "seed": …,
     "text": …, "file": …, "table": …, "roots": […]}          the program, and what it could call
    {"ask": {"id": 1, "op": "rooms.create", "args": {…}}}     the program asked
    {"send": 1}                                               it may have reached the API from here
    {"resume": {"now": …, "replies": [{"id": 1, "ok": {…}}]}}  the program was told
    {"end": "done", "value": …}                               or "failed", with its "error"

A line counts once its line feed is on disk.  Before a call that may change something is sent, and
before the program learns of an answer, the lines so far are flushed to the disk.  So after a
crash at any point the journal says which unsafe calls may have happened without an answer; such a
call is never repeated: the run ends with JournalError, which names it.

Replies are stored as the program got them: without credentials, which were redacted.  The program
stands there as it was written; `replay` needs nothing else to run it again.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Protocol

import msgspec

from tsbind.errors import JournalError
from tsbind.runtime.messages import CallRequest, Failure, Resume, Start, Step
from tsbind.runtime.program import Program
from tsbind.runtime.recorded import NO_RAW, RecordedReply

FORMAT = 1
LONGEST = 256 << 20  # bytes of a journal that is read


class Head(msgspec.Struct, frozen=True):
    """What the run is: the same program, APIs, clock and chance give the same run."""

    program: str  # SHA-256 of its JavaScript
    bundles: Mapping[str, str]
    now: float
    seed: int
    text: str = ""  # the program as it was written
    file: str = ""  # what errors call it
    table: str = ""  # see messages.Start, as for `roots`
    roots: tuple[str, ...] = ()
    journal: int = FORMAT


class _Told(msgspec.Struct, frozen=True):
    now: float
    replies: tuple[RecordedReply, ...]


class _Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """Any line but the first, as it is read."""

    ask: CallRequest | None = None
    send: int = 0
    resume: _Told | None = None
    end: str = ""
    value: msgspec.Raw = NO_RAW
    error: Failure | None = None


class Tape(Protocol):
    """What the step loop tells, and asks, of a journal."""

    def recorded(self) -> Resume | None:
        """Return the next answers of the run so far; None when there are no more."""
        ...

    def asked(self, requests: Iterable[CallRequest]) -> None:
        """Note what the program asks for, or compare it with what it asked for before."""
        ...

    def check_repeatable(self, request: CallRequest) -> None:
        """Raise JournalError when a call must not be made again."""
        ...

    def sending(self, request: CallRequest) -> None:
        """Note that an unsafe call is about to be made; on disk when this returns."""
        ...

    def told(self, resume: Resume) -> None:
        """Note what the program is told; on disk when this returns."""
        ...

    def ended(self, step: Step) -> None:
        """Note how the program ended, or compare it with how it did."""
        ...


class NoTape:
    """Records nothing."""

    def recorded(self) -> Resume | None:
        return None

    def asked(self, requests: Iterable[CallRequest]) -> None:
        pass

    def check_repeatable(self, request: CallRequest) -> None:
        pass

    def sending(self, request: CallRequest) -> None:
        pass

    def told(self, resume: Resume) -> None:
        pass

    def ended(self, step: Step) -> None:
        pass


class Journal:
    """A journal file: one that is gone on with, a new one, or (with `replay`) one only read."""

    def __init__(self, path: Path | str, *, replay: bool = False) -> None:
        self._path = Path(path)
        self._replay = replay
        self._whole, self._good = _read(self._path, must_exist=replay)
        if self._whole:
            self.read_head()
        self._lines = [_line(text, self._path, n) for n, text in enumerate(self._whole[1:], 2)]
        self._at = 0  # of `_lines`: where the run so far stands
        self._sent = {line.send for line in self._lines if line.send}
        self._file: int | None = None

    def head(self, start: Start, bundles: Mapping[str, str], program: Program) -> Start:
        """Return the start message to use: the journal's clock and chance, if it has begun.

        Raises JournalError when it is the journal of another program or other APIs.
        """
        if not self._whole:
            head = Head(
                program=_digest(start.source),
                bundles=bundles,
                now=start.now,
                seed=start.seed,
                text=program.text,
                file=program.file,
                table=start.table,
                roots=start.roots,
            )
            self._write(msgspec.json.encode(head))
            return start
        head = self.read_head()
        self.check_program(start.source)
        if dict(head.bundles) != dict(bundles):
            raise self._error("it was made with other Bundles")
        return msgspec.structs.replace(start, now=head.now, seed=head.seed)

    def read_head(self) -> Head:
        """Return the first line; raises JournalError when it is none."""
        if not self._whole:
            raise self._error("it is empty")
        try:
            head = msgspec.json.decode(self._whole[0], type=Head)
        except (msgspec.DecodeError, RecursionError) as error:
            raise JournalError(
                f"it is no journal: {error}", where=self._path.name, fix=_NAME
            ) from None
        if head.journal != FORMAT:
            raise self._error(f'it has format "{head.journal}", this tsbind reads "{FORMAT}"')
        return head

    def check_program(self, javascript: str) -> None:
        """Raise JournalError unless the journal is of that program."""
        if self.read_head().program != _digest(javascript):
            raise self._error("it is the journal of another program")

    def recorded(self) -> Resume | None:
        """Return the next answers of the run so far; None when there are no more."""
        self._skip_sends()
        line = self._next()
        if line is None or line.resume is None:
            if self._replay:
                raise self._error("the journal ends before the program does")
            return None
        self._at += 1
        replies = tuple(reply.as_sent() for reply in line.resume.replies)
        return Resume(now=line.resume.now, replies=replies)

    def asked(self, requests: Iterable[CallRequest]) -> None:
        """Note what the program asks for, or compare it with what it asked for before."""
        for request in requests:
            self._skip_sends()
            line = self._next()
            if line is None:
                self._append({"ask": request})
            elif line.ask is None or not _same(line.ask, request):
                raise self._error(f'the program asks for "{request.op[:200]}", before it did not')
            else:
                self._at += 1

    def check_repeatable(self, request: CallRequest) -> None:
        """Raise JournalError when an unsafe call may have been made before the crash."""
        if request.id in self._sent:
            raise JournalError(
                f'call {request.id}, "{request.op[:200]}", was sent, and no answer was recorded',
                where=self._path.name,
                fix="see whether the API has done it; then run the program anew",
                code="journal-unsafe",
            )

    def sending(self, request: CallRequest) -> None:
        """Note that an unsafe call is about to be made."""
        self._append({"send": request.id})
        self._flush()

    def told(self, resume: Resume) -> None:
        """Note what the program is told."""
        self._append({"resume": resume})
        self._flush()

    def ended(self, step: Step) -> None:
        """Note how the program ended, or compare it with how it did."""
        self._skip_sends()
        line = self._next()
        if line is None:
            ended: dict[str, object] = {"end": step.state}
            if step.value is not None:
                ended["value"] = step.value
            if step.error is not None:
                ended["error"] = step.error
            self._append(ended)
            self._flush()
        elif (line.end, bytes(line.value), line.error) != (
            step.state,
            bytes(step.value or NO_RAW),
            step.error,
        ):
            raise self._error("the program ends in another way than before")

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            os.close(self._file)
        self._file = None

    def _next(self) -> _Line | None:
        return self._lines[self._at] if self._at < len(self._lines) else None

    def _skip_sends(self) -> None:
        while (line := self._next()) is not None and line.send:
            self._at += 1

    def _append(self, line: dict[str, object]) -> None:
        self._write(msgspec.json.encode(line))

    def _write(self, text: bytes) -> None:
        if self._replay:
            raise self._error("the program does more than the journal says")
        with self._writing():
            if self._file is None:
                flags = os.O_WRONLY | os.O_CREAT | getattr(os, "O_CLOEXEC", 0)
                self._file = os.open(self._path, flags, 0o600)
                # What a crash left half written is no line, and is overwritten.
                os.ftruncate(self._file, self._good)
                os.lseek(self._file, 0, os.SEEK_END)
            _write_all(self._file, text + b"\n")

    def _flush(self) -> None:
        if self._file is not None:
            with self._writing():
                os.fsync(self._file)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise JournalError(
                f"the journal cannot be written: {error.strerror}",
                where=self._path.name,
                fix="choose a folder that can be written to, and make room there",
                code="unwritable",
            ) from None

    def _error(self, what: str) -> JournalError:
        return JournalError(what, where=self._path.name, fix="give each run a journal of its own")


_NAME = "name the file that a run wrote with --journal"


def _digest(javascript: str) -> str:
    return hashlib.sha256(javascript.encode()).hexdigest()


def _read(path: Path, *, must_exist: bool) -> tuple[list[bytes], int]:
    """Return the whole lines of a journal, and how many bytes they take."""
    try:
        with path.open("rb") as file:
            data = file.read(LONGEST + 1)
    except FileNotFoundError:
        if not must_exist:
            return [], 0
        raise JournalError("there is no such journal", where=path.name, fix=_NAME) from None
    except OSError as error:
        what = f"cannot be read: {error.strerror}"
        raise JournalError(what, where=path.name, fix=_NAME) from None
    if len(data) > LONGEST:
        raise JournalError(f"is longer than {LONGEST} bytes", where=path.name)
    good = data.rfind(b"\n") + 1
    return data[:good].split(b"\n")[:-1], good


def _line(text: bytes, path: Path, number: int) -> _Line:
    try:
        return msgspec.json.decode(text, type=_Line)
    except (msgspec.DecodeError, RecursionError) as error:
        raise JournalError(f"is damaged: {error}", where=f"{path.name}:{number}") from None


def _same(one: CallRequest, other: CallRequest) -> bool:
    return (one.id, one.op, bytes(one.args)) == (other.id, other.op, bytes(other.args))


def _write_all(file: int, data: bytes) -> None:
    while data:
        data = data[os.write(file, data) :]
