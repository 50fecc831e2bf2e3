"""Ranked search over an API's operations: built when it is compiled, asked while programs run."""

from tsbind.search.find import Finder, Hit
from tsbind.search.index import Entry, Index, Piece, build

__all__ = ["Entry", "Finder", "Hit", "Index", "Piece", "build"]
