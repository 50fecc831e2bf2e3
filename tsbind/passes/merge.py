"""Say what is several things at once as one thing, where that means the same.

A field that every alternative beside it says more narrowly says nothing; two objects side by side
are one object; no object is null.  References stay, whatever they lead to.

    >>> from tsbind.emit.sketch import through
    >>> print(through(merge, '''
    ...     pet():{type:"cat"|"dog"}&({type:"cat",lives?:number}|{type:"dog",good:true})
    ...     item():{kind:string,id:number}&{kind:"bar",size?:number}
    ...     maybe():{id:number}&({name:string}|null)'''))
    pet():Promise<{type:"cat",lives?:number}|{type:"dog",good:true}>
    item():Promise<{id:number,kind:"bar",size?:number}>
    maybe():Promise<{id:number,name:string}>
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace

from tsbind.ir.api import Api, NamedType
from tsbind.ir.types import (
    ANYTHING,
    UNKNOWN,
    Field,
    Intersection,
    Record,
    Ref,
    Type,
    Union,
    Unknown,
    union,
)
from tsbind.ir.walk import distinct, each_type, intersection, rewriter, roots
from tsbind.passes.prune import prune
from tsbind.passes.says import (
    Known,
    has_fields,
    is_no_object,
    is_plain,
    known_fields,
    says,
    scalars,
    within,
)
from tsbind.passes.unfold import Unfolding

_ANY_OBJECT: Final = (ANYTHING, UNKNOWN)
# Fields of all intersections together, inherited ones for each heir: that many are looked at.
MOST_FIELDS: Final = 200_000


def merge(api: Api) -> Api:
    """Return `api` with fewer intersections, and simpler ones."""
    if not any(isinstance(node, Intersection) for node in distinct(roots(api))):
        return api
    merging = _Merging(api.types)
    merged = each_type(api, rewriter(merging.change))
    return prune(merged) if merging.changed else api


class _Merging:
    """Rewrites intersections; `changed` says whether there was anything to do."""

    def __init__(self, types: Mapping[str, NamedType]) -> None:
        self._types = types
        self._head = Unfolding(types, []).head
        self._extents: dict[str, int] = {}
        self._room = MOST_FIELDS
        self.changed = False

    def change(self, node: Type) -> Type:
        """Return what means the same as `node`."""
        if not isinstance(node, Intersection):
            return node
        extent = self._extent(node)
        if extent > self._room:
            return node
        self._room -= extent
        parts = self._objects(node.parts)
        parts = self._narrower(parts)
        merged = intersection(self._joined(parts))
        self.changed = self.changed or merged != node
        return merged if merged != node else node

    def _extent(self, node: Type) -> int:
        """Count the fields that are looked at when `node` is written out."""
        match node:
            case Record(fields):
                return len(fields)
            case Union(parts) | Intersection(parts):
                return sum(map(self._extent, parts))
            case Ref(name) if name in self._types:
                if name not in self._extents:
                    self._extents[name] = 0  # where a type leads back to itself
                    self._extents[name] = self._extent(self._types[name].type)
                return self._extents[name]
            case _:
                return 0

    def _objects(self, parts: tuple[Type, ...]) -> tuple[Type, ...]:
        """Beside an object with fields, leave out what is none, and that it is one."""
        if not any(has_fields(self._head(part)) for part in parts):
            return parts
        kept = [part for part in map(self._object, parts) if self._head(part) not in _ANY_OBJECT]
        flat = intersection(tuple(kept))
        return flat.parts if isinstance(flat, Intersection) else (flat,)

    def _object(self, part: Type) -> Type:
        if not isinstance(part, Union):
            return part
        heads = [(option, self._head(option)) for option in part.options]
        objects = [option for option, head in heads if not is_no_object(head, self._types)]
        return union(objects) if objects else part

    def _narrower(self, parts: tuple[Type, ...]) -> tuple[Type, ...]:
        """Leave out fields that other parts say more narrowly."""
        kept = list(parts)
        for index, part in enumerate(parts):
            said = self._head(part)
            if not is_plain(said):
                continue
            others = [known_fields(self._head(other)) for other in kept if other is not part]
            left = tuple(f for f in said.fields if not any(self._says(o, f) for o in others))
            if isinstance(part, Record) and left:
                kept[index] = part if left == part.fields else replace(part, fields=left)
            elif not left:
                kept[index] = UNKNOWN
        return tuple(part for part in kept if part != UNKNOWN) or (UNKNOWN,)

    def _says(self, other: Known, field: Field) -> bool:
        silent = not (field.note or field.doc or field.example)
        return silent and says(other, field, self._types)

    def _joined(self, parts: tuple[Type, ...]) -> tuple[Type, ...]:
        """Make one object of those that are written out, where their fields agree."""
        if sum(map(is_plain, parts)) < 2:
            return parts
        joined: Record | None = None
        others: list[Type] = []
        for part in parts:
            if not is_plain(part):
                others.append(part)
            else:
                both = part if joined is None else self._both(joined, part)
                others += [part] if both is None else []
                joined = joined if both is None else both
        if joined is None or len(others) + 1 == len(parts):
            return parts
        return (*others, joined)

    def _both(self, one: Record, other: Record) -> Record | None:
        fields = {field.name: field for field in one.fields}
        for field in other.fields:
            known = fields.get(field.name)
            type_ = field.type if known is None else self._common(known.type, field.type)
            if type_ is None:
                return None
            required = field.required or (known is not None and known.required)
            prose = known if known is not None and known.note + known.doc else field
            fields[field.name] = replace(prose, type=type_, required=required)
        return replace(one, fields=tuple(fields.values()))

    def _common(self, one: Type, other: Type) -> Type | None:
        """Return the narrower of two types, if one is."""
        if one == other or isinstance(other, Unknown):
            return one
        if isinstance(one, Unknown):
            return other
        mine, yours = scalars(one, self._types), scalars(other, self._types)
        if mine is None or yours is None or mine == yours:
            return None
        return one if within(mine, yours) else other if within(yours, mine) else None
