"""The public JSON-Schema-Test-Suite, through the types that are printed for its schemas.

Each schema is the reply and the body of an operation, in a document of OpenAPI 3.1 (draft 2020-12)
or 3.0 (draft 4).  What a type accepts is derived from the schema itself, by two rewritings and
the validator: a valid value must be accepted unless `declared` makes it invalid, and an invalid
one must be refused if it still is invalid once `sayable` has taken out what types cannot say.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

import jsonschema_rs
import pytest

from tests.lower.test_construct_cases import program
from tests.runtime.test_schema_suite import bundled, remote_schemas
from tests.tsc import misjudged, tsc
from tsbind.bundle import Json
from tsbind.lower import lower
from tsbind.passes import passes
from tsbind.spec import load

# What TypeScript cannot say of a value, or what we do not say since it costs more than it tells.
UNSAID: Final = {
    **dict.fromkeys(
        ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
        "the type of a number is all numbers",
    ),
    **dict.fromkeys(("minLength", "maxLength", "pattern", "format"), "that of a string, too"),
    **dict.fromkeys(("uniqueItems", "contains", "minContains", "maxContains"), "about all items"),
    **dict.fromkeys(("minProperties", "maxProperties"), "counts members"),
    "propertyNames": "an index signature is for all names; those that are listed become fields",
    "patternProperties": "likewise: members may be what any pattern, or any property, allows",
    **dict.fromkeys(("not", "if", "then", "else"), "no negation, and no condition, among types"),
    **dict.fromkeys(
        ("dependentRequired", "dependentSchemas", "dependencies"), "conditions by another name"
    ),
    **dict.fromkeys(
        ("unevaluatedProperties", "unevaluatedItems"), "about what other keywords have looked at"
    ),
}
# What a schema without `type` is taken to be about, as its author meant it.
ABOUT: Final = {
    "object": "properties required additionalProperties patternProperties propertyNames "
    "minProperties maxProperties unevaluatedProperties dependentRequired dependencies",
    "array": "items prefixItems minItems maxItems uniqueItems contains additionalItems",
    "number": "minimum maximum exclusiveMinimum exclusiveMaximum multipleOf",
    "string": "pattern minLength maxLength contentMediaType contentEncoding",
}
# Errors about members that no schema declares: TypeScript refuses them in a literal, or all alone.
UNDECLARED: Final = ("TS2353", "TS2559", "has no properties in common")
# Groups that are decided otherwise, by file and part of the description.
APART: Final = {
    ("defs", "metaschema"): "the metaschema lies elsewhere, which is reported",
    ("definitions", "metaschema"): "likewise",
    ("ref", "remote ref, containing refs itself"): "likewise",
    ("ref", "Location-independent identifier"): "names by `id`, which 3.0 does not know: reported",
    ("ref", "sibling id"): "likewise",
    ("ref", "Recursive references between schemas"): "likewise",
    ("refRemote", ""): "in 3.0 what lies elsewhere is reported",
    ("enum", "empty enum"): "is reported and ignored: published documents mean nothing by it",
    ("items", "array of schemas"): "a list of `items` is reported: 3.0 has no meaning for it",
    ("items", "array-form"): "likewise",
    ("additionalItems", "allowed by default"): "likewise",
    ("uniqueItems", "array of items"): "likewise",
    ("ref", "relative pointer ref to array"): "likewise",
    ("required", "Javascript object property names"): "TypeScript gives them to every object",
    ("properties", "Javascript object property names"): "likewise",
}


class Group(NamedTuple):
    """One schema of the suite, with its values."""

    file: str
    entry: dict[str, Any]

    @property
    def apart(self) -> bool:
        said = self.entry["description"]
        return any(file == self.file and part in said for file, part in APART)


Rewrite = Callable[[dict[str, Json]], dict[str, Json]]
SINGLE = frozenset(["items", "additionalProperties", "additionalItems"])
LISTS = frozenset(["allOf", "anyOf", "oneOf", "prefixItems", "items"])
TABLES = frozenset(["properties", "patternProperties", "$defs", "definitions"])


def each_schema(schema: Json, change: Rewrite) -> Json:
    """Rewrite the schemas that speak for themselves: not those of conditions and negations."""
    if not isinstance(schema, dict):
        return schema
    made = dict(schema)
    for key, value in schema.items():
        if key in SINGLE and isinstance(value, dict):
            made[key] = each_schema(value, change)
        elif key in LISTS and isinstance(value, list):
            made[key] = [each_schema(each, change) for each in value]
        elif key in TABLES and isinstance(value, dict):
            made[key] = {name: each_schema(each, change) for name, each in value.items()}
    return change(made)


def declared(schema: dict[str, Json]) -> dict[str, Json]:
    """The schema as its author meant it: of one kind, with no members beyond its patterns.

    A member that a branch declares is of that type, whether or not the branch applies.
    """
    made = dict(schema)
    if "patternProperties" in schema:
        made.setdefault("additionalProperties", {"anyOf": [*schema["patternProperties"].values()]})
    tables = [schema.get(key, {}) for key in ("dependentSchemas", "dependencies")]
    branches = [schema.get("then"), schema.get("else"), *(b for t in tables for b in t.values())]
    members: dict[str, list[Json]] = {}
    for branch in branches:
        for name, inner in branch.get("properties", {}).items() if type(branch) is dict else ():
            members.setdefault(name, []).append(inner)
    if members and schema.get("additionalProperties") is not False:
        shown = {name: {"anyOf": options} for name, options in members.items()}
        made["properties"] = {**shown, **made.get("properties", {})}
    if schema.keys().isdisjoint(("type", "enum", "const")):
        about = (kind for kind, keys in ABOUT.items() if not made.keys().isdisjoint(keys.split()))
        kind = next(about, None)
        made |= {"type": kind} if kind else {}
    return made


def sayable(schema: dict[str, Json]) -> dict[str, Json]:
    """The schema without what types do not say."""
    made = {key: value for key, value in schema.items() if key not in UNSAID}
    if "prefixItems" not in made:  # the length of a list is said of tuples alone
        made = {key: value for key, value in made.items() if key not in ("minItems", "maxItems")}
    patterns = schema.get("patternProperties", {}).values()
    further = made.get("additionalProperties", False)
    if patterns or further is not False:
        # An index signature holds for the declared fields, too.
        options = [*patterns, *made.get("properties", {}).values()]
        options += [] if further is False else [further]
        made["additionalProperties"] = {"anyOf": options}
    if "oneOf" in made:  # a union excludes nothing
        made["allOf"] = [*made.get("allOf", ()), {"anyOf": made.pop("oneOf")}]
    kinds = made.get("type")
    if kinds is not None:
        listed = kinds if isinstance(kinds, list) else [kinds]
        made["type"] = list(
            dict.fromkeys("number" if kind == "integer" else kind for kind in listed)
        )
    return made


TARGET = "#/components/schemas/Target"


def document(schema: Json, version: str) -> bytes:
    content = {"content": {"application/json": {"schema": {"$ref": TARGET}}}}
    get = {"responses": {"200": {"description": "", **content}}}
    post = {"requestBody": {"required": True, **content}, "responses": {"204": {"description": ""}}}
    whole = {
        "openapi": version,
        "info": {"title": "suite", "version": "1"},
        "paths": {"/thing": {"get": get, "post": post}},
        "components": {"schemas": {"Target": _moved(schema, outermost=True)}},
    }
    return json.dumps(whole).encode()


def _moved(node: Json, *, outermost: bool = False) -> Json:
    """The schema with references into it as they are inside of the document."""
    if isinstance(node, list):
        return [_moved(each) for each in node]
    if not isinstance(node, dict) or "$id" in node:  # what has an `$id` is what `#` means in it
        return node
    moved = {k: v if k in ("enum", "const") else _moved(v) for k, v in node.items()}
    for key in ("$ref", "$dynamicRef"):
        target = moved.get(key)
        if isinstance(target, str) and (target == "#" or target.startswith("#/")):
            moved[key] = TARGET + target[1:]
    return moved


def groups(folder: Path, draft: str) -> list[Group]:
    found = []
    for path in sorted((folder / "tests" / draft).glob("*.json")):
        if path.stem not in ("format", "vocabulary"):
            found += [Group(path.stem, entry) for entry in json.loads(path.read_bytes())]
    return found


class Drafts(NamedTuple):
    """How one draft is judged."""

    name: str
    version: str  # of the OpenAPI that takes its schemas from there
    validator: Callable[[Json], Any]
    least: int  # values of the suite that are judged on each side


DRAFTS = (
    Drafts("draft2020-12", "3.1.1", jsonschema_rs.Draft202012Validator, 700),
    Drafts("draft4", "3.0.4", jsonschema_rs.Draft4Validator, 350),
)


@pytest.mark.slow
@pytest.mark.tsc
@pytest.mark.parametrize("draft", DRAFTS, ids=lambda draft: draft.name)
def test_types_of_the_suite(draft: Drafts, corpus: Path, tmp_path: Path) -> None:
    tsc()
    folder = next((corpus / "hostile").glob("**/tests/draft4")).parent.parent
    remotes = remote_schemas(folder / "remotes") if draft is DRAFTS[0] else {}
    expected: dict[tuple[str, int], tuple[bool, str]] = {}
    for number, group in enumerate(groups(folder, draft.name)):
        if group.apart:
            continue
        schema = bundled(group.entry["schema"], remotes)
        api, _ = lower(load(document(schema, draft.version), name="suite.json"))
        for step in passes("none"):
            api = step(api)
        text = program(api)
        line, name = text.count("\n"), f"suite{number}.ts"
        for case in group.entry["tests"]:
            accepted = verdict(schema, case, draft)
            if accepted is None:
                continue
            for side in ("__reply", "__body"):
                line += 1
                text += statement(side, case["data"], fresh=not accepted)
                what = f"{group.file}: {group.entry['description']}: {case['description']}: {side}"
                expected[name, line] = (accepted, what)
        (tmp_path / name).write_text(f"{text}export {{}}\n", "utf-8")
    wrong = misjudged(tmp_path, expected)
    assert not [each for each in wrong if not any(code in each for code in UNDECLARED)]
    assert len(expected) > 2 * draft.least


def verdict(schema: Json, case: dict[str, Any], draft: Drafts) -> bool | None:
    """Whether the type must accept the value of a case; None where it may do either."""
    if re.search(r"\d{17}", json.dumps(case["data"])):  # more than a double holds
        return None
    meant = each_schema(schema, declared)
    try:
        said = draft.validator(meant if case["valid"] else each_schema(meant, sayable))
    except jsonschema_rs.ValidationError:  # a reference that leads elsewhere, or to what is gone
        return None
    return case["valid"] if said.is_valid(case["data"]) == case["valid"] else None


def statement(type_: str, value: Json, *, fresh: bool) -> str:
    """Assign a value; one that is not `fresh` may have members that its type does not know."""
    spelt = json.dumps(value)
    return (
        f"{{const x:{type_}={spelt}}}\n"
        if fresh
        else f"{{const v=null! as {spelt};const x:{type_}=v}}\n"
    )
