"""Merge named types that are equal in every respect but their name.

Equal means equal however far one looks, through recursion too: classes of names are refined as
the states of automata are, until no class splits.  The name that costs least stays.

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
from tsbind.passes import cost
from tsbind.passes.rename import renamed
from tsbind.passes.shapes import Shapes, each_type


def dedupe(api: Api) -> Api:
    """Return `api` with one named type for each class of equal ones."""
    kept = _representatives(api)
    changed = {name: new for name, new in kept.items() if name != new}
    if not changed:
        return api
    types = {name: named for name, named in api.types.items() if name not in changed}
    return each_type(replace(api, types=types), lambda node: renamed(node, changed))


def _representatives(api: Api) -> dict[str, str]:
    classes: dict[str, int] = dict.fromkeys(api.types, 0)
    while True:
        shapes = Shapes(classes)
        numbers: dict[object, int] = {}
        refined: dict[str, int] = {}
        for name, named in api.types.items():
            # A class only ever splits, so its old number is part of the new one.
            key = (classes[name], named.parameters, shapes.number(named.type))
            refined[name] = numbers.setdefault(key, len(numbers))
        if refined == classes:
            break
        classes = refined
    best: dict[int, str] = {}
    for name, group in classes.items():
        if group not in best or cost.words(name) < cost.words(best[group]):
            best[group] = name
    return {name: best[group] for name, group in classes.items()}
