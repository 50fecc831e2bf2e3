"""The compile order, written once.  Start reading here.

A document is loaded, lowered to an `Api`, narrowed to what was asked for, fitted to a budget,
made smaller by the passes, and printed; the result is a `Bundle` and what goes beside it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, NamedTuple, Protocol, TypeVar

import msgspec

from tsbind.bundle import Bundle, Json, fingerprint
from tsbind.cache import Cache, key_of
from tsbind.emit.catalog import print_catalog
from tsbind.emit.jsonschema import any_schema, print_calls, print_schemas
from tsbind.emit.python import print_stubs
from tsbind.emit.search import Entry, entries, print_index
from tsbind.emit.typescript import print_declarations, print_pieces
from tsbind.errors import Diagnostic, SpecError
from tsbind.ir.api import Api
from tsbind.ir.check import check as check_api
from tsbind.lower import lower
from tsbind.lower.schema import is_wide
from tsbind.lower.words import singular, words
from tsbind.meter import DEFAULT, counts, tokenizer
from tsbind.passes import AGAIN, PLAIN, PROSE, SHARING, Docs, Pass
from tsbind.passes.strip_docs import strip_docs
from tsbind.select.budget import Fit, fit
from tsbind.select.query import select
from tsbind.spec.collector import collector_paused
from tsbind.spec.document import Document
from tsbind.spec.load import load
from tsbind.spec.source import LoadLimits, read_bytes

_T = TypeVar("_T")


class Options(msgspec.Struct, frozen=True):
    """What is wanted of a document."""

    docs: Docs = "none"
    select: str | None = None  # a query over operations; None: all
    # Tokens of the declarations, counted with `tokenizer`.
    budget: Annotated[int, msgspec.Meta(ge=1)] | None = None
    tokenizer: str = DEFAULT
    name: str = ""  # of the document in messages, and of the stub class; "": its own
    allow_refs: tuple[str, ...] = ()  # hosts and folders from which parts may be read
    secrets: tuple[str, ...] = ()  # parameters that are credentials: `query.api_key`
    limits: LoadLimits = LoadLimits()

    def __post_init__(self) -> None:
        for field in msgspec.structs.fields(Options):
            try:
                msgspec.convert(getattr(self, field.name), field.type)
            except msgspec.ValidationError as error:
                raise TypeError(f"Options.{field.name}: {error}") from None


class Compiled(msgspec.Struct, frozen=True):
    """What comes of a document."""

    bundle: Bundle
    stubs: str  # a Python module
    diagnostics: tuple[Diagnostic, ...]
    types: int  # named types in the declarations
    fit: Fit | None  # None: no budget was asked for
    document: Json  # the whole document, normalised; None when this comes from a cache

    @property
    def declarations(self) -> str:
        """The TypeScript module that a model is shown."""
        return self.bundle.declarations


class Survey(msgspec.Struct, frozen=True):
    """A document's declarations at each level of prose."""

    bundle: Bundle  # without declarations and index
    declarations: Mapping[Docs, str]
    document: Json  # as in `Compiled`


class Beside(Protocol):
    """Has work done while this process goes on.

    Who does it is known by a `name`: what knew nothing of this process since its first work must
    be told the rest, so that later `work` of that name has to be something that can be pickled.
    """

    def __call__(self, name: str, work: Callable[[], _T], /) -> Callable[[], _T]:
        """Begin `work`; call the result to wait for its outcome."""
        ...


def here(name: str, work: Callable[[], _T]) -> Callable[[], _T]:
    """Do `work` at once: what is `Beside` where nobody else is."""
    outcome = work()
    return lambda: outcome


def compile(
    source: bytes | Path | str,
    options: Options | None = None,
    *,
    cache: Cache | None = None,
    beside: Beside = here,
) -> Compiled:
    """Turn an OpenAPI document into a Bundle, declarations and stubs.

    `source` is as in `tsbind.spec.load.load`.  Parts that cannot be compiled are left out and
    reported as Diagnostics.  Raises SpecError when nothing can be, SelectionError and BudgetError
    when what is left is not what was asked for.  With a `cache`, what was compiled before from the
    same bytes is taken from there, without its `document`.  What can be done `beside` the rest is
    given to it.
    """
    options = _given(options)
    key = cache_key(source, options) if cache else ""
    kept = cache.get(key, Compiled) if cache and key else None
    if kept is not None:
        return kept
    document, compiled = compile_anew(source, options, beside)
    if cache and key and document.settled:
        cache.put(key, msgspec.structs.replace(compiled, document=None), document.read)
    return compiled


