"""Schema Object → JSON Schema (2020-12) for validation at run time.

Only what decides validity is kept; a reference points into `Api.schemas`, where a named schema
stands once for each way in which it is seen.  A `readOnly` property is neither known nor required
in a request, nor a `writeOnly` one in a reply.  `discriminator` decides nothing here: the variants
themselves do.  A keyword that jsonschema-rs would refuse is reported and left out, so that every
schema made here compiles.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from tsbind.bundle import Json
from tsbind.lower.declared import Scope, declared
from tsbind.lower.direction import Mode, is_binary
from tsbind.lower.keywords import LISTS, SINGLE, TABLES
from tsbind.lower.kinds import is_scalar
from tsbind.lower.literal import ACCEPTS, distinct, fitting
from tsbind.lower.references import shown
from tsbind.lower.report import At, Node, Report
from tsbind.lower.schema import MAX_DEPTH, without_alternatives
from tsbind.lower.table import Types

# Characters of all different patterns of a document: each takes some microseconds to compile.
MAX_PATTERNS = 1_000_000
# Fields of bodies that are listed beside parameters; published documents have some thousands.
MAX_COPIED = 1_000_000


class Validation:
    """Makes run-time schemas; `definitions` fills with the named ones that they refer to."""

    def __init__(self, types: Types, report: Report) -> None:
        self._types = types
        self._report = report
        self._depth = 0
        self._queue: list[tuple[str, Node, str, Mode]] = []
        self._current = ""
        self._patterns: set[str] = set()  # that were compiled
        self._pattern_room = MAX_PATTERNS
        self._field_room = MAX_COPIED
        self.definitions: dict[str, Json] = {}
        # By id() and place; holding the schema keeps its id valid.
        self._made: dict[tuple[int, At, Mode], tuple[Node, Json]] = {}

    def schema(self, node: Node, at: At, mode: Mode) -> Json:
        """Return the run-time schema of the values that `node` accepts in `mode`.

        It may be the same object for several operations, and must not be changed.
        """
        key = id(node), at, mode
        known = self._made.get(key)
        if known is not None:
            return known[1]
        made = self._make(node, at, mode, None)
        while self._queue:
            name, inner, self._current, seen_as = self._queue.pop()
            self.definitions[name] = self._make(inner, self._current, seen_as, None)
        self._current = ""
        self._made[key] = node, made
        return made

    def may_copy(self, fields: int) -> bool:
        """Whether one more operation may list the fields of its body; if so, it is expected to."""
        fits = fields <= self._field_room
        self._field_room -= fields if fits else 0
        return fits

    def finish(self) -> dict[str, Json]:
        """Return all definitions in name order."""
        return dict(sorted(self.definitions.items()))

    def _make(self, node: Node, at: At, mode: Mode, scope: Scope | None) -> Json:
        if not isinstance(node, dict):
            return node is not False
        if self._depth > MAX_DEPTH:
            return True  # reported when the type was lowered
        self._depth += 1
        try:
            return self._object(node, at, mode, scope)
        finally:
            self._depth -= 1

    def _object(self, node: dict[str, Node], at: At, mode: Mode, scope: Scope | None) -> Json:
        if mode == "form" and node.get("type") == "string" and is_binary(node):
            return True  # bytes do not cross as a string
        made: dict[str, Json] = {}
        for key, value in node.items():
            if key in _CHECKS:
                self._plain(made, key, value, at)
            elif key in TABLES:
                self._table(made, key, value, at, mode)
            elif key in LISTS:
                self._list(made, key, value, at, mode, Scope(node, at, scope, key == "allOf"))
            elif key in SINGLE and key != "contentSchema":
                if isinstance(value, (dict, bool)):
                    inside = Scope(node, at, scope, False) if key in _IN_PLACE else None
                    made[key] = self._make(value, (at, key), mode, inside)
            elif key == "$ref":
                self._reference(made, value, at, mode, scope)
        if "required" in made:
            self._require(made, node, at, mode, scope)
        if "enum" in made:
            self._enumerate(made)
        return made

    def _reference(
        self, made: dict[str, Json], ref: Node, at: At, mode: Mode, scope: Scope | None
    ) -> None:
        target = self._types.references.target(ref, at)
        if target is None:
            return
        if is_scalar(target.node):
            inline = self._make(target.node, target.pointer, mode, None)
            if isinstance(inline, dict):
                made.update({key: inline[key] for key in inline if key not in made})
            return
        node, pointer = target
        inherited = scope is not None and scope.inherits
        own = inherited and self._types.offers(node, pointer, self._current)
        name = self._types.name_of(pointer, node, mode, own)
        if name not in self.definitions:
            self.definitions[name] = True  # its place is taken while it waits its turn
            node = without_alternatives(node) if own else node
            self._queue.append((name, node, pointer, mode))
        made["$ref"] = f"#/$defs/{name}"

    def _plain(self, made: dict[str, Json], key: str, value: Node, at: At) -> None:
        if key == "type":
            kinds = value if isinstance(value, list) else [value]
            known = [kind for kind in dict.fromkeys(map(str, kinds)) if kind in ACCEPTS]
            if len(known) == len({*map(str, kinds)}) and known:
                made["type"] = known[0] if len(known) == 1 else known
            return  # a wrong word was reported when the type was lowered
        if key == "enum" and value == []:
            return
        if key == "format" and value == "binary":
            return
        if key == "pattern" and isinstance(value, str):
            if self._compiles(value, (at, key)):
                made["pattern"] = value
            return
        if _CHECKS[key](value):
            made[key] = value
        elif not (key == "required" and isinstance(value, bool)):
            self._wrong(key, value, at)

    def _wrong(self, key: str, value: Node, at: At) -> None:
        self._report.add("schema-keyword", (at, key), f'"{key}" cannot be {shown(value)}')

    def _compiles(self, pattern: str, at: At) -> bool:
        if pattern not in self._patterns:
            if len(pattern) > self._pattern_room:
                self._report.add(
                    "pattern",
                    at,
                    f"this pattern and those before it have more than {MAX_PATTERNS:,} characters",
                    fix="shorten them; until then values are not checked against this one",
                )
                return False
            self._pattern_room -= len(pattern)
            self._patterns.add(pattern)
        if is_regular_expression(pattern):
            return True
        self._report.add(
            "pattern",
            at,
            f"pattern {shown(pattern)} is no regular expression of ECMA-262",
            fix="correct it; until then values are not checked against it",
        )
        return False

    def _table(self, made: dict[str, Json], key: str, value: Node, at: At, mode: Mode) -> None:
        if not isinstance(value, dict):
            return
        above: At = (at, key)
        hidden = self._types.directions.hidden
        made[key] = {
            name: self._make(inner, (above, name), mode, None)
            for name, inner in value.items()
            if (key != "patternProperties" or self._compiles(name, (above, name)))
            and not (key == "properties" and hidden(inner, (above, name), mode))
        }

    def _list(
        self, made: dict[str, Json], key: str, value: Node, at: At, mode: Mode, scope: Scope
    ) -> None:
        if not isinstance(value, list) or not value:
            return
        above: At = (at, key)
        inside = None if key == "prefixItems" else scope
        made[key] = [
            self._make(member, (above, str(index)), mode, inside)
            for index, member in enumerate(value)
        ]

    def _require(
        self, made: dict[str, Json], node: dict[str, Node], at: At, mode: Mode, scope: Scope | None
    ) -> None:
        """Leave out what the mode hides, wherever the property is declared."""
        kept = []
        for name in dict.fromkeys(made["required"]):
            if name not in made.get("properties", ()):
                found = declared(name, node, at, scope, self._types.references)
                if found is not None and self._types.directions.hidden(*found, mode):
                    continue
            kept.append(name)
        if kept:
            made["required"] = kept
        else:
            del made["required"]

    def _enumerate(self, made: dict[str, Json]) -> None:
        kinds = made.get("type", ())
        kept = fitting(made["enum"], (kinds,) if isinstance(kinds, str) else tuple(kinds))
        if kept:
            made["enum"] = distinct(kept)
        else:
            del made["enum"]  # reported when the type was lowered


_IN_PLACE = frozenset(("if", "then", "else", "not"))


def _is_number(value: Node) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_count(value: Node) -> bool:
    return _is_number(value) and value >= 0 and value == int(value)


def _is_names(value: Node) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


# The keywords that hold no schema, with what each must be.
_CHECKS: dict[str, Callable[[Node], bool]] = {
    "type": lambda value: True,
    "const": lambda value: True,
    "enum": lambda value: isinstance(value, list),
    "required": _is_names,
    "format": lambda value: isinstance(value, str),
    "pattern": lambda value: isinstance(value, str),
    "uniqueItems": lambda value: isinstance(value, bool),
    "multipleOf": lambda value: _is_number(value) and value > 0,
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), _is_number),
    **dict.fromkeys(
        ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"),
        _is_count,
    ),
    **dict.fromkeys(("minContains", "maxContains"), _is_count),
    "dependentRequired": lambda value: (
        isinstance(value, dict) and all(map(_is_names, value.values()))
    ),
}


@cache
def is_regular_expression(pattern: str) -> bool:
    """Whether the run-time validator takes a pattern."""
    import jsonschema_rs  # imported late: few documents have patterns

    try:
        jsonschema_rs.Draft202012Validator({"pattern": pattern}, offline=True)
    except ValueError:
        return False
    return True
