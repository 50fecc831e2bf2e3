"""Run a program against one or several APIs: Bundle + program → `Result`.

    result = await run("return (await api.rooms.list({})).length", bundle, base_url=…)

Everything that can go wrong is a `RunError`, with what was logged, called and used up to then.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Unpack

from tsbind.bundle import Bundle, Json
from tsbind.errors import (
    CredentialError,
    PolicyError,
    ResultError,
    RunError,
    SnapshotError,
    SuspendedError,
)
from tsbind.runtime import spans
from tsbind.runtime.bindings import bind, callable_by_name, yes
from tsbind.runtime.blocking import in_thread, wait_for
from tsbind.runtime.deadline import Deadline
from tsbind.runtime.dispatch import Dispatcher
from tsbind.runtime.drive import Drive, Guest, Suspended
from tsbind.runtime.engine import Engine
from tsbind.runtime.explain import explain
from tsbind.runtime.hints import lost_return
from tsbind.runtime.isolate import Isolate
from tsbind.runtime.journal import NoTape
from tsbind.runtime.limits import Limits, Usage
from tsbind.runtime.logs import LogLine, Logs
from tsbind.runtime.messages import Failure, Start, Step
from tsbind.runtime.once import claim
from tsbind.runtime.options import Bundles, Options, Result, known
from tsbind.runtime.program import Program, prepare
from tsbind.runtime.returned import Expected
from tsbind.runtime.strip import is_loaded, stripper
from tsbind.runtime.table import table_of
from tsbind.runtime.trace import Trace

if TYPE_CHECKING:
    import asyncio

    from tsbind.runtime.snapshot import Saved

FILE = "program.ts"
NOT_JSON = "ResultError"  # what the guest calls the failure to write a program's value as JSON


async def run(program: str, bundle: Bundles, **options: Unpack[Options]) -> Result:
    """Run a TypeScript or JavaScript program against the API of a Bundle, or of several.

    A single Bundle is the program's global `api`; a mapping gives one global per key.  A step
    that computes for more than milliseconds leaves the event loop.  Cancelling frees everything.

    Raises RunError (ProgramError, LimitError, PolicyError, CredentialError, ResultError,
    GuestError) with `logs`, `trace` and `usage`, and BundleError for what was put together wrong.
    """
    return await Run(program, bundle, options, in_place=False).result()


def run_sync(program: str, bundle: Bundles, **options: Unpack[Options]) -> Result:
    """Do what `run` does, from code that is not asynchronous.  Ctrl-C ends the run.

    For many short runs on several cores use processes, since what surrounds a program holds
    Python's lock: `ProcessPoolExecutor().submit(run_sync, program, bundle)`.
    """
    made = Run(program, bundle, options, in_place=True)
    return wait_for(made.result, interrupt=made.interrupt)


def start(program: str, bundle: Bundles, **options: Unpack[Options]) -> Run:
    """Return the Run that `run` would await, so that it can be suspended from outside.

    run = start(program, bundle, snapshot_key=key)
    running = asyncio.create_task(run.result())
    snapshot = await run.suspend()
    """
    return Run(program, bundle, options, in_place=False)


async def resume(snapshot: bytes, bundle: Bundles, **options: Unpack[Options]) -> Result:
    """Go on with a run that was suspended, here or in another process, against the same Bundles.

    Takes the options of `run`; `snapshot_key` must be the key that the run was suspended with, and
    the limits are its own unless others are given.  What was answered is not asked again.  Bytes
    can be copied, and each copy makes the calls behind it: `once=Claims(folder)`, or a claim of the
    operator's own, lets the first go on and no other, whoever is killed when.  A snapshot is sealed
    against changes, not encrypted: it holds what the program knows.

    Raises SnapshotError when the snapshot is not genuine, of another run, or claimed, and what
    `run` raises.
    """
    return await Run("", bundle, options, in_place=False, snapshot=snapshot).result()


def resume_sync(snapshot: bytes, bundle: Bundles, **options: Unpack[Options]) -> Result:
    """Do what `resume` does, from code that is not asynchronous."""
    made = Run("", bundle, options, in_place=True, snapshot=snapshot)
    return wait_for(made.result, interrupt=made.interrupt)


class Run:
    """One run, from what was asked to its Result or RunError; made by `start`."""

    def __init__(
        self,
        program: str,
        bundle: Bundles,
        options: Options,
        *,
        in_place: bool,
        snapshot: bytes | None = None,
    ) -> None:
        self._text = program
        self._options = known(options)
        self._in_place = in_place
        self._saved: Saved | None = None
        self._pages = b""
        self._given = snapshot or b""
        if snapshot is not None:
            self._saved, self._pages = self._unsealed(snapshot)
        self._snapshot: asyncio.Future[bytes] | None = None
        self._limits = options.get("limits") or (
            self._saved.limits if self._saved is not None else Limits()
        )
        self._expected = Expected(options, self._limits)
        self._bindings, self._owned = bind(bundle, options)
        self._declared = (
            bundle.whole or bundle.declarations
            if isinstance(bundle, Bundle)
            else {root: each.whole or each.declarations for root, each in bundle.items()}
        )
        self._usage = Usage() if self._saved is None else self._saved.usage
        self._logs = Logs(self._limits.log_bytes) if self._saved is None else self._saved.logs
        self._now = options.get("now") or time.time
        self._dispatcher: Dispatcher | None = None
        self._drive: Drive | None = None
        self._stop: Callable[[], None] | None = None  # of the check of types that is under way

    def interrupt(self) -> None:
        """From any thread: stop the guest, or the checker of its types, if it is running."""
        if self._drive is not None:
            self._drive.interrupt()
        if self._stop is not None:
            self._stop()

    async def suspend(self) -> bytes:
        """Let the run stand still between two steps, and return its snapshot.

        Calls that were sent are waited for; those that were not are made when the run goes on.
        `result` raises SuspendedError.  Raises SnapshotError when the run has no key, has not
        begun, or ends first.
        """
        if self._drive is None or self._snapshot is not None or not self._can_suspend():
            raise SnapshotError(
                "the run cannot be suspended",
                fix="begin it with a `snapshot_key` and without a journal, and suspend it once",
            )
        import asyncio

        self._snapshot = asyncio.get_running_loop().create_future()
        self._drive.suspend()
        return await self._snapshot

    def _can_suspend(self) -> bool:
        return bool(self._options.get("snapshot_key")) and self._options.get("journal") is None

    async def result(self) -> Result:
        """Run the program to its end; see `run`."""
        await self._load()  # before the clock starts: the program is not at fault
        saved = self._saved
        deadline = Deadline(
            self._limits.wall,
            left=None if saved is None else saved.left,
            elapsed=0.0 if saved is None else saved.elapsed,
            waiting=lambda: self._trace().open(deadline.elapsed()),
        )
        try:
            with spans.run_span(self._usage):
                return await self._within(deadline)
        except RunError as error:
            error.logs, error.trace, error.usage = self._lines(), self._trace(), self._usage
            raise
        finally:
            self._usage.wall = deadline.elapsed()
            self._drive = None
            if self._snapshot is not None and not self._snapshot.done():
                self._snapshot.set_exception(SnapshotError("the run ended before it stood still"))
            journal = self._options.get("journal")
            if journal is not None:
                journal.close()
            if deadline.watched:
                await self._close_hosts()

    async def _close_hosts(self) -> None:
        # The event loop of a blocking run ends with it, and connections belong to a loop.
        hosts = self._bindings.values() if self._in_place else ()
        for host in {*self._owned, *(binding.host for binding in hosts)}:
            await host.close()

    async def _within(self, deadline: Deadline) -> Result:
        saved = self._saved
        async with deadline:
            program = await self._prepared() if saved is None else saved.program
            try:
                step = await self._driven(program, deadline)
            except Suspended as stop:
                raise self._sealed(stop, program, deadline) from None
            value = self._value(step, program)
        trace, fitted = self._trace(), self._expected.fitted(value)
        return Result(value, self._lines(), trace, self._usage, fitted, trace.warnings)

    async def _load(self) -> None:
        """See to it that the engine and the stripper are there, which once takes seconds."""
        load = stripper if self._saved is None else Engine.default
        if self._in_place:
            load()
        elif not is_loaded():
            await in_thread(load)
            await in_thread(Engine.default().warm)  # or the event loop would wait for it

    async def _prepared(self) -> Program:
        file = self._options.get("file", FILE)

        def read() -> Program:
            program = prepare(self._text, file=file, limit=self._limits.program_bytes)
            if self._options.get("check"):
                self._check(program)
            return program

        try:
            program = read() if self._in_place else await in_thread(read)
        finally:
            self.interrupt()  # when it was given up; else nothing runs
        self._logs.add(tuple(("info", note) for note in program.notes))
        return program

    def _check(self, program: Program) -> None:
        from tsbind.runtime.typecheck import Stop, check_program, type_error  # an extra

        stop = self._stop = Stop()
        found = check_program(program, self._declared, stop=stop)
        self._stop = None
        if found:
            raise type_error(program, found)

    async def _driven(self, program: Program, deadline: Deadline) -> Step:
        dispatcher = self._dispatcher = Dispatcher(
            self._bindings,
            self._limits,
            self._usage,
            clock=deadline.elapsed,
            approve=yes if self._options.get("dry_run") else self._options.get("approve"),
            pause=deadline.paused,
            on_event=self._options.get("on_event"),
            suspend=self._stand_still if self._can_suspend() else None,
            count_tokens=self._options.get("count_tokens"),
        )
        drive = self._drive = Drive(
            self._guest,
            dispatcher,
            usage=self._usage,
            logs=self._logs,
            now=self._milliseconds,
            deadline=deadline,
            in_place=self._in_place,
            tape=self._options.get("journal") or NoTape(),
        )
        if self._saved is None:
            return await drive.to_the_end(self._start(program, dispatcher))
        dispatcher.trace.events.extend(self._saved.events)
        dispatcher.spent.update(self._saved.spent)
        causes = self._saved.causes.items()
        dispatcher.causes.update((call, cause.error()) for call, cause in causes)
        return await drive.revived(self._saved.open)

    def _stand_still(self) -> None:
        if self._drive is not None:
            self._drive.suspend()

    def _start(self, program: Program, dispatcher: Dispatcher) -> Start:
        seed = self._options.get("seed")
        start = Start(
            source=program.javascript,
            table=table_of({root: each.host.bundle for root, each in self._bindings.items()}),
            now=self._milliseconds(),
            seed=int.from_bytes(os.urandom(6)) if seed is None else seed,
            roots=dispatcher.roots,
        )
        journal = self._options.get("journal")
        if journal is None:
            return start
        return journal.head(start, self._fingerprints(), program)

    def _fingerprints(self) -> dict[str, str]:
        return {root: each.host.bundle.fingerprint for root, each in self._bindings.items()}

    def _guest(self) -> Guest:
        engine = Engine.default()
        if self._saved is None:
            return Isolate(engine, self._limits)
        if self._saved.guest != engine.digest:
            raise SnapshotError("it is of another build of tsbind", code="snapshot-guest")
        if self._saved.bundles != self._fingerprints():
            raise SnapshotError("it was made with other Bundles", code="snapshot-bundle")
        try:
            isolate = Isolate.revive(engine, self._limits, self._saved.rest, self._pages)
        except ValueError as error:
            raise SnapshotError(f"is damaged: {error}") from None
        try:
            claim(self._given, self._options.get("once"))  # last: what cannot go on is not claimed
        except BaseException:
            isolate.close()
            raise
        return isolate

    def _unsealed(self, snapshot: bytes) -> tuple[Saved, bytes]:
        from tsbind.runtime.snapshot import unseal  # late: few runs are suspended

        if self._options.get("journal") is not None:
            raise SnapshotError("a run with a journal goes on with that, not with a snapshot")
        return unseal(snapshot, self._options.get("snapshot_key") or b"")

    def _sealed(self, stop: Suspended, program: Program, deadline: Deadline) -> SuspendedError:
        from tsbind.runtime.snapshot import Saved, causes_of, seal

        dispatcher = self._dispatcher
        if dispatcher is None:
            raise RuntimeError("a run is saved that never began")
        saved = Saved(
            guest=Engine.default().digest,
            bundles=self._fingerprints(),
            program=program,
            limits=self._limits,
            usage=self._usage,
            logs=self._logs,
            events=dispatcher.trace.events,
            spent=dispatcher.spent,
            causes=causes_of(dispatcher.causes),
            open=stop.open,
            rest=stop.rest,
            elapsed=deadline.elapsed(),
            left=deadline.left(),
        )
        snapshot = seal(saved, stop.pages, self._options.get("snapshot_key") or b"")
        if self._snapshot is not None:
            self._snapshot.set_result(snapshot)
        return SuspendedError(snapshot, tuple(dispatcher.put_off))

    def _milliseconds(self) -> float:
        return float(int(self._now() * 1000))

    def _value(self, step: Step, program: Program) -> Json:
        """Return the program's value; raises what it failed with, or ResultError."""
        for name, calls in Counter(map(self._name_of, step.floating)).items():
            times = f" ({calls} calls)" if calls > 1 else ""
            self._logs.add((("warn", f"nobody awaited {name}{times}"),))
        if step.state == "failed":
            raise self._failure(step.error or Failure("Error", ""), program)
        if step.value is None and (note := lost_return(program.text)):
            self._logs.add((("warn", note),))
        raw = bytes(step.value) if step.value is not None else b"null"
        self._usage.result_bytes = len(raw)
        return self._expected.value(raw)

    def _failure(self, failure: Failure, program: Program) -> RunError:
        """The error that a failed program ends with: the operator's own where it was the cause."""
        explained = explain(failure, program, callable_by_name(self._bindings))
        cause = self._dispatcher.causes.get(failure.call) if self._dispatcher else None
        if isinstance(cause, (PolicyError, CredentialError)):
            fix = cause.fix or explained.fix
            return type(cause)(cause.what, where=explained.where, fix=fix, code=cause.code)
        if failure.name == NOT_JSON:
            what = explained.what.removeprefix(f"{NOT_JSON}: ")
            return ResultError(what, where=explained.where or program.file, fix=explained.fix)
        explained.__cause__ = cause
        return explained

    def _name_of(self, call: int) -> str:
        events = self._trace().events
        return next((event.op for event in events if event.id == call), "a call")

    def _trace(self) -> Trace:
        return self._dispatcher.trace if self._dispatcher else Trace()

    def _lines(self) -> tuple[LogLine, ...]:
        def hide(text: str) -> str:
            for binding in self._bindings.values():
                text = binding.host.redact(text)
            return text

        self._usage.log_bytes = self._logs.bytes
        return self._logs.lines(hide)
