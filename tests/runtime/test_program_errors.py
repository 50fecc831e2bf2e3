"""Programs that cannot run: each error says where in what was written, and how to go on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsbind.errors import LimitError, ProgramError, RunError
from tsbind.runtime.explain import SIZE, explain
from tsbind.runtime.messages import Failure, Frame
from tsbind.runtime.program import prepare

REFUSED = {
    "type missing": ("let a = 1\nconst x: = 5", "program.ts:2:10: unexpected token `=`", "there"),
    "inside a fence": ("Hi\n```ts\nf(\n```", "program.ts:3:3: expression expected", "there"),
    "inside a function body": ("if (a) return 1\nlet b: = 2", "program.ts:2:8: ", "there"),
    "behind wide characters": ("f('😀é'); let b: = 2", "program.ts:1:17: ", "there"),
    "await outside of async": ("const f = () => { await g() }", "program.ts:1:19: ", "async"),
    "import": ("f()\nimport a from 'lodash'", 'program.ts:2:1: "lodash" cannot be', "global"),
    "import of a client": ("import axios from 'axios'", '"axios" cannot be imported', "functions"),
    "import of files": ("import { a } from 'node:fs'", '"node:fs" cannot be imported', "files"),
    "import for its effects": ("import 'a'", '"a" cannot be imported', "delete"),
    "export from": ("export * from './a'", '"./a" cannot be imported', "delete"),
    "import.meta": ("f(import.meta.url)", "program.ts:1:3: import.meta does not", "delete"),
    "import after an enum": ("enum A { B }\n\nimport a from 'a'", "program.ts:3:1: ", "delete"),
    "export assignment": ("export = 3", "program.ts:1:1: ", "const"),
    "JSX": ("const a = <b>hello</b>", "[program-jsx]", "JSX"),
    "two programs": ("```ts\nf()\n```\n```ts\ng()\n```", "program.ts:4:1: 2 code blocks", "one"),
    "import and return": ('import a from "a"; return 1', "module code", "no modules"),
    "nothing": (" \n// \n"[:2], "program.ts: the program is empty", ""),
    "empty fence": ("```ts\n```", "program.ts: the program is empty", ""),
    "half a surrogate pair": ("a\nb\ud83d", "program.ts:2:2: half of a surrogate pair", "escape"),
    "nesting": ("(" * 20_000, "nested too deeply", ""),
    "long sum": ("1+" * 100_000 + "1", "nested too deeply", ""),
}


@pytest.mark.parametrize(("written", "said", "fix"), REFUSED.values(), ids=REFUSED.keys())
def test_a_program_is_refused(written: str, said: str, fix: str) -> None:
    with pytest.raises(ProgramError) as caught:
        prepare(written)
    assert said in str(caught.value)
    assert fix in caught.value.fix


def test_the_error_shows_the_code() -> None:
    with pytest.raises(ProgramError) as caught:
        prepare("const a = 1\nconst b = 2\nconst c: = 3\nconst d = 4\nconst e = 5")
    assert str(caught.value).splitlines()[1:6] == [
        "  1 | const a = 1",
        "  2 | const b = 2",
        "> 3 | const c: = 3",
        "    |          ^",
        "  4 | const d = 4",
    ]


def test_a_final_line_break_is_no_line_of_the_frame() -> None:
    with pytest.raises(ProgramError) as caught:
        prepare("const a: = 1\n")
    assert str(caught.value).splitlines()[1:3] == ["> 1 | const a: = 1", "    |          ^"]
    assert "  2 |" not in str(caught.value)


def test_a_program_that_is_too_long_names_the_limit() -> None:
    with pytest.raises(LimitError) as caught:
        prepare("é" * 6, limit=11)
    assert (caught.value.limit, caught.value.used, caught.value.allowed) == (
        "program_bytes",
        12,
        11,
    )


def test_a_long_line_is_cut_around_the_place_and_cannot_steer_a_terminal() -> None:
    with pytest.raises(ProgramError) as caught:
        prepare("/* \x1b[31m\u202e */ " + "f();" * 500 + "let x: = 1; " + "g();" * 500)
    assert len(str(caught.value)) < 800
    assert "let x: = 1" in caught.value.frame
    assert "\x1b" not in str(caught.value)
    assert "\u202e" not in str(caught.value)


@given(st.text(max_size=60))
def test_any_text_gives_a_program_or_a_typed_error(text: str) -> None:
    try:
        outcome = prepare(text).javascript
    except RunError as error:
        outcome = str(error)
    assert 0 < len(outcome) < SIZE


# -- what happens at run time --

PROGRAM = "const rooms: string[] = await api.rooms.list();\nconst rooms2 = roms.map(f);\nf.x.y\n"

FAILURES = {
    "thrown": (
        Failure("TypeError", "cannot read property 'y' of undefined", (Frame("", 3, 5),)),
        "program.ts:3:5: TypeError: cannot read property 'y' of undefined [program]",
        "`?.`",
    ),
    "misspelt": (
        Failure("ReferenceError", "roms is not defined", (Frame("<eval>", 2, 16),)),
        "program.ts:2:16: ReferenceError: roms is not defined",
        "did you mean rooms?",
    ),
    "API error": (
        Failure("ApiError", "404 no such room", (Frame("f", 1, 40),), call=3),
        "program.ts:1:40: ApiError: 404 no such room",
        "status",
    ),
    "API that is down": (
        Failure("ApiError", "status 503: later", (Frame("f", 1, 40),), call=3),
        "program.ts:1:40: ApiError: status 503: later",
        "try again later",
    ),
    "reply that is too long": (
        Failure("NetworkError", "the reply is longer than 9 bytes", (Frame("f", 1, 40),), call=3),
        "NetworkError: the reply is longer than 9 bytes",
        "ask for less",
    ),
    "reply that lies": (
        Failure("NetworkError", "the reply is not JSON: cut", (Frame("f", 1, 40),), call=3),
        "NetworkError: the reply is not JSON: cut",
        "do without this reply",
    ),
    "floating": (
        Failure("Error", "boom", (Frame("f", 2, 1),), floating=True),
        "program.ts:2:1: nobody awaited a promise that failed: Error: boom [program-floating]",
        "await every promise",
    ),
    "nothing known": (Failure("", "", ()), "[program]", ""),
    "not an Error": (Failure("Thrown", "the program threw 7"), "the program threw 7", ""),
    "frames that lie": (
        Failure("Error", "x", (Frame("f", 10**9, 10**9), Frame("g", -5, 2), Frame("h", 2, 10**9))),
        "program.ts:2:28: Error: x",
        "",
    ),
}


@pytest.mark.parametrize(("failure", "said", "fix"), FAILURES.values(), ids=FAILURES.keys())
def test_a_failure_is_explained(failure: Failure, said: str, fix: str) -> None:
    error = explain(failure, prepare(PROGRAM))
    assert said in str(error)
    assert fix in error.fix


def test_the_stack_is_in_positions_of_the_program() -> None:
    program = prepare("if (a) return 1\nfunction f(b: string) { b.c() }\nf('')")
    failure = Failure("TypeError", "not a function", (Frame("f", 2, 25), Frame("", 3, 8)))
    assert explain(failure, program).stack == "at f (program.ts:2:25)\nat <top> (program.ts:3:1)"


def test_an_error_is_small_and_shows_no_control_characters() -> None:
    failure = Failure(
        "E\x1b" * 10_000,
        "é\n\x07\u2028" * 100_000,
        tuple(Frame("f\u202e" * 1_000, 1, n) for n in range(50)),
    )
    error = explain(failure, prepare(PROGRAM))
    assert len((str(error) + error.stack).encode()) < SIZE
    assert not {"\x1b", "\x07", "\u2028", "\u202e"} & set(str(error) + error.stack)
