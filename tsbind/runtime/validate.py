"""Checks arguments before a call, replies after it, and the result at the end.

The schemas are those of the document, as JSON Schema 2020-12 with `#/$defs/NAME` references into
the Bundle.  A validator is compiled when it is first needed, with just the definitions that it
reaches, and is kept as long as the Bundle is.  Nothing is ever fetched: `offline=True`.
Formats are checked.  Patterns run in a linear-time engine where they can, and under a step limit
where they use look-around or back-references, so that no pattern can stall the host.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

from tsbind.bundle import Body, Bundle, Call, Json, Reply, Same
from tsbind.errors import BundleError, ResultError
from tsbind.runtime.failures import ArgumentError, ReplyError
from tsbind.runtime.intended import intended
from tsbind.runtime.mismatch import describe
from tsbind.runtime.values import without_bytes

if TYPE_CHECKING:
    from jsonschema_rs import Draft202012Validator

Strictness = Literal["strict", "warn", "off"]
BACKTRACKS = 100_000  # steps of one pattern before it counts as failed


class Validators:
    """The validators of one Bundle, and what to do about replies that do not fit."""

    __slots__ = ("_bundle", "_compiled", "replies")

    def __init__(self, bundle: Bundle, replies: Strictness = "warn") -> None:
        self._bundle = bundle
        self._compiled = _compiled_for(Same(bundle))
        self.replies = replies

    def check_arguments(self, call: Call, args: Mapping[str, Json]) -> None:
        """Raise ArgumentError unless `args` fits the operation."""
        faults = self._faults((call.op, "args"), call.args, args, root="args")
        if faults:
            raise ArgumentError(f"{call.op}: {'; '.join(faults)}", code="argument")

    def fits(self, call: Call, body: Body, value: Json) -> bool:
        """Whether `value` may be sent as that body."""
        key = (call.op, f"body {body.media}")
        return not self._faults(key, body.schema, value, root="body")

    def check_reply(self, call: Call, reply: Reply, value: Json) -> tuple[str, ...]:
        """Return what is wrong with a reply; raise ReplyError instead when replies are strict."""
        if self.replies == "off":
            return ()
        schema = reply.schema if reply.item is None else {"type": "array", "items": reply.item}
        key = (call.op, f"reply {reply.status} {reply.media}")
        faults = self._faults(key, schema, value, root="reply")
        if faults and self.replies == "strict":
            raise ReplyError(f"{call.op}: {'; '.join(faults)}", code="reply")
        return faults

    def _faults(
        self, key: tuple[str, str], schema: Json, value: Json, *, root: str
    ) -> tuple[str, ...]:
        if schema is True:
            return ()
        compiled = self._compiled.get(key)
        if compiled is None:
            whole = with_definitions(schema, self._bundle.schemas)
            where = f"{key[1]} of {key[0]}"
            compiled = self._compiled[key] = _Compiled(whole, where, sent=root != "reply")
        return compiled.faults(value, root)


class ResultSchema:
    """What a program's result must fit: JSON Schema 2020-12.  Raises BundleError for no schema."""

    def __init__(self, schema: Json) -> None:
        self._compiled = _Compiled(schema, where="result schema")

    def check(self, value: Json) -> None:
        """Raise ResultError unless `value` fits."""
        faults = self._compiled.faults(value, "result")
        if faults:
            raise ResultError(
                "the result does not fit its schema: " + "; ".join(faults),
                fix="return a value that fits the schema that was asked for",
                code="result-schema",
            )


class _Compiled:
    """One schema, ready to check values; those that are `sent` as the schema is meant."""

    __slots__ = ("_schema", "_validator")

    def __init__(self, schema: Json, where: str, *, sent: bool = False) -> None:
        try:
            self._schema = intended(schema) if sent else schema
            self._validator = _compile(self._schema)
        except (ValueError, RecursionError) as error:
            raise BundleError(
                f"is no usable JSON Schema: {getattr(error, 'message', error)}",
                where=where,
                code="schema",
            ) from None

    def faults(self, value: Json, root: str) -> tuple[str, ...]:
        try:
            return self._faults(value, root)
        except ValueError:  # it holds bytes, or nests too deep for the validator
            return self._faults(without_bytes(value), root)

    def _faults(self, value: Json, root: str) -> tuple[str, ...]:
        if self._validator.is_valid(value):
            return ()
        faults = describe(self._validator.iter_errors(value), self._schema, root=root)
        return faults or (() if self._validator.is_valid(value) else (f"{root}: does not fit",))


def _compile(schema: Json) -> Draft202012Validator:
    from jsonschema_rs import Draft202012Validator, FancyRegexOptions

    return Draft202012Validator(
        _with_uris(schema),
        offline=True,
        validate_formats=True,
        pattern_options=FancyRegexOptions(backtrack_limit=BACKTRACKS),
    )


def _with_uris(schema: Json) -> Json:
    """Return `schema` with references that are URIs: ours name types in whatever script."""
    names = schema.get("$defs", {}) if isinstance(schema, Mapping) else {}
    if all(name.isascii() for name in names):
        return schema
    return _escaped(schema)


def _escaped(node: Json) -> Json:
    if isinstance(node, Mapping):
        made = {key: _escaped(value) for key, value in node.items()}
        target = made.get("$ref")
        if isinstance(target, str) and not target.isascii():
            made["$ref"] = quote(target, safe="%/#?&=+,;:@!$'()*~")
        return made
    return [_escaped(each) for each in node] if isinstance(node, (list, tuple)) else node


def with_definitions(schema: Json, schemas: Mapping[str, Json]) -> Json:
    """Return `schema` with the definitions that it reaches in `$defs`, and no others."""
    if not isinstance(schema, Mapping):
        return schema
    needed: dict[str, Json] = {}
    pending = list(_references(schema))
    while pending:
        name = pending.pop()
        if name in schemas and name not in needed:
            needed[name] = schemas[name]
            pending.extend(_references(schemas[name]))
    return {**schema, "$defs": {**needed, **schema.get("$defs", {})}} if needed else schema


def _references(schema: Json) -> set[str]:
    """The names of the definitions that a schema mentions."""
    names: set[str] = set()
    pending = [schema]
    while pending:
        node = pending.pop()
        if isinstance(node, Mapping):
            target = node.get("$ref")
            if isinstance(target, str) and target.startswith("#/$defs/"):
                step = target[len("#/$defs/") :].split("/", 1)[0]
                names.add(step.replace("~1", "/").replace("~0", "~"))
            pending.extend(node.values())
        elif isinstance(node, (list, tuple)):
            pending.extend(node)
    return names


@lru_cache(maxsize=64)
def _compiled_for(_key: Same) -> dict[tuple[str, str], _Compiled]:
    return {}
