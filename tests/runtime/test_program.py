"""What `prepare` makes of each form of program, and how positions lead back to the text."""

from __future__ import annotations

import pytest

from tsbind.errors import Location
from tsbind.runtime.program import Program, prepare

FORMS = {
    "statements": ("const x: number = 1;\nx", "const x         = 1;\nx"),
    "arrow function": ("async (api: Api) => { f() }", "async (api     ) => { f() }"),
    "anonymous function": ("async function () { f() }", "0,async function () { f() }\n"),
    "commented anonymous function": ("/* a */ function() { }", "0,/* a */ function() { }\n"),
    "return": ("return 1", "(async () => {return 1\n})"),
    "return and last expression": (
        "if (!a) return null\na.b({\n  c: 1\n})",
        "(async () => {if (!a) return null\nreturn a.b({\n  c: 1\n})\n})",
    ),
    "return and last statement that is no expression": (
        "if (!a) return null\nfor (const b of a)\n  b()",
        "(async () => {if (!a) return null\nfor (const b of a)\n  b()\n})",
    ),
    "return after a function": (
        "const f = () => { return 1 }\nf()",
        "const f = () => { return 1 }\nf()",
    ),
    "return that begins a line": (
        "if (a)\nreturn b\nreturn c",
        "(async () => {if (a)\nreturn b\nreturn c\n})",
    ),
    "return that begins a line of a function": (
        "const f = () => {\nreturn 1\n}\nf()",
        "const f = () => {\nreturn 1\n}\nf()",
    ),
    "return that begins a line of the only function": (
        "async () => {\nreturn 1\n}",
        "async () => {\nreturn 1\n}",
    ),
    "return in a template": ("const a = `\nreturn 1\n`\na", "const a = `\nreturn 1\n`\na"),
    "return in a comment": ("/*\nreturn 1\n*/ f()", "/*\nreturn 1\n*/ f()"),
    "return as a property's name": ("const a = b.\nreturn\na", "const a = b.\nreturn\na"),
    "return that begins a line of a block": (
        "{\nreturn 1\n}",
        "(async () => {{\nreturn 1\n}\n})",
    ),
    "default expression": ("export default 1 + 1", ";      $out =  1 + 1\nvar $out; $out"),
    "default object": ("export default { a: 1 }", ";      $out =  { a: 1 }\nvar $out; $out"),
    "default function": (
        "export default async function go() { }\ngo",
        ";              async function go() { }\ngo\n;go",
    ),
    "default generator": (
        "export default function* go() { }",
        ";              function* go() { }\n;go",
    ),
    "default anonymous function": (
        "export default async function ({ a } = {}) { }\n(b)",
        ";      $out =  async function ({ a } = {}) { };\n(b)\nvar $out; $out",
    ),
    "default class": ("export default class { }", ";      $out =  class { };\nvar $out; $out"),
    "default arrow over lines": (
        "export\ndefault async () => {\n  f()\n}",
        ";     \n$out =  async () => {\n  f()\n}\nvar $out; $out",
    ),
    "default expression when the name is taken": (
        "const $out = 1\nexport default $out",
        "const $out = 1\n;      $000 =  $out\nvar $000; $000",
    ),
    "export of a declaration": ("export const a = 1\na", ";      const a = 1\na"),
    "export of names": ("const a = 1\nexport {\n  a }\n[1]", "const a = 1\n;       \n     \n[1]"),
    "export of a default by name": (
        "const a = 1\nexport { a as default }",
        "const a = 1\n;                      \n;a",
    ),
    "export as a property's name": ("a.export\nb = { export: 1 }", "a.export\nb = { export: 1 }"),
    "import of types": (
        "import type { A } from 'a'\nimport { type B } from 'b'\n1",
        "                          \n;                         \n1",
    ),
    "dynamic import is left to fail": ("await import('a')", "await import('a')"),
    "main": ("async function main() { }", "async function main() { }\n;main"),
    "main in a constant": ("const main = async () => 1", "const main = async () => 1\n;main"),
    "main that is called": (
        "async function main() { }\nmain()",
        "async function main() { }\nmain()",
    ),
    "main that only a comment names": (
        "// main()\nasync function main() { f() }\nfunction f() { return 1 }",
        "// main()\nasync function main() { f() }\nfunction f() { return 1 }\n;main",
    ),
    "a lone function of any name": (
        "async function rooms(): Promise<void> {\n  f()\n}\n",
        "async function rooms()                {\n  f()\n}\n\n;rooms",
    ),
    "an unused helper": (
        "f()\nfunction helper() { }",
        "f()\nfunction helper() { }",
    ),
    "hashbang": ("#!/usr/bin/env tsx\nf()", "///usr/bin/env tsx\nf()"),
    "byte order mark and CRLF": ("\ufefflet a: B = 1\r\na", "let a    = 1\na"),
    "name that swc takes for a declaration": (
        "const namespace = 1, b = 2\nnamespace\nb\nb",
        "const namespace = 1, b = 2\nnamespace;\nb\nb",
    ),
}


