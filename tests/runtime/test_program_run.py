"""Programs in every form, from what the model wrote to the value in the guest."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from tests.runtime.isolated import run
from tsbind.errors import ProgramError
from tsbind.runtime.explain import explain
from tsbind.runtime.program import prepare

VALUES = {
    "last expression": ("const a: number = 1\na + 1", 2),
    "last expression is awaited": ("const f = async () => 3\nf()", 3),
    "value of an if": ("if (true) { 'yes' } else { 'no' }", "yes"),
    "value of a try": ("try { null!.x } catch (e: any) { e.name }", "TypeError"),
    "top-level await": ("const a = await Promise.resolve(4)\na", 4),
    "top-level return": ("const a = 5\nreturn a", 5),
    "early return": ("if (1 < 2) return 'early'\n'late'", "early"),
    "late expression": ("if (1 > 2) return 'early'\n'late'", "late"),
    "late call over lines": (
        "if (1 > 2) return 1\n;[3, 1]\n  .sort()\n  .map(\n    String)",
        ["1", "3"],
    ),
    "arrow function": ("async () => { return 6 }", 6),
    "arrow function with types": ("async (): Promise<number> => 6", 6),
    "invoked arrow function": ("(async () => { return 7 })()", 7),
    "named function": ("function f() { return 8 }", 8),
    "anonymous function": ("async function () { return 9 }", 9),
    "default export": ("export default { a: [1] }", {"a": [1]}),
    "default function": ("export default async function main(): Promise<number> { return 1 }", 1),
    "default anonymous function": ("export default function () { return 1 }\n;(2)", 1),
    "default arrow": ("export default async () => {\n  return 1\n}", 1),
    "exported main": ("export async function main() { return 1 }", 1),
    "main": ("async function main() { return one() }\nfunction one() { return 1 }", 1),
    "main is called once": ("let n = 0\nfunction main() { return ++n }\nmain()\nn", 1),
    "fence": ("Here:\n```ts\nconst a: number = 1\na\n```", 1),
    "enum": ("enum A { B = 2 }\nA.B", 2),
    "enum and return": ("enum A { B = 2 }\nif (true) return A.B\n3", 2),
    "parameter property": ("class A { constructor(public x: number) {} }\nnew A(3).x", 3),
    "nothing": ("const a = 1", None),
    "a global's name": ("const api = 1, console = 2\napi + console", 3),
    "the API is handed over": ("async (api) => Object.keys(api)", ["rooms"]),
    "class members without semicolons": (
        "const b = { x: 1 }\nclass A {\n  a = b\n  declare c: number\n  ['x'] = 4\n}\n"
        "const { a, x } = new A() as any\n;[a.x, x]",
        [1, 4],
    ),
    "class members behind an object": (
        "class A {\n  a = { x: 1 }\n  declare c: number\n  ['x'] = 4\n}\nnew A()",
        {"a": {"x": 1}, "x": 4},
    ),
}


@pytest.mark.parametrize(("text", "expected"), VALUES.values(), ids=VALUES.keys())
def test_the_value_of_a_program(text: str, expected: object) -> None:
    said, _ = run(text)
    assert said.state == "done", said.error
    assert (None if said.value is None else msgspec.json.decode(said.value)) == expected


FAILED = {
    "null": ("const a: any = null\n  a.b", "program.ts:2:3: TypeError: cannot read", "?."),
    "in a body": ("if (1 > 2) return\nconst a: any = null; a.b", "program.ts:2:22: ", "?."),
    "in a body's first line": ("const a: any = null; if (a.b) return", "program.ts:1:26: ", "?."),
    "in a fence": ("```ts\nconst a: any = 1\n a.b.c\n```", "program.ts:3:2: ", "?."),
    "no function": (
        "const rooms: any = {}\nrooms.list(1)",
        "program.ts:2:7: TypeError: rooms.list is not a function",
        "declared",
    ),
    "no function in a chain": (
        "const a: any = { b: {} }\nawait a?.b.c()",
        "a?.b.c is not a function",
        "declared",
    ),
    "no array": (
        "const a: any = {}\na.map((x) => x.id)",
        "TypeError: a.map is not a function [program]",
        "no array",
    ),
    "no array, with an arrow of one name": (
        "const a: any = {}\na.b = {}\nreturn a.b.filter(x => x.id)",
        "TypeError: a.b.filter is not a function [program]",
        "no array",
    ),
    "no array, or no function": (
        "const a: any = {}, f = (x: any) => x\na.map(f)",
        "TypeError: a.map is not a function, or its argument is none",
        "log both",
    ),
    "no function inside of a call": (
        "const g: any = 1\nString(g(2))",
        "TypeError: g is not a function",
        "declared",
    ),
    "misspelt name": (
        "const members = [1]\nmebmers.length",
        "program.ts:2:1: ReferenceError: mebmers is not defined",
        "did you mean members?",
    ),
    "undeclared assignment": ("total = 1", "ReferenceError: total is not defined", "declare it"),
    "misspelt operation": ("api.room.list()", "Did you mean api.rooms?", ""),
    "thrown error": ("throw new RangeError('no')", "program.ts:1:11: RangeError: no", ""),
    "thrown value": ("throw { code: 7 }", 'the program threw {"code":7}', ""),
    "twice declared": (
        "const a = 1\nlet b = 2\nconst a = 3",
        '"a" is declared twice, first on line 1',
        "another name",
    ),
    "after wide characters": ("const é = '😀'; let x: any; x.y", "program.ts:1:28: ", "?."),
    "after an enum": ("enum E {\n  A\n}\nlet x: any = E.A\nx.y.z", "program.ts:5:1: ", "?."),
    "deep recursion": ("const f = (): any => f() + 1\nf()", "RangeError: Maximum call", "loop"),
    "result that is no JSON": (
        "const a: any = {}\na.b = { c: () => 1 }\na",
        "ResultError",
        "plain",
    ),
}


@pytest.mark.parametrize(("text", "expected", "fix"), FAILED.values(), ids=FAILED.keys())
def test_a_failure_points_into_what_was_written(text: str, expected: str, fix: str) -> None:
    said, program = run(text)
    assert said.error is not None, said
    error = explain(said.error, program)
    assert expected in str(error)
    assert fix in error.fix


LOG = "const $log: string[] = []; function log(x: any) { $log.push(String(x)) }\n"
API = "const val = 7, plus = (x: number) => x + 1, def = 'dflt'\n"


def test_snippets(corpus: Path) -> None:
    """Each of the corpus' snippets logs what it must, or is refused."""
    snippets = json.loads((corpus / "typescript/snippets.json").read_text("utf-8"))["snippets"]
    wrong = [each["id"] for each in snippets if not _is_right(each)]
    assert wrong == []


def _is_right(snippet: dict[str, object]) -> bool:
    written = str(snippet["ts"])
    first, _, rest = written.partition("\n")
    if first.startswith("#!"):
        written = rest  # only a first line can be one
    if 'from "api"' in first:  # a program has no modules: the names are given to it instead
        with pytest.raises(ProgramError):
            prepare(written)
        written = API + rest
    if snippet["kind"] == "ast":  # QuickJS lacks the syntax
        return "SyntaxError" in repr(run(written)[0].error)
    try:
        said, _ = run(f"{LOG}{written}\n;$log")
    except ProgramError:
        return snippet["kind"] in ("either", "reject")
    if "export default" in written:
        said, _ = run(f"{LOG}{written.replace('export default', '')}\n;$log")
    if snippet["kind"] == "either" and said.error is not None:
        return "does not exist here" in said.error.message  # `require`
    return said.value is not None and msgspec.json.decode(said.value) == snippet["out"]
