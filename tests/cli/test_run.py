"""`tsbind run` and `tsbind demo` as a user meets them, against the chat server."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from tsbind import errors
from tsbind.cli import main
from tsbind.cli.results import KEPT, keep, kept
from tsbind.cli.run import EXITS, read_limits
from tsbind.demo import serving
from tsbind.resources import specs

Capture = pytest.CaptureFixture[str]
SECRET = "canary-5f0c2e"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving(SECRET) as address:
        yield address


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("CHAT_TOKEN", SECRET)
    assert main(["compile", str(specs() / "chat.yaml"), "-o", str(tmp_path)]) == 0
    return str(tmp_path / "chat.bundle.json")


class Runner:
    """Runs a program against the chat server and remembers what was told."""

    def __init__(self, folder: Path, bundle: str, url: str, capture: Capture) -> None:
        self._folder, self._capture = folder, capture
        self._given = ["--bundle", bundle, "--base-url", url]
        self._given += ["--credential", "token=env:CHAT_TOKEN"]
        self.out = self.err = ""
        capture.readouterr()

    def __call__(self, program: str, *arguments: str) -> int:
        file = self._folder / "program.ts"
        file.write_text(program)
        return self._told(["run", str(file), *self._given, *arguments])

    def resume(self, file: Path, *arguments: str) -> int:
        return self._told(["resume", str(file), *self._given, *arguments])

    def _told(self, arguments: list[str]) -> int:
        code = main(arguments)
        self.out, self.err = self._capture.readouterr()
        assert SECRET not in self.out + self.err
        assert "Traceback" not in self.err
        return code


@pytest.fixture
def run(tmp_path: Path, bundle: str, url: str, capfd: Capture) -> Runner:
    return Runner(tmp_path, bundle, url, capfd)


def test_a_program_chains_calls(run: Runner) -> None:
    program = (specs() / "chat.ts").read_text("utf-8")
    assert run(program, "--yes", "--trace") == 0
    assert json.loads(run.out)["busiest"] == "margaret"
    assert run.err.count("messages.list") == 4
    assert "rooms.create" in run.err


def test_a_write_is_refused_where_nobody_can_be_asked(run: Runner) -> None:
    assert run("return api.rooms.create({ name: 'new' })") == 13
    assert "[policy]" in run.err
    assert "fix: allow it: --allow rooms.create, or a policy that does" in run.err
    assert run.out == ""


@pytest.mark.parametrize("option", ["--allow", "--deny"])
def test_a_rule_that_means_no_operation_is_an_error(run: Runner, option: str) -> None:
    assert run("return api.rooms.create({ name: 'new' })", "--yes", option, "rooms.creat") == 4
    want = f'{option}:1:1: no operation has the name "rooms.creat" [unknown-name]\n'
    assert run.err == f'{want}fix: did you mean "rooms.create"\n'


def test_slashes_are_for_path_parameters_that_exist(run: Runner) -> None:
    assert run("return 1", "--slashes", "members.list:room") == 0
    assert run("return 1", "--slashes", "members.list:name") == 2
    assert "no operation has this path parameter" in run.err


@pytest.mark.parametrize(
    ("budget", "code", "said"),
    [
        ("rooms.list:calls=2", 13, "budget `rooms.list`: calls used up (2 allowed)"),
        ("method:get:calls=9,reply_bytes=10", 13, "reply bytes used up (10 allowed)"),
        ("rooms.*:calls=3", 0, ""),
        ("rooms.lst:calls=3", 4, 'no operation has the name "rooms.lst"'),
        ("rooms.list", 2, "write QUERY:calls=5; the bounds are calls, request_bytes,"),
        ("rooms.list:call=2", 2, "write QUERY:calls=5"),
        ("rooms.list:calls=two", 2, "write each bound as a number, as in calls=5"),
    ],
)
def test_calls_keep_to_their_budget(run: Runner, budget: str, code: int, said: str) -> None:
    program = "for (let i = 0; i < 3; i++) await api.rooms.list()"
    assert run(program, "--budget", budget) == code
    assert said in run.err


@pytest.mark.parametrize("url", ["ftp://u:pw@x", "chat.example", "http://u:pw@chat.example"])
def test_a_base_url_that_is_none_is_wrong_usage(bundle: str, capfd: Capture, url: str) -> None:
    assert main(["run", str(specs() / "chat.ts"), "--bundle", bundle, "--base-url", url]) == 2
    error = capfd.readouterr().err
    assert "pw" not in error
    assert "write it like https://api.example/v1" in error or "--credential" in error


def test_what_is_to_be_trusted_must_be_a_certificate(run: Runner, bundle: str) -> None:
    assert run("return 1", "--trust", "absent.pem") == 2
    assert "No such file or directory; give a file of certificates in PEM" in run.err
    assert run("return 1", "--trust", bundle) == 2
    assert "it holds no certificate; give a file of certificates in PEM" in run.err


def test_a_write_can_be_allowed_by_name(run: Runner) -> None:
    assert run("return (await api.rooms.create({ name: 'new' })).name", "--allow", "rooms.*") == 0
    assert json.loads(run.out) == "new"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 0, 'warning: rooms.list: reply: must be an object, not [{"id":'),
        (("--trace",), 0, "reply: must be an object"),
        (("--replies", "off"), 0, ""),
        (("--replies", "strict"), 11, "ReplyError: rooms.list: reply: must be an object"),
    ],
)
def test_a_reply_that_does_not_fit_is_seen(
    run: Runner, bundle: str, arguments: tuple[str, ...], code: int, said: str
) -> None:
    document = json.loads(Path(bundle).read_text("utf-8"))
    document["calls"]["rooms.list"]["replies"][0]["schema"] = {"type": "object"}
    Path(bundle).write_text(json.dumps(document), "utf-8")
    assert run("return (await api.rooms.list()).length > 2", *arguments) == code
    assert said in run.err if said else run.err == ""


def test_refusals_come_first(run: Runner) -> None:
    assert run("return api.rooms.list()", "--deny", "rooms.list", "--yes") == 13
    assert "fix: leave the call out, or change the rule `deny rooms.list`" in run.err
    assert run("return api.rooms.create({ name: 'x' })", "--read-only", "--yes") == 13


def test_logs_and_result_go_their_ways(run: Runner) -> None:
    assert run("console.log('seen', 1); return { a: [1, 2] }") == 0
    assert json.loads(run.out) == {"a": [1, 2]}
    assert run.err == "log: seen 1\n"
    assert run("console.warn('x'); return 1", "--json") == 0
    assert json.loads(run.out)["value"] == 1
    assert json.loads(run.out)["logs"] == [["warn", "x"]]


@pytest.mark.parametrize(
    ("program", "code", "says"),
    [
        ("const x = ;", 11, "program.ts:1:11: "),
        ("throw new Error('no luck')", 11, "no luck"),
        ("return api.rooms.lost()", 11, "Did you mean api.rooms.list"),
        ("return api.messages.list({ room: 7 })", 11, "room"),
        ("return api.members.list({ room: 'nowhere' })", 11, "404"),
        ("return { at: [() => 1] }", 14, "the result.at[0] is a function"),
        ("for (;;) {}", 12, "[limit-cpu]"),
        ("const a = []; for (;;) a.push(new Array(1e5).fill(1))", 12, ""),
        ("const f = () => f(); return f()", 11, "stack"),
        ("return await new Promise(() => {})", 11, ""),
    ],
    ids=["syntax", "throw", "name", "argument", "status", "json", "cpu", "memory", "deep", "stuck"],
)
def test_a_program_that_fails_is_said(program: str, code: int, says: str, run: Runner) -> None:
    assert run(program, "--limit", "cpu=0.5s") == code, run.err
    assert says in run.err
    assert run.out == ""


def test_the_result_must_match_its_schema(run: Runner, tmp_path: Path) -> None:
    (tmp_path / "schema.json").write_text('{"type": "array", "items": {"type": "string"}}')
    schema = ["--result-schema", str(tmp_path / "schema.json")]
    assert run("return ['a']", *schema) == 0
    assert run("return ['a', 2]", *schema) == 14
    (tmp_path / "schema.json").write_text("{")
    assert run("return 1", *schema) == 2
    assert "it is not JSON" in run.err
    (tmp_path / "schema.json").write_text('{"type": "nope"}')
    assert run("return api.rooms.list()", *schema, "--trace") == 2
    assert "is no usable JSON Schema" in run.err
    assert "rooms.list" not in run.err


def test_the_result_must_have_its_type(run: Runner, tmp_path: Path) -> None:
    assert run("return [{ id: 1 }]", "--result-type", "{id:number,title?:string}[]") == 0
    assert run("return [{ id: 'a' }]", "--result-type", "{id:number}[]") == 14
    assert "id" in run.err
    assert run("return 1", "--result-type", "{id:") == 2
    assert "result type:1:4: cannot be read" in run.err
    (tmp_path / "schema.json").write_text("{}")
    both = ["--result-type", "1", "--result-schema", str(tmp_path / "schema.json")]
    assert run("return 1", *both) == 2


def test_a_missing_credential_is_said_before_anything_is_sent(
    run: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CHAT_TOKEN")
    assert run("return api.rooms.list()") == 16
    assert "CHAT_TOKEN" in run.err


def test_an_unknown_scheme_is_said(run: Runner) -> None:
    assert run("return 1", "--credential", "tokn=env:CHAT_TOKEN") == 2
    assert 'did you mean "token"' in run.err


def test_errors_are_json_where_json_was_asked_for(run: Runner) -> None:
    assert run("console.log('before'); throw new TypeError('x')", "--json") == 11
    told = json.loads(run.out)["error"]
    assert told["exit_code"] == 11
    assert told["where"].endswith("program.ts:1:34")
    assert told["logs"] == [["log", "before"]]
    assert run.err == ""


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--limit", "cpu"], "write name=value"),
        (["--limit", "time=3s"], "the limits are cpu, wall"),
        (["--limit", "memory=1KiB"], "2 MiB to 4 GiB"),
        (["--base-url", "http://x"], "given twice"),
        (["--base-url", "chat=http://x"], "the Bundles are called api"),
        (["--credential", "chat/token=env:X"], "the Bundles are called api"),
    ],
    ids=lambda value: value[-1] if isinstance(value, list) else "",
)
def test_wrong_options_end_with_2(arguments: list[str], says: str, run: Runner) -> None:
    assert run("return 1", *arguments) == 2
    assert says in run.err


def test_two_apis_in_one_program(tmp_path: Path, bundle: str, url: str, capfd: Capture) -> None:
    (tmp_path / "p.ts").write_text(
        "return [(await one.rooms.list()).length > 3, Object.keys(two.rooms)]"
    )
    given = ["--bundle", f"one={bundle}", "--bundle", f"two={bundle}"]
    given += ["--base-url", f"one={url}", "--credential", "one/token=env:CHAT_TOKEN"]
    capfd.readouterr()
    assert main(["run", str(tmp_path / "p.ts"), *given]) == 0
    assert json.loads(capfd.readouterr().out) == [True, ["create", "list"]]


def test_a_file_that_is_no_bundle(tmp_path: Path, capfd: Capture) -> None:
    (tmp_path / "p.ts").write_text("return 1")
    (tmp_path / "b.json").write_text("{}")
    assert main(["run", str(tmp_path / "p.ts"), "--bundle", str(tmp_path / "b.json")]) == 6
    assert "is not a tsbind Bundle" in capfd.readouterr().err


def test_a_program_that_is_not_utf8(tmp_path: Path, bundle: str, capfd: Capture) -> None:
    (tmp_path / "p.ts").write_bytes(b"return '\xff'")
    assert main(["run", str(tmp_path / "p.ts"), "--bundle", bundle]) == 1
    assert "the program is not UTF-8 at byte 8" in capfd.readouterr().err


def test_limits_have_units() -> None:
    limits = read_limits(["cpu=250ms", "wall=90s", "memory=128MiB", "calls=7"])
    assert (limits.cpu, limits.wall) == (0.25, 90)
    assert (limits.memory, limits.calls) == (128 << 20, 7)
    with pytest.raises(click.UsageError):
        read_limits(["cpu=1h"])


def test_the_demo_shows_it_all(capfd: Capture) -> None:
    assert main(["demo"]) == 0
    told = capfd.readouterr()
    assert "declare const api" in told.out
    assert '"busiest":"margaret"' in told.out
    assert "11 replies of " in told.out
    assert told.err == ""


# Runs that wait for a decision

SENDS = "const made = await api.rooms.create({ name: 'later' });\nreturn made.name"
SNAPSHOT_KEY = "a-key-that-nobody-can-guess"


@pytest.fixture
def saved(run: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SNAPSHOT_KEY", SNAPSHOT_KEY)
    file = tmp_path / "later.snapshot"
    code = run(SENDS, "--suspend-to", str(file), "--snapshot-key", "env:SNAPSHOT_KEY")
    assert (code, run.out) == (20, "")
    assert "POST " in run.err
    assert "the run waits for a decision about rooms.create" in run.err
    assert file.stat().st_mode & 0o077 == 0
    assert SECRET.encode() not in file.read_bytes()
    return file


def test_a_run_that_was_saved_goes_on_when_it_is_decided(run: Runner, saved: Path) -> None:
    sealed = ["--snapshot-key", "env:SNAPSHOT_KEY"]
    assert run.resume(saved, *sealed) == 20  # decided nothing: saved again
    copy = saved.read_bytes()
    assert run.resume(saved, *sealed, "--refuse", "not today") == 13
    assert "rooms.create was not approved: not today" in run.err
    saved.write_bytes(copy)
    assert run.resume(saved, *sealed, "--edit", '{"name": "edited"}') == 0
    assert json.loads(run.out) == "edited"
    saved.write_bytes(copy)
    assert run.resume(saved, *sealed, "--approve") == 0
    assert json.loads(run.out) == "later"


def test_a_saved_run_is_gone_on_with_once(run: Runner, saved: Path) -> None:
    def rooms() -> int:
        assert run("return (await api.rooms.list()).length") == 0
        return int(run.out)

    sealed = ["--snapshot-key", "env:SNAPSHOT_KEY", "--approve"]
    before = rooms()
    assert run.resume(saved, *sealed) == 0
    assert run.resume(saved, *sealed) == 19
    assert "it was gone on with already [snapshot-used]" in run.err
    assert f"name {saved}.used" in run.err
    assert rooms() == before + 1
    assert run.resume(Path(f"{saved}.used"), *sealed) == 0  # told to
    assert rooms() == before + 2


def test_a_saved_run_that_cannot_go_on_stays_where_it_is(
    run: Runner, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANOTHER_KEY", SNAPSHOT_KEY[::-1])
    assert run.resume(saved, "--snapshot-key", "env:ANOTHER_KEY", "--approve") == 19
    assert "it was changed, or sealed with another key [snapshot-seal]" in run.err
    assert saved.exists()


def test_what_cannot_be_written_is_said_before_the_run(run: Runner, tmp_path: Path) -> None:
    lost = str(tmp_path / "absent" / "file")
    sealed = ["--suspend-to", lost, "--snapshot-key", "env:HOME"]
    assert run("return 1", *sealed) == 2
    assert "no such folder" in run.err
    assert run("return 1", "--journal", lost) == 17
    assert "the journal cannot be written: No such file or directory [unwritable]" in run.err


def test_what_was_cut_can_be_read_on(
    run: Runner, tmp_path: Path, capfd: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    program = "return { rows: Array.from({ length: 300 }, (_, id) => ({ id })), title: 'all' }"
    assert run(program, "--max-result-tokens", "200") == 0
    said = re.search(r"read on: tsbind read ([0-9a-f]{12}) PATH --from N", run.err)
    assert said is not None
    rows: list[object] = []
    shown = json.loads(run.out)["rows"]
    while isinstance(shown[-1], str):
        rows += shown[:-1]
        gap = re.fullmatch(r"… \d+ more of 300 items: /rows from (\d+)", shown[-1])
        assert gap is not None
        assert main(["read", said[1], "/rows", "--from", gap[1], "--max-tokens", "900"]) == 0
        shown = json.loads(capfd.readouterr().out)
    assert [*rows, *shown] == [{"id": id} for id in range(300)]
    assert run(program, "--max-result-tokens", "200", "--json") == 0
    assert json.loads(run.out)["handle"] == said[1]
    assert main(["read", said[1], "/title", "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["value"] == "all"
    assert main(["read", said[1], "/absent"]) == 14
    assert main(["read", "../../etc/passwd"]) == 1
    assert "[no-result]" in capfd.readouterr().err
    (kept,) = (tmp_path / "cache" / "tsbind" / "results").iterdir()
    assert kept.stat().st_mode & 0o077 == 0


def test_few_results_are_kept(tmp_path: Path) -> None:
    handles = [keep([number], folder=tmp_path) for number in range(KEPT + 5)]
    assert len(list(tmp_path.iterdir())) == KEPT
    assert kept(handles[-1], folder=tmp_path) == [KEPT + 4]


def test_the_help_says_every_exit_code_of_a_run() -> None:
    codes = {int(code) for code in re.findall(r"\b(\d+) ", EXITS)}
    runs = {error.exit_code for error in vars(errors).values()
            if isinstance(error, type) and issubclass(error, errors.RunError)}  # fmt: skip
    assert runs - {errors.RunError.exit_code} <= codes


def test_a_saved_run_takes_its_own_key_and_one_decision(
    run: Runner, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run.resume(saved, "--approve") == 2
    assert "give --snapshot-key" in run.err
    sealed = ["--snapshot-key", "env:SNAPSHOT_KEY"]
    assert run.resume(saved, *sealed, "--approve", "--refuse", "no") == 2
    assert run.resume(saved, *sealed, "--edit", "[1]") == 2
    monkeypatch.setenv("SNAPSHOT_KEY", "x" * 20)
    assert run.resume(saved, *sealed, "--approve") == 19
    assert "sealed with another key" in run.err
    saved.write_text("nonsense")
    assert run.resume(saved, *sealed, "--approve") == 19
    assert "it is no snapshot" in run.err


def test_a_result_is_cut_to_the_tokens_that_there_are(run: Runner) -> None:
    program = "return { rows: Array.from({ length: 900 }, (_, id) => ({ id })) }"
    assert run(program, "--max-result-tokens", "120") == 0
    rows = json.loads(run.out)["rows"]
    assert rows[:3] == [{"id": 0}, {"id": 1}, {"id": 2}]
    assert rows[-1] == f"… {901 - len(rows)} more of 900 items: /rows from {len(rows) - 1}"
    assert run(program, "--max-result-tokens", "120", "--json") == 0
    told = json.loads(run.out)
    assert told["value"]["rows"] == rows
    assert told["fitted"]["tokens"] <= 120
    assert run(program, "--max-result-tokens", "1") == 12