@pytest.mark.parametrize(("written", "javascript"), FORMS.values(), ids=FORMS.keys())
def test_a_program_becomes_a_script(written: str, javascript: str) -> None:
    assert prepare(written).javascript == javascript


def test_calling_a_function_for_the_model_is_said() -> None:
    assert prepare("async function main() { }").notes == (
        "main was never called, so its result is taken as the program's",
    )
    assert prepare("main()\nasync function main() { }").notes == ()


FENCES = {
    "only a fence": ("```ts\nf()\n```", "\nf()\n"),
    "prose around": ("Sure! Here:\n\n```typescript\nf()\n```\nDone.", "\n\n\nf()\n"),
    "no language": ("```\nf()\n```", "\nf()\n"),
    "output shown after it": ('```ts\nf()\n```\n\n```json\n{"a": 1}\n```', "\nf()\n"),
    "never closed": ("```js\nf()", "\nf()"),
    "tildes": ("~~~ts\nf()\n~~~", "\nf()\n"),
    "longer fence around backticks": ("````ts\nf(`a`)\n````", "\nf(`a`)\n"),
    "indented": ("1. Run:\n\n   ```js\n   f()\n   ```", "\n\n\n   f()\n"),
    "fence in a comment": ("/*\n```\nx\n```\n*/\nf()", "/*\n```\nx\n```\n*/\nf()"),
    "escaped backticks in a template": (
        "const a = `\n\\`\\`\\`js\n\\`\\`\\``",
        "const a = `\n\\`\\`\\`js\n\\`\\`\\``",
    ),
}


@pytest.mark.parametrize(("written", "javascript"), FENCES.values(), ids=FENCES.keys())
def test_the_program_is_taken_out_of_markdown(written: str, javascript: str) -> None:
    assert prepare(written).javascript == javascript


def find(program: Program, text: str) -> tuple[int, int]:
    """Return what `position` says of the place of `text` in the script."""
    before = program.javascript[: program.javascript.index(text)]
    line, column = before.count("\n") + 1, len(before.rpartition("\n")[2].encode()) + 1
    where = program.position(line, column)
    assert where is not None
    return where.line, where.column


@pytest.mark.parametrize(
    "written",
    [
        "const a: Map<string, number> = b; (a as any).boom()",
        "```ts\nconst a: number = 1\n  boom()\n```",
        "if (a) return 1\n  c.boom()",
        "if (a) return 1; const b: string = boom()\nb",
        "\ufefflet a = 'é😀'; let b: '😀' = a; boom()\r\nboom2()",
        "export default (a: B) => boom()",
        "export default function ({ a }: B) { }; boom()",
        "enum E {\n  A = 1,\n  B\n}\nclass K { constructor(private readonly e: E) {\n  boom() } }",
        "enum E { A }\nif (a) return 1;\n   boom()",
        "async function () {\n  return boom()\n}",
        "const v = <any>\n  boom()",
    ],
)
def test_positions_lead_back_to_what_was_written(written: str) -> None:
    program = prepare(written)
    line, column = find(program, "boom()")
    assert program.text.split("\n")[line - 1][column - 1 :].startswith("boom()")


def test_a_position_outside_of_the_program_is_none() -> None:
    program = prepare("return 1")
    assert program.position(2, 1) is None  # the function that was put around it
    assert program.position(9, 1) is None
    assert program.position(0, 1) is None
    assert program.position(-1, -1) is None
    assert program.position(1, 1) == Location("program.ts", 1, 1)
    assert program.position(1, 10_000) == Location("program.ts", 1, 9)
