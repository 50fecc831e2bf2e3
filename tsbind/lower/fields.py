"""What is known of the fields of a record type."""

from __future__ import annotations

from typing import NamedTuple


class Shape(NamedTuple):
    """The names of a record's fields."""

    names: frozenset[str]
    required: frozenset[str]
    empty: bool  # `{}` is such a record
    open: bool  # further fields of any type are welcome
