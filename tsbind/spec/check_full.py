"""openapi-spec-validator, with every remote reference denied and its findings made findable.

Stock, it fetches whatever a `$ref` names (http, files, data) and then calls the document valid; it
does not say where what it finds is; it follows compositions without end; and some of its messages
quote the whole document.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from typing import Any, NamedTuple

from tsbind.bundle import Json
from tsbind.spec import pointer as pointers

SECONDS = 120.0  # of CPU, after which a check ends with what it has found


class _LateError(Exception):
    """The time is over."""


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


def full_findings(
    tree: Json, version: str, known: Collection[str], *, seconds: float = SECONDS
) -> Iterator[tuple[str, str]]:
    """Yield pointer and message of what openapi-spec-validator finds in a parsed document.

    `known` holds the pointers at which the fast check found something: what it calls the same
    thing in other words is left out.
    """
    # Half a second of imports: only for those who ask.
    import openapi_spec_validator as validators

    stock = {
        "2.0": validators.OpenAPIV2SpecValidator,
        "3.0": validators.OpenAPIV30SpecValidator,
        "3.1": validators.OpenAPIV31SpecValidator,
        "3.2": validators.OpenAPIV32SpecValidator,
    }[version]
    until = time.process_time() + seconds
    parts = {
        name: _located(kind, "/default" if name == "default" else "", until)
        for name, kind in stock.keyword_validators.items()
    }
    members = {"resolver_handlers": _Denied(), "keyword_validators": parts}
    checked = type("Offline", (stock,), members)(tree)
    try:
        for error in checked.schema_validator.iter_errors(checked.schema):
            at = pointers.join(map(str, error.absolute_path))
            if not _is_known(at, known):
                yield at, _first_line(error)
        stopped = [*known]
        for error in checked.root_validator(checked.schema_path):
            if isinstance(error, _Stopped):
                if _is_known(error.tsbind_at, stopped):
                    continue
                stopped.append(error.tsbind_at)
            yield error.tsbind_at, _first_line(error)
    except _LateError:
        yield "", f"the full check takes longer than {seconds:,.0f} s; the rest is not looked at"
    except Exception as error:
        # It raises what it likes; whatever it is, it is a finding and not our failure.
        yield "", f"the full check stopped: {_first_line(error)}"


def _is_known(at: str, known: Collection[str]) -> bool:
    """Whether the fast check has found what is wrong at `at`, or deeper in it."""
    return any(f"{other}/".startswith(f"{at}/") for other in known)


def _located(kind: Any, below: str, until: float) -> Any:  # noqa: ANN401 - a class of its own
    """Make a part of the validator that says where its findings are, and outlives its failures.

    `below` leads from the object that the part is given to what it checks.
    """

    class Located(kind):  # type: ignore[misc]
        def __call__(self, *given: Any, **options: Any) -> Iterator[Any]:  # noqa: ANN401
            if time.process_time() > until:
                raise _LateError
            place = next((each for each in given if hasattr(each, "read_value")), None)
            at = pointers.join(map(str, place.parts)) + below if place is not None else ""
            try:
                for error in super().__call__(*given, **options):
                    if not hasattr(error, "tsbind_at"):
                        error.tsbind_at = at + pointers.join(map(str, error.absolute_path))
                    yield error
            except _LateError:
                raise
            except Exception as error:  # a reference to nothing, a parameter without a name, …
                yield _Stopped(at, f"cannot be checked in full: {_first_line(error)}")

        def _validate_schema_meta(self, schema: Any, schema_value: Any) -> None:  # noqa: ANN401
            """The fast check does this."""

        def _collect_properties(self, schema: Any) -> set[str]:  # noqa: ANN401
            """All names that a schema declares; stock this never ends where schemas recur."""
            names: set[str] = set()
            seen: set[int] = set()
            pending = [schema]
            while pending:
                each = pending.pop()
                value = each.read_value()
                if not isinstance(value, dict) or id(value) in seen:
                    continue
                seen.add(id(value))
                names.update(value.get("properties", ()))
                for key in ("allOf", "anyOf", "oneOf"):
                    pending.extend(each / key if key in each else ())
                pending.extend(each / key for key in ("items", "not") if key in each)
            return names

    return Located


class _Stopped(NamedTuple):
    """Stands for the rest of a part that broke the validator."""

    tsbind_at: str
    message: str


def _first_line(error: object) -> str:
    """What an error says, without the instance and schema that some print below."""
    kind = type(error).__name__
    if type(error).__module__.startswith("referencing"):
        return "a reference leads nowhere"
    text = str(getattr(error, "message", error)).strip().partition("\n")[0]
    return text if hasattr(error, "message") else f"{kind}: {text}" if text else kind
