"""Put named types in the order of their names, so that a change elsewhere moves none of them.

A prompt cache holds as far as the text is unchanged; a type that comes or goes then moves only
what follows it.  Types that the document names come first: a type that passes made of what several
have in common is gone when they no longer do.

>>> from tsbind.emit.sketch import sketch
>>> types = sketch("type Tree={leaf:Leaf}; type Leaf=string[]; type A=1; get():Tree").types
>>> api = Api("", "", (), {**types, "A": replace(types["A"], shared=True)}, {}, {})
>>> list(order(api).types)
['Leaf', 'Tree', 'A']
"""

from __future__ import annotations

from msgspec.structs import replace

from tsbind.ir.api import Api


def order(api: Api) -> Api:
    """Return `api` with its named types in the order of their names, the document's first."""
    names = sorted(api.types, key=lambda name: (api.types[name].shared, name))
    if names == list(api.types):
        return api
    return replace(api, types={name: api.types[name] for name in names})
