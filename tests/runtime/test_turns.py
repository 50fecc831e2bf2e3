"""Guests share the cores: who has used least runs next, and nobody holds up the others."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable

import pytest

from tsbind.bundle import Bundle
from tsbind.errors import LimitError
from tsbind.runtime import Limits, run, run_sync
from tsbind.runtime.engine import Engine
from tsbind.runtime.turns import Turn, Turns, cores

NOTHING = Bundle("Nothing", "1", "", {}, {})
SPIN = "for (;;);"


class Guest(threading.Thread):
    """Takes a core of `turns`, keeps it until `done`, and notes when it had it."""

    def __init__(self, turns: Turns, name: str, got: list[str], cpu: float = 0.0) -> None:
        super().__init__(name=name, daemon=True)
        self.turn = Turn(turns, 60.0)
        self.turn.cpu = cpu
        self.done = threading.Event()
        self._got = got

    def run(self) -> None:
        with self.turn:
            has_core = self.turn.may_go_on()
            self._got.append(f"{self.name}{'' if has_core else ' in vain'}")
            if has_core:
                self.done.wait(10)


def soon(true: Callable[[], object]) -> None:
    """Wait until it is true; fails after some seconds."""
    for _ in range(2_000):
        if true():
            return
        time.sleep(0.002)
    pytest.fail("it never happened")


def one_core() -> tuple[Turns, list[str]]:
    return Turns(1, started=lambda: None, nudge=lambda: None), []


def test_who_has_used_least_is_next() -> None:
    turns, got = one_core()
    guests = {name: Guest(turns, name, got, cpu) for name, cpu in (("a", 0), ("b", 9), ("c", 1))}
    for guest in guests.values():
        guest.start()
        soon(lambda: guest.turn.has_core or guest.turn.gate)  # noqa: B023  # is called at once
    for held in (["a"], ["a", "c"], ["a", "c", "b"]):
        soon(lambda: got == held)  # noqa: B023
        assert turns.running == 1
        guests[held[-1]].done.set()
    soon(lambda: turns.running == 0)


def test_a_second_of_waiting_counts_too() -> None:
    turns, _ = one_core()
    early, late = Turn(turns, 60.0), Turn(turns, 60.0)
    early.cpu = 0.001
    before = early.rank()
    time.sleep(0.1)
    assert before < late.rank()


@pytest.mark.parametrize("how", ["interrupted", "too late"])
def test_waiting_ends_when_the_guest_is_stopped(how: str) -> None:
    turns, got = one_core()
    first, second = Guest(turns, "a", got), Guest(turns, "b", got)
    first.start()
    soon(lambda: got)
    if how == "too late":
        second.turn.until = time.monotonic() + 0.05
    second.start()
    soon(lambda: second.turn.gate or len(got) > 1)
    if how == "interrupted":
        second.turn.interrupt(KeyboardInterrupt())
    soon(lambda: len(got) > 1)
    assert got == ["a", "b in vain"]
    first.done.set()
    soon(lambda: turns.running == 0)
    third = Guest(turns, "c", got)  # what waited in vain holds nobody up
    third.start()
    third.done.set()
    third.join(10)
    assert (got[-1], turns.running) == ("c", 0)


def test_a_guest_makes_way_only_for_one_that_has_used_less() -> None:
    turns, got = one_core()
    holder, waiter = Turn(turns, 60.0), Guest(turns, "b", got, cpu=5.0)
    waiter.done.set()
    with holder:
        assert holder.may_go_on()
        waiter.start()
        soon(lambda: waiter.turn.gate)
        assert holder.may_go_on()
        assert got == []
        holder.cpu = 6.0
        assert holder.may_go_on()  # when it has the core again
        assert got == ["b"]
    assert turns.running == 0


def test_nobody_needs_a_core_for_its_first_moment() -> None:
    turns, _ = one_core()
    holder, other = Turn(turns, 60.0), Turn(turns, 60.0)
    with holder:
        assert holder.may_go_on()
        with other as may_run:
            assert may_run
            assert turns.running == 1
    assert turns.running == 0


@pytest.mark.parametrize("why", ["interrupted", "too late", "used up"])
def test_a_guest_that_was_stopped_between_two_stays_does_not_stay(why: str) -> None:
    turn = Turn(one_core()[0], 60.0)
    if why == "interrupted":
        turn.interrupt(KeyboardInterrupt())
    elif why == "too late":
        turn.until = time.monotonic()
    else:
        turn.cpu = 60.0
    with turn as may_run:
        assert not may_run


def test_a_short_program_is_not_held_up_by_long_ones() -> None:
    async def main() -> tuple[float, list[float]]:
        spinners = [asyncio.create_task(_spun(0.4)) for _ in range(8 * cores())]
        await asyncio.sleep(0.3)
        began = time.perf_counter()
        for n in range(5):
            assert (await run(f"return {n}", NOTHING)).value == n
        taken = time.perf_counter() - began
        return taken, await asyncio.gather(*spinners)

    taken, used = asyncio.run(main())
    assert taken < 1.5  # one after the other, those before it would take 3 s
    assert max(used) < 0.5
    assert Engine.default().turns.running == 0


async def _spun(cpu: float) -> float:
    with pytest.raises(LimitError) as caught:
        await run(SPIN, NOTHING, limits=Limits(cpu=cpu))
    assert caught.value.limit == "cpu"
    return caught.value.used


def test_runs_of_many_threads_share_the_cores_too() -> None:
    used: list[float] = []

    def spin() -> None:
        with pytest.raises(LimitError) as caught:
            run_sync(SPIN, NOTHING, limits=Limits(cpu=0.2))
        used.append(caught.value.used)

    threads = [threading.Thread(target=spin) for _ in range(4 * cores())]
    for thread in threads:
        thread.start()
    most = 0
    while any(thread.is_alive() for thread in threads):
        most = max(most, Engine.default().turns.running)
        time.sleep(0.002)
    assert most == cores()
    assert len(used) == len(threads)
    assert max(used) < 0.3


def test_the_wall_clock_ends_programs_that_compute_in_place() -> None:
    began = time.perf_counter()
    with pytest.raises(LimitError) as caught:
        run_sync(SPIN, NOTHING, limits=Limits(cpu=30.0, wall=0.2))
    assert time.perf_counter() - began < 2
    assert (caught.value.limit, caught.value.allowed) == ("wall", 0.2)
    assert caught.value.used >= 0.2


def test_a_run_that_waits_for_its_turn_can_be_cancelled() -> None:
    async def main() -> float:
        others = [asyncio.create_task(_spun(0.5)) for _ in range(3 * cores())]
        waiting = [asyncio.create_task(run(SPIN, NOTHING)) for _ in range(3 * cores())]
        await asyncio.sleep(0.3)
        began = time.perf_counter()
        for task in waiting:
            task.cancel()
        ended = await asyncio.gather(*waiting, return_exceptions=True)
        assert {type(each) for each in ended} == {asyncio.CancelledError}
        taken = time.perf_counter() - began
        await asyncio.gather(*others)
        return taken

    assert asyncio.run(main()) < 0.5
    soon(lambda: Engine.default().turns.running == 0)
