"""JSON (RFC 8259) with duplicate keys refused, and positions found when something is wrong."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator

import jiter

from tsbind.bundle import Json
from tsbind.errors import Location, SpecError
from tsbind.spec.source import MAX_DEPTH, Lines, Source, line_column

_STRING = rb'"(?:[^"\\]++|\\.)*+"?'  # possessive: linear on any input, closed or not
_TOKEN = re.compile(_STRING + rb"|[{}\[\]]", re.DOTALL)
_STRINGS = re.compile(_STRING, re.DOTALL)
_MEMBER = re.compile(rb'[\s,]*("(?:[^"\\]++|\\.)*+")\s*:\s*', re.DOTALL)
_ITEM = re.compile(rb"[\s,]*")
_SCALAR = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[^\s,\]}]+', re.DOTALL)
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
    return data.count(b",") + data.count(b"{") + data.count(b"[")


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
    index = JsonPlaces(source.data)
    first: dict[str, int] = {}
    for key, at, _ in index.children(index.enclosing(end)):
        if key in first:
            where = Location(source.name, *index.place(at))
            return duplicate_key(key, where, index.place(first[key])[0])
        first[key] = at
    raise AssertionError("the parser saw a duplicate key that is not there")


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


class JsonPlaces:
    """Where each value of a JSON text starts.

    One pass pairs the brackets; after that any value is found by hopping over its elder siblings.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._lines = Lines(data)
        self._ends: dict[int, int] = {}
        self._children: dict[int, dict[str, tuple[int, int]]] = {}
        stack: list[int] = []
        for match in _TOKEN.finditer(data):
            char = data[match.start()]
            if char in b"{[":
                stack.append(match.start())
            elif char in b"}]" and stack:
                self._ends[stack.pop()] = match.end()

    def place(self, offset: int) -> tuple[int, int]:
        """Return the line and column of a byte offset."""
        return self._lines.place(offset)

    def enclosing(self, offset: int) -> int:
        """Return where the innermost object or list around `offset` starts."""
        stack: list[int] = []
        for match in _TOKEN.finditer(self._data, 0, offset):
            char = self._data[match.start()]
            if char in b"{[":
                stack.append(match.start())
            elif char in b"}]":
                stack.pop()
        return stack[-1]

    def children(self, start: int) -> Iterator[tuple[str, int, int]]:
        """Yield key, offset of the key, and offset of the value; a list's keys are its indices."""
        data, position, count = self._data, start + 1, 0
        keyed = data[start : start + 1] == b"{"
        while True:
            match = (_MEMBER if keyed else _ITEM).match(data, position)
            if match is None or data[match.end() : match.end() + 1] in (b"", b"]", b"}"):
                return
            at = match.start(1) if keyed else match.end()
            yield (_key(match[1]) if keyed else str(count)), at, match.end()
            following = self._after(match.end())
            if following is None:
                return
            position, count = following, count + 1

    def _after(self, start: int) -> int | None:
        """Return where the value at `start` ends; None when the text ends inside it."""
        if self._data[start] in b"{[":
            return self._ends.get(start)
        match = _SCALAR.match(self._data, start)
        return match.end() if match else None

    def find(self, tokens: list[str]) -> tuple[int, int]:
        """Return line and column of the key, or list item, that `tokens` leads to."""
        start = shown = len(self._data) - len(self._data.lstrip())
        for token in tokens:
            if start not in self._ends:
                break
            table = self._children.get(start)
            if table is None:
                table = {key: (at, value) for key, at, value in self.children(start)}
                self._children[start] = table
            if token not in table:
                break
            shown, start = table[token]
        return self.place(shown)
