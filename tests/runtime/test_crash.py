"""The host ends at every point that it can: nothing half written, nothing unsafe done twice.

A process that ends leaves the disk as it is.  So a run is traced, and at every line of the modules
that keep, send and tell, what stands on the disk is taken down: those are all the states that an
end can leave, and so are lines that were written in part.  From each of them the run is gone on
with, traced in the same way, until no new state is found.  (test_journal.py kills processes.)
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import pytest

from tests.runtime.test_run import BUNDLE, answer
from tsbind import bundle as bundles
from tsbind.bundle import Json, write_whole
from tsbind.errors import JournalError, SuspendedError
from tsbind.runtime import (
    LATER,
    Answer,
    FakeTransport,
    Host,
    Policy,
    Request,
    Response,
    dispatch,
    drive,
    exchange,
    journal,
    resend,
    resume_sync,
    run_sync,
    runner,
    snapshot,
)
from tsbind.runtime.journal import Journal

PROGRAM = """
const rooms = await api.rooms.list({});
const [one, two] = await Promise.all(rooms.map((room) => api.rooms.get({ id: room.id })));
const made = await api.rooms.create({ name: `${one.name}${two.id}${Math.random()}` });
const again = await api.rooms.list({});
return { made, many: again.length, at: Date.now() };
"""
WATCHED = frozenset(
    str(module.__file__)
    for module in (bundles, dispatch, drive, exchange, journal, resend, runner, snapshot)
)


class Disk(NamedTuple):
    """What an end of the host leaves: a file, and what the API was asked to change."""

    data: bytes | None
    posts: int  # requests that change something


class Traced:
    """Takes the disk down before each line of the watched modules; also counts the lines."""

    def __init__(self, look: Callable[[], Disk]) -> None:
        self._look = look
        self.seen: dict[Disk, None] = {}
        self.lines = 0

    def __enter__(self) -> Traced:
        sys.settrace(self._begin)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(None)
        self.seen.setdefault(self._look())

    def _begin(self, frame: FrameType, _event: str, _argument: object) -> Any:  # noqa: ANN401
        return self._line if frame.f_code.co_filename in WATCHED else None

    def _line(self, _frame: FrameType, event: str, _argument: object) -> Any:  # noqa: ANN401
        if event == "line":
            self.lines += 1
            self.seen.setdefault(self._look())
        return self._line


class World:
    """One file, and an API that counts what it was asked to change."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.posts = 0

    def disk(self) -> Disk:
        return Disk(self.path.read_bytes() if self.path.exists() else None, self.posts)

    def set(self, disk: Disk) -> None:
        self.path.unlink(missing_ok=True)
        if disk.data is not None:
            self.path.write_bytes(disk.data)
        self.posts = disk.posts

    def host(self, policy: str = "allow all") -> Host:
        def told(request: Request) -> Response:
            self.posts += request.method == "POST"
            return answer(request)

        return Host(BUNDLE, transport=FakeTransport(told), policy=Policy.parse([policy]))


def in_part(states: Iterable[Disk], before: bytes | None) -> Iterator[Disk]:
    """States in which a line that was added to the file is there in part only."""
    known = {before}
    for disk in states:  # a line is whole before anything else happens, so its first state counts
        data = disk.data or b""
        if data in known:
            continue
        known.add(data)
        start = data[:-1].rfind(b"\n") + 1
        for cut in (start + 1, (start + len(data)) // 2, len(data) - 1):
            yield Disk(data[:cut], disk.posts)


def test_a_recorded_run_goes_on_from_every_point_at_which_its_host_may_end(tmp_path: Path) -> None:
    world = World(tmp_path / "journal")

    def attempt(disk: Disk) -> tuple[Json, Traced]:
        """Go on from what is on the disk; the value is None when an unsafe call is in doubt."""
        world.set(disk)
        with Traced(world.disk) as traced:
            try:
                value = run_sync(
                    PROGRAM, BUNDLE, host=world.host(), journal=Journal(world.path), seed=7,
                    now=lambda: 1.7e9,
                ).value  # fmt: skip
            except JournalError as error:
                if error.code != "journal-unsafe":
                    raise
                value = None
        return value, traced

    want, first = attempt(Disk(None, 0))
    assert (want["many"], world.posts) == (2, 1)
    pending, known, told, lines = list(first.seen), dict(first.seen), 0, first.lines
    pending += in_part(first.seen, None)
    while pending:
        disk = pending.pop()
        value, traced = attempt(disk)
        told += value is None
        assert value in (None, want)
        assert world.posts <= 1
        assert (value is None) == in_doubt(disk.data or b"")
        left = (*traced.seen, *in_part(traced.seen, disk.data))
        fresh = [each for each in left if each not in known]
        known |= dict.fromkeys(fresh)
        pending += fresh
        lines += traced.lines
    assert lines > 10_000
    assert len(known) > 20
    assert 2 <= told < len(known) / 2


def in_doubt(data: bytes) -> bool:
    """Whether a journal says that a call was sent, and not what came of it."""
    sent: set[int] = set()
    for line in map(json.loads, data[: data.rfind(b"\n") + 1].splitlines()):
        sent |= {line["send"]} if "send" in line else set()
        sent -= {reply["id"] for reply in line.get("resume", {}).get("replies", ())}
    return bool(sent)


def test_a_saved_run_is_there_whole_or_as_it_was_before(tmp_path: Path) -> None:
    world = World(tmp_path / "run.snapshot")
    policy = Policy.parse(["ask write", "allow all"])
    program = PROGRAM.replace("return", "await api.rooms.create({ name: 'two' });\nreturn")

    def go_on(saved: bytes, *answers: Answer) -> Json:
        decisions = iter(answers)
        options: Any = {"snapshot_key": b"k" * 32, "now": lambda: 1.7e9, "policy": policy}
        options |= {"host": world.host(), "approve": lambda _: next(decisions)}
        if saved:
            return resume_sync(saved, BUNDLE, **options).value
        return run_sync(program, BUNDLE, seed=7, **options).value

    with pytest.raises(SuspendedError) as first:
        go_on(b"", LATER)
    with pytest.raises(SuspendedError) as second:
        go_on(first.value.snapshot, Answer(True), LATER)
    before, after = first.value.snapshot, second.value.snapshot
    write_whole(world.path, before)
    with Traced(world.disk) as traced:
        write_whole(world.path, after)
    assert traced.lines > 5
    assert [disk.data for disk in traced.seen] == [before, after]
    assert go_on(before, Answer(True), Answer(True)) == go_on(after, Answer(True))
