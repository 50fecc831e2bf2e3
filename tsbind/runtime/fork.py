"""Threads do not survive a fork: what a process has one of must be made anew in a child."""

from __future__ import annotations

import os
from collections.abc import Callable


def after_fork(forget: Callable[[], object]) -> None:
    """Call `forget` in every child of this process, before anything else runs there."""
    if hasattr(os, "register_at_fork"):  # not on Windows, which cannot fork
        os.register_at_fork(after_in_child=forget)
