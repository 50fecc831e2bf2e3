"""Say why a value does not fit a JSON Schema, for someone who must correct the value.

>>> import jsonschema_rs
>>> schema = {"properties": {"limit": {"type": "integer"}}, "additionalProperties": False}
>>> faults = jsonschema_rs.Draft202012Validator(schema).iter_errors({"limt": 5})
>>> describe(faults, schema, root="args")
('args.limt: no such field (did you mean "limit"?)',)
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import msgspec

from tsbind.bundle import Json

if TYPE_CHECKING:
    from jsonschema_rs import ValidationError

SHOWN = 5  # faults spelled out; the rest are counted
QUOTED = 80  # characters of an offending value
_IN_ALL = ("allOf", "anyOf", "oneOf", "if", "then", "else", "dependentSchemas")


def describe(
    faults: Iterable[ValidationError], schema: Json, *, root: str, shown: int = SHOWN
) -> tuple[str, ...]:
    """Return one line per fault: `path: what is wrong`, at most `shown` and a count of the rest.

    `schema` is the whole schema that was checked, with its `$defs`; `root` names the value.
    """
    lines: dict[str, None] = {}
    for fault in faults:
        for line in _lines(fault, schema, root):
            lines.setdefault(line)
    texts = list(lines)
    if len(texts) > shown:
        texts[shown:] = [f"and {len(texts) - shown} more"]
    return tuple(texts)


def path_of(steps: Iterable[str | int], root: str) -> str:
    """Spell a path as a program would: `args.items[0]["odd name"]`."""
    text = root
    for step in steps:
        if isinstance(step, int):
            text += f"[{step}]"
        elif step.isidentifier():
            text += f".{step}"
        else:
            text += f"[{quote(step)}]"
    return text


def quote(value: Json) -> str:
    """Write a value as JSON, cut where it is long."""
    try:
        text = msgspec.json.encode(value).decode()
    except (TypeError, ValueError, RecursionError):
        text = repr(value)
    return text if len(text) <= QUOTED else text[: QUOTED - 1] + "…"


def _lines(fault: ValidationError, schema: Json, root: str) -> Iterator[str]:
    where = path_of(fault.instance_path, root)
    match fault.kind.name:
        case "additionalProperties" | "unevaluatedProperties":
            yield from _unknown_fields(fault, schema, where)
        case "required":
            yield f'{where}: the field "{fault.kind.as_dict()["property"]}" is missing'
        case "anyOf" | "oneOf" if branch := _nearest(fault):
            for inner in branch:
                yield from _lines(inner, schema, root)
        case _:
            yield f"{where}: {_what(fault)}"


def _what(fault: ValidationError) -> str:
    detail = fault.kind.as_dict()
    value = quote(fault.instance)
    match fault.kind.name:
        case "type":
            return f"must be {_or(_TYPES.get(name, name) for name in detail['types'])}, not {value}"
        case "enum":
            return f"must be {_or(map(quote, detail['options']))}, not {value}"
        case "const":
            return f"must be {quote(detail['expected_value'])}, not {value}"
        case "format":
            return f"must be a {detail['format']}, not {value}"
        case "pattern" if "pattern" in detail:  # else the step limit was reached
            return f"must match the pattern {quote(detail['pattern'])}, not {value}"
        case "minimum":
            return f"must be at least {detail['limit']}, not {value}"
        case "maximum":
            return f"must be at most {detail['limit']}, not {value}"
        case "falseSchema":
            return "must be absent"
        case "oneOf":
            return f"fits none, or more than one, of the possible shapes: {value}"
        case _:
            return _cut(fault.message)


_TYPES = {
    "string": "a string",
    "integer": "an integer",
    "number": "a number",
    "boolean": "a boolean",
    "array": "an array",
    "object": "an object",
}


def _or(words: Iterable[str]) -> str:
    listed = list(words)
    if not listed:
        return "absent"
    if len(listed) > 12:
        listed[12:] = [f"one of {len(listed) - 12} more"]
    return listed[0] if len(listed) == 1 else f"{', '.join(listed[:-1])} or {listed[-1]}"


def _cut(text: str) -> str:
    return text if len(text) <= 300 else text[:299] + "…"


def _nearest(fault: ValidationError) -> list[ValidationError]:
    """The branch that the value came closest to: the one that failed deepest, with least."""
    branches = [branch for branch in fault.kind.as_dict().get("context", ()) if branch]
    depth = len(fault.instance_path)
    # A branch that fails on the value itself (its type, a `const` tag) was not meant.
    meant = [b for b in branches if not any(_refuses_outright(f, depth) for f in b)]
    return min(meant, key=len, default=[]) if len(branches) > 1 else (branches or [[]])[0]


def _refuses_outright(fault: ValidationError, depth: int) -> bool:
    here = len(fault.instance_path)
    if fault.kind.name in ("const", "enum"):
        return here <= depth + 1
    return here == depth and fault.kind.name in ("type", "falseSchema", "format", "pattern")


def _unknown_fields(fault: ValidationError, schema: Json, where: str) -> Iterator[str]:
    known = _known_fields(schema, fault.evaluation_path[:-1])
    for name in fault.kind.as_dict()["unexpected"]:
        # When another fault stops evaluation, known fields count as unevaluated: that is noise.
        if name in known and fault.kind.name == "unevaluatedProperties":
            continue
        close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
        hint = f' (did you mean "{close[0]}"?)' if close else _listing(known)
        yield f"{path_of([name], where)}: no such field{hint}"


def _listing(known: list[str]) -> str:
    if not known:
        return " (there are none)"
    names = ", ".join(known[:12]) + (", …" if len(known) > 12 else "")
    return f" (there are: {names})"


def _known_fields(schema: Json, steps: Iterable[str | int]) -> list[str]:
    """The field names that the schema reached by the evaluation path `steps` speaks of."""
    node = schema
    for step in steps:
        if step == "$ref":
            node = _resolve(schema, node)
        elif isinstance(node, Mapping):
            node = node.get(step, True)
        elif isinstance(node, list) and isinstance(step, int) and step < len(node):
            node = node[step]
    names: dict[str, None] = {}
    _collect(schema, node, names, set())
    return list(names)


def _resolve(schema: Json, node: Json) -> Json:
    target = node.get("$ref", "") if isinstance(node, Mapping) else ""
    prefix = "#/$defs/"
    if not isinstance(target, str) or not target.startswith(prefix):
        return True
    name = target[len(prefix) :].replace("~1", "/").replace("~0", "~")
    return schema.get("$defs", {}).get(name, True)


def _collect(schema: Json, node: Json, names: dict[str, None], seen: set[int]) -> None:
    if not isinstance(node, Mapping) or id(node) in seen:
        return
    seen.add(id(node))
    names.update(dict.fromkeys(node.get("properties", ())))
    if "$ref" in node:
        _collect(schema, _resolve(schema, node), names, seen)
    for word in _IN_ALL:
        part = node.get(word)
        branches = part if isinstance(part, list) else [part]
        if isinstance(part, Mapping) and word == "dependentSchemas":
            branches = list(part.values())
        for branch in branches:
            _collect(schema, branch, names, seen)
