"""Prints the JSON Schema definitions that an Api's calls refer to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final
from urllib.parse import unquote

from tsbind.bundle import Call, Json
from tsbind.ir.api import Api

_PREFIX: Final = "#/$defs/"


def print_schemas(api: Api) -> dict[str, Json]:
    """Return the definitions that `#/$defs/NAME` may name, in the Api's order, and no others.

    What is kept is what some call's arguments, bodies or replies reach; the schemas themselves
    (JSON Schema 2020-12) are handed on as they are.
    """
    reached: set[str] = set()
    # Operations have schemas in common, which are one object then.
    used = {id(schema): schema for op in api.operations for schema in _of(op.call)}
    pending = [name for schema in used.values() for name in _refs(schema)]
    while pending:
        name = pending.pop()
        if name not in reached and name in api.schemas:
            reached.add(name)
            pending.extend(_refs(api.schemas[name]))
    return {name: schema for name, schema in api.schemas.items() if name in reached}


def any_schema(api: Api, holds: Callable[[dict[str, Json]], bool]) -> bool:
    """Whether a schema that some call reaches, or one inside it, is as `holds` says."""
    pending = [schema for op in api.operations for schema in _of(op.call)]
    pending.extend(print_schemas(api).values())
    while pending:
        node = pending.pop()
        if isinstance(node, dict):
            if holds(node):
                return True
            pending.extend(node.values())
        elif isinstance(node, list):
            pending.extend(node)
    return False


def print_calls(api: Api) -> Mapping[str, Call]:
    """Return the Bundle's table of calls: every operation under its dotted name."""
    return {operation.id: operation.call for operation in api.operations}


def _of(call: Call) -> Iterable[Json]:
    yield call.args
    for body in call.bodies:
        yield body.schema
    for reply in call.replies:
        yield reply.schema
        yield reply.item
    yield from call.headers.values()


def _refs(schema: Json) -> list[str]:
    """Return the definitions that a schema names directly, wherever in it they stand.

    A property that happens to be called "$ref" holds a schema, not a string, so it is no
    reference; data (in `enum`, `const`) that looks like one keeps a definition too many, no harm.
    """
    names: list[str] = []
    pending = [schema]
    while pending:
        node = pending.pop()
        if isinstance(node, dict):
            for key, value in node.items():
                if isinstance(value, (dict, list)):
                    pending.append(value)
                elif key in ("$ref", "$dynamicRef") and isinstance(value, str):
                    names.extend(_name(value))
        elif isinstance(node, list):
            pending.extend(node)
    return names


def _name(reference: str) -> list[str]:
    if not reference.startswith(_PREFIX):
        return []
    token = reference.removeprefix(_PREFIX).partition("/")[0]
    return [unquote(token).replace("~1", "/").replace("~0", "~")]
