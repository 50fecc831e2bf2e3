"""The guest's malloc, seen from programs: what is given back can be had again, whole."""

from __future__ import annotations

import msgspec
import pytest

from tsbind.errors import LimitError
from tsbind.runtime.engine import Engine
from tsbind.runtime.isolate import Isolate
from tsbind.runtime.limits import MIB, Limits
from tsbind.runtime.messages import Start


def value_of(source: str, *, memory: int = 64 * MIB) -> object:
    with Isolate(Engine.default(), Limits(memory=memory, cpu=60.0)) as isolate:
        step = isolate.start(Start(source=source, table="\n", now=0.0, seed=1))
        assert step.value is not None, step.error
        return msgspec.json.decode(step.value)


def test_blocks_never_overlap() -> None:
    source = """
        const live = new Map();
        let wrong = 0;
        for (let i = 0; i < 20000; i++) {
            const key = Math.floor(Math.random() * 300), old = live.get(key);
            if (old) wrong += old.bytes.findIndex((b) => b !== old.mark) !== -1;
            const size = Math.floor(2 ** (Math.random() * 15)), mark = i % 251;
            live.set(key, { mark, bytes: new Uint8Array(size).fill(mark) });
        }
        for (const { mark, bytes } of live.values()) wrong += bytes.some((b) => b !== mark);
        wrong
    """
    assert value_of(source) == 0


@pytest.mark.parametrize("size", [40, 700, 5000, 100_000])
def test_what_small_blocks_gave_back_serves_large_ones(size: int) -> None:
    source = f"""
        const total = 24 << 20, size = {size};
        for (let round = 0; round < 3; round++) {{
            let small = Array.from({{ length: total / (size + 100) }}, () => new ArrayBuffer(size));
            small = null;
            let large = new ArrayBuffer(total);
            large = null;
        }}
        "done"
    """
    assert value_of(source) == "done"


def test_a_text_grows_to_nearly_all_of_the_memory() -> None:
    source = """
        const pieces = [];
        for (let i = 0; i < 28; i++) pieces.push(String(i % 10).repeat(1 << 20));
        pieces.join("").length
    """
    assert value_of(source) == 28 << 20


def test_what_does_not_fit_is_a_limit() -> None:
    with pytest.raises(LimitError, match="memory"):
        value_of("new Array(1e8).fill(0).map((_, i) => [i])", memory=8 * MIB)