def _given(options: Options | None) -> Options:
    if options is None:
        return Options()
    if not isinstance(options, Options):
        raise TypeError(f"options are given as Options(…), not as {type(options).__name__}")
    return options


def cache_key(source: bytes | Path | str, options: Options) -> str:
    """Return what an outcome is kept under; "" for one that more than bytes decides.

    The bytes of files are no part of it: the cache compares those with the files themselves.
    """
    if str(source) == "-" or ":" in options.tokenizer:  # standard input; somebody's own function
        return ""
    if isinstance(source, bytes):
        return key_of("bytes", hashlib.sha256(source).hexdigest(), options)
    return key_of("file", str(source), str(Path(source).resolve()), options)


def compile_anew(
    source: bytes | Path | str, options: Options, beside: Beside = here
) -> tuple[Document, Compiled]:
    """Compile from the start."""
    with collector_paused():
        document, api, diagnostics = read(source, options)
        bundle = bundle_of(api)
        stubs = beside("stubs", partial(print_stubs, api, bundle.fingerprint))
        plain = through(api, (strip_docs, *PLAIN))
        index = beside(
            "tokens", partial(index_of, entries(api), *print_pieces(plain), options.tokenizer)
        )
        shown = declare(api, plain, options, bundle.fingerprint)
        bundle = msgspec.structs.replace(
            bundle, declarations=shown.text, whole=shown.whole, index=msgspec.Raw(index())
        )
    return document, Compiled(bundle, stubs(), diagnostics, shown.types, shown.fit, document.root)


def read(
    source: bytes | Path | str, options: Options
) -> tuple[Document, Api, tuple[Diagnostic, ...]]:
    """Return the document, its Api as far as it was asked for, and what is wrong with it."""
    document = load(
        source, name=options.name or None, limits=options.limits, allow_refs=options.allow_refs
    )
    whole, lost = lower(document, options.secrets)
    diagnostics = (*document.diagnostics, *lost)
    check_api(whole)
    if not whole.operations:
        raise nothing_left(document, diagnostics)
    api = whole if options.select is None else _as_wide(select(whole, options.select))
    return document, api, diagnostics


def _as_wide(part: Api) -> Api:
    """Say of a part whether it, too, has integers that may lie beyond 2^53."""
    if not part.wide:
        return part
    return msgspec.structs.replace(part, wide=any_schema(part, is_wide))


def bundle_of(api: Api) -> Bundle:
    """Return the Bundle of an Api that was not printed yet."""
    calls, schemas = print_calls(api), print_schemas(api)
    return Bundle(
        title=api.title,
        version=api.version,
        declarations="",
        calls=calls,
        schemas=schemas,
        schemes=api.schemes,
        servers=api.servers,
        doc=api.doc,
        namespaces=api.namespaces,
        fingerprint=fingerprint(calls, schemas),
    )


def survey(source: bytes | Path | str, options: Options | None = None) -> Survey:
    """Print the declarations of a document at every level of prose, and nothing else of it.

    Raises what `compile` raises.
    """
    options = _given(options)
    with collector_paused():
        document, api, _ = read(source, options)
        plain = through(api, (strip_docs, *PLAIN))
        bundle = bundle_of(api)
        declared = {
            level: declare(
                api, plain, msgspec.structs.replace(options, docs=level), bundle.fingerprint
            ).text
            for level in PROSE
        }
    return Survey(bundle, declared, document.root)


def check(
    source: bytes | Path | str, options: Options | None = None, *, full: bool = False
) -> tuple[Diagnostic, ...]:
    """Return what is wrong with a document: what keeps it from compiling, then the standard.

    `full` adds the findings of openapi-spec-validator, which takes far longer.  Raises SpecError
    when the document cannot be read at all.
    """
    from tsbind.spec.check import check as check_document  # late: compiling needs no validator

    options = _given(options)
    with collector_paused():
        document = load(
            source, name=options.name or None, limits=options.limits, allow_refs=options.allow_refs
        )
        lost = lower(document)[1]
        return (*document.diagnostics, *lost, *check_document(document, full=full))


