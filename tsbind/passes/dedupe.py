"""Merge named types that are equal in every respect but their name.

Equal means equal however far one looks, through recursion too: classes of names are refined as
the states of automata are (Hopcroft), until no class splits.  What stays is called by the words
that its names share, or else by what it holds, since either is true of all its users and the name
of one of them is not.  Sets of numbers mean what their name says and nothing else, so those with
names that share nothing stay apart.

    >>> from tsbind.emit.sketch import through
    >>> print(through(dedupe, '''
    ...     type TreeReply={kids:TreeReply[]}
    ...     type Tree={kids:Tree[]}
    ...     type MonthlyRevenue={amount:number,currency:string}
    ...     type SingleUse={amount:number,currency:string}
    ...     plant(a:Tree):TreeReply
    ...     sell(a:SingleUse):MonthlyRevenue'''))
    type Tree={kids:Tree[]}
    type AmountCurrency={amount:number,currency:string}
    plant(a:Tree):Promise<Tree>
    sell(a:AmountCurrency):Promise<AmountCurrency>
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterator, Mapping
from typing import Final

from msgspec.structs import replace

from tsbind.ir.api import Api, NamedType
from tsbind.ir.types import Apply, Enum, Ref, Type
from tsbind.ir.walk import distinct, each_type, roots
from tsbind.passes import cost
from tsbind.passes.content import Contents
from tsbind.passes.naming import common_words, first_free, split
from tsbind.passes.rename import renaming
from tsbind.passes.shapes import Shapes

VAGUE: Final = 0.06  # a word in more than this share of all names says little by itself
FEW: Final = 8  # names that any word may be in


def dedupe(api: Api) -> Api:
    """Return `api` with one named type for each class of equal ones."""
    names = _names(api)
    changed = {name: new for name, new in names.items() if name != new}
    if not changed:
        return api
    types: dict[str, NamedType] = {}
    for name, named in api.types.items():
        types.setdefault(names[name], named)
    return each_type(replace(api, types=types), renaming(changed))


def _names(api: Api) -> dict[str, str]:
    """Return what each named type is called from now on."""
    members: dict[int, list[str]] = {}
    for name, number in _Classes(api).settled().items():
        members.setdefault(number, []).append(name)
    names = {name: name for name in api.types}
    shared = [group for group in members.values() if len(group) > 1]
    if shared:
        calling = _Calling(api)
        for group in sorted(shared, key=len, reverse=True):
            names.update(calling.names(group))
    return names


class _Calling:
    """Finds a name for several equal types."""

    def __init__(self, api: Api) -> None:
        self._types = api.types
        self._taken = set(api.types)
        shapes = Shapes()
        for root in roots(api):
            shapes.number(root)
        self._contents = Contents(shapes)
        words = Counter(word for name in api.types for word in set(split(name)))
        self._last = {split(name)[-1] for name in api.types if split(name)}
        limit = max(FEW, len(api.types) * VAGUE)
        self._vague = {word for word, count in words.items() if count > limit}

    def names(self, group: list[str]) -> Mapping[str, str]:
        """Return the name of each of `group`, which are equal."""
        type_ = self._types[group[0]].type
        wanted = list(self._wanted(group, type_))
        cheapest = min(group, key=cost.words)
        if not wanted:
            return {} if _of_numbers(type_) else dict.fromkeys(group, cheapest)
        if len(group) == 2:  # then a number is worse than a name that is true of one of them
            wanted.append(cheapest)
        chosen = first_free(wanted, _Without(self._taken, frozenset(group)))
        self._taken.add(chosen)
        return dict.fromkeys(group, chosen)

    def _wanted(self, group: list[str], type_: Type) -> Iterator[str]:
        named = [split(name) for name in group]
        common = common_words(named)
        while common and common[-1] not in self._last:  # "For", "By"
            common.pop()
        median = sorted(map(len, named))[(len(named) - 1) // 2]
        telling = len(common) * 2 >= median or len(common) > 1
        if common and telling and (len(common) > 1 or common[0] not in self._vague):
            yield "".join(common)
        if not _of_numbers(type_):
            yield from self._contents.names(type_)


class _Without(Container[str]):
    """The names that are taken by others than a group."""

    def __init__(self, taken: Container[str], group: Container[str]) -> None:
        self._taken = taken
        self._group = group

    def __contains__(self, name: object) -> bool:
        return name in self._taken and name not in self._group


def _of_numbers(type_: Type) -> bool:
    return isinstance(type_, Enum) and not any(isinstance(v, str) for v in type_.values)


class _Classes:
    """Classes of named types, split until their members cannot be told apart.

    Only types that mention a name whose class has changed are looked at again, so that a long
    chain of types costs no more than as many flat ones.
    """

    def __init__(self, api: Api) -> None:
        self._types = api.types
        self._class: dict[str, int] = dict.fromkeys(api.types, 0)
        self._sizes: dict[int, int] = {0: len(api.types)}
        self._keys: dict[int, object] = {}  # of classes: what their members look like
        self._shapes = Shapes(self._class)
        self._mentioned_by: dict[str, list[str]] = {name: [] for name in api.types}
        for name, named in api.types.items():
            for inner in {n.name for n in distinct([named.type]) if isinstance(n, (Ref, Apply))}:
                if inner in self._mentioned_by:
                    self._mentioned_by[inner].append(name)

    def settled(self) -> dict[str, int]:
        """Return the class of each type when no class splits any more."""
        stale = list(self._types)
        while stale:
            self._shapes.forget()
            parts: dict[int, dict[object, list[str]]] = {}
            for name in stale:
                named = self._types[name]
                key = named.parameters, named.note, named.doc, self._shapes.number(named.type)
                parts.setdefault(self._class[name], {}).setdefault(key, []).append(name)
            moved = [name for number, split in parts.items() for name in self._split(number, split)]
            # In the order of names, so that nothing depends on the hash seed.
            stale = sorted({outer for name in moved for outer in self._mentioned_by[name]})
        return self._class

    def _split(self, number: int, parts: dict[object, list[str]]) -> list[str]:
        """Move those members of a class elsewhere that no longer look like the rest of it."""
        if sum(map(len, parts.values())) == self._sizes[number]:
            self._keys[number] = max(parts, key=lambda key: len(parts[key]))
        moved: list[str] = []
        for key, part in parts.items():
            if key == self._keys[number]:
                continue
            fresh = len(self._sizes)
            self._sizes[number] -= len(part)
            self._sizes[fresh], self._keys[fresh] = len(part), key
            self._class.update(dict.fromkeys(part, fresh))
            moved += part
        return moved
