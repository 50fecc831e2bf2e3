"""Runs without an API: `tsbind run --dry-run`, `--journal`, `tsbind replay` and `tsbind mock`."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tsbind.cli import main
from tsbind.resources import specs

Capture = pytest.CaptureFixture[str]
PROGRAM = """
const rooms = await api.rooms.list();
const made = await api.rooms.create({ name: "new" });
console.log(rooms.length);
return [rooms, made, Math.random()];
"""
FAILING = "await api.rooms.list(); throw new RangeError('no')"


@pytest.fixture
def bundle(tmp_path: Path, capfd: Capture) -> str:
    assert main(["compile", str(specs() / "chat.yaml"), "-o", str(tmp_path)]) == 0
    capfd.readouterr()
    return str(tmp_path / "chat.bundle.json")


def run(program: str, bundle: str, folder: Path, *arguments: str) -> int:
    file = folder / "program.ts"
    file.write_text(program)
    return main(["run", str(file), "--bundle", bundle, *arguments])


def test_a_dry_run_shows_what_would_be_sent(bundle: str, tmp_path: Path, capfd: Capture) -> None:
    assert run(PROGRAM, bundle, tmp_path, "--dry-run") == 0
    out, err = capfd.readouterr()
    assert err == 'would send GET /rooms\nwould send POST /rooms\n{"name":"new"}\nlog: 1\n'
    assert json.loads(out)[1]["id"] == "text"
    assert run(PROGRAM, bundle, tmp_path, "--dry-run", "--read-only") == 13
    assert "rooms.create: PolicyError" in capfd.readouterr().err
    assert run("api.rooms.create({})", bundle, tmp_path, "--dry-run") == 11
    assert "rooms.create: ArgumentError" in capfd.readouterr().err


@pytest.mark.parametrize(("program", "code"), [(PROGRAM, 0), (FAILING, 11)], ids=["ends", "fails"])
def test_a_recorded_run_is_replayed(
    program: str, code: int, bundle: str, tmp_path: Path, capfd: Capture
) -> None:
    journal = tmp_path / "run.jsonl"
    assert run(program, bundle, tmp_path, "--dry-run", "--journal", str(journal)) == code
    first, _ = capfd.readouterr()
    Path(bundle).unlink()
    (tmp_path / "program.ts").unlink()
    before = journal.read_bytes()
    for _ in range(2):
        assert main(["replay", str(journal)]) == code
        out, err = capfd.readouterr()
        assert out == first
        assert "log: 1" in err or "RangeError: no" in err
    assert journal.read_bytes() == before
    assert main(["replay", str(journal), "--json"]) == code
    assert ("value" in json.loads(capfd.readouterr().out)) == (code == 0)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (b'"text":"', b'"text":"0;', "it is the journal of another program"),
        (b'"op":"rooms.list"', b'"op":"rooms.lost"', 'asks for "rooms.list", before it did not'),
        (b'{"end":"done"', b'{"end":"failed"', "ends in another way than before"),
        (b'{"end":"done"', b'{"half":1}\n{"end":"done"', "ends in another way"),
        (b'{"resume":', b'{"resume":5}\n{"resume":', "is damaged"),
    ],
    ids=["program", "call", "end", "more", "damaged"],
)
def test_a_journal_that_differs_is_told(
    old: bytes, new: bytes, says: str, bundle: str, tmp_path: Path, capfd: Capture
) -> None:
    journal = tmp_path / "run.jsonl"
    assert run(PROGRAM, bundle, tmp_path, "--dry-run", "--journal", str(journal)) == 0
    assert old in journal.read_bytes()
    journal.write_bytes(journal.read_bytes().replace(old, new, 1))
    assert main(["replay", str(journal)]) == 17
    assert says in capfd.readouterr().err


def test_a_journal_that_breaks_off_cannot_be_replayed(
    bundle: str, tmp_path: Path, capfd: Capture
) -> None:
    journal = tmp_path / "run.jsonl"
    run(PROGRAM, bundle, tmp_path, "--dry-run", "--journal", str(journal))
    lines = journal.read_bytes().splitlines(keepends=True)
    for count in range(len(lines)):
        journal.write_bytes(b"".join(lines[:count]))
        if count < len(lines) - 1:
            assert main(["replay", str(journal)]) == 17, count
    assert main(["replay", str(tmp_path / "absent")]) == 17


DOCUMENT = """
openapi: 3.1.0
info: {title: Zoo, version: "1"}
paths:
  /cages/{id}:
    get:
      operationId: cages.get
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses:
        "200":
          description: ok
          content:
            application/json:
              schema: {$ref: "#/components/schemas/Cage"}
              examples: {one: {$ref: "#/components/examples/Cage"}}
  /cages:
    get:
      operationId: cages.list
      parameters: [{name: kind, in: query, required: true, schema: {type: string}}]
      responses:
        "200":
          description: ok
          content:
            application/json:
              schema: {type: array, items: {$ref: "#/components/schemas/Cage"}}
    post:
      operationId: cages.open
      requestBody:
        required: true
        content: {application/json: {schema: {$ref: "#/components/schemas/Cage"}}}
      responses: {"201": {description: ok}}
  /feed:
    get:
      operationId: feed
      responses:
        "200": {description: ok, content: {text/plain: {schema: {type: string}}}}