def examples(source: bytes | Path | str, options: Options | None = None) -> dict[str, Json]:
    """Return the replies that a document gives as examples, by method and path: `GET /pets`.

    Raises SpecError when the document cannot be read.
    """
    from tsbind.spec.examples import reply_examples  # late: compiling has no use for them

    options = _given(options)
    with collector_paused():
        return reply_examples(
            load(
                source,
                name=options.name or None,
                limits=options.limits,
                allow_refs=options.allow_refs,
            )
        )


def result_schema(text: str, declarations: str = "") -> dict[str, Json]:
    """Return the JSON Schema of a TypeScript type, which may name those of `declarations`.

    Raises SpecError when it cannot be read, or names a type that is not declared.
    """
    from tsbind.emit.result_type import result_schema as schema_of  # late: it brings a parser

    return schema_of(text, declarations)


def through(api: Api, steps: Iterable[Pass]) -> Api:
    """Run passes one after the other."""
    for step in steps:
        api = step(api)
    return api


class Declared(NamedTuple):
    """What a model is shown."""

    text: str
    types: int  # how many it names
    fit: Fit | None = None  # None: no budget was asked for
    whole: str = ""  # what it would be without a budget; "": that same text


def declare(api: Api, plain: Api, options: Options, mark: str) -> Declared:
    """Return the declarations, cut to the budget if there is one.

    `plain` is what the first half of the passes makes of `api` without prose.  `mark` is the
    fingerprint for the last line.  When nothing else fits the budget, the declarations are the
    catalog's introduction.
    """
    told = plain if options.docs == "none" else through(api, (*PROSE[options.docs], *PLAIN))
    budget = options.budget
    if budget is None:
        small = through(told, SHARING)
        return Declared(print_declarations(small, fingerprint=mark), len(small.types))
    count = tokenizer(options.tokenizer).count
    # By identity of what was measured: a live Api's entry is its own, for it came last.
    printed: dict[int, Declared] = {}

    def measure(candidate: Api) -> int:
        fewer = len(candidate.operations) < len(told.operations)
        small = through(_as_wide(candidate) if fewer else candidate, (*AGAIN, *SHARING))
        text = print_declarations(small, fingerprint=mark, shortened=candidate is not told)
        printed[id(candidate)] = Declared(text, len(small.types))
        return count(text)

    def introduce(candidate: Api) -> int:
        introductions.append(print_catalog(candidate, count, limit=budget))
        return count(introductions[-1])

    introductions: list[str] = []
    fitting, fitted = fit(told, budget, measure, introduce)
    shown = Declared(introductions[0], 0) if fitted.catalog else printed[id(fitting)]
    return shown._replace(fit=fitted, whole=printed[id(told)].text if fitted.given_up else "")


def index_of(
    listed: Sequence[Entry], operations: Mapping[str, str], types: Mapping[str, str], name: str
) -> bytes:
    """Return the search index as JSON, with its pieces counted by the tokenizer called `name`."""
    tokens = counts(tokenizer(name), [*operations.values(), *types.values()])
    return msgspec.json.encode(print_index(listed, operations, types, tokens))


def nothing_left(document: Document, diagnostics: tuple[Diagnostic, ...]) -> SpecError:
    """Say why a document that can be read gives no operation at all."""
    lost = [diagnostic for diagnostic in diagnostics if diagnostic.operation]
    if lost:
        first = lost[0]
        return SpecError(
            f"none of its operations can be compiled; the first: {first.what}",
            where=first.where,
            fix=first.fix,
            code=first.code,
        )
    from tsbind.spec.parts import referrer  # late: for what is refused

    whole = referrer(document.sources[""].origin)
    held = held_by(document)
    return SpecError(
        f"it has no operations{f', only {held}' if held else ''}",
        where=document.locate("/paths"),
        fix=f'give "{whole}", which refers to it'
        if whole
        else "programs need operations: give it `paths`, or name the document that has them",
        code="no-operations",
    )


def held_by(document: Document) -> str:
    """Say what a document without operations holds: "2 webhooks, 14 schemas"."""
    components = document.root.get("components", {})
    tables = {"webhooks": document.root.get("webhooks"), **components}
    counts = [
        (len(table), " ".join(words(kind)).lower())
        for kind, table in tables.items()
        if isinstance(table, dict) and table and not kind.startswith("x-")
    ]
    return ", ".join(f"{count:,} {kind if count > 1 else singular(kind)}" for count, kind in counts)


__all__ = [
    "Compiled",
    "LoadLimits",
    "Options",
    "Survey",
    "check",
    "compile",
    "examples",
    "read_bytes",
    "survey",
]
