"""Whose a file is: what is kept between runs is trusted only where nobody else can write."""

from __future__ import annotations

import os


def only_ours(found: os.stat_result) -> bool:
    """Whether a file or folder belongs to this user, and nobody else can write it.

    Take `found` of the open file or with `lstat`, so that it is what will be read.  Always true on
    Windows, where the profile folder has its own access list.
    """
    if not hasattr(os, "geteuid"):
        return True
    return found.st_uid == os.geteuid() and not found.st_mode & 0o022
