"""Find known secrets in any text and hide them: as they are, and as an API may echo them.

Found: the secret raw; percent-encoded (each way that is common, either case); base64 and base64url
at each of the three alignments that it can have inside a longer text; hexadecimal; escaped for
JSON and HTML; backwards.  Not found: compressed (other than by HTTP itself), encrypted, split, or
encoded twice over; nor a secret of fewer than 6 characters, which honest text may hold by chance.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

from tsbind.runtime.values import File

MARK = "[redacted]"
SHORTEST = 6  # a shorter secret would turn up in honest text by chance


class Redactor:
    """Remembers secrets and hides them.  Shows none of them itself."""

    __slots__ = ("_bytes", "_known", "_texts")

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._texts: tuple[str, ...] = ()
        self._bytes: tuple[bytes, ...] = ()

    def remember(self, secret: str) -> bool:
        """Hide `secret` from now on; whether it is long enough for that."""
        if secret in self._known or len(secret) < SHORTEST:
            return len(secret) >= SHORTEST
        self._known.add(secret)
        forms = {form for known in self._known for form in forms_of(known)}
        self._texts = tuple(sorted(forms, key=lambda form: (-len(form), form)))
        self._bytes = tuple(form.encode() for form in self._texts)
        return True

    def found_in(self, data: bytes) -> bool:
        """Whether any form of a known secret is in `data`."""
        return any(form in data for form in self._bytes)

    def text(self, text: str) -> str:
        """Return `text` with each known secret replaced."""
        for form in self._texts:
            if form in text:
                text = text.replace(form, MARK)
        return text

    def bytes(self, data: bytes) -> bytes:
        """Return `data` with each known secret replaced."""
        for form in self._bytes:
            if form in data:
                data = data.replace(form, MARK.encode())
        return data

    def json(self, value: object) -> object:
        """Return a JSON value with each known secret replaced, in keys and numbers too."""
        match value:
            case str():
                return self.text(value)
            case bytes():
                return self.bytes(value)
            case File(content=content, name=name, type=media):
                return File(self.bytes(content), self.text(name), media)
            case dict():
                return {self.text(str(key)): self.json(item) for key, item in value.items()}
            case list() | tuple():
                return [self.json(item) for item in value]
            case int() | float() if not isinstance(value, bool):
                return MARK if self.found_in(str(value).encode()) else value
            case _:
                return value

    def __repr__(self) -> str:
        return f"Redactor({len(self._known)} secrets)"


def forms_of(secret: str) -> Iterator[str]:
    """Each way to write `secret` that is looked for; all long enough to be no accident."""
    for form in _plain_forms(secret):
        if len(form) >= SHORTEST:
            yield form


def _plain_forms(secret: str) -> Iterator[str]:
    import html  # late: most runs have no secret
    import json

    data = secret.encode()
    yield secret
    yield secret[::-1]
    for escaped in (quote(secret, safe=""), quote(secret), quote_plus(secret)):
        yield escaped
        yield _lower_triples(escaped)
    yield "".join(f"%{byte:02X}" for byte in data)
    yield "".join(f"%{byte:02x}" for byte in data)
    yield data.hex()
    yield data.hex().upper()
    yield from _base64_forms(data)
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret)[1:-1].replace("/", "\\/")
    yield html.escape(secret)
    yield html.escape(secret, quote=False)
    yield "".join(f"\\u{byte:04x}" for byte in data)


def _lower_triples(escaped: str) -> str:
    pieces = escaped.split("%")
    return pieces[0] + "".join(f"%{piece[:2].lower()}{piece[2:]}" for piece in pieces[1:])


def _base64_forms(data: bytes) -> Iterator[str]:
    """Base64 of `data` wherever it starts in what was encoded, without the shared edges."""
    for shift in range(3):
        padded = base64.b64encode(
            b"\0" * shift + data + b"\0" * (-(shift + len(data)) % 3)
        ).decode()
        # The first and the last characters also hold bits of the neighbours.
        first = {0: 0, 1: 2, 2: 3}[shift]
        last = len(padded) - {0: 0, 1: 2, 2: 3}[-(shift + len(data)) % 3]
        core = padded[first:last]
        if len(core) >= SHORTEST + 2:
            yield core
            yield core.replace("+", "-").replace("/", "_")
