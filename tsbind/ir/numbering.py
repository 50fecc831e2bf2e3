"""Tells names apart by numbers, however many want the same one."""

from __future__ import annotations

from collections.abc import Container


def numbered(name: str, taken: Container[str]) -> str:
    """Return `name` with a number, from 2, that makes it unlike all `taken` ones.

    Where numbers were given out in order it is the next one, found by doubling and halving, since
    a document may give one name to everything in it.

    >>> numbered("room", {"room", "room2", "room3"}), numbered("room_", {"room"})
    ('room4', 'room_2')
    """
    low, high = 1, 2
    while f"{name}{high}" in taken:
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        if f"{name}{middle}" in taken:
            low = middle
        else:
            high = middle
    return f"{name}{high}"
