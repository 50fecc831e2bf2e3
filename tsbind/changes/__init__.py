"""Tells what a new version of an API changes for the programs that use it."""

from __future__ import annotations

from tsbind.changes.compare import Difference, OperationChange, TypeChange, compare

__all__ = ["Difference", "OperationChange", "TypeChange", "compare"]
