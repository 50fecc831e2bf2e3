"""Say once that fields may be absent, where many may.

Runs last, when every other pass has compared objects field by field.

    >>> from tsbind.emit.sketch import through
    >>> print(through(partial, '''
    ...     find(a:{text:string,tag?:string,page?:number,size?:number,owner?:string,old?:boolean,
    ...         new?:boolean}):void
    ...     list(a?:{page?:number,size?:number}):void'''))
    find(a:{text:string}&Partial<{tag:string,page:number,size:number,owner:string,old:boolean,new:boolean}>):Promise<void>
    list(a?:{page?:number,size?:number}):Promise<void>
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from tsbind.ir.api import Api
from tsbind.ir.types import Field, Intersection, Record, Trim, Type
from tsbind.ir.walk import each_type, rewriter
from tsbind.passes import cost

WRAPPER: Final = 2.0  # `Partial<` and `>`, which join the braces
JOINT: Final = 1.0  # `&` after the fields that must be there
GAIN: Final = 1.0  # estimated tokens that a wrapper must save


def partial(api: Api) -> Api:
    """Return `api` with the optional fields of an object in a `Partial` where that pays."""
    return each_type(api, rewriter(_wrapped))


def _wrapped(node: Type) -> Type:
    if not isinstance(node, Record) or node.rest is not None or node.closed:
        return node
    optional = [field for field in node.fields if not field.required]
    required = tuple(field for field in node.fields if field.required)
    saved = sum(map(_saved, optional)) - WRAPPER - (JOINT if required else 0.0)
    if saved < GAIN:
        return node
    fields = tuple(replace(field, required=True) for field in optional)
    wrapped = Trim(Record(fields), "Partial")
    return Intersection((Record(required), wrapped)) if required else wrapped


def _saved(field: Field) -> float:
    """Return what a field saves: `?:` is a token, while a colon often joins the type."""
    return cost.mark(False, field.type) - cost.mark(True, field.type)
