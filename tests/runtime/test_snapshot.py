"""Runs that stand still: saved at any step, gone on with anywhere, every call made once."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from tsbind.bundle import Bundle, Call, Json, Parameter, Server
from tsbind.errors import LimitError, PolicyError, ProgramError, SnapshotError, SuspendedError
from tsbind.runtime import (
    LATER,
    Answer,
    Budget,
    Host,
    Limits,
    Policy,
    Question,
    Result,
    Rule,
    resume_sync,
    run_sync,
    start,
)
from tsbind.runtime.engine import Engine
from tsbind.runtime.isolate import Isolate
from tsbind.runtime.memory import PAGE, changes, difference
from tsbind.runtime.messages import Start

KEY = b"k" * 32
_N = {"type": "object", "properties": {"n": {"type": "integer"}}}
BUNDLE = Bundle(
    title="Steps",
    version="1",
    declarations="",
    calls={
        "get": Call("get", "GET", "/", (Parameter("n", "n", "query", "form"),), args=_N),
        "put": Call("put", "PUT", "/", (Parameter("n", "n", "query", "form"),), args=_N),
    },
    schemas={},
    servers=(Server("http://127.0.0.1/"),),
    fingerprint="steps",
)
OTHER = Bundle("Other", "1", "", BUNDLE.calls, {}, fingerprint="other")


class Doubler(Host):
    """Doubles, and remembers what it was asked."""

    OPERATIONS = {"get": "double", "put": "double"}  # noqa: RUF012

    def __init__(self, wait: float = 0.0) -> None:
        super().__init__(BUNDLE)
        self.asked: list[int] = []
        self._wait = wait

    async def double(self, args: Mapping[str, Json]) -> Json:
        self.asked.append(args["n"])
        await asyncio.sleep(self._wait)
        return args["n"] * 2


PROGRAM = """
const seen = new Map<string, number>();
console.log("begin");
let random = Math.random();
async function chain(from: number): Promise<number> {
  const one = await api.get({ n: from });
  await new Promise((done) => setTimeout(done, 3));
  const two = await api.put({ n: one });
  seen.set(`from ${from}`, two);
  return two;
}
const all = await Promise.all([chain(1), chain(2), chain(3)]);
console.log("middle", all);
const last = await api.get({ n: all.reduce((sum, each) => sum + each) });
return { all, last, seen: [...seen].sort(), random, again: Math.random() };
"""
ASKED = sorted([1, 2, 3, 2, 4, 6, 24])


class Stopper:
    """Counts the calls that ended, and suspends the run after one of them."""

    def __init__(self, after: int) -> None:
        self._left = after
        self.due = asyncio.Event()

    def __call__(self, _event: object) -> None:
        self._left -= 1
        if self._left <= 0:
            self.due.set()


async def stopped(host: Host, after: int) -> bytes:
    """Suspend a run when `after` of its calls have ended; return the snapshot."""
    stopper = Stopper(after)
    run = start(PROGRAM, BUNDLE, host=host, snapshot_key=KEY, seed=7, on_event=stopper)
    going = asyncio.create_task(run.result())
    await stopper.due.wait()
    snapshot = await run.suspend()
    with pytest.raises(SuspendedError) as caught:
        await going
    assert caught.value.snapshot == snapshot
    assert caught.value.usage.calls >= after
    return snapshot


@pytest.mark.parametrize("after", range(1, 7))
def test_a_run_goes_on_wherever_it_was_suspended(after: int) -> None:
    straight = Doubler()
    want = run_sync(PROGRAM, BUNDLE, host=straight, seed=7)
    before, later = Doubler(), Doubler()
    snapshot = asyncio.run(stopped(before, after))
    assert len(before.asked) >= after
    result = resume_sync(snapshot, BUNDLE, host=later, snapshot_key=KEY)
    assert result.value == want.value
    assert result.logs == want.logs
    assert sorted(before.asked + later.asked) == sorted(straight.asked) == ASKED
    assert [event.op for event in result.trace.events] == [e.op for e in want.trace.events]
    assert result.usage.calls == want.usage.calls
    assert result.usage.steps >= want.usage.steps - 3


def test_a_run_that_is_suspended_at_every_call_makes_each_once() -> None:
    class Later:
        """Puts each call off once."""

        def __init__(self) -> None:
            self.seen = 0

        def __call__(self, question: Question) -> Answer | bool:
            self.seen += 1
            return LATER if self.seen == 1 else True

    policy = Policy(default="ask", budgets=(Budget(calls=7),))
    asked: list[int] = []
    snapshot, result, rounds = b"", None, 0
    while result is None:
        host = Doubler()
        host.policy = policy
        rounds += 1
        try:
            if snapshot:
                decide = Later() if rounds % 2 else (lambda _: True)
                result = resume_sync(snapshot, BUNDLE, host=host, snapshot_key=KEY, approve=decide)
            else:
                result = run_sync(
                    PROGRAM, BUNDLE, host=host, snapshot_key=KEY, approve=Later(), seed=7
                )
        except SuspendedError as stop:
            snapshot = stop.snapshot
        asked += host.asked
    assert result.value == run_sync(PROGRAM, BUNDLE, host=Doubler(), seed=7).value
    assert sorted(asked) == ASKED


SCRIPT = """
import json, sys
from tests.runtime.test_snapshot import BUNDLE, KEY, Doubler
from tsbind.runtime import resume_sync
host = Doubler()
result = resume_sync(open(sys.argv[1], "rb").read(), BUNDLE, host=host, snapshot_key=KEY)
print(json.dumps([result.value, host.asked]))
"""


def test_a_run_goes_on_in_another_process(tmp_path: Path) -> None:
    host = Doubler()
    snapshot = asyncio.run(stopped(host, 4))
    path = tmp_path / "snapshot"
    path.write_bytes(snapshot)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(path)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    value, asked = json.loads(done.stdout)
    assert value == run_sync(PROGRAM, BUNDLE, host=Doubler(), seed=7).value
    assert sorted(host.asked + asked) == ASKED


ONE = "const made = await api.put({ n: 21 });\nreturn made"


def put_off(program: str = ONE) -> SuspendedError:
    host = Doubler()
    host.policy = Policy(rules=(Rule("ask", "put"),), default="allow")
    with pytest.raises(SuspendedError) as caught:
        run_sync(program, BUNDLE, host=host, snapshot_key=KEY, approve=lambda _: LATER)
    return caught.value


def gone_on(snapshot: bytes, answer: Answer | bool) -> Result:
    host = Doubler()
    host.policy = Policy(rules=(Rule("ask", "put"),), default="allow")
    return resume_sync(snapshot, BUNDLE, host=host, snapshot_key=KEY, approve=lambda _: answer)


def test_a_decision_may_come_days_later() -> None:
    stop = put_off()
    assert stop.trace.events[0].status == 0
    assert [question.op for question in stop.questions] == ["put"]
    assert str(stop).startswith("the run waits for a decision about put [suspended]")
    assert gone_on(stop.snapshot, answer=True).value == 42
    assert gone_on(stop.snapshot, Answer(True, args={"n": 4})).value == 8
    with pytest.raises(PolicyError, match=r"put was not approved: too much"):
        gone_on(stop.snapshot, Answer(False, reason="too much"))


def test_without_a_key_what_is_put_off_is_refused() -> None:
    host = Doubler()
    host.policy = Policy(default="ask")
    with pytest.raises(PolicyError, match="the run cannot be suspended"):
        run_sync(ONE, BUNDLE, host=host, approve=lambda _: LATER)
    assert host.asked == []


def test_errors_after_a_snapshot_point_into_the_program() -> None:
    stop = put_off("enum E { A = 1 }\nconst made = await api.put({ n: 1 });\nmade.x.y.z")
    with pytest.raises(ProgramError) as caught:
        gone_on(stop.snapshot, answer=True)
    assert caught.value.where.startswith("program.ts:3:")


def test_limits_go_on_where_they_were() -> None:
    stop = put_off("await api.get({ n: 1 });\nfor (;;) await api.put({ n: 1 })")
    host = Doubler()
    with pytest.raises(LimitError) as caught:
        resume_sync(stop.snapshot, BUNDLE, host=host, snapshot_key=KEY, limits=Limits(calls=5))
    assert (caught.value.limit, caught.value.used) == ("calls", 6)
    assert len(host.asked) == 4  # and the first one before


def test_time_goes_on_where_it_was() -> None:
    async def suspended() -> bytes:
        program = "await new Promise((done) => setTimeout(done, 60_000))"
        limits = Limits(wall=0.5)
        run = start(program, BUNDLE, host=Doubler(), snapshot_key=KEY, limits=limits)
        going = asyncio.create_task(run.result())
        await asyncio.sleep(0.3)
        snapshot = await run.suspend()
        with pytest.raises(SuspendedError):
            await going
        return snapshot

    snapshot = asyncio.run(suspended())
    began = time.perf_counter()
    with pytest.raises(LimitError) as caught:
        resume_sync(snapshot, BUNDLE, host=Doubler(), snapshot_key=KEY)
    assert caught.value.limit == "wall"
    assert time.perf_counter() - began < 0.45


def test_calls_under_way_are_waited_for() -> None:
    async def suspended() -> tuple[bytes, Doubler]:
        host = Doubler(wait=0.2)
        run = start(ONE, BUNDLE, host=host, snapshot_key=KEY)
        going = asyncio.create_task(run.result())
        while not host.asked:
            await asyncio.sleep(0.01)
        snapshot = await run.suspend()
        with pytest.raises(SuspendedError):
            await going
        return snapshot, host

    snapshot, host = asyncio.run(suspended())
    later = Doubler()
    assert resume_sync(snapshot, BUNDLE, host=later, snapshot_key=KEY).value == 42
    assert (host.asked, later.asked) == ([21], [])


def test_a_run_that_ends_first_says_so() -> None:
    async def main() -> None:
        run = start("return 1", BUNDLE, host=Doubler(), snapshot_key=KEY)
        with pytest.raises(SnapshotError, match="cannot be suspended"):
            await run.suspend()
        assert (await run.result()).value == 1
        with pytest.raises(SnapshotError, match="cannot be suspended"):
            await run.suspend()

        slow = start("for (let i = 0; i < 3e6; i++);\nreturn 1", BUNDLE, snapshot_key=KEY)
        going = asyncio.create_task(slow.result())
        while slow._drive is None:
            await asyncio.sleep(0.001)
        with pytest.raises(SnapshotError, match="ended before it stood still"):
            await slow.suspend()
        assert (await going).value == 1

    asyncio.run(main())


@pytest.mark.parametrize(
    ("change", "want"),
    [
        (lambda data: data[:-1], "changed, or sealed with another key"),
        (lambda data: data[:60] + bytes([data[60] ^ 1]) + data[61:], "changed, or sealed"),
        (lambda data: data.replace(b"snapshot 1", b"snapshot 2", 1), "another version"),
        (lambda data: b"", "no snapshot"),
        (lambda data: b"{}\n" + data, "no snapshot"),
        (lambda data: data[:19], "changed, or sealed"),
    ],
)
def test_what_is_not_genuine_is_refused(change: object, want: str) -> None:
    stop = put_off()
    with pytest.raises(SnapshotError, match=want):
        gone_on(change(stop.snapshot), answer=True)  # type: ignore[operator]


def test_another_key_another_bundle_and_a_short_key_are_refused() -> None:
    snapshot = put_off().snapshot
    with pytest.raises(SnapshotError, match="another key"):
        resume_sync(snapshot, BUNDLE, host=Doubler(), snapshot_key=b"x" * 32)
    with pytest.raises(SnapshotError, match="other Bundles"):
        resume_sync(snapshot, OTHER, snapshot_key=KEY)
    for key in (b"", b"short"):
        with pytest.raises(SnapshotError, match="too short"):
            resume_sync(snapshot, BUNDLE, host=Doubler(), snapshot_key=key)


def test_a_snapshot_is_small_and_holds_no_stack() -> None:
    rows = "const rows = Array.from({ length: 200 }, (_, id) => ({ id, title: `title ${id}` }));\n"
    snapshot = put_off(rows + ONE).snapshot
    assert len(snapshot) < 100 * 1024


def test_pages_come_back_as_they_were() -> None:
    image = bytes(range(256)) * 64
    memory = bytearray(image + bytes(3 * PAGE))
    memory[5000:5004] = b"ABCD"
    memory[-1] = 9
    kept = difference(image, bytes(memory), 0)
    assert len(kept) == 4 + 2 * (4 + PAGE)
    made = bytearray(image.ljust(len(memory), b"\0"))
    for at, page in changes(image, kept, len(memory)):
        made[at : at + PAGE] = page
    assert made == memory
    for damaged in (kept[:-1], kept[:2], b"", b"\xff" * 8):
        with pytest.raises(ValueError, match=r"page|pack|unpack|buffer"):
            changes(image, damaged, len(memory))


def test_an_isolate_that_never_ran_has_nothing_to_save() -> None:
    with (
        Isolate(Engine.default(), Limits()) as isolate,
        pytest.raises(Exception, match="nothing to save"),
    ):
        isolate.save()


def test_a_guest_needs_as_much_memory_as_it_had() -> None:
    engine = Engine.default()
    source = "globalThis.x = new Uint8Array(8 << 20); await api.get({})"
    with Isolate(engine, Limits()) as isolate:
        isolate.start(Start(source, "\nget\n", 0.0, 1))
        rest, pages = isolate.save()
    assert rest.size > 8 << 20
    with pytest.raises(LimitError, match="memory"):
        Isolate.revive(engine, Limits(memory=4 << 20), rest, pages)
