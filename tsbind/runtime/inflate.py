"""Decompress what an API sends, chunk by chunk, and stop before a bomb goes off."""

from __future__ import annotations

import zlib
from collections.abc import Callable

from tsbind.runtime.failures import NetworkError


class TooLong(Exception):
    """The response is longer than allowed."""


class _Inflate:
    """Decompress chunk by chunk, never holding more than `allowed` bytes at once."""

    def __init__(self, coding: str, allowed: int) -> None:
        self._allowed = allowed
        self._raw_tried = coding != "deflate"
        self._engine = zlib.decompressobj(wbits=31 if coding.endswith("gzip") else 15)

    def __call__(self, chunk: bytes) -> bytes:
        try:
            data = self._engine.decompress(chunk, self._allowed + 1)
        except zlib.error as error:
            if self._raw_tried:
                raise NetworkError(
                    f"the reply is not what it says: {error}", code="encoding"
                ) from None
            # Some servers mean raw deflate (RFC 9110 §8.4.1.2 notes them).
            self._raw_tried = True
            self._engine = zlib.decompressobj(wbits=-15)
            return self(chunk)
        self._raw_tried = True
        self._allowed -= len(data)
        if self._allowed < 0 or self._engine.unconsumed_tail:
            raise TooLong
        return data


def inflater(coding: str, allowed: int) -> Callable[[bytes], bytes]:
    """Return what undoes a Content-Encoding, for at most `allowed` bytes in all.

    Raises NetworkError for a coding that is unknown, and what it returns raises TooLong.
    """
    coding = coding.strip().lower()
    if coding in ("", "identity"):
        return bytes
    if coding in ("gzip", "x-gzip", "deflate"):
        return _Inflate(coding, allowed)
    raise NetworkError(
        f'the reply is compressed in an unknown way: "{coding[:40]}"', code="encoding"
    )
