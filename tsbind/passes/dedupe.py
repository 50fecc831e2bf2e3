"""Merge named types that are equal in every respect but their name.

Equal means equal however far one looks, through recursion too: classes of names are refined as
the states of automata are (Hopcroft), until no class splits.  The name that costs least stays.

    >>> from tsbind.emit.sketch import through
    >>> print(through(dedupe, '''
    ...     type TreeReply={kids:TreeReply[]}
    ...     type Tree={kids:Tree[]}
    ...     plant(a:Tree):TreeReply'''))
    type Tree={kids:Tree[]}
    plant(a:Tree):Promise<Tree>
"""

from __future__ import annotations

from msgspec.structs import replace

from tsbind.ir.api import Api
from tsbind.ir.types import Apply, Ref
from tsbind.ir.walk import distinct, each_type
from tsbind.passes import cost
from tsbind.passes.rename import renaming
from tsbind.passes.shapes import Shapes


def dedupe(api: Api) -> Api:
    """Return `api` with one named type for each class of equal ones."""
    kept = _representatives(api)
    changed = {name: new for name, new in kept.items() if name != new}
    if not changed:
        return api
    types = {name: named for name, named in api.types.items() if name not in changed}
    return each_type(replace(api, types=types), renaming(changed))


def _representatives(api: Api) -> dict[str, str]:
    classes = _Classes(api).settled()
    best: dict[int, str] = {}
    for name, group in classes.items():
        if group not in best or cost.words(name) < cost.words(best[group]):
            best[group] = name
    return {name: best[group] for name, group in classes.items()}


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
                key = named.parameters, self._shapes.number(named.type)
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
