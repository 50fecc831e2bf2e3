"""Prints the introduction to an API that is too large to be printed: what it is and how to look.

Whatever the API's size the text keeps within a number of tokens.  It says as much about the
namespaces as fits: the names of their operations, or what they are for, or their sizes, or the
sizes of the largest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from tsbind.emit.text import line_comment, plain, quote
from tsbind.emit.typescript import print_pages
from tsbind.errors import BudgetError
from tsbind.ir.api import Api

LIMIT: Final = 1000  # tokens
SENTENCE: Final = 240  # characters of the API's own description
PURPOSE: Final = 80  # characters of a namespace's

_LOOKING: Final = """\
  // the best matching operations as signatures, with the types they need
  $search(a: string | {words: string, limit?: number, tokens?: number}): Promise<string>
  // one operation or type, or all operations of a namespace
  $describe(a: string | {name: string, tokens?: number}): Promise<string>"""


class _Namespace(msgspec.Struct, frozen=True):
    """Operations that share a first name."""

    name: str
    doc: str
    methods: tuple[str, ...]  # what follows the namespace in their dotted names


def print_catalog(api: Api, count: Callable[[str], int], *, limit: int = LIMIT) -> str:
    """Return an introduction of at most `limit` tokens, as `count` counts them.

    Raises BudgetError when not even the fixed part fits.
    """
    spaces = _namespaces(api)
    head = _head(api)
    longest = max((len(each.methods) for each in spaces), default=0)
    explained = 2 * sum(bool(each.doc) for each in spaces) > len(spaces)
    ranked = sorted(spaces, key=lambda each: (-len(each.methods), each.name))

    def with_methods(shown: int) -> str:
        return "\n".join([*head, *(_methods(each, shown) for each in spaces)]) + "\n"

    def with_sizes(shown: int) -> str:
        return "\n".join([*head, _sizes(ranked, shown)]) + "\n"

    def fits(text: str) -> bool:
        return count(text) <= limit

    purposes = "\n".join([*head, *map(_purpose, spaces)]) + "\n"
    if fits(with_methods(longest)):
        return with_methods(longest)
    if explained and fits(purposes):
        return purposes
    if fits(with_methods(1)):
        return with_methods(_most(longest, lambda shown: fits(with_methods(shown))))
    if fits(with_sizes(len(ranked))):
        return with_sizes(len(ranked))
    if fits(with_sizes(0)):
        return with_sizes(_most(len(ranked), lambda shown: fits(with_sizes(shown))))
    least = min(count(with_sizes(0)), count(with_sizes(len(ranked))))
    error = BudgetError(
        f"the introduction takes {least} tokens, {limit} are allowed",
        fix=f"allow at least {least}",
        code="catalog-budget",
    )
    error.least = least
    raise error


def _most(highest: int, fits: Callable[[int], bool]) -> int:
    """Return the largest number up to `highest` that fits; 0 is known to."""
    low = 0
    while low < highest:
        middle = (low + highest + 1) // 2
        if fits(middle):
            low = middle
        else:
            highest = middle - 1
    return low


def _head(api: Api) -> list[str]:
    title = plain(f"{api.title} {api.version}", 100)
    lines = [line_comment(f"{title}: {len(api.operations):,} operations", 160)]
    about = plain(api.doc.partition("\n\n")[0], SENTENCE)
    if about:
        lines.append(line_comment(about, SENTENCE))
    pages = print_pages(api.operations)
    lines += [
        "// Call them as `await api.NAMESPACE.METHOD({...})`, once you know how they look:",
        "declare const api: {",
        _LOOKING,
        *([f"  {pages}"] if pages else []),
        "}",
    ]
    if api.operations:
        name = plain(api.operations[0].id, 80)
        lines.append(f"// For example: await api.$describe({quote(name)})")
    lines.append("// Namespaces, with the number of their operations:")
    return lines


def _namespaces(api: Api) -> list[_Namespace]:
    grouped: dict[str, list[str]] = {}
    for operation in api.operations:
        space, *rest = operation.name if len(operation.name) > 1 else ("", *operation.name)
        grouped.setdefault(space, []).append(".".join(rest))
    return [
        _Namespace(name, api.namespaces.get(name, ""), tuple(methods))
        for name, methods in grouped.items()
    ]


def _methods(namespace: _Namespace, shown: int) -> str:
    """A namespace with the names of its first operations."""
    listed = ", ".join(namespace.methods[:shown])
    more = ", …" if len(namespace.methods) > shown else ""
    return line_comment(f"{_label(namespace)}: {listed}{more}", len(listed) + 100)


def _purpose(namespace: _Namespace) -> str:
    said = plain(namespace.doc.partition("\n\n")[0], PURPOSE)
    return line_comment(f"{_label(namespace)}: {said}" if said else _label(namespace), 200)


def _sizes(ranked: Sequence[_Namespace], shown: int) -> str:
    """The sizes of the first namespaces, and how many are left out."""
    sizes = [_label(each) for each in ranked[:shown]]
    if len(ranked) > shown:
        rest = sum(len(each.methods) for each in ranked[shown:])
        sizes.append(f"{len(ranked) - shown:,} namespaces more with {rest:,}")
    return f"// {', '.join(sizes)}"


def _label(namespace: _Namespace) -> str:
    return f"{plain(namespace.name, 60) or '(none)'} {len(namespace.methods)}"
