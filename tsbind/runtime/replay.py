"""Run a recorded program again from its journal alone: no API, no Bundle, no credential.

The program, what it could call, its clock and its chance stand in the journal's head, and every
answer that it got in the lines below.  It must ask for the same calls and end in the same way,
byte for byte; whatever differs is a JournalError that says what.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from tsbind.bundle import Json
from tsbind.errors import ProgramError
from tsbind.runtime.deadline import Deadline
from tsbind.runtime.dispatch import Dispatcher
from tsbind.runtime.drive import Drive
from tsbind.runtime.engine import Engine
from tsbind.runtime.explain import explain
from tsbind.runtime.isolate import Isolate
from tsbind.runtime.journal import Journal
from tsbind.runtime.limits import Limits, Usage
from tsbind.runtime.logs import LogLine, Logs
from tsbind.runtime.messages import Failure, Start, Step
from tsbind.runtime.program import prepare


class Replayed(msgspec.Struct, frozen=True):
    """What the program did again: the same value, or the same error."""

    value: Json
    error: ProgramError | None
    logs: tuple[LogLine, ...]
    usage: Usage


async def replay(path: Path | str, *, limits: Limits | None = None) -> Replayed:
    """Replay the journal at `path` and return what the program ended with.

    Raises JournalError when the journal is damaged, incomplete, or the program does something
    else than it says; LimitError and GuestError as `run` does.
    """
    journal = Journal(path, replay=True)
    head = journal.read_head()
    limits = limits or Limits()
    usage, logs = Usage(), Logs(limits.log_bytes)
    program = prepare(head.text, file=head.file, limit=limits.program_bytes)
    journal.check_program(program.javascript)
    start = Start(program.javascript, head.table, head.now, head.seed, head.roots)
    deadline = Deadline(limits.wall)
    async with deadline:
        # No call gets as far as the dispatcher: the journal has its answer, or the replay ends.
        dispatcher = Dispatcher({}, limits, usage, clock=deadline.elapsed)
        drive = Drive(
            lambda: Isolate(Engine.default(), limits),
            dispatcher,
            usage=usage,
            logs=logs,
            now=lambda: head.now,
            deadline=deadline,
            in_place=True,
            tape=journal,
        )
        step = await drive.to_the_end(start)
    error = explain(step.error or Failure("Error", ""), program) if step.state == "failed" else None
    return Replayed(_value(step), error, logs.lines(str), usage)


def _value(step: Step) -> Json:
    return None if step.value is None else msgspec.json.decode(step.value)
