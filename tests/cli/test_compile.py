"""`tsbind compile`, `check` and `tokens` as a user meets them."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tsbind.bundle import Bundle
from tsbind.cli import main
from tsbind.cli.check import annotation
from tsbind.cli.compile import _file_name
from tsbind.errors import Diagnostic, Location, SpecError
from tsbind.pipeline import compile
from tsbind.resources import specs

CHAT = str(specs() / "chat.yaml")
Capture = pytest.CaptureFixture[str]

LOSSY = """\
openapi: 3.1.0
info: { title: Lossy, version: "1" }
paths:
  /good:
    get:
      operationId: good
      responses: { "204": { description: Done. } }
  /bad:
    get: nothing of the kind
"""


def test_three_files_are_written(tmp_path: Path, capfd: Capture) -> None:
    assert main(["compile", CHAT, "-o", str(tmp_path / "out")]) == 0
    told = capfd.readouterr()
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["chat.bundle.json", "chat.d.ts", "chat.py"]
    bundle = Bundle.open(tmp_path / "out" / "chat.bundle.json")
    assert bundle.declarations == (tmp_path / "out" / "chat.d.ts").read_text("utf-8")
    assert bundle.fingerprint in (tmp_path / "out" / "chat.py").read_text("utf-8")
    first, second, third = told.out.splitlines()
    assert first.startswith("Chat 1.0: 5 operations, 2 types, ")
    assert second.startswith("tokens: 826 of the document, ")
    assert third.startswith("wrote ")
    assert told.err == ""


def test_without_a_folder_declarations_go_to_stdout(capfd: Capture) -> None:
    assert main(["compile", CHAT]) == 0
    told = capfd.readouterr()
    assert "declare const api:" in told.out
    assert "5 operations" not in told.out
    assert "5 operations" in told.err


def test_standard_input_is_read(capfd: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    data = Path(CHAT).read_bytes()
    with monkeypatch.context() as patch:
        patch.chdir(Path(CHAT).parent)
        stdin = io.TextIOWrapper(io.BytesIO(data))
        before, sys.stdin = sys.stdin, stdin
        try:
            assert main(["compile", "-", "--json"]) == 0
        finally:
            sys.stdin = before
    report = json.loads(capfd.readouterr().out)
    assert (report["title"], report["operations"]) == ("Chat", 5)
    assert Bundle.decode(json.dumps(report["bundle"]).encode()).title == "Chat"


def test_prose_is_a_level(capfd: Capture) -> None:
    shown = {}
    for docs in ("none", "brief", "full"):
        assert main(["compile", CHAT, "--docs", docs]) == 0
        shown[docs] = capfd.readouterr().out
    assert "/**" not in shown["none"]
    assert "1..200, default 50" in shown["brief"]
    assert "Only older than this message" in shown["full"]


def test_what_is_skipped_is_told(tmp_path: Path, capfd: Capture) -> None:
    (tmp_path / "lossy.yaml").write_text(LOSSY)
    assert main(["compile", str(tmp_path / "lossy.yaml"), "-o", str(tmp_path)]) == 0
    out = capfd.readouterr().out
    assert "skipped 1 operation:\n  GET /bad: " in out
    assert "lossy.yaml:9:" in out
    assert main(["compile", str(tmp_path / "lossy.yaml"), "-o", str(tmp_path), "--json"]) == 0
    report = json.loads(capfd.readouterr().out)
    assert report["operations"] == 1
    assert [each["operation"] for each in report["diagnostics"]] == ["GET /bad"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", 3),
        (b"\x00\xff\xfe\x00", 3),
        (b"{", 3),
        (b"openapi: 3.1.0\npaths: [\n", 3),
        (b'{"openapi": "9.0.0", "info": {}, "paths": {}}', 3),
        (b'{"asyncapi": "3.0.0"}', 3),
        (b'{"openapi": "3.1.0", "info": {"title": "x", "version": "1"}, "paths": {}}', 3),
    ],
    ids=["empty", "binary", "cut-json", "cut-yaml", "version", "asyncapi", "no-operations"],
)
def test_a_document_that_cannot_be_used(
    content: bytes, code: int, tmp_path: Path, capfd: Capture
) -> None:
    (tmp_path / "bad").write_bytes(content)
    assert main(["compile", str(tmp_path / "bad"), "-o", str(tmp_path / "out")]) == code
    told = capfd.readouterr()
    assert told.out == ""
    assert told.err.startswith(str(tmp_path / "bad"))
    assert "\nfix: " in told.err
    assert "Traceback" not in told.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("given", "title", "name"),
    [
        ("chat.yaml", "Chat", "chat"),
        ("api.github.com.json", "GitHub", "api_github_com"),
        ("petstore-2.0.openapi.yml", "", "petstore_2_0"),
        ("", "Straße & Plätze", "strae_platze"),
        ("2fa.json", "", "_2fa"),
        ("class", "", "class_"),
        ("", "日本", "api"),
        ("../../x.json", "", "x"),
    ],
)
def test_files_are_named_as_modules(given: str, title: str, name: str) -> None:
    assert _file_name(given, title) == name


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("paths: {}", "it has no operations"),
        ("webhooks: {a: {post: {}}}", "it has no operations, only 1 webhook"),
        (
            "components: {schemas: {A: {}, B: {}}, requestBodies: {C: {content: {}}}}",
            "it has no operations, only 2 schemas, 1 request body",
        ),
    ],
)
def test_what_a_document_without_operations_holds_is_said(text: str, what: str) -> None:
    whole = f"openapi: 3.1.0\ninfo: {{title: t, version: '1'}}\n{text}\n"
    with pytest.raises(SpecError) as caught:
        compile(whole.encode())
    assert (caught.value.what, caught.value.code) == (what, "no-operations")


def test_check_finds_and_ends_with_1(tmp_path: Path, capfd: Capture) -> None:
    (tmp_path / "lossy.yaml").write_text(LOSSY)
    assert main(["check", str(tmp_path / "lossy.yaml")]) == 1
    told = capfd.readouterr()
    assert "lossy.yaml:9:" in told.out
    assert "1 operation cannot be compiled" in told.err
    assert main(["check", str(tmp_path / "lossy.yaml"), "--json"]) == 1
    found = json.loads(capfd.readouterr().out)
    assert found[0]["line"] == 9
    assert found[0]["operation"] == "GET /bad"
    assert main(["check", str(tmp_path / "lossy.yaml"), "--github"]) == 1
    assert capfd.readouterr().out.startswith("::error file=")


def test_check_goes_on_after_a_document_that_cannot_be_read(tmp_path: Path, capfd: Capture) -> None:
    (tmp_path / "lossy.yaml").write_text(LOSSY)
    (tmp_path / "cut.json").write_text('{"openapi": "3.0.3",')
    files = [str(tmp_path / name) for name in ("cut.json", "absent.yaml", "lossy.yaml")]
    assert main(["check", *files, CHAT, "--json"]) == 3
    found = json.loads(capfd.readouterr().out)
    assert [(each["file"], each["code"]) for each in found[:3]] == [
        (files[0], "truncated"),
        (files[1], "not-found"),
        (files[2], "wrong-type"),
    ]
    assert found[0]["line"] == 1
    assert main(["check", *files, "--github"]) == 3
    assert capfd.readouterr().out.count("::error file=") == 3


def test_notes_are_no_warnings(tmp_path: Path, capfd: Capture) -> None:
    where = Location("a.yaml", 3, 1)
    note = Diagnostic("webhooks", where, "1 webhook", severity="info")
    assert annotation(note) == "::notice file=a.yaml,line=3,col=1,title=webhooks::1 webhook"
    (tmp_path / "a.yaml").write_text(
        "openapi: 3.1.0\ninfo: {title: t, version: '1'}\nwebhooks: {a: {post: {}}}\n"
    )
    assert main(["check", str(tmp_path / "a.yaml")]) == 0
    assert capfd.readouterr().err == "0 errors, 0 warnings, 1 note\n"


def test_check_of_a_good_document_ends_with_0(capfd: Capture) -> None:
    assert main(["check", CHAT]) == 0
    assert capfd.readouterr().err == "0 errors, 0 warnings\n"


def test_an_annotation_cannot_become_another_command() -> None:
    where = Location("a,b:c\n::error::.yaml", 3, 7)
    diagnostic = Diagnostic("code", where, "bad\n::warning::100% \x1b[31m", "do\r\nthis")
    assert annotation(diagnostic) == (
        "::error file=a%2Cb%3Ac%0A%3A%3Aerror%3A%3A.yaml,line=3,col=7,title=code"
        "::bad%0A::warning::100%25 \\u001b[31m%0Afix: do%0D%0Athis"
    )


def test_tokens_compares(capfd: Capture) -> None:
    assert main(["tokens", CHAT, "--json", "--tokenizer", "o200k_base"]) == 0
    (report,) = json.loads(capfd.readouterr().out)
    counts = {label: each["o200k_base"] for label, each in report["tokens"].items()}
    assert counts["document"] == 826
    assert counts["declarations, no prose"] <= counts["declarations, brief prose"]
    assert counts["declarations, brief prose"] <= counts["declarations, full prose"]
    assert counts["declarations, no prose"] < counts["document, minified"] < counts["document"]
    assert main(["tokens", CHAT]) == 0
    assert "declarations, no prose" in capfd.readouterr().out


def test_any_text_can_be_counted(tmp_path: Path, capfd: Capture) -> None:
    (tmp_path / "poem.txt").write_text("hello world")
    assert main(["tokens", "--text", "--json", str(tmp_path / "poem.txt")]) == 0
    assert json.loads(capfd.readouterr().out)[0]["tokens"] == {"text": {"o200k_base": 2}}


def test_a_tokenizer_of_ones_own(capfd: Capture) -> None:
    arguments = ["tokens", "--text", "--json", CHAT, "--tokenizer", "tests.cli.words:count"]
    assert main(arguments) == 0
    words = len(Path(CHAT).read_text("utf-8").split())
    tokens = json.loads(capfd.readouterr().out)[0]["tokens"]
    assert tokens == {"text": {"tests.cli.words:count": words}}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("o300k", 'there is no tokenizer "o300k"'),
        ("no.such.module:count", "no.such.module:count: cannot be imported: "),
        ("tests.cli.words:absent", "tests.cli.words:absent: cannot be imported: "),
        ("tests.cli.words:__doc__", "tests.cli.words:__doc__: is a str, not a tokenizer"),
        ("tests.cli.words:lying", "tests.cli.words:lying: returned -1, which is no number"),
    ],
)
def test_a_bad_tokenizer_is_said(name: str, message: str, capfd: Capture) -> None:
    assert main(["tokens", "--text", CHAT, "--tokenizer", name]) == 8
    assert capfd.readouterr().err.startswith(message)


def test_what_was_compiled_is_kept_unless_told_not_to(tmp_path: Path) -> None:
    """In a process of its own, whose cache folder is empty."""
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path), "HOME": str(tmp_path)}

    def report(*options: str) -> dict[str, object]:
        ran = subprocess.run(
            [sys.executable, "-m", "tsbind", "compile", CHAT, "--json", *options],
            env={**environment, "PYTHONPATH": str(Path(__file__).parents[2])},
            capture_output=True,
            text=True,
            check=True,
        )
        told: dict[str, object] = json.loads(ran.stdout)
        del told["seconds"]
        return told

    anew = report("--no-cache")
    assert not list(tmp_path.rglob("*.entry"))
    assert report() == anew
    kept = list(tmp_path.rglob("*.entry"))
    assert kept
    assert report() == anew
    assert list(tmp_path.rglob("*.entry")) == kept
