"""Ways in which documents combine keywords: what is printed, and what is checked at run time.

Each entry of tests/cases/constructs is a schema, taken as the reply and as the body of an
operation, with values as YAML: those that both TypeScript and the validator take (`accepts`), that
both refuse (`refuses`), that TypeScript cannot tell from valid ones (`unsaid`), and that are valid
but not what the schema declares (`undeclared`).  `reply` and `body` hold values of their own where
the two differ, and `reads` what can be read of a reply `x`.  `decides: types` leaves the validator
out where the standard gives a keyword meaning for types alone (discriminators), or none.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from tests.tsc import misjudged, tsc
from tsbind.bundle import Json
from tsbind.emit.typescript import print_declarations
from tsbind.ir.api import Api, Operation
from tsbind.ir.check import check
from tsbind.lower import lower
from tsbind.passes import SPELLABLE, passes
from tsbind.pipeline import bundle_of
from tsbind.runtime.failures import ArgumentError
from tsbind.runtime.validate import Validators
from tsbind.spec import load

FOLDER = Path(__file__).parent.parent / "cases/constructs"
# What TypeScript and the validator say of each list of values.
SAYS = {
    "accepts": (True, True),
    "refuses": (False, False),
    "unsaid": (True, False),
    "undeclared": (False, True),
}


class Case(NamedTuple):
    """One construct."""

    id: str
    entry: dict[str, Any]

    def values(self, side: str) -> list[tuple[str, Json]]:
        """The values to try on one side, each with the name of its list."""
        lists = self.entry.get(side, self.entry)
        return [(name, value) for name in SAYS for value in lists.get(name, ())]


CASES = [
    Case(f"{file.stem}: {entry['title']}", entry)
    for file in sorted(FOLDER.glob("*.yaml"))
    for entry in yaml.safe_load(file.read_text("utf-8"))
]


def document(entry: dict[str, Any]) -> bytes:
    """An OpenAPI document that returns and takes what the schema says."""
    schemas = {"Target": entry["schema"], **entry.get("schemas", {})}
    swagger = entry.get("swagger", False)
    ref = {"$ref": "#/definitions/Target" if swagger else "#/components/schemas/Target"}
    whole: dict[str, Any] = {"info": {"title": entry["title"], "version": "1"}}
    get: dict[str, Any]
    post: dict[str, Any]
    done: dict[str, Any] = {"204": {"description": ""}}
    if swagger:
        get = {"responses": {"200": {"description": "ok", "schema": ref}}}
        body = {"name": "body", "in": "body", "required": True, "schema": ref}
        post = {"parameters": [body], "responses": done}
        whole |= {"swagger": "2.0", "definitions": schemas}
    else:
        content = {"content": {"application/json": {"schema": ref}}}
        get = {"responses": {"200": {"description": "ok", **content}}}
        post = {"requestBody": {"required": True, **content}, "responses": done}
        whole["openapi"] = entry.get("openapi", "3.1.1")
        whole["components"] = {"schemas": schemas, **entry.get("components", {})}
    whole["paths"] = {"/thing": {"get": get, "post": post}, **entry.get("paths", {})}
    return json.dumps(whole).encode()


def compiled(case: Case) -> Api:
    api, _ = lower(load(document(case.entry), name="construct.json"))
    check(api)
    return api


def operations(api: Api) -> tuple[Operation, Operation]:
    """The one that returns the schema, and the one that takes it."""
    found = {each.call.method: each for each in api.operations if each.call.path == "/thing"}
    return found["GET"], found["POST"]


def test_there_are_many_and_each_is_tried() -> None:
    assert len(CASES) > 150
    assert len({case.id for case in CASES}) == len(CASES)
    assert all(case.values("reply") and case.values("body") for case in CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_run_time_schemas(case: Case) -> None:
    if case.entry.get("decides") == "types":
        return
    api = compiled(case)
    get, post = operations(api)
    body = post.call.bodies[0].arg
    validators = Validators(bundle_of(api))
    wrong = []
    for said, value in case.values("reply"):
        if (not validators.check_reply(get.call, get.call.replies[0], value)) != SAYS[said][1]:
            wrong.append(("reply", said, value))
    for said, value in case.values("body"):
        try:
            validators.check_arguments(post.call, {body: value} if body else value)
            fits = True
        except ArgumentError:
            fits = False
        if fits != SAYS[said][1]:
            wrong.append(("body", said, value))
    assert not wrong


@pytest.mark.tsc
@pytest.mark.parametrize("shrunk", [False, True], ids=["spellable", "after all passes"])
def test_types(shrunk: bool, tmp_path: Path) -> None:
    tsc()
    expected: dict[tuple[str, int], tuple[bool, str]] = {}
    for number, case in enumerate(CASES):
        api = compiled(case)
        for step in passes("none") if shrunk else SPELLABLE:
            api = step(api)
        text = program(api)
        line = text.count("\n")
        name = f"construct{number}.ts"
        for side in ("reply", "body"):
            for said, value in case.values(side):
                line += 1
                text += f"{{const x:__{side}={json.dumps(value)}}}\n"
                expected[name, line] = (SAYS[said][0], f"{case.id}: {side}: {value}")
        for read in case.entry.get("reads", ()):
            line += 1
            text += f"{{const f=(x:__reply)=>{read}}}\n"
            expected[name, line] = (True, f"{case.id}: {read}")
        (tmp_path / name).write_text(f"{text}export {{}}\n", "utf-8")
    assert not misjudged(tmp_path, expected)


def program(api: Api) -> str:
    """The declarations, with a name for what is returned and one for what is taken."""
    get, post = operations(api)
    body = post.call.bodies[0].arg
    return (
        f"{print_declarations(api)}"
        f"type __reply=Awaited<ReturnType<typeof api.{get.id}>>\n"
        f"type __body=Exclude<Parameters<typeof api.{post.id}>[0],undefined>"
        + (f"[{json.dumps(body)}]\n" if body else "\n")
    )
