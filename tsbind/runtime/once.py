"""Who goes on with a snapshot: whoever claims it first.

A snapshot is bytes, which can be copied, and each copy that is gone on with makes the calls behind
it.  That each call is made once takes a place that all who might go on share, and that keeps what
it is told: a folder (`Claims`), or whatever else the operator has.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

from tsbind.errors import SnapshotError

Once = Callable[[str], bool]
"""Claims the snapshot of that name (64 hexadecimal digits) for ever: True for the first to ask.

Asked right before the run goes on, when nothing is wrong with the snapshot.  In a database it is an
INSERT into a column of unique names that says whether it inserted.
"""


class Claims:
    """Keeps claims as empty files in a folder, which processes and machines may share.

    A claim lasts until its file is deleted: do so to go on with a snapshot again.
    """

    def __init__(self, folder: Path | str) -> None:
        self._folder = Path(folder)

    def __call__(self, name: str) -> bool:
        """Claim a snapshot; raises SnapshotError when that cannot be written down."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            return _create(self._folder / name)
        except OSError as error:
            raise SnapshotError(
                f"it cannot be claimed: {error.strerror}",
                where=str(error.filename or self._folder),
                fix="give a folder that can be written to",
                code="unwritable",
            ) from None


def _create(path: Path) -> bool:
    """Create an empty file, down to the disk; False when it is there."""
    try:
        with path.open("xb") as file:
            os.fsync(file.fileno())
    except FileExistsError:
        return False
    return True


def claim(snapshot: bytes, once: Once | None) -> None:
    """Let nobody else go on with a snapshot; raises SnapshotError when somebody has."""
    if once is not None and not once(hashlib.sha256(snapshot).hexdigest()):
        raise SnapshotError(
            "it was gone on with already",
            fix="go on with what that run saved, or run the program again",
            code="snapshot-used",
        )
