"""Name the headers that replies come with, for whoever asks for a whole reply must know of them.

They are named once for the whole API, the most frequent first: rate limits come with every reply.

>>> from tsbind.emit.sketch import sketch
>>> api = sketch("listRooms():string[]")
>>> call = replace(api.operations[0].call, headers={"link": True})
>>> name_headers(replace(api, operations=(replace(api.operations[0], call=call),))).headers
('link',)
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from msgspec.structs import replace

from tsbind.ir.api import Api

MOST: Final = 12  # names


def name_headers(api: Api) -> Api:
    """Return `api` with the names of its headers, of many the most frequent."""
    promised = Counter(name for operation in api.operations for name in operation.call.headers)
    named = sorted(promised, key=lambda name: (-promised[name], name))[:MOST]
    return replace(api, headers=tuple(named)) if named else api
