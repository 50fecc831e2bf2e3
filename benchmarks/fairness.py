"""How long does a good program wait when its neighbours compute without end?

A good program reads 200 rows from its host, reshapes them and makes a second call: two steps in
the guest and a step to begin.  It is run `RUNS` times one after the other in an event loop, alone
(`idle`) and while `SPINNERS` programs spin in the same process, each started again as soon as its
cpu limit has ended it (`loaded`).

p50, p99   milliseconds of one run, from the call to its result
ratio      loaded to idle; 3 at p99 is the most that is promised
cut_off    spinners that their cpu limit ended in the meantime

Measuring begins when the spinners are under way: a program that has just begun counts as a short
one, until it has shown that it is not.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any, ClassVar

from benchmarks import record
from tsbind.bundle import Bundle, Call, Json, Server
from tsbind.errors import LimitError
from tsbind.runtime import Host, Limits, run

SPINNERS = 32
RUNS = 200
SPINNING = Limits(wall=600.0)  # and 5 seconds of CPU
UNDER_WAY = 0.05  # seconds of CPU that each spinner has used when measuring begins

GOOD = """
const rows: { id: number; title: string; tags: string[] }[] = await api.rows({ n: 200 });
const byTag = new Map<string, number[]>();
for (const row of rows)
  for (const tag of row.tags) byTag.set(tag, [...(byTag.get(tag) ?? []), row.id]);
const largest = [...byTag].sort((a, b) => b[1].length - a[1].length)[0];
const more = await api.rows({ n: largest[1].length });
return { tag: largest[0], titles: more.map((row) => row.title.toUpperCase()).slice(0, 3) };
"""
SPINNING_FOREVER = "let n = 0; for (;;) n += Math.sqrt(n + 1);"

BUNDLE = Bundle(
    title="Fairness",
    version="1",
    declarations="",
    calls={"rows": Call("rows", "GET", "/", args={"type": "object"})},
    schemas={},
    servers=(Server("http://127.0.0.1/"),),
)


class Rows(Host):
    """Makes rows up, in process."""

    OPERATIONS: ClassVar[dict[str, str]] = {"rows": "rows"}

    async def rows(self, args: Mapping[str, Json]) -> Json:
        """Return `n` rows."""
        return [
            {"id": n, "title": f"title {n}", "tags": [f"tag{n % 7}", f"tag{n % 3}"]}
            for n in range(args["n"])
        ]


def measure() -> dict[str, Any]:
    """Take the figures, in milliseconds."""
    return asyncio.run(_measure())


def told(result: dict[str, Any]) -> str:
    """Spell one line per figure."""
    return "\n".join(f"{name:12}{figures}" for name, figures in result.items())


async def _measure() -> dict[str, Any]:
    async with Rows(BUNDLE) as host:
        await _times(host, 20)
        idle = _spread(await _times(host, RUNS))
        ended: list[float] = []
        spinners = [asyncio.create_task(_spin(ended)) for _ in range(SPINNERS)]
        began = time.process_time()
        while time.process_time() - began < SPINNERS * UNDER_WAY:
            await asyncio.sleep(0.05)
        loaded = _spread(await _times(host, RUNS))
        for task in spinners:
            task.cancel()
        await asyncio.gather(*spinners, return_exceptions=True)
        ratio = {name: round(loaded[name] / idle[name], 2) for name in idle}
    return {
        "spinners": SPINNERS,
        "idle_ms": idle,
        "loaded_ms": loaded,
        "ratio": ratio,
        "cut_off": len(ended),
    }


async def _times(host: Host, count: int) -> list[float]:
    times = []
    for _ in range(count):
        began = time.perf_counter()
        result = await run(GOOD, BUNDLE, host=host)
        times.append((time.perf_counter() - began) * 1e3)
        assert result.value["tag"] == "tag0"
    return times


async def _spin(ended: list[float]) -> None:
    while True:
        try:
            await run(SPINNING_FOREVER, BUNDLE, limits=SPINNING)
        except LimitError as error:
            ended.append(error.used)


def _spread(times: list[float]) -> dict[str, float]:
    times = sorted(times)
    return {
        "p50": round(times[len(times) // 2], 2),
        "p99": round(times[len(times) * 99 // 100], 2),
    }


if __name__ == "__main__":
    record.main("fairness", measure, told)
