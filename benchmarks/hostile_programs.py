"""Programs that run into a limit, by the limit and by how they try to get past it.

They call `api.get({ n })`, which answers with `n`, `api.big({ n })`, which answers with a text of
`n` characters, and `api.slow({ n })`, which takes a minute.  Recursion is a RangeError that a
program may catch, as everywhere; so that is what those of the limit "stack" end with.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Literal

import msgspec

from tsbind.bundle import Bundle, Call, Json, Server
from tsbind.runtime import Host

_FILE = Path(__file__).parent / "hostile_programs.jsonl"


class Program(msgspec.Struct, frozen=True):
    """One program."""

    limit: Literal["cpu", "memory", "stack", "calls", "wall"]
    how: str
    program: str


def programs() -> list[Program]:
    """Return all of them."""
    return msgspec.json.Decoder(Program).decode_lines(_FILE.read_bytes())


_N = {"type": "object", "properties": {"n": {"type": "number"}}}
BUNDLE = Bundle(
    title="Hostile",
    version="1",
    declarations="",
    calls={name: Call(name, "GET", "/", args=_N) for name in ("get", "big", "slow")},
    schemas={},
    servers=(Server("http://127.0.0.1/"),),
)


class Answers(Host):
    """Answers in process."""

    OPERATIONS: ClassVar[dict[str, str]] = {"get": "get", "big": "big", "slow": "slow"}

    async def get(self, args: Mapping[str, Json]) -> Json:
        """Return `n`."""
        return args.get("n")

    async def big(self, args: Mapping[str, Json]) -> Json:
        """Return a text of `n` characters."""
        return "x" * int(args["n"])

    async def slow(self, args: Mapping[str, Json]) -> Json:
        """Return `n` after a minute."""
        await asyncio.sleep(60)
        return args["n"]
