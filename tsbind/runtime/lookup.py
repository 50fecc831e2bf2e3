"""Look operations up from inside a program: `api.$search(words)` and `api.$describe(name)`.

Both answer with TypeScript: signatures, and just the types that they need.  Nothing leaves the
host for that, so no policy is asked and no credential is needed.
"""

from __future__ import annotations

from typing import Annotated, Final, TypeVar

import msgspec

from tsbind.bundle import Bundle, Json
from tsbind.errors import SelectionError
from tsbind.runtime.failures import ArgumentError

SEARCH: Final = "$search"
DESCRIBE: Final = "$describe"
OPS: Final = (DESCRIBE, SEARCH)


_Asked = TypeVar("_Asked")


class Search(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a program gives to `$search`; words alone may stand for all of it."""

    words: str
    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] = 10
    tokens: int = 2000


class Describe(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a program gives to `$describe`; a name alone may stand for all of it."""

    name: str
    tokens: int = 2000


def offered(bundle: Bundle) -> tuple[str, ...]:
    """Return the operations that a Bundle can be asked for: none when it has no index."""
    return () if bytes(bundle.index) == b"null" else OPS


def look_up(op: str, argument: Json, bundle: Bundle) -> str:
    """Answer `$search` or `$describe`; raises ArgumentError when it is asked wrongly."""
    from tsbind.search import Finder

    try:
        if op == SEARCH:
            search = _asked(argument, "words", Search)
            return Finder.of(bundle).search(search.words, limit=search.limit, tokens=search.tokens)
        describe = _asked(argument, "name", Describe)
        return Finder.of(bundle).describe(describe.name, tokens=describe.tokens)
    except msgspec.ValidationError as error:
        raise ArgumentError(f"{op}: {error}", code="argument") from None
    except SelectionError as error:
        hint = f". {error.fix[0].upper()}{error.fix[1:]}?" if error.fix else ""
        raise ArgumentError(f"{op}: {error.what}{hint}", code=error.code) from None


def _asked(argument: Json, key: str, kind: type[_Asked]) -> _Asked:
    return msgspec.convert({key: argument} if isinstance(argument, str) else argument, kind)
