"""Drop named types that no operation can reach.

Runs first, since documents define types for webhooks and the like that no operation mentions, and
again after selection, which leaves most of the table unreachable.

    >>> from tsbind.emit.sketch import through
    >>> print(through(prune, "type Pet={id:number}; type Hook={pet:Pet}; list():Pet[]"))
    type Pet={id:number}
    list():Promise<Pet[]>
"""

from __future__ import annotations

from msgspec.structs import replace

from tsbind.ir.api import Api
from tsbind.ir.types import Apply, Ref
from tsbind.ir.walk import distinct, roots


def prune(api: Api) -> Api:
    """Return `api` without the types that its operations do not reach; order is kept."""
    pending = [*roots(replace(api, types={}))]
    reached: set[str] = set()
    while pending:
        for node in distinct([pending.pop()]):
            if isinstance(node, (Ref, Apply)) and node.name not in reached:
                reached.add(node.name)
                if node.name in api.types:
                    pending.append(api.types[node.name].type)
    if len(reached) == len(api.types):
        return api
    return replace(api, types={n: named for n, named in api.types.items() if n in reached})
