"""Opens a Bundle, and looks whether the declarations beside it are of the same compile.

`tsbind compile -o` that is killed between two files leaves new declarations beside an old Bundle;
so does a copy of half of them.  A model that reads the ones then calls what the other has not.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from tsbind.bundle import Bundle
from tsbind.cli.screen import say

_BUNDLE, _DECLARATIONS = ".bundle.json", ".d.ts"
_MARK = re.compile(rb"\n// (?:[^\n]* )?([0-9a-f]{12})\s*\Z")  # how declarations end
_LONGEST = 400  # bytes of that


def open_bundle(name: str) -> Bundle:
    """Open the Bundle in a file; warn on standard error of declarations beside it that are not its.

    Raises BundleError.
    """
    bundle = Bundle.open(name)
    path = Path(name)
    if path.name.endswith(_BUNDLE):
        declarations = path.with_name(path.name.removesuffix(_BUNDLE) + _DECLARATIONS)
        marked = _mark(declarations)
        if marked and marked != bundle.fingerprint:
            say(
                f'warning: {declarations} is of the Bundle "{marked}",'
                f' and {name} is "{bundle.fingerprint}"; fix: run `tsbind compile` again'
            )
    return bundle


def _mark(declarations: Path) -> str:
    """Return the fingerprint in the last line; empty when there is none, or no such file."""
    try:
        with declarations.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _LONGEST))
            found = _MARK.search(file.read(_LONGEST))
    except OSError:
        return ""
    return found[1].decode() if found else ""