components:
  schemas: {Cage: {type: object, required: [name], properties: {name: {type: string}}}}
  examples: {Cage: {value: {name: lion}}}
"""


@pytest.fixture
def mocked(tmp_path: Path) -> Iterator[str]:
    (tmp_path / "zoo.yaml").write_text(DOCUMENT)
    command = [sys.executable, "-m", "tsbind", "mock", str(tmp_path / "zoo.yaml")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("Zoo: 4 operations at http://127.0.0.1:"), line
        yield line.split()[-1].rstrip("/")
    finally:
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
    assert process.returncode == 130, err
    assert "Traceback" not in err


def fetch(
    url: str, method: str = "GET", body: bytes | None = None, media: str = "application/json"
) -> tuple[int, str, str]:
    asked = urllib.request.Request(url, body, {"Content-Type": media} if body else {})
    asked.method = method
    try:
        with urllib.request.urlopen(asked) as reply:
            return reply.status, reply.headers.get_content_type(), reply.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers.get_content_type(), error.read().decode()


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "said"),
    [
        ("GET", "/cages", "", 400, 'args: the field \\"kind\\" is missing'),
        ("GET", "/cages?kind=a&size=1", "", 400, 'the query has \\"size\\", which the operation'),
        ("POST", "/cages", "", 400, "the body is missing"),
        ("POST", "/cages", "[]", 400, "the body must be an object"),
        ("POST", "/cages", "{", 400, "the body is not JSON"),
        ("POST", "/cages", '{"name":7}', 400, "args.name: must be a string, not 7"),
        ("POST", "/cages", "csv:a,b", 415, "the operation takes application/json"),
        ("DELETE", "/cages", "", 405, "there is no such operation"),
        ("GET", "/zoo", "", 404, "there is no such operation"),
    ],
)
def test_a_mock_refuses_what_the_document_does(
    mocked: str, method: str, path: str, body: str, status: int, said: str
) -> None:
    kind, _, text = body.rpartition("csv:")
    media = "text/csv" if body.startswith("csv:") else "application/json"
    code, _, answer = fetch(f"{mocked}{path}", method, (kind + text).encode() or None, media)
    assert (code, said in answer) == (status, True), answer


def test_a_mock_answers_from_examples_and_schemas(
    mocked: str, tmp_path: Path, capfd: Capture
) -> None:
    assert fetch(f"{mocked}/cages/7") == (200, "application/json", '{"name":"lion"}')
    assert fetch(f"{mocked}/cages?kind=big") == (200, "application/json", '[{"name":"text"}]')
    assert fetch(f"{mocked}/cages", "POST", b'{"name":"bear"}')[0] == 201
    assert fetch(f"{mocked}/feed") == (200, "text/plain", "text")
    assert fetch(f"{mocked}/cages")[0] == 400
    assert fetch(f"{mocked}/cages", "DELETE")[0] == 405
    assert fetch(f"{mocked}/cages/7/locks")[0] == 404
    assert main(["compile", str(tmp_path / "zoo.yaml"), "-o", str(tmp_path)]) == 0
    capfd.readouterr()
    program = "return [await api.cages.get({ id: 'a b' }), await api.cages.list({ kind: 'x' })]"
    bundle = str(tmp_path / "zoo.bundle.json")
    assert run(program, bundle, tmp_path, "--base-url", mocked) == 0
    assert json.loads(capfd.readouterr().out) == [{"name": "lion"}, [{"name": "text"}]]
