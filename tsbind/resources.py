"""Finds what is not Python: grammars, templates, and the files that the build makes.

In a checkout (and an editable install) `grammars/`, `templates/` and `specs/` lie beside the
package; a wheel maps them into `tsbind/_data`.  The files that the build makes (`guest.wasm`,
`swc.wasm`, tokenizer ranks) lie in `tsbind/_data` in both.  No other module knows where anything
is.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from tsbind.errors import BuildError

PACKAGE = Path(__file__).parent
_DATA = PACKAGE / "_data"


@cache
def _folder(kind: str) -> Path:
    # A checkout wins: an editable install leaves stale copies in site-packages.
    beside = PACKAGE.parent / kind
    return beside if (PACKAGE.parent / "pyproject.toml").is_file() else _DATA / kind


def grammar(name: str) -> str:
    """Return the text of `grammars/NAME.lark`."""
    return (_folder("grammars") / f"{name}.lark").read_text("utf-8")


def templates() -> Path:
    """Return the folder of jinja2 templates."""
    return _folder("templates")


def specs() -> Path:
    """Return the folder of small documents, the demo's among them."""
    return _folder("specs")


def artefact(name: str) -> Path:
    """Return the path of a file that the build makes, e.g. `guest.wasm`.

    Raises BuildError when it is absent, which only happens in a checkout that was never built.
    """
    path = _DATA / name
    if not path.is_file():
        raise BuildError(
            f'the build has not made "{name}"',
            fix="run `python -m pip install -e .` in the checkout, which builds it",
            code="not-built",
        )
    return path


def artefact_folder() -> Path:
    """Return the folder that the build writes into."""
    return _DATA
