"""What a program returned, held against what was asked for."""

from __future__ import annotations

import msgspec

from tsbind.bundle import Json
from tsbind.errors import LimitError, ResultError
from tsbind.runtime.fitted import Fitted, fit
from tsbind.runtime.limits import Limits
from tsbind.runtime.options import Options
from tsbind.runtime.validate import ResultSchema


class Expected:
    """The size and the shape that a result may have.

    Raises BundleError when the schema is none: now, and not after the program has made its calls.
    """

    def __init__(self, options: Options, limits: Limits) -> None:
        schema = options.get("result_schema")
        self._schema = None if schema is None else ResultSchema(schema)
        self._limits = limits
        self._count = options.get("count_tokens")
        self._most = options.get("max_result_tokens")
        if self._count is None and (self._most or limits.result_tokens):
            raise TypeError("a limit of tokens needs something that counts them: count_tokens=…")

    def value(self, raw: bytes) -> Json:
        """Return the value of a result's JSON; raises LimitError, ResultError."""
        allowed = self._limits.result_bytes
        if len(raw) > allowed:
            raise LimitError("result_bytes", used=len(raw), allowed=allowed, unit="bytes")
        tokens = self._limits.result_tokens
        if self._count is not None and tokens is not None:
            used = self._count(raw.decode())
            if used > tokens:
                raise LimitError("result_tokens", used=used, allowed=tokens, unit="tokens")
        value = _decoded(raw)
        if self._schema is not None:
            self._schema.check(value)
        return value

    def fitted(self, value: Json) -> Fitted | None:
        """Return what of a value fits the tokens that there are, when that is not all of it."""
        if self._most is None or self._count is None:
            return None
        fitted = fit(value, self._most, self._count)
        return fitted if fitted.gaps else None


def _decoded(raw: bytes) -> Json:
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ResultError(f"the result is not JSON: {error}") from None
