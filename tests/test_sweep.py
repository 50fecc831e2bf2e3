"""Every document of the corpus: what is printed says what was lowered, and TypeScript agrees."""

from __future__ import annotations

import json
import re
from functools import partial
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from tests.sweep import documents, each, exposed, lowered, pointer
from tests.tsc import complaints, tsc
from tsbind.emit.dts import read_declarations
from tsbind.emit.typescript import print_declarations
from tsbind.errors import SpecError
from tsbind.ir.api import Api
from tsbind.lower import lower
from tsbind.media import is_json
from tsbind.passes import Docs, passes
from tsbind.passes.lossless import differences
from tsbind.runtime.validate import with_definitions
from tsbind.spec import load
from tsbind.spec.examples import reply_examples

pytestmark = pytest.mark.slow


def shrink(api: Api, docs: Docs) -> Api:
    """Run the passes that `tsbind compile` runs."""
    for step in passes(docs):
        api = step(api)
    return api


def _said(path: Path) -> tuple[str, ...] | None:
    """What the declarations of one document, read back, say otherwise than its Api."""
    found = lowered(path)
    if found is None:
        return None
    text = print_declarations(shrink(found[0], "none"))
    return differences(found[0], read_declarations(text))


def test_declarations_lose_nothing(corpus: Path) -> None:
    wrong, read = {}, 0
    for path, said in each(_said, documents(corpus)):
        read += said is not None
        if said:
            wrong[path.name] = said[:5]
    assert not wrong
    assert read > 400


def _declare(folder: Path, path: Path) -> bool:
    """Write the declarations of one document, without and with prose."""
    found = lowered(path)
    if found is None:
        return False
    levels: tuple[Docs, ...] = ("none", "full")
    for docs in levels:
        text = print_declarations(shrink(found[0], docs))
        (folder / f"{_stem(path)}-{docs}.ts").write_text(text, "utf-8")
    return True


def _stem(path: Path) -> str:
    return re.sub(r"\W+", "_", "_".join(path.parts[-3:]))


@pytest.mark.tsc
def test_typescript_accepts_every_document(corpus: Path, tmp_path: Path) -> None:
    tsc()
    printed = sum(done for _, done in each(partial(_declare, tmp_path), documents(corpus)))
    assert printed > 400
    assert complaints(tmp_path) == []


# `const` keeps literals narrow and the mapped type makes them mutable again; what comes out is no
# literal any more, so that a member which an open schema allows and does not name is no error.
_HELPERS = """\
type Mutable<T>=T extends object?{-readonly[K in keyof T]:Mutable<T[K]>}:T
declare function value<const T>(value:T):Mutable<T>;
"""


def _examples(folder: Path, path: Path) -> int:
    """Assign the valid examples of each named schema to what an operation gives."""
    try:
        document = load(path)
        shown = load(exposed(document), name=str(path))
    except SpecError:
        return 0
    api = lower(shown)[0]
    methods = {operation.call.path: operation for operation in api.operations if operation.output}
    names = list(shown.root.get("components", {}).get("schemas", {}))
    lines = []
    for number, name in enumerate(names):
        operation = methods.get(f"/schemas/{number}")
        for example in _valid(shown.root, name) if operation else ():
            member = "".join(f"[{json.dumps(part)}]" for part in operation.name)  # type: ignore[union-attr]
            type_ = f"Awaited<ReturnType<typeof api{member}>>"
            lines.append(f"{{const x:{type_}=value({json.dumps(example)})}}")
    if lines:
        text = print_declarations(shrink(api, "none")) + _HELPERS + "\n".join(lines)
        (folder / f"{_stem(path)}.ts").write_text(f"{text}\n", "utf-8")
    return len(lines)


def _reply_examples(folder: Path, path: Path) -> int:
    """Assign each example of a reply that its schema accepts to what the operation gives."""
    found = lowered(path)
    if found is None:
        return 0
    api, document = found
    examples = reply_examples(document)
    lines = []
    for operation in api.operations:
        call = operation.call
        key = f"{call.method} {call.path}"
        reply = next((each for each in call.replies if each.media), None)
        if key not in examples or reply is None or reply.item is not None:
            continue
        judge = jsonschema_rs.Draft202012Validator(
            with_definitions({"allOf": [reply.schema]}, api.schemas), offline=True
        )
        if is_json(reply.media) and judge.is_valid(examples[key]):
            member = "".join(f"[{json.dumps(part)}]" for part in operation.name)
            type_ = f"Awaited<ReturnType<typeof api{member}>>"
            lines.append(f"{{const x:{type_}=value({json.dumps(examples[key])})}}")
    if lines:
        text = print_declarations(shrink(api, "none")) + _HELPERS + "\n".join(lines)
        (folder / f"{_stem(path)}.ts").write_text(f"{text}\n", "utf-8")
    return len(lines)


def _valid(root: dict[str, Any], name: str) -> list[Any]:
    """The examples of a schema that JSON Schema accepts, as the document has it."""
    schema = root["components"]["schemas"][name]
    examples = schema.get("examples") if isinstance(schema, dict) else None
    if not isinstance(examples, list) or not examples:
        return []
    try:
        judge = jsonschema_rs.Draft202012Validator(
            {"$ref": pointer(name), "components": root["components"]}, offline=True
        )
    except ValueError:
        return []  # a schema that no validator takes judges nothing
    return [example for example in examples if judge.is_valid(example)]


@pytest.mark.tsc
def test_valid_examples_are_assignable(corpus: Path, tmp_path: Path) -> None:
    tsc()
    assigned = sum(count for _, count in each(partial(_examples, tmp_path), documents(corpus)))
    assert assigned > 1000
    # An object without any declared member may be one of an open schema whose members are all
    # optional, and any value at all is one of a schema that forgot its `type: object`; TypeScript
    # takes both for mistakes, as people would.
    odd = "no properties in common"
    assert [each for each in complaints(tmp_path) if odd not in each.what] == []


@pytest.mark.tsc
def test_valid_examples_of_replies_are_assignable(corpus: Path, tmp_path: Path) -> None:
    tsc()
    write = partial(_reply_examples, tmp_path)
    assigned = sum(count for _, count in each(write, documents(corpus)))
    assert assigned > 1000
    odd = "no properties in common"
    assert [each for each in complaints(tmp_path) if odd not in each.what] == []
