"""Write out named types where the name costs more than it saves.

That is so for a type that is used once, for a short one, and for another name of a named type.
A type that mentions itself keeps its name, and so does a large one inside another large one:
a reader gets lost in braces before the tokens are worth it.

    >>> from tsbind.emit.sketch import through
    >>> print(through(inline, '''
    ...     type Id=string
    ...     type Owner={id:Id,login:string}
    ...     type Node={id:Id,next?:Node}
    ...     list(a:{id:Id}):Owner[]
    ...     head():Node'''))
    type Node={id:string,next?:Node}
    list(a:{id:string}):Promise<{id:string,login:string}[]>
    head():Promise<Node>
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from tsbind.ir.api import Api
from tsbind.ir.types import Apply, Array, Enum, Intersection, Record, Ref, Trim, Tuple, Type, Union
from tsbind.ir.walk import children, each_type, inside, roots
from tsbind.passes import cost
from tsbind.passes.shapes import substituter

FEW: Final = 4  # numbers that need no name
LARGE: Final = 120.0  # estimated tokens that a type used once may have and still be written out


def inline(api: Api) -> Api:
    """Return `api` without the names that do not pay."""
    mentioned = _mentioned()
    mentions = {name: mentioned(named.type) for name, named in api.types.items()}
    uses = Counter(name for root in roots(api) for name in mentioned(root))
    expanded: dict[str, Type] = {}
    gone: dict[str, Type] = {}
    for name in _inner_first(mentions):
        named = api.types[name]
        body = named.type
        if not gone.keys().isdisjoint(mentions[name]):
            body = _writer(gone)(body)
        expanded[name] = body
        pays = _cheaper_without(name, body, uses[name])
        if pays and not named.parameters and name not in mentioned(body):
            gone[name] = body
    if not gone:
        return api
    # A body may mention a name that went later; what went last mentions none.
    for name in reversed(gone):
        gone[name] = _writer(gone)(gone[name])
    types = {n: replace(api.types[n], type=expanded[n]) for n in api.types if n not in gone}
    return each_type(replace(api, types=types), _writer(gone))


def _cheaper_without(name: str, body: Type, uses: int) -> bool:
    size, word = cost.of(body), cost.words(name)
    pays = (
        size <= LARGE if uses == 1 else uses * size <= uses * word + cost.DEFINITION + word + size
    )
    return pays or _says_itself(body)


def _says_itself(node: Type) -> bool:
    """Whether a name would only say where `node` stood: `string|null` reads well anywhere."""
    match node:
        case Record(fields, rest):
            return not fields and (rest is None or _says_itself(rest))
        case Enum(values):
            return len(values) <= FEW and not any(isinstance(value, str) for value in values)
        case Array(item):
            return _says_itself(item)
        case Union(options):
            return all(map(_says_itself, options)) and not sum(map(_is_ref, options)) > 1
        case Apply(_, arguments):
            return all(map(_says_itself, arguments))
        case Intersection() | Tuple() | Trim():
            return False
        case _:
            return True


def _is_ref(node: Type) -> bool:
    return isinstance(node, Ref)


def _mentioned() -> Callable[[Type], Sequence[str]]:
    """Return what lists the names that a type mentions, each as often as it does."""
    known: dict[int, tuple[Type, Sequence[str]]] = {}  # by id(); holding the type keeps its id

    def visit(node: Type) -> Sequence[str]:
        if type(node) is Ref:
            return (node.name,)
        found = known.get(id(node))
        if found is None:
            names = [node.name] if isinstance(node, Apply) else []
            for child in children(node):
                names += visit(child)
            found = known[id(node)] = node, names
        return found[1]

    return visit


def _inner_first(mentions: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield the names of all types, each after those it mentions, as far as cycles allow."""
    entered: set[str] = set()
    for start in mentions:
        if start in entered:
            continue
        entered.add(start)
        pending = [(start, iter(mentions[start]))]
        while pending:
            name, inner = pending[-1]
            found = next((n for n in inner if n not in entered and n in mentions), None)
            if found is None:
                pending.pop()
                yield name
            else:
                entered.add(found)
                pending.append((found, iter(mentions[found])))


def _writer(bodies: Mapping[str, Type]) -> Callable[[Type], Type]:
    """Return what puts `bodies` in place of their names; a type that names none stays itself."""

    def put(node: Type) -> Type | None:
        match node:
            case Ref(name):
                return bodies.get(name)
            case Intersection():
                written = inside(node, visit)
                return _joined(written.parts) if isinstance(written, Intersection) else written
            case _:
                return None

    visit = substituter(put)
    return visit


def _joined(parts: tuple[Type, ...]) -> Type:
    """Return the intersection of `parts`, with its plain records made one where that is exact."""
    records = [part for part in parts if isinstance(part, Record) and part.rest is None]
    names = [field.name for record in records for field in record.fields]
    if len(records) < 2 or len(names) != len(set(names)):
        return Intersection(parts)
    joined = Record(tuple(field for record in records for field in record.fields))
    rest = tuple(part for part in parts if not (isinstance(part, Record) and part.rest is None))
    return Intersection((*rest, joined)) if rest else joined
