"""openapi-spec-validator, with every remote reference denied and its errors tamed.

Stock, it fetches whatever a `$ref` names (http, files, data) and then calls the document valid;
and some of its exceptions quote the whole document.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tsbind.bundle import Json
from tsbind.spec import pointer as pointers


def _denied(uri: str) -> Json:
    raise ValueError("remote references are not read")


class _Denied(dict[str, Callable[[str], Json]]):
    """Handlers for every URI scheme there is: all of them refuse."""

    def __contains__(self, key: object) -> bool:
        return True

    def __getitem__(self, key: str) -> Callable[[str], Json]:
        return _denied

    def get(self, key: str, default: object = None) -> Any:  # noqa: ANN401 - as in dict
        return _denied


def full_findings(tree: Json, version: str) -> Iterator[tuple[str, str]]:
    """Yield pointer and message of what openapi-spec-validator finds in a parsed document."""
    # Half a second of imports: only for those who ask.
    import openapi_spec_validator as validators

    stock = {
        "2.0": validators.OpenAPIV2SpecValidator,
        "3.0": validators.OpenAPIV30SpecValidator,
        "3.1": validators.OpenAPIV31SpecValidator,
        "3.2": validators.OpenAPIV32SpecValidator,
    }[version]
    offline = type("Offline", (stock,), {"resolver_handlers": _Denied()})
    try:
        for error in offline(tree).iter_errors():
            path = [str(token) for token in error.absolute_path]
            yield pointers.join(path), str(error.message)
    except Exception as error:
        # It raises what it likes (a bad `$ref` is a PointerToNowhere, a deep document a
        # RecursionError); whatever it is, it is a finding and not our failure.
        yield "", f"the full check stopped: {type(error).__name__}: {error}"
