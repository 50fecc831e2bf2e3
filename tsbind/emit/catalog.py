"""Prints the introduction to an API that is too large to be printed: what it is and how to look.

Whatever the API's size, the text keeps within a number of tokens, and uses what it is given.  What
there is to say of the namespaces is one list of facts, the most needed first: how large each is,
what it is for, the names of its operations, the arguments that they require, the others.  The
first so many of them are printed that fit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from tsbind.bundle import Call
from tsbind.emit.offered import print_offered
from tsbind.emit.text import line_comment, plain, property_name, quote
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


class _Method(msgspec.Struct, frozen=True):
    """One operation of a namespace."""

    name: str  # what follows the namespace in its dotted name
    required: tuple[str, ...] = ()  # arguments
    optional: tuple[str, ...] = ()

    def told(self, level: int) -> str:
        """Spell it by name, with the arguments that it requires, or with all."""
        if level == _NAME:
            return self.name
        optional = [f"{each}?" for each in self.optional] if level == _ALL else ()
        return f"{self.name}({','.join([*self.required, *optional])})"


class _Namespace(msgspec.Struct, frozen=True):
    """Operations that share a first name."""

    name: str
    doc: str
    methods: tuple[_Method, ...]


_SHORT = 8  # characters per token; to count a text that has more would be in vain
_NAME, _REQUIRED, _ALL = 1, 2, 3  # how much is told of a method


def print_catalog(api: Api, count: Callable[[str], int], *, limit: int = LIMIT) -> str:
    """Return an introduction of at most `limit` tokens, as `count` counts them.

    Raises BudgetError when not even the fixed part fits.
    """
    head = "\n".join(_head(api))
    facts = _Facts(_namespaces(api))

    def text(told: int) -> str:
        return f"{head}\n{facts.first(told)}\n"

    def fits(told: int) -> bool:
        return count(text(told)) <= limit

    if len(text(facts.count)) <= _SHORT * limit and fits(facts.count):  # most APIs are small
        return text(facts.count)
    # To count what is left out may take more than to name the little that there is.
    for start in (0, facts.sizes):
        if fits(start):
            return text(_most(start, facts.count, fits))
    least = min(count(text(0)), count(text(facts.sizes)))
    error = BudgetError(
        f"the introduction takes {least} tokens, {limit} are allowed",
        fix=f"allow at least {least}",
        code="catalog-budget",
    )
    error.least = least
    raise error


def _most(low: int, high: int, fits: Callable[[int], bool]) -> int:
    """Return the largest number up to `high` that fits; `low` is known to."""
    step = 1  # first from below, in growing steps: what is far too long takes long to count
    while low + step < high and fits(low + step):
        low, step = low + step, step * 2
    high = min(high, low + step)
    while low < high:
        middle = (low + high + 1) // 2
        if fits(middle):
            low = middle
        else:
            high = middle - 1
    return low


class _Facts:
    """What there is to say of namespaces, in the order in which it is said."""

    def __init__(self, spaces: Sequence[_Namespace]) -> None:
        self._spaces = spaces
        self._ranked = sorted(spaces, key=lambda each: (-len(each.methods), each.name))
        explained = [each.name for each in self._ranked if each.doc]
        self._purposes = explained if 2 * len(explained) > len(spaces) else []
        longest = max((len(each.methods) for each in spaces), default=0)
        self._methods = [
            (each.name, row) for row in range(longest) for each in spaces if row < len(each.methods)
        ]
        self.sizes = len(spaces)
        self.count = len(spaces) + len(self._purposes) + _ALL * len(self._methods)

    def first(self, told: int) -> str:
        """Spell the first `told` of the facts."""
        if told <= self.sizes:
            return self._only_sizes(told)
        told -= self.sizes
        explained = set(self._purposes[:told])
        told -= len(explained)
        levels: Counter[str] = Counter()  # of the methods of each namespace, one after the other
        rounds, rest = divmod(told, max(len(self._methods), 1))
        for name, _ in self._methods[:rest]:
            levels[name] += 1
        return "\n".join(
            _line(each, each.name in explained, rounds, levels[each.name]) for each in self._spaces
        )

    def _only_sizes(self, shown: int) -> str:
        """The sizes of the largest namespaces, and how many are left out."""
        sizes = [_label(each) for each in self._ranked[:shown]]
        if len(self._ranked) > shown:
            rest = sum(len(each.methods) for each in self._ranked[shown:])
            sizes.append(f"{len(self._ranked) - shown:,} namespaces more with {rest:,}")
        return f"// {', '.join(sizes)}"


def _line(namespace: _Namespace, explained: bool, level: int, ahead: int) -> str:
    """A namespace with its methods at `level`; the first `ahead` of them are a level further."""
    label = _label(namespace)
    if explained:
        label += f" ({plain(namespace.doc.partition(chr(10) * 2)[0], PURPOSE)})"
    told = [method.told(level + 1) for method in namespace.methods[:ahead]]
    if level:
        told += [method.told(level) for method in namespace.methods[ahead:]]
    elif told and ahead < len(namespace.methods):
        told.append("…")
    listed = ", ".join(told)
    return line_comment(f"{label}: {listed}" if listed else label, len(label) + len(listed) + 2)


def _head(api: Api) -> list[str]:
    title = plain(f"{api.title} {api.version}", 100)
    lines = [line_comment(f"{title}: {len(api.operations):,} operations", 160)]
    about = plain(api.doc.partition("\n\n")[0], SENTENCE)
    if about:
        lines.append(line_comment(about, SENTENCE))
    lines += [
        "// Call them as `await api.NAMESPACE.METHOD({...})`, once you know how they look:",
        "export declare const api: {",
        _LOOKING,
        *(f"  {line}" for method in print_offered(api) for line in method.splitlines()),
        "}",
    ]
    if api.operations:
        name = plain(api.operations[0].id, 80)
        lines.append(f"// For example: await api.$describe({quote(name)})")
    lines.append("// Namespaces, with the number of their operations:")
    return lines


def _namespaces(api: Api) -> list[_Namespace]:
    grouped: dict[str, list[_Method]] = {}
    for operation in api.operations:
        space, *rest = operation.name if len(operation.name) > 1 else ("", *operation.name)
        method = _Method(".".join(rest), *_arguments(operation.call))
        grouped.setdefault(space, []).append(method)
    return [
        _Namespace(name, api.namespaces.get(name, ""), tuple(methods))
        for name, methods in grouped.items()
    ]


def _arguments(call: Call) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of required and of other arguments; of several forms, those of the first."""
    schema = call.args if isinstance(call.args, dict) else {}
    while not schema.get("properties") and schema.get("anyOf"):
        schema = schema["anyOf"][0]
    needed = schema.get("required", ())
    names = [property_name(name) for name in schema.get("properties", ())]
    required = {property_name(name) for name in needed}
    return (
        tuple(name for name in names if name in required),
        tuple(name for name in names if name not in required),
    )


def _label(namespace: _Namespace) -> str:
    return f"{plain(namespace.name, 60) or '(none)'} {len(namespace.methods)}"
