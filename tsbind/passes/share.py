"""Name shapes that are written out several times, where a name costs less.

A shape is an object, a set of enum values, a union, an intersection or a tuple.  Outer shapes are
weighed before those inside them, since naming the outer one leaves a single copy of the inner.
The name comes from the fields and methods in which the shape stands (`hints.py`).

    >>> from tsbind.emit.sketch import through
    >>> print(through(share, '''
    ...     list(a:{sort?:"created"|"updated"|"comments"|"size"}):string[]
    ...     search(a:{text:string,sort?:"comments"|"created"|"size"|"updated"}):string[]
    ...     watch(a:{sort:"created"|"updated"|"comments"|"size"}):string[]'''))
    type Sort="created"|"updated"|"comments"|"size"
    list(a:{sort?:Sort}):Promise<string[]>
    search(a:{text:string,sort?:Sort}):Promise<string[]>
    watch(a:{sort:Sort}):Promise<string[]>
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from tsbind.ir.api import Api, NamedType
from tsbind.ir.types import Enum, Intersection, Record, Ref, Tuple, Type, Union
from tsbind.ir.walk import each_type, inside, roots
from tsbind.passes import cost
from tsbind.passes.hints import Hints
from tsbind.passes.shapes import Shapes, substituter, unbound

GAIN: Final = 5.0  # estimated tokens that a new name must save: a name asks for attention, too


def share(api: Api) -> Api:
    """Return `api` with a named type for each repeated shape that is worth one."""
    shapes = Shapes()
    for root in roots(api):
        shapes.number(root)
    bodies: dict[int, str] = {}
    for name, named in api.types.items():
        bodies.setdefault(shapes.number(named.type), name)
    chosen = _choose(api, shapes, bodies)
    if not chosen:
        return api
    hints = Hints(api, shapes)
    names: dict[int, str] = {}
    taken = set(api.types)
    # What stands in most places has the first choice of a name.
    for number in sorted(chosen, key=lambda number: (-hints.count(number), number)):
        own = bodies.get(number)
        names[number] = own if own and hints.fits(own, number) else hints.name(number, taken)
        taken.add(names[number])
    return _apply(api, shapes, names)


def _choose(api: Api, shapes: Shapes, bodies: dict[int, str]) -> set[int]:
    costs = cost.by_number(shapes)
    uses = _direct_uses(api, shapes)
    loose = unbound(shapes)
    chosen: set[int] = set()
    for number in reversed(range(len(shapes.nodes))):
        count = uses[number]
        named = number in bodies
        if (
            count
            and not loose[number]
            and _nameable(shapes.nodes[number])
            and not (named and count == 1)
        ):
            word = cost.words(bodies[number]) if named else 1.5
            copies = count - 1 if named else count
            definition = 0.0 if named else cost.DEFINITION + word + costs[number]
            if copies * (costs[number] - word) - definition >= GAIN:
                chosen.add(number)
                count = 1
        for inner in shapes.inside[number]:
            uses[inner] += count
    return chosen


def _nameable(node: Type) -> bool:
    match node:
        case Record() | Intersection() | Tuple():
            return True
        case Enum(values):
            # Numbers mean what a name says, and the places of a set agree on none.
            return len(values) > 1 and any(isinstance(value, str) for value in values)
        case Union(options):
            # `string|null` says what it is; a name for it would only say where it stood.
            return any(map(_nameable, options)) or sum(isinstance(o, Ref) for o in options) > 1
        case _:
            return False


def _direct_uses(api: Api, shapes: Shapes) -> list[int]:
    uses = [0] * len(shapes.nodes)
    for root in roots(api):
        uses[shapes.number(root)] += 1
    return uses


def _apply(api: Api, shapes: Shapes, names: dict[int, str]) -> Api:
    def put(node: Type) -> Type | None:
        name = names.get(shapes.number(node))
        return None if name is None else Ref(name)

    rebuilt = substituter(put)

    def within(node: Type) -> Type:
        return inside(node, rebuilt)

    types: dict[str, NamedType] = {}
    for name, named in api.types.items():
        called = names.get(shapes.number(named.type), name)
        # A name that fits none of the other places becomes another name of the one that does.
        types[name] = replace(named, type=within(named.type) if called == name else Ref(called))
    operations = each_type(replace(api, types={}), rebuilt).operations
    for number, name in names.items():
        if name not in types:
            types[name] = NamedType(within(shapes.nodes[number]), shared=True)
    return replace(api, operations=operations, types=types)
