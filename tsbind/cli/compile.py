"""`tsbind compile`: a document in; declarations, stubs and a Bundle out."""

from __future__ import annotations

import hashlib
import keyword
import re
import time
import unicodedata
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import click
import msgspec

from tsbind.cli.files import STDIN, spell, write_together
from tsbind.cli.group import Command
from tsbind.cli.screen import plural, print_json, say, share, show, working, write
from tsbind.cli.source import (
    as_text,
    document_bytes,
    document_options,
    json_option,
    open_source,
)
from tsbind.cli.unswept import unswept

if TYPE_CHECKING:
    from tsbind.cache import Cache
    from tsbind.pipeline import Beside, Compiled, LoadLimits


class _Cost(NamedTuple):
    """Tokens of the document as published, and of the declarations."""

    document: int
    declarations: int


_SHOWN = 20  # diagnostics that a person is shown; `tsbind check` shows them all


@click.command(cls=Command)
@click.argument("spec", metavar="SPEC")
@click.option(
    "-o",
    "--output",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write NAME.d.ts, NAME.py and NAME.bundle.json into this folder.",
)
@click.option("--name", metavar="NAME", help="Name of the files; by default that of SPEC.")
@document_options
@json_option
@unswept()
def command(
    spec: str,
    folder: Path | None,
    name: str | None,
    docs: Literal["none", "brief", "full"],
    selection: str | None,
    budget: int | None,
    allow_refs: tuple[str, ...],
    secrets: tuple[str, ...],
    limits: LoadLimits,
    no_cache: bool,
    json: bool,
) -> None:
    """Turn an OpenAPI document into declarations, stubs and a Bundle.

    SPEC is a file of OpenAPI 2.0, 3.0, 3.1 or 3.2, as JSON or YAML; `-` is standard input.
    Without -o the declarations go to standard output, and what there is to say to standard error.
    """
    from tsbind.cache import Cache
    from tsbind.cli.beside import beside
    from tsbind.pipeline import Options, compile

    start = time.perf_counter()
    options = Options(
        docs=docs,
        select=selection,
        budget=budget,
        name=spell(spec),
        allow_refs=allow_refs,
        secrets=secrets,
        limits=limits,
    )
    cache = None if no_cache else Cache.of_user()
    source = open_source(spec)
    with beside(_size(source)) as other:
        counted = _document_tokens(source, cache, other)  # first: a process starts small
        with working(f"compiling {spell(spec)}"):
            compiled = compile(source, options, cache=cache, beside=other)
            document = counted()
            declared = _text_tokens(compiled.declarations, cache, other)
            name = name or ("" if spec == STDIN else Path(spec).name)
            name = _file_name(name, compiled.bundle.title)
            written = _write(compiled, folder, name) if folder else []
            cost = _Cost(document, declared())
    seconds = time.perf_counter() - start
    if json:
        print_json(_report(compiled, cost, written, seconds))
        return
    tell = show if folder else say
    for line in _summary(compiled, cost, written, seconds):
        tell(line)
    if not folder:
        write(compiled.declarations)


def _size(source: bytes | Path) -> int:
    if isinstance(source, bytes):
        return len(source)
    return source.stat().st_size if source.is_file() else 0


def _document_tokens(source: bytes | Path, cache: Cache | None, other: Beside) -> Callable[[], int]:
    """Have the document counted; call the result for the count."""
    digest = _digest(source) if cache else ""
    return _tokens(digest, partial(_count_document, source), cache, other)


def _text_tokens(text: str, cache: Cache | None, other: Beside) -> Callable[[], int]:
    """Have the declarations counted; call the result for the count."""
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return _tokens(digest, partial(_count_text, text, digest), cache, other)


def _tokens(
    digest: str, count: Callable[[], tuple[int, str]], cache: Cache | None, other: Beside
) -> Callable[[], int]:
    """Have what has this digest counted, unless it was before.

    `count` says of which digest the count is: a file may be another one by then.
    """
    known = cache.get(_key(digest), int) if cache else None
    if known is not None:
        return lambda: known
    counted = other("tokens", count)

    def kept() -> int:
        tokens, of = counted()
        if cache:
            cache.put(_key(of), tokens, {})
        return tokens

    return kept


def _digest(source: bytes | Path) -> str:
    from tsbind.cache import file_digest

    if isinstance(source, bytes):
        return hashlib.sha256(source).hexdigest()
    try:
        return file_digest(str(source))
    except OSError:
        return ""  # compiling will say so


