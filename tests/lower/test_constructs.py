"""Every construct of the corpus: what its type and its run-time schema accept and refuse.

TypeScript's own compiler is the judge of the types (`TSBIND_TSC`, else `tsc` on the PATH); the
run-time schemas are judged by the validator that the runtime uses.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from tests.tsc import misjudged, tsc
from tsbind.bundle import Json
from tsbind.emit.typescript import print_declarations
from tsbind.ir.api import Api
from tsbind.ir.check import check
from tsbind.lower import lower
from tsbind.passes import passes
from tsbind.passes.rename import rename
from tsbind.spec import load

# A discriminator marks the variants of a type and decides nothing in JSON Schema.
TYPE_ONLY = {"3.0-discmap2", "3.0-discbase"}


@pytest.fixture(scope="module")
def constructs(corpus: Path) -> list[dict[str, Any]]:
    found = json.loads((corpus / "constructs/constructs.json").read_text("utf-8"))["constructs"]
    assert len(found) >= 60
    return list(found)


def document(construct: dict[str, Any]) -> bytes:
    ref = {"$ref": f"#/components/schemas/{construct['target']}"}
    content = {"content": {"application/json": {"schema": ref}}}
    get = {"responses": {"200": {"description": "ok", **content}}}
    post = {"requestBody": {"required": True, **content}, "responses": {"204": {"description": ""}}}
    return json.dumps(
        {
            "openapi": construct["openapi"],
            "info": {"title": construct["title"], "version": "1"},
            "paths": {"/thing": {"get": get, "post": post}},
            "components": {"schemas": construct["schemas"]},
        }
    ).encode()


def compiled(construct: dict[str, Any]) -> Api:
    api, diagnostics = lower(load(document(construct), name="construct.json"))
    check(api)
    assert not [each for each in diagnostics if each.severity == "error"]
    return api


def value(literal: str) -> Json:
    """Read a TypeScript literal as JSON: keys get quotes, strings are spelled alike."""
    tokens = re.findall(r'"(?:[^"\\]|\\.)*"|[\w$üï]+|[^\w\s]', literal)
    quoted = [
        json.dumps(token) if re.fullmatch(r"[A-Za-z_$]\w*", token) and following == ":" else token
        for token, following in zip(tokens, [*tokens[1:], ""], strict=True)
    ]
    return json.loads("".join(quoted))


def test_run_time_schemas(constructs: list[dict[str, Any]]) -> None:
    wrong = []
    for construct in constructs:
        api = compiled(construct)
        calls = {operation.call.method: operation.call for operation in api.operations}
        body = calls["POST"].bodies[0].arg
        reply, args = calls["GET"].replies[0].schema, calls["POST"].args
        for kind in ("assignable", "not_assignable"):
            for literal in construct[kind]:
                if kind == "not_assignable" and construct["id"] in TYPE_ONLY:
                    continue
                sent = {body: value(literal)} if body else value(literal)
                for schema, instance in ((reply, value(literal)), (args, sent)):
                    whole = {"allOf": [schema], "$defs": dict(api.schemas)}
                    validator = jsonschema_rs.Draft202012Validator(whole, offline=True)
                    if validator.is_valid(instance) != (kind == "assignable"):
                        wrong.append((construct["id"], kind, literal))
    assert not wrong


@pytest.mark.tsc
@pytest.mark.parametrize("docs", ["as lowered", "none", "full"])
def test_types(constructs: list[dict[str, Any]], docs: str, tmp_path: Path) -> None:
    """As a reply and as a body; as lowered, and after all passes, without and with prose."""
    tsc()
    expected: dict[tuple[str, int], tuple[bool, str]] = {}
    for number, construct in enumerate(constructs):
        api = compiled(construct)
        steps = passes("none" if docs == "none" else "full")
        for step in (rename,) if docs == "as lowered" else steps:  # a type may be called `Record`
            api = step(api)
        text, lines = program(api, construct)
        name = f"construct{number}.ts"
        (tmp_path / name).write_text(text, "utf-8")
        for line, (accepted, literal) in lines.items():
            expected[name, line] = (accepted, f"{construct['id']}: {literal}")
    assert not misjudged(tmp_path, expected)


def program(api: Api, construct: dict[str, Any]) -> tuple[str, dict[int, tuple[bool, str]]]:
    """Assign each literal to what the GET returns and to what the POST takes."""
    ids = {operation.call.method: operation.id for operation in api.operations}
    body = next(each.call.bodies[0].arg for each in api.operations if each.call.bodies)
    member = f'["{body}"]' if body else ""
    head = (
        f"{print_declarations(api)}\n"
        f"type __R = Awaited<ReturnType<typeof api.{ids['GET']}>>\n"
        f"type __B = NonNullable<Parameters<typeof api.{ids['POST']}>[0]>{member}\n"
    )
    line, lines = head.count("\n"), {}
    text = head
    for kind in ("assignable", "not_assignable", "snippets"):
        for literal in construct[kind]:
            for type_ in ("__R", "__B"):
                line += 1
                used = literal.replace("x:T", f"x:{type_}")
                text += f"({used});\n" if kind == "snippets" else f"{{const x:{type_}={literal}}}\n"
                lines[line] = (kind != "not_assignable", literal)
    return text + "export {}\n", lines
