"""Let the declarations begin with what the document says about the whole API.

>>> preface(Api("Chat", "1", (), {}, {}, {}, doc="Rooms and people.")).preface
'Rooms and people.'
"""

from __future__ import annotations

from msgspec.structs import replace

from tsbind.ir.api import Api


def preface(api: Api) -> Api:
    """Return `api` with its description at the head."""
    return replace(api, preface=api.doc) if api.doc else api