def _count_document(source: bytes | Path) -> tuple[int, str]:
    """Return the tokens of the document, and the digest of what was counted."""
    from tsbind.meter import DEFAULT, tokenizer

    data = document_bytes(source)
    return tokenizer(DEFAULT).count(as_text(data)), hashlib.sha256(data).hexdigest()


def _count_text(text: str, digest: str) -> tuple[int, str]:
    from tsbind.meter import DEFAULT, tokenizer

    return tokenizer(DEFAULT).count(text), digest


def _key(digest: str) -> str:
    """Return what the tokens of a text are kept under: the ranks alone take long to load."""
    from tsbind.cache import key_of
    from tsbind.meter import DEFAULT

    return key_of("tokens", DEFAULT, digest)


def _write(compiled: Compiled, folder: Path, name: str) -> list[str]:
    files = {
        folder / f"{name}.d.ts": compiled.declarations.encode(),
        folder / f"{name}.py": compiled.stubs.encode(),
        # Last: a run holds the declarations beside it against it, and stubs ask for it by name.
        folder / f"{name}.bundle.json": msgspec.json.encode(compiled.bundle),
    }
    write_together(files)
    return [str(path) for path in files]


def _file_name(given: str, title: str) -> str:
    """A name that is also a Python module's: of the file without its endings, else the title."""
    stem = re.sub(r"(\.(json|ya?ml|openapi|swagger))+$", "", given, flags=re.I) or title
    plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
    words = re.sub(r"[^A-Za-z0-9]+", "_", plain).strip("_").lower() or "api"
    if keyword.iskeyword(words):
        return f"{words}_"
    return f"_{words}" if words[0].isdigit() else words


def _report(
    compiled: Compiled, cost: _Cost, written: list[str], seconds: float
) -> dict[str, object]:
    """What `--json` prints; without -o it holds what would have been written."""
    bundle = compiled.bundle
    report: dict[str, object] = {
        "title": bundle.title,
        "version": bundle.version,
        "fingerprint": bundle.fingerprint,
        "operations": len(bundle.calls),
        "types": compiled.types,
        "tokens": {"document": cost.document, "declarations": cost.declarations},
        "fit": compiled.fit,
        "diagnostics": list(compiled.diagnostics),
        "seconds": round(seconds, 3),
    }
    if written:
        return {**report, "files": written}
    outputs = {"declarations": compiled.declarations, "stubs": compiled.stubs, "bundle": bundle}
    return {**report, **outputs}


def _summary(compiled: Compiled, cost: _Cost, written: list[str], seconds: float) -> Iterator[str]:
    bundle = compiled.bundle
    counts = f"{plural(len(bundle.calls), 'operation')}, {plural(compiled.types, 'type')}"
    yield f"{bundle.title} {bundle.version}: {counts}, {seconds:.2f} s"
    yield (
        f"tokens: {cost.document:,} of the document, {cost.declarations:,} of the declarations"
        f" ({share(cost.declarations, cost.document)})"
    )
    yield from _given_up(compiled)
    yield from _skipped(compiled)
    if written:
        yield f"wrote {', '.join(written)}"


def _given_up(compiled: Compiled) -> Iterator[str]:
    fit = compiled.fit
    if fit is not None and fit.catalog:
        yield f"{fit.budget:,} tokens hold no declarations, only a catalog of the API's operations;"
        yield "programs find the rest with api.$search and api.$describe"
        return
    if fit is None or not fit.given_up:
        return
    yield f"to fit {fit.budget:,} tokens it gives up:"
    for loss in fit.given_up:
        named = f": {', '.join(loss.names[:_SHOWN])}" if loss.names else ""
        more = f" and {len(loss.names) - _SHOWN:,} more" if len(loss.names) > _SHOWN else ""
        yield f"  {loss.what}{named}{more}"


def _skipped(compiled: Compiled) -> Iterator[str]:
    lost = [diagnostic for diagnostic in compiled.diagnostics if diagnostic.operation]
    if lost:
        yield f"skipped {plural(len({each.operation for each in lost}), 'operation')}:"
    for diagnostic in lost[:_SHOWN]:
        yield f"  {diagnostic.operation}: {diagnostic}".replace("\n", "\n    ")
    if len(lost) > _SHOWN:
        yield f"  and {len(lost) - _SHOWN:,} more"
    if others := len(compiled.diagnostics) - len(lost):
        yield f"{plural(others, 'other finding')}; see `tsbind check`"
