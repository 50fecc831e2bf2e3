"""Put named types in the order of their names, so that a change elsewhere moves none of them.

A prompt cache holds as far as the text is unchanged; a type that comes or goes then moves only
what follows it.

>>> from tsbind.emit.sketch import through
>>> print(through(order, "type Tree={leaf:Leaf}; type Leaf=string[]; get():Tree"))
type Leaf=string[]
type Tree={leaf:Leaf}
get():Promise<Tree>
"""

from __future__ import annotations

from msgspec.structs import replace

from tsbind.ir.api import Api


def order(api: Api) -> Api:
    """Return `api` with its named types in the order of their names."""
    names = sorted(api.types)
    if names == list(api.types):
        return api
    return replace(api, types={name: api.types[name] for name in names})
