"""Finds what is not Python: grammars, templates, and the files that the build makes.

In a checkout (and an editable install) `grammars/`, `templates/` and `specs/` lie beside the
package; a wheel maps them into `tsbind/_data`.  The files that the build makes (`guest.wasm`,
`swc.wasm`, tokenizer ranks) lie in `tsbind/_data` in both.  No other module knows where anything
is.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from tsbind.errors import BuildError

if TYPE_CHECKING:
    from jinja2 import Template

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


@cache
def template(name: str, *, escape: bool) -> Template:
    """Return `templates/NAME.jinja`; `escape` for HTML, whose text Python does not spell."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(templates()),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=escape,
    )
    return environment.get_template(f"{name}.jinja")


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
