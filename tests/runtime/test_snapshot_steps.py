"""Wherever a run is suspended, it ends as if it had not been, and makes each call once."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from tests.runtime.stepper import Order, Told, obey, other_process
from tests.runtime.test_snapshot import BUNDLE, KEY, Doubler
from tsbind.errors import SnapshotError
from tsbind.runtime import resume_sync
from tsbind.runtime.engine import Engine
from tsbind.runtime.snapshot import seal, unseal

PROGRAMS = {
    "one call after the other": """
        let sum = 0;
        for (let n = 1; n <= 5; n++) sum += await api.get({ n });
        return sum;
    """,
    "calls at once, more than may be": """
        const all = await Promise.all([1, 2, 3, 4, 5].map((n) => api.put({ n })));
        const rest = await Promise.all(all.map(async (n) => (await api.get({ n })) + 1));
        return { all, rest };
    """,
    "timers": """
        const seen: string[] = [];
        const wait = (ms: number) => new Promise((done) => setTimeout(done, ms));
        const ticks = setInterval(() => seen.length < 4 && seen.push("tick"), 2);
        while (seen.length < 4) await wait(1);
        clearInterval(ticks);
        const late = setTimeout(() => seen.push("never"), 30);
        await Promise.race([wait(5), wait(50)]);
        clearTimeout(late);
        await wait(40);
        return seen;
    """,
    "timers and calls": """
        const wait = (ms: number) => new Promise((done) => setTimeout(done, ms));
        async function chain(from: number): Promise<number> {
          const one = await api.get({ n: from });
          await wait(from);
          const two = await api.put({ n: one });
          console.log("chain", from, two);
          return two;
        }
        const all = await Promise.all([chain(1), chain(2), chain(3), chain(4)]);
        return all;
    """,
    "what the engine keeps": """
        class Counter { #n = 0; get next() { return ++this.#n; } }
        const counter = new Counter(), map = new Map([["a", { deep: [1n] }]]);
        function* numbers() { try { for (let i = 0; ; i++) yield i; } finally { map.clear(); } }
        const numbered = numbers(), regex = /\\d/g, bytes = new Uint8Array([1, 2, 3]);
        const symbol = Symbol("s"), weak = new WeakMap([[map, "kept"]]);
        const out: unknown[] = [Math.random()];
        for (let i = 0; i < 4; i++) {
          regex.exec("1 2 3 4");
          out.push([numbered.next().value, counter.next, regex.lastIndex, bytes[i % 3]++]);
          out.push(await api.get({ n: i }));
        }
        out.push([...bytes], weak.get(map), String(map.get("a")!.deep[0]), symbol.description);
        numbered.return(undefined);
        return [...out, map.size, Math.random()];
    """,
    "calls that fail": """
        const out: string[] = [];
        for (let n = 0; n < 4; n++) {
          try { await api.get({ n: n % 2 ? "odd" as any : n }); out.push("went well"); }
          catch (error: any) { out.push(error.name); }
          finally { await api.put({ n: 10 + n }); }
        }
        return out;
    """,
    "async iteration and microtasks": """
        async function* pages() { for (let n = 1; n <= 3; n++) yield await api.get({ n }); }
        const out: number[] = [];
        for await (const page of pages()) {
          await Promise.resolve().then(() => out.push(page));
          queueMicrotask(() => out.push(-page));
        }
        await api.put({ n: 9 });
        return out;
    """,
}
MOST = 100  # steps of one program


def whole(program: str) -> Told:
    """Run it in one go."""
    return obey(Order(steps=0, program=program))


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[object]:
    with other_process() as send:
        yield send


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_a_run_goes_on_elsewhere_from_every_step(program: str, elsewhere: object) -> None:
    want = whole(program)
    steps = 0
    for steps in range(1, MOST):
        first = obey(Order(steps, program))
        if not first.snapshot:
            break
        second = elsewhere(Order(0, snapshot=first.snapshot))  # type: ignore[operator]
        assert (second.value, second.logs) == (want.value, want.logs)
        assert sorted(first.asked + second.asked) == sorted(want.asked)
    assert 4 < steps < MOST


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_a_run_may_be_moved_after_every_step(program: str, elsewhere: object) -> None:
    want = whole(program)
    told = obey(Order(1, program))
    asked, moves = list(told.asked), 0
    while told.snapshot:
        moves += 1
        assert moves < MOST
        where = elsewhere if moves % 2 else obey
        told = where(Order(1, snapshot=told.snapshot))  # type: ignore[operator]
        asked += told.asked
    assert moves >= 3
    assert (told.value, told.logs) == (want.value, want.logs)
    assert sorted(asked) == sorted(want.asked)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"guest": "0" * 64}, "snapshot-guest"),
        ({"bundles": {"api": "another"}}, "snapshot-bundle"),
        ({"bundles": {"other": BUNDLE.fingerprint}}, "snapshot-bundle"),
        ({"bundles": {}}, "snapshot-bundle"),
    ],
)
def test_a_snapshot_of_something_else_is_refused(change: dict[str, object], code: str) -> None:
    snapshot = obey(Order(1, PROGRAMS["one call after the other"])).snapshot
    saved, pages = unseal(snapshot, KEY)
    host = Doubler()
    other = seal(msgspec.structs.replace(saved, **change), pages, KEY)
    with pytest.raises(SnapshotError) as caught:
        resume_sync(other, BUNDLE, host=host, snapshot_key=KEY)
    assert caught.value.code == code
    assert host.asked == []
    assert Engine.default().turns.running == 0


@pytest.mark.parametrize("cut", [0, 1, 4, 1_000, 4096])
def test_pages_that_are_not_whole_are_refused(cut: int) -> None:
    snapshot = obey(Order(1, PROGRAMS["one call after the other"])).snapshot
    saved, pages = unseal(snapshot, KEY)
    damaged = seal(saved, pages[: len(pages) - cut - 1], KEY)
    with pytest.raises(SnapshotError, match="damaged"):
        resume_sync(damaged, BUNDLE, host=Doubler(), snapshot_key=KEY)
