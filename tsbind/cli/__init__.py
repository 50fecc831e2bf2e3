"""The command line: arguments in, text and an exit code out.

Exit codes: 0 done, 1 findings or an error without a code of its own, 2 wrong usage,
130 interrupted, 141 the reader of a pipe went away, 70 a fault of tsbind itself; the others
belong to one error each and stand in `tsbind.errors`.
"""

from __future__ import annotations

from tsbind.cli.group import main

__all__ = ["main"]
