"""Make a result fit a number of tokens: cut by structure, so that it stays JSON and says what went.

Long arrays keep their first items, objects their first fields, texts their first characters.  In
the place of what was left out stands a text that counts it and names where it goes on:

    {"rows": [{"id": 1}, {"id": 2}, "… 498 more of 500 items: /rows from 2"]}

The place is a JSON Pointer (RFC 6901) and a start, which `fit` takes in turn to read on.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Final, Literal

import msgspec

from tsbind.bundle import Json
from tsbind.errors import LimitError, ResultError

Kind = Literal["items", "fields", "characters", "levels"]
_DEEPEST: Final = 60  # levels that are shown at most
_CHARACTERS: Final = 16  # of a text that are kept for each item that an array keeps
_DENSEST: Final = 16  # characters that a token may stand for; a longer text is not even counted
_MORE: Final = "…"


class Gap(msgspec.Struct, frozen=True):
    """What was left out of one array, object or text."""

    path: str  # JSON Pointer
    kind: Kind
    kept: int
    total: int
    start: int = 0  # of those before it, which were not asked for

    def __str__(self) -> str:
        end = self.start + self.kept
        left = self.total - end
        return f"{_MORE} {left} more of {self.total} {self.kind}: {self.path or '/'} from {end}"


class Fitted(msgspec.Struct, frozen=True):
    """A value that fits, and what is missing from it."""

    value: Json
    tokens: int
    gaps: tuple[Gap, ...]


def fit(
    value: Json, allowed: int, count: Callable[[str], int], *, path: str = "", start: int = 0
) -> Fitted:
    """Return as much of `value` as `allowed` tokens hold, counted in its JSON by `count`.

    Of the part that the JSON Pointer `path` names, from its item, field or character `start` on.
    Raises ResultError when there is no such part, LimitError when not even a gap fits.
    """
    part = _from(_part(value, path), start, path)

    def attempt(width: int) -> Fitted | None:
        cut = _Cut(width)
        shown = cut.shown(part, path, start, 0)
        text = msgspec.json.encode(shown).decode()
        if len(text) > allowed * _DENSEST:
            return None
        tokens = count(text)
        return Fitted(shown, tokens, tuple(cut.gaps)) if tokens <= allowed else None

    return _widest(attempt, _widest_of(part), allowed)


def _widest(attempt: Callable[[int], Fitted | None], most: int, allowed: int) -> Fitted:
    """Return the attempt that fits with the greatest width, as far as wider ones take more."""
    whole = attempt(most)
    if whole is not None:
        return whole
    best, low, high = attempt(0), 0, most
    if best is None:
        raise LimitError("result_tokens", used=allowed + 1, allowed=allowed, unit="tokens")
    while low + 1 < high:
        middle = (low + high) // 2
        found = attempt(middle)
        if found is None:
            high = middle
        else:
            best, low = found, middle
    return best


class _Cut:
    """One way to cut: how many items, fields and characters each part keeps."""

    def __init__(self, width: int) -> None:
        self._items = width
        self._fields = width * 2
        self._characters = width * _CHARACTERS
        self._levels = min(width * 4, _DEEPEST)
        self.gaps: list[Gap] = []

    def shown(self, value: Json, path: str, start: int, level: int) -> Json:
        match value:
            case str() if len(value) > self._characters:
                gap = self._gap(path, "characters", self._characters, len(value), start)
                return f"{value[: self._characters]}{gap}"
            case list() | dict() if value and level >= self._levels:
                kind: Kind = "items" if isinstance(value, list) else "fields"
                return self._gap(path, kind, 0, len(value), start)
            case list():
                return self._list(value, path, start, level)
            case dict():
                return self._record(value, path, start, level)
            case _:
                return value

    def _list(self, value: list[Json], path: str, start: int, level: int) -> list[Json]:
        kept = [
            self.shown(item, f"{path}/{start + index}", 0, level + 1)
            for index, item in enumerate(value[: self._items])
        ]
        if len(kept) < len(value):
            kept.append(self._gap(path, "items", len(kept), len(value), start))
        return kept

    def _record(self, value: dict[str, Json], path: str, start: int, level: int) -> Json:
        kept = {
            name: self.shown(item, f"{path}/{_escaped(name)}", 0, level + 1)
            for name, item in islice(value.items(), self._fields)
        }
        if len(kept) < len(value):
            mark = _MORE
            while mark in value:
                mark += _MORE
            kept[mark] = self._gap(path, "fields", len(kept), len(value), start)
        return kept

    def _gap(self, path: str, kind: Kind, kept: int, size: int, start: int) -> str:
        self.gaps.append(Gap(path, kind, kept, start + size, start))
        return str(self.gaps[-1])


def _widest_of(value: Json) -> int:
    """Return a width at which nothing but what is nested too deeply is cut."""
    widest, pending = _DEEPEST, [value]
    while pending:
        match pending.pop():
            case str(text):
                widest = max(widest, len(text) // _CHARACTERS + 1)
            case list(items):
                widest = max(widest, len(items))
                pending += items
            case dict(fields):
                widest = max(widest, len(fields))
                pending += fields.values()
    return widest


def _from(part: Json, start: int, path: str) -> Json:
    match part:
        case str() | list() if 0 <= start <= len(part):
            return part[start:]
        case dict() if 0 <= start <= len(part):
            return dict(islice(part.items(), start, None))
        case _ if start == 0:
            return part
    raise ResultError(f'"{path or "/"}" of the result has nothing from {start} on', code="no-part")


def _part(value: Json, path: str) -> Json:
    """Return what a JSON Pointer names; "/" is the whole, as "" is, unless it names a part."""
    if path == "/" and not (isinstance(value, dict) and "" in value):
        return value
    for token in path.removeprefix("/").split("/") if path else ():
        name = token.replace("~1", "/").replace("~0", "~")
        match value:
            case dict() if name in value:
                value = value[name]
            case list() if name.isascii() and name.isdigit() and int(name[:9]) < len(value):
                value = value[int(name[:9])]
            case _:
                raise ResultError(f'the result has no "{path}"', code="no-part")
    return value


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
