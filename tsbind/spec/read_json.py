"""JSON (RFC 8259) with duplicate keys refused, and positions found when something is wrong."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import jiter
import msgspec

from tsbind.bundle import Json
from tsbind.errors import Location, SpecError
from tsbind.spec.source import MAX_DEPTH, Lines, Source, line_column

_STRING = rb'"(?:[^"\\]++|\\.)*+"?'  # possessive: linear on any input, closed or not
_TOKEN = re.compile(_STRING + rb"|[{}\[\]]", re.DOTALL)
_STRINGS = re.compile(_STRING, re.DOTALL)
_MEMBER = re.compile(rb'[\s,]*("(?:[^"\\]++|\\.)*+")\s*:\s*', re.DOTALL)
_ITEM = re.compile(rb"[\s,]*")
_SOLID = re.compile(rb"\S|\Z")
_COLON = re.compile(rb"\s*:")
_QUOTE = ord('"')
_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ITEMS = msgspec.json.Decoder(list[msgspec.Raw])
# To look for numbers beyond a double at the speed of a search for a constant, every digit is read
# as 0 and the sign of exponents is dropped: "e000" after a number, or 300 digits, may be one.
_DIGITS = bytes.maketrans(b"123456789E", b"000000000e")
_LONG, _POWER = b"0" * 300, re.compile(rb"0e000+(?=[\s,\]}]|\Z)")
_NUMBER_BEFORE = re.compile(rb"(?:^|[\s:\[,])-?[0.]+\Z")
_FAULT = re.compile(r"(.*) at line (\d+) column (\d+)", re.DOTALL)


def parse_json(source: Source, nodes: int) -> tuple[Json, int]:
    """Parse the text; return its value and how many values it has, or a few more.

    Raises SpecError with the place of anything that RFC 8259 does not allow.

    Stricter than the RFC, which lets a reader choose: duplicate keys, numbers beyond a double,
    unpaired surrogates, more than `nodes` values and more than MAX_DEPTH levels are refused.
    """
    count = _count(source, nodes)
    try:
        value = jiter.from_json(source.data, allow_inf_nan=False, catch_duplicate_keys=True)
    except ValueError as error:
        raise _located(source, str(error)) from None
    if _may_overflow(source.data) and _has_infinity(value):
        _check_finite(source, value)
    return value, count


def _count(source: Source, nodes: int) -> int:
    """Count the values, to refuse too many before they take any memory."""
    count = _separators(source.data)
    if count >= nodes:  # some may stand in strings
        count -= sum(_separators(text[0]) for text in _STRINGS.finditer(source.data))
    if count >= nodes:
        raise SpecError(
            f"has more than {nodes:,} values",
            where=source.name,
            fix="split the document, or raise the limit: --max-values N, LoadLimits(nodes=N)",
            code="too-large",
        )
    return count + 1


def _separators(data: bytes) -> int:
    return len(data) - len(data.translate(None, b",{["))


def _may_overflow(data: bytes) -> bool:
    """Whether a number of the text may be infinite as a double; strings may look like one."""
    plain = data.translate(_DIGITS, b"+")
    return _LONG in plain or any(
        _NUMBER_BEFORE.search(plain[max(0, match.start() - 310) : match.start() + 1])
        for match in _POWER.finditer(plain)
    )


def _has_infinity(value: Json) -> bool:
    pending = [value]
    while pending:
        node = pending.pop()
        if type(node) is dict:
            pending += node.values()
        elif type(node) is list:
            pending += node
        elif type(node) is float and not math.isfinite(node):
            return True
    return False


def _check_finite(source: Source, value: Json) -> None:
    pending: list[tuple[list[str], Json]] = [([], value)]
    while pending:
        tokens, node = pending.pop()
        if isinstance(node, float) and not math.isfinite(node):
            raise SpecError(
                "a number is too large for a double",
                where=source.locate(tokens),
                fix="write a smaller number, or a string",
                code="number",
            )
        if isinstance(node, dict):
            pending += [([*tokens, key], child) for key, child in node.items()]
        elif isinstance(node, list):
            pending += [([*tokens, str(i)], child) for i, child in enumerate(node)]


def _located(source: Source, text: str) -> SpecError:
    match = _FAULT.fullmatch(text)
    fault, line, column = (match[1], int(match[2]), int(match[3])) if match else (text, 0, 0)
    if fault.startswith("Detected duplicate key"):
        return _duplicate(source, _offset(source.data, line, column))
    where = Location(source.name, *line_column(source.data, _offset(source.data, line, column)))
    if fault.startswith("recursion limit"):
        return too_deep(where)
    if fault.startswith("EOF"):
        return SpecError(
            f"the text ends too early: {fault}",
            where=where,
            fix="the document was cut off; get it again",
            code="truncated",
        )
    return SpecError(
        f"is not valid JSON: {fault}", where=where, fix="correct the text there", code="syntax"
    )


def too_deep(where: Location) -> SpecError:
    """The error for a value nested deeper than MAX_DEPTH."""
    return SpecError(
        f"is nested more than {MAX_DEPTH} levels deep",
        where=where,
        fix="name the inner parts and refer to them with $ref",
        code="too-deep",
    )


def _offset(data: bytes, line: int, column: int) -> int:
    """Return the byte offset of what jiter calls `line` and `column` (in bytes, from 1)."""
    start = 0
    for _ in range(line - 1):
        start = data.find(b"\n", start) + 1
    return min(start + max(column - 1, 0), len(data))


def _duplicate(source: Source, end: int) -> SpecError:
    """Build the error for the key that ends just before `end`, naming both of its lines."""
    first: dict[str, int] = {}
    for key, at in _keys(source.data, _enclosing(source.data, end)):
        if key in first:
            where = Location(source.name, *line_column(source.data, at))
            return duplicate_key(key, where, line_column(source.data, first[key])[0])
        first[key] = at
    raise AssertionError("the parser saw a duplicate key that is not there")


def _enclosing(data: bytes, offset: int) -> int:
    """Return where the innermost object or list around `offset` starts."""
    stack: list[int] = []
    for match in _TOKEN.finditer(data, 0, offset):
        char = data[match.start()]
        if char in b"{[":
            stack.append(match.start())
        elif char in b"}]":
            stack.pop()
    return stack[-1]


def _keys(data: bytes, start: int) -> Iterator[tuple[str, int]]:
    """Yield the keys of the object at `start`, with their offsets, as far as it is well-formed."""
    depth = 0
    for match in _TOKEN.finditer(data, start):
        char = data[match.start()]
        depth += (char in b"{[") - (char in b"}]")
        if not depth:
            return
        if depth == 1 and char == _QUOTE and _COLON.match(data, match.end()):
            yield _key(match[0]), match.start()


def duplicate_key(key: str, where: Location, earlier: int) -> SpecError:
    """The error for a key that an object already has since line `earlier`."""
    shown = key if len(key) <= 80 else key[:77] + "..."
    return SpecError(
        f'key "{shown}" is already there on line {earlier}',
        where=where,
        fix="remove or rename one of the two",
        code="duplicate-key",
    )


def _key(literal: bytes) -> str:
    """Return the text of a JSON string, which hardly ever has an escape."""
    return str(json.loads(literal)) if b"\\" in literal else literal[1:-1].decode()


class _Child(NamedTuple):
    """A member of an object, or an item of a list."""

    at: int  # offset of its key, or of the item
    start: int  # offset of its value
    text: msgspec.Raw


class JsonPlaces:
    """Where each value of a JSON text starts.

    Only what lies around a value is looked at, and of its siblings no more than where they end.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._lines = Lines(data)
        self._children: dict[int, Mapping[str, _Child]] = {}

    def find(self, tokens: list[str]) -> tuple[int, int]:
        """Return line and column of the key, or list item, that `tokens` leads to."""
        start = next(_SOLID.finditer(self._data)).start()
        found = _Child(start, start, msgspec.Raw(self._data))
        for token in tokens:
            table = self._children.get(found.start)
            if table is None:
                table = self._children[found.start] = self._table(found)
            if token not in table:
                break
            found = table[token]
        return self._lines.place(found.at)

    def _table(self, parent: _Child) -> Mapping[str, _Child]:
        kind = self._data[parent.start : parent.start + 1]
        if kind == b"{":
            return self._members(parent)
        return self._items(parent) if kind == b"[" else {}

    def _members(self, parent: _Child) -> dict[str, _Child]:
        table: dict[str, _Child] = {}
        position = parent.start + 1
        for key, text in _MEMBERS.decode(parent.text).items():
            match = _MEMBER.match(self._data, position)
            assert match is not None, "the parser saw a member that is not there"
            table[key] = _Child(match.start(1), match.end(), text)
            position = match.end() + memoryview(text).nbytes
        return table

    def _items(self, parent: _Child) -> dict[str, _Child]:
        table: dict[str, _Child] = {}
        position = parent.start + 1
        for index, text in enumerate(_ITEMS.decode(parent.text)):
            match = _ITEM.match(self._data, position)
            assert match is not None, "this matches anything"
            table[str(index)] = _Child(match.end(), match.end(), text)
            position = match.end() + memoryview(text).nbytes
        return table
