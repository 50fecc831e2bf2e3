"""JSON Pointers (RFC 6901) in their string form: `""` is the root, `/paths/~1pets/get`.

Inside a `$ref` a pointer follows a `#` and is percent-encoded (RFC 3986 §3.5); everything here
takes and gives pointers that are already decoded.
"""

from __future__ import annotations

from collections.abc import Iterable

from tsbind.bundle import Json


def escape(token: str) -> str:
    """Write one key as a token: `/pets` becomes `~1pets`."""
    if "~" in token or "/" in token:
        return token.replace("~", "~0").replace("/", "~1")
    return token


def unescape(token: str) -> str:
    """Read one token: `~1pets` becomes `/pets`."""
    return token.replace("~1", "/").replace("~0", "~") if "~" in token else token


def split(pointer: str) -> list[str]:
    """Return the keys that `pointer` passes through."""
    return [unescape(token) for token in pointer.split("/")[1:]]


def join(tokens: Iterable[str]) -> str:
    """Return the pointer that passes through the keys `tokens`."""
    return "".join(f"/{escape(token)}" for token in tokens)


def step(node: Json, token: str) -> Json:
    """Return the child of `node` called `token`; raises KeyError when there is none."""
    if isinstance(node, dict):
        return node[token]
    if isinstance(node, list) and token.isascii() and token.isdigit():
        index = int(token) if len(token) < 10 else len(node)
        if index < len(node) and (token == "0" or token[0] != "0"):
            return node[index]
    raise KeyError(token)


def find(node: Json, pointer: str) -> Json:
    """Return what is at `pointer` below `node`; raises KeyError when there is nothing."""
    for token in split(pointer):
        node = step(node, token)
    return node


def prefixes(pointer: str) -> Iterable[tuple[str, str]]:
    """Yield `(prefix, rest)` for each way to cut `pointer` between tokens, longest prefix first."""
    cut = len(pointer)
    while cut >= 0:
        yield pointer[:cut], pointer[cut:]
        cut = pointer.rfind("/", 0, cut)
