"""Parameters that are credentials: the operator gives them, so they are no arguments of programs.

Some documents list the key of a security scheme of theirs among the parameters of each operation,
too.  Others describe a key as a parameter and nothing more; which one it is, the operator says:
`query.api_key`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple, cast, get_args

from tsbind.bundle import Need, Scheme
from tsbind.errors import SelectionError
from tsbind.ir.api import Operation
from tsbind.lower.parameter import Declared

SecretPlace = Literal["query", "header", "cookie"]
Security = tuple[tuple[Need, ...], ...]


class Guards(NamedTuple):
    """What the calls of a document may ask for as credentials."""

    schemes: dict[str, Scheme]  # by name; `secrets` are among them
    common: Security  # of operations that say nothing of their own
    secrets: Mapping[str, Scheme]  # parameters that the operator calls so


def secret_schemes(names: Iterable[str]) -> dict[str, Scheme]:
    """Return a security scheme for each parameter that the operator calls a secret.

    Raises SelectionError for what names no place and parameter.

    >>> secret_schemes(["query.api_key"])["query.api_key"].name
    'api_key'
    """
    found: dict[str, Scheme] = {}
    for each in names:
        place, _, name = each.partition(".")
        if place not in get_args(SecretPlace) or not name:
            raise SelectionError(
                f'"{each}" names no parameter',
                where="secret",
                fix="write query.NAME, header.NAME or cookie.NAME",
                code="secret",
            )
        found[each] = Scheme("apiKey", name=name, place=cast("SecretPlace", place))
    return found


def check_used(secrets: Iterable[str], operations: Iterable[Operation]) -> None:
    """Raise SelectionError for a secret that is no parameter of any operation."""
    calls = [operation.call for operation in operations]
    used = {need.scheme for call in calls for needs in call.security for need in needs}
    for each in secrets:
        if each not in used:
            raise SelectionError(
                f'no operation has the parameter "{each}"', where="secret", code="secret"
            )


def without_secrets(
    found: list[Declared],
    security: Security,
    guards: Guards,
) -> tuple[list[Declared], Security]:
    """Return the parameters that programs give, and what the others ask for as credentials."""
    own = [{need.scheme for need in needs} for needs in security]
    always = set.intersection(*own) if own else set()
    kept: list[Declared] = []
    for each in found:
        if any(_is_of(guards.schemes[name], each) for name in always):
            continue
        secret = next(
            (name for name, scheme in guards.secrets.items() if _is_of(scheme, each)), None
        )
        if secret is None:
            kept.append(each)
            continue
        with_it = tuple((*needs, Need(secret)) for needs in security or ((),))
        optional = each.node.get("required") is not True
        security = (*with_it, *(security or ((),))) if optional else with_it
    return kept, security


def _is_of(scheme: Scheme, each: Declared) -> bool:
    if scheme.type != "apiKey" or scheme.place != each.place:
        return False
    if each.place == "header":
        return scheme.name.lower() == each.name.lower()
    return scheme.name == each.name
