"""A guest that lies at every byte: whatever it says, the host answers with a typed error."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import wasmtime

from tsbind.errors import BuildError, GuestError, LimitError, RunError
from tsbind.runtime.engine import Engine
from tsbind.runtime.isolate import Isolate
from tsbind.runtime.limits import MIB, Limits
from tsbind.runtime.messages import CallReply, Resume, Start, Step

WAT = (Path(__file__).parent.parent / "guest" / "lying_guest.wat").read_text("utf-8")
MEMORY = 4 * 65536
LIMITS = Limits(cpu=0.05, memory=8 * MIB, result_bytes=100_000, request_bytes=100_000)
START = Start(source="", table="\n", now=0.0, seed=0)


def assemble(wat: str) -> bytes:
    return bytes(wasmtime.wat2wasm(wat))


TRAP, GROW, LOOP, RECURSE, OUTSIDE, DIVIDE, JUMP = range(1, 8)

HONEST = (
    b'{"calls":[],"logs":[],"state":"waiting"}',
    b'{"calls":[{"id":1,"op":"rooms.list","args":{"n":[1,2.5,null,true,"x"]}}],"logs":[],'
    b'"state":"waiting"}',
    b'{"calls":[{"id":1,"op":"a","args":{}},{"id":2,"op":"b","args":{}}],'
    b'"logs":[["log","hi"],["error","\\u00e9"]],"state":"waiting","dropped":7}',
    b'{"calls":[],"logs":[["warn","w"]],"state":"done","value":{"a":[1,{"b":null}]},"floating":[1]}',
    b'{"calls":[],"logs":[],"state":"done","floating":[]}',
    b'{"calls":[],"logs":[],"state":"failed","error":{"name":"TypeError","message":"no",'
    b'"stack":[{"function":"f","line":1,"column":2}],"call":3,"floating":true}}',
    b'{"calls":[],"logs":[],"state":"failed","limit":"memory"}',
)


@pytest.fixture(scope="module")
def liar() -> Iterator[Engine]:
    engine = Engine(assemble(WAT), use_cache=False)
    yield engine
    engine.close()


def say(
    engine: Engine, outbox: bytes, *, at: int | None = None, size: int | None = None, act: int = 0
) -> Step:
    """Let a fresh liar say `outbox`, or pretend that it lies elsewhere or is of another size."""
    with Isolate(engine, LIMITS) as isolate:
        assert isolate.start(START).state == "waiting"
        # What it says follows the start message, the time (8 bytes) and the reply's head (12).
        place = engine.inbox + isolate._start_size + 20 if at is None else at
        posted = place << 32 | (len(outbox) if size is None else size)
        (now,) = struct.unpack("<d", struct.pack("<Q", posted & (1 << 64) - 1))
        return isolate.resume(Resume(now=now, replies=(CallReply(id=act, ok=msgspec.Raw(outbox)),)))


@pytest.mark.parametrize("outbox", HONEST[:6])
def test_what_is_well_said_is_believed(liar: Engine, outbox: bytes) -> None:
    step = say(liar, outbox)
    assert step.state == msgspec.json.decode(outbox)["state"]


@pytest.mark.parametrize(
    ("at", "size"),
    [
        (0, 40),
        (16, 0xFFFF_FFFF),
        (0xFFFF_FFFF, 0xFFFF_FFFF),
        (0x8000_0000, 40),
        (MEMORY - 39, 40),
        (MEMORY, 1),
        (MEMORY, 0),
        (16, MEMORY),
        (16, 0),
        (0xFFFF_FFF0, 40),
        (16, 39),
        (16, 41),
        (17, 40),
    ],
)
def test_pointers_and_lengths_are_checked(liar: Engine, at: int, size: int) -> None:
    with pytest.raises(GuestError):
        say(liar, b"", at=at, size=size)


@pytest.mark.parametrize(
    ("act", "error", "code"),
    [
        (TRAP, GuestError, "guest"),
        (LOOP, LimitError, "limit-cpu"),
        (RECURSE, LimitError, "limit-stack"),
        (OUTSIDE, GuestError, "guest"),
        (DIVIDE, GuestError, "guest"),
        (JUMP, GuestError, "guest"),
    ],
)
def test_traps_are_typed_errors(liar: Engine, act: int, error: type[RunError], code: str) -> None:
    with pytest.raises(error) as caught:
        say(liar, HONEST[0], act=act)
    assert caught.value.code == code
    assert say(liar, HONEST[0]).state == "waiting"  # the next guest knows nothing of it


def test_memory_that_grows_is_looked_at_where_it_is(liar: Engine) -> None:
    assert say(liar, HONEST[3], act=GROW).state == "done"


@pytest.mark.parametrize(
    "outbox",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"calls":[],"logs":[],"state":"running"}',
        b'{"calls":[],"logs":[],"state":"waiting","extra":1}',
        b'{"calls":[],"logs":[],"state":"waiting","value":1}',
        b'{"calls":[],"logs":[],"state":"waiting","error":{"name":"a","message":"b"}}',
        b'{"calls":[],"logs":[],"state":"done","error":{"name":"a","message":"b"}}',
        b'{"calls":[],"logs":[],"state":"failed"}',
        b'{"calls":[],"logs":[],"state":"failed","limit":"wall"}',
        b'{"calls":[{"id":1,"op":"a","args":{}}],"logs":[],"state":"done"}',
        b'{"calls":[{"id":0,"op":"a","args":{}}],"logs":[],"state":"waiting"}',
        b'{"calls":[{"id":-1,"op":"a","args":{}}],"logs":[],"state":"waiting"}',
        b'{"calls":[{"id":2,"op":"a","args":{}},{"id":2,"op":"a","args":{}}],"logs":[],'
        b'"state":"waiting"}',
        b'{"calls":[{"id":4294967296,"op":"a","args":{}}],"logs":[],"state":"waiting"}',
        b'{"calls":[{"id":99999999999999999999,"op":"a","args":{}}],"logs":[],"state":"waiting"}',
        b'{"calls":[{"id":1.5,"op":"a","args":{}}],"logs":[],"state":"waiting"}',
        b'{"calls":[{"id":1,"op":"a","args":{}}],"logs":[["shout","x"]],"state":"waiting"}',
        b'{"calls":[{"id":1,"op":7,"args":{}}],"logs":[],"state":"waiting"}',
        b'{"calls":[{"id":1,"op":"a"}],"logs":[],"state":"waiting"}',
        b'{"calls":[],"logs":[],"state":"done","value":NaN}',
        b'{"calls":[],"logs":[],"state":"done","value":"\xff"}',
        b'{"calls":[],"logs":[],"state":"done","value":"\xed\xa0\x80"}',
        b'{"calls":[],"logs":[],"state":"done","value":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
        b'{"calls":[],"logs":[],"state":"waiting","dropped":-1}',
        b'\xef\xbb\xbf{"calls":[],"logs":[],"state":"waiting"}',
        b'{"calls":[],"logs":[],"state":"waiting"} {}',
        b"\x00" * 100,
    ],
)
def test_what_is_badly_said_is_refused(liar: Engine, outbox: bytes) -> None:
    with pytest.raises(GuestError):
        say(liar, outbox)


def test_ids_never_come_back(liar: Engine) -> None:
    call = b'{"calls":[{"id":5,"op":"a","args":{}}],"logs":[],"state":"waiting"}'
    with Isolate(liar, LIMITS) as isolate:
        isolate.start(START)
        place = liar.inbox + isolate._start_size + 20
        (now,) = struct.unpack("<d", struct.pack("<Q", place << 32 | len(call)))
        message = Resume(now=now, replies=(CallReply(id=0, ok=msgspec.Raw(call)),))
        assert [each.id for each in isolate.resume(message).calls] == [5]
        with pytest.raises(GuestError, match="call 5 comes too late"):
            isolate.resume(message)


# ---- Modules that are not what they should be --------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('(memory (export "memory") 4)', "(memory 4)"),
        ('(func (export "resume")', "(func"),
        ('(func (export "input") (param i32)', '(func (export "input") (param i64)'),
        (
            '(func (export "protocol") (result i32) (i32.const 1))',
            '(global (export "protocol") i32 (i32.const 1))',
        ),
        ("(i32.const 4096))\n", "unreachable)\n"),
        ("(table 1 funcref)", "(table 1 funcref) (func $s unreachable) (start $s)"),
        ('(memory (export "memory") 4)', '(import "a" "b" (func)) (memory (export "memory") 4)'),
    ],
    ids=["no memory", "no resume", "wrong type", "no function", "traps", "start", "imports"],
)
def test_a_module_of_another_shape_is_refused(old: str, new: str) -> None:
    assert old in WAT
    with pytest.raises(GuestError):
        Engine(assemble(WAT.replace(old, new)), use_cache=False)


def test_a_guest_of_another_version_is_refused() -> None:
    wat = WAT.replace("(result i32) (i32.const 1))", "(result i32) (i32.const 77))")
    with pytest.raises(BuildError, match="another version"):
        Engine(assemble(wat), use_cache=False)


@pytest.mark.parametrize("module", [b"", b"\0asm", b"\0asm\1\0\0\0\1\xff", b"(module)" * 10])
def test_bytes_that_are_no_module_are_refused(module: bytes) -> None:
    with pytest.raises(BuildError, match="not usable WebAssembly"):
        Engine(module, use_cache=False)


@pytest.mark.parametrize("address", [0, -1, MEMORY - 10, MEMORY, 0x7FFF_FFFF])
def test_an_input_buffer_outside_is_never_written(address: int) -> None:
    wat = WAT.replace("(i32.const 4096))", f"(i32.const {address}))")
    engine = Engine(assemble(wat), use_cache=False)
    with Isolate(engine, LIMITS) as isolate, pytest.raises((GuestError, LimitError)):
        isolate.start(START)
    engine.close()


def test_more_memory_than_allowed_at_the_start_is_refused() -> None:
    wat = WAT.replace('(export "memory") 4)', '(export "memory") 4000)')
    engine = Engine(assemble(wat), use_cache=False)
    with pytest.raises(GuestError, match="cannot be started"):
        Isolate(engine, LIMITS)
    engine.close()


# ---- Generated lies ----------------------------------------------------------------------------

EDGES = (0, 1, 15, 16, 40, 4096, MEMORY - 1, MEMORY, MEMORY + 1, 1 << 31, (1 << 32) - 1)


def lie(generator: random.Random) -> tuple[bytes, int | None, int | None, int]:
    """Make an outbox, where it is said to lie, how long, and what is done before."""
    outbox = bytearray(generator.choice(HONEST))
    for _ in range(generator.randrange(4)):
        here = generator.randrange(len(outbox) + 1)
        match generator.randrange(4):
            case 0:
                outbox[here : here + 1] = bytes([generator.randrange(256)])
            case 1:
                del outbox[here : here + generator.randrange(1, 9)]
            case 2:
                outbox[here:here] = generator.choice(HONEST)[: generator.randrange(20)]
            case _:
                outbox[here:here] = generator.choice(
                    (b"9", b"-", b"[", b"}", b'"', b"\\ud800", b"\xf5", b"null", b"1e999", b",")
                )
    at = size = None
    if generator.random() < 0.2:
        at = generator.choice(EDGES) if generator.random() < 0.7 else generator.getrandbits(32)
    if generator.random() < 0.2:
        size = generator.choice(EDGES) if generator.random() < 0.7 else generator.getrandbits(32)
    act = generator.choice((TRAP, GROW, OUTSIDE, DIVIDE, JUMP)) if generator.random() < 0.05 else 0
    return bytes(outbox), at, size, act


def tell_lies(engine: Engine, count: int, seed: int) -> dict[str, int]:
    """Count the outcomes; anything but a Step, GuestError or LimitError goes through."""
    generator = random.Random(seed)
    outcomes = dict.fromkeys(("believed", "refused"), 0)
    for _ in range(count):
        outbox, at, size, act = lie(generator)
        try:
            step = say(engine, outbox, at=at, size=size, act=act)
        except (GuestError, LimitError):
            outcomes["refused"] += 1
            continue
        outcomes["believed"] += 1
        assert step.state in ("waiting", "done", "failed")
        assert (step.error is not None) == (step.state == "failed")
        ids = [call.id for call in step.calls]
        assert ids == sorted(set(ids))
        assert all(each > 0 for each in ids)
    return outcomes


def test_generated_lies(liar: Engine) -> None:
    outcomes = tell_lies(liar, 3_000, seed=1)
    assert outcomes["believed"] > 300
    assert outcomes["refused"] > 1_000


@pytest.mark.slow
def test_a_hundred_thousand_lies(liar: Engine) -> None:
    outcomes = tell_lies(liar, 100_000, seed=2)
    assert sum(outcomes.values()) == 100_000
