"""`Document`: a whole API description as one tree in one shape, whatever it was written in."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from tsbind.bundle import Json
from tsbind.errors import Diagnostic, Location, Severity, SpecError
from tsbind.spec import pointer as pointers
from tsbind.spec.shapes import METHODS
from tsbind.spec.source import Source

# External files hang below this key of the root, each under its path from the root's folder.
EXTERNAL = "x-tsbind-files"
_MAX_HOPS = 100  # references to references; a longer chain is taken for a cycle


@dataclass(frozen=True)
class Problem:
    """A Diagnostic before its place is looked up; `at` is a pointer into the Document."""

    code: str
    at: str
    what: str
    fix: str = ""
    severity: Severity = "warning"


class Failure(NamedTuple):
    """Why a `$ref` cannot be followed."""

    why: str
    fix: str = ""  # "": the reference itself must be corrected


@dataclass(frozen=True, eq=False)
class Document:
    """A description of an API in the shape of OpenAPI 3.2, with every `$ref` internal.

    What a reader of `root` may rely on, whatever the source said: every field named in
    `shapes.SHAPES` has the container given there and holds objects (a Schema Object may also be
    `true` or `false`); every Schema Object means JSON Schema 2020-12; every `$ref` is `#` and a
    plain pointer, save those that `resolve` refuses.  Below EXTERNAL this holds for what some
    reference of the document leads to.  The tree may share parts between places,
    and must not be changed.
    """

    name: str
    version: str  # as written: "2.0", "3.1.0"
    root: dict[str, Json] = field(repr=False)
    digest: str  # sha256 of the source, its external files included
    files: Mapping[str, str] = field(repr=False)  # each text read: its URL → SHA-256 of its bytes
    size: int  # bytes of the source, its external files included
    sources: Mapping[str, Source] = field(repr=False)  # by mount; "" is the root document
    moved: Mapping[str, str] = field(repr=False)  # pointer in `root` → in the source
    wrapped: Collection[str] = field(repr=False)  # pointers whose `anyOf/0` is what was there
    failed: Mapping[str, Failure] = field(repr=False)  # `$ref`s that could not be followed
    outside: Mapping[str, str] = field(repr=False)  # pointer into an external file → kind of object
    problems: tuple[Problem, ...] = field(default=(), repr=False)

    @cached_property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """What was wrong with parts of the document, in the order of the source."""
        found = {
            Diagnostic(
                code=problem.code,
                where=self.locate(problem.at),
                what=problem.what,
                fix=problem.fix,
                severity=problem.severity,
                operation=_lost(problem),
            ): None
            for problem in self.problems
        }
        return tuple(sorted(found, key=lambda one: (one.where, one.code, one.what)))

    @property
    def read(self) -> dict[str, str]:
        """The local files that this was read from, with the SHA-256 of each."""
        from urllib.request import url2pathname  # late: it brings http and ssl along

        return {
            url2pathname(urlsplit(url).path): digest
            for url, digest in self.files.items()
            if url.startswith("file:")
        }

    @property
    def settled(self) -> bool:
        """Whether nothing but the bytes of `read` decides what this is: no host, no lost file."""
        return not self.failed and all(url.startswith("file:") for url in self.files if url)

    def locate(self, pointer: str) -> Location:
        """Say where the source has what is at `pointer` in `root`, or what is nearest around it."""
        pointer = self._written(pointer)
        tokens = pointers.split(pointer)
        source = self.sources[""]
        if tokens[:1] == [EXTERNAL] and len(tokens) > 1:
            mount = pointers.join(tokens[:2])
            if mount in self.sources:
                source, tokens = self.sources[mount], tokens[2:]
        return source.locate(tokens)

    def _written(self, pointer: str) -> str:
        """Undo the moves of the upgrade, the innermost first, each on a shorter prefix."""
        bound = len(pointer)
        while True:
            for prefix, rest in pointers.prefixes(pointer):
                origin = self._origin(prefix) if len(prefix) <= bound else None
                if origin is not None:
                    pointer, bound = origin + rest, len(origin) - 1
                    break
            else:
                return pointer

    def _origin(self, pointer: str) -> str | None:
        """Return where the source has what moved to `pointer`; None when it did not move."""
        around = pointer.removesuffix("/anyOf/0")
        return around if around != pointer and around in self.wrapped else self.moved.get(pointer)

    def resolve(self, ref: str) -> Json:
        """Return what `ref` (`#/…`) points to, one step: the result may be a reference again.

        Raises SpecError with code `bad-ref` when it points to nothing.
        """
        node: Json = self.root
        if not ref.startswith("#/") and ref != "#":
            failure = self.failed.get(ref) or Failure("it is not understood")
            raise _bad_ref(ref, f"leads nowhere: {failure.why}", failure.fix)
        for token in pointers.split(ref[1:]):
            try:
                node = pointers.step(node, token)
            except KeyError:
                raise _bad_ref(ref, f'leads to nothing: there is no "{token[:80]}"') from None
        return node

    def follow(self, node: Json) -> tuple[Json, str]:
        """Follow `$ref`s from `node` to something that is none.

        Returns it and the last `$ref` passed through, "" when `node` is no reference.  Raises
        SpecError with code `bad-ref`, also for references that only lead to each other.
        """
        last = ""
        for _ in range(_MAX_HOPS):
            ref = node.get("$ref") if isinstance(node, dict) else None
            if not isinstance(ref, str):
                return node, last
            node, last = self.resolve(ref), ref
        raise _bad_ref(last, "leads in a circle")


def _bad_ref(ref: str, why: str, fix: str = "") -> SpecError:
    return SpecError(
        f'$ref "{ref[:200]}" {why}',
        fix=fix or "correct the reference, or add its target",
        code="bad-ref",
    )


def decode(ref: str) -> str:
    """Return the pointer in a fragment: percent-encoding decoded (RFC 3986 §2.1)."""
    return unquote(ref, errors="strict") if "%" in ref else ref


def _lost(problem: Problem) -> str:
    """The operation that is gone when the problem is that it is none: "GET /pets"."""
    match pointers.split(problem.at):
        case ["paths" | "x-ms-paths", path, method] if (
            problem.severity == "error" and method in METHODS
        ):
            return f"{method.upper()} {path}"
        case ["paths" | "x-ms-paths", path, "additionalOperations", method] if (
            problem.severity == "error"
        ):
            return f"{method} {path}"
    return ""
