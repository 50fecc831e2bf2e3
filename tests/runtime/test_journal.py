"""Journals: replaying a run, and going on with one after a crash at any point."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.runtime.test_run import BUNDLE, answer
from tsbind.errors import JournalError, PolicyError
from tsbind.runtime import FakeTransport, Host, Policy, Request, Response, Result, run_sync
from tsbind.runtime.journal import Journal

PROGRAM = """
const rooms = await api.rooms.list({});
const [one, two] = await Promise.all(rooms.map((room) => api.rooms.get({ id: room.id })));
const made = await api.rooms.create({ name: `${one.name}${two.id}${Math.random()}` });
await new Promise((done) => setTimeout(done, 1));
return { made, at: Date.now() };
"""


def never(request: Request) -> Response:
    raise AssertionError(f"{request.method} {request.url} was sent")


def perform(
    path: Path, program: str = PROGRAM, *, replay: bool = False
) -> tuple[Result, list[str]]:
    transport = FakeTransport(never if replay else answer)
    host = Host(BUNDLE, transport=transport)
    result = run_sync(program, BUNDLE, host=host, journal=Journal(path, replay=replay))
    return result, [request.method for request in transport.sent]


def test_a_run_is_replayed_without_the_api(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    first, sent = perform(path)
    assert sent == ["GET", "GET", "GET", "POST"]
    before = path.read_bytes()
    again, _ = perform(path, replay=True)
    assert again.value == first.value
    assert path.read_bytes() == before
    assert path.stat().st_mode & 0o077 == 0


def test_a_finished_run_that_is_gone_on_with_sends_nothing(tmp_path: Path) -> None:
    first, _ = perform(tmp_path / "j")
    again, sent = perform(tmp_path / "j")
    assert (again.value, sent) == (first.value, [])


def test_a_run_goes_on_from_wherever_its_journal_ends(tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    first, _ = perform(whole)
    lines = whole.read_bytes().splitlines(keepends=True)
    told = 0
    for count in range(len(lines) + 1):
        for half in (b"", b'{"resume":{"no'):
            path = tmp_path / f"cut{count}{len(half)}"
            path.write_bytes(b"".join(lines[:count]) + half)
            unanswered = _unanswered(lines[:count])
            if unanswered:
                told += 1
                with pytest.raises(JournalError, match=r'"rooms\.create", was sent, and no answer'):
                    perform(path)
                continue
            got, sent = perform(path)
            assert sent.count("POST") + any(b'"send"' in line for line in lines[:count]) == 1
            if count:  # before the head there is neither clock nor chance to go on with
                assert got.value["made"] == first.value["made"]
    assert told == 2


def _unanswered(lines: list[bytes]) -> bool:
    sent: set[int] = set()
    for line in map(json.loads, lines):
        sent |= {line["send"]} if "send" in line else set()
        sent -= {reply["id"] for reply in line.get("resume", {}).get("replies", ())}
    return bool(sent)


def test_the_journal_of_another_run_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "j"
    perform(path)
    with pytest.raises(JournalError, match="it is the journal of another program"):
        perform(path, "return 1")
    with pytest.raises(JournalError, match="there is no such journal"):
        perform(tmp_path / "absent", replay=True)
    path.write_bytes(path.read_bytes().replace(b'"ask":{"id":2', b'"ask":{"id":7'))
    with pytest.raises(JournalError, match=r'asks for "rooms\.get", before it did not'):
        perform(path)


@pytest.mark.parametrize(
    "data", [b"\n", b"[]\n", b'{"journal":9}\n', b"\x00\xff\n", b'{"a":1}\nx\n']
)
def test_a_file_that_is_no_journal_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "j").write_bytes(data)
    with pytest.raises(JournalError):
        perform(tmp_path / "j")


def test_a_call_that_was_denied_was_not_sent(tmp_path: Path) -> None:
    host = Host(BUNDLE, transport=FakeTransport(never), policy=Policy.parse(["allow read"]))
    with pytest.raises(PolicyError):
        run_sync("await api.rooms.create({name: 'x'})", BUNDLE, host=host,
                 journal=Journal(tmp_path / "j"))  # fmt: skip
    assert b'"send"' not in (tmp_path / "j").read_bytes()


KILLS = 300  # at random moments, up to three in a run
CHILD = """
import json, sys
from tsbind.bundle import Bundle
from tsbind.runtime import FakeTransport, Host, Response, run_sync
from tsbind.runtime.journal import Journal

bundle, program, log, journal = sys.argv[1:]

def answer(request):
    with open(log, "a") as file:
        file.write(request.method + "\\n")
    room = {"id": 3, "name": "x"}
    return Response.json([room, room] if request.url.endswith("/rooms") else room)

bundle = Bundle.open(bundle)
host = Host(bundle, transport=FakeTransport(answer))
print("ready", flush=True)
result = run_sync(program, bundle, host=host, journal=Journal(journal))
print(result.value["made"], flush=True)
"""


@pytest.mark.slow
def test_a_host_killed_at_any_moment_repeats_no_unsafe_call(tmp_path: Path) -> None:
    chance = random.Random(7)
    bundle = tmp_path / "bundle.json"
    BUNDLE.save(bundle)
    outcomes = {"finished": 0, "told": 0, "killed": 0}
    runs = 0
    while outcomes["killed"] < KILLS:
        runs, number = runs + 1, runs
        log, journal = tmp_path / f"log{number}", tmp_path / f"journal{number}"
        for attempt in range(4):
            command = [sys.executable, "-c", CHILD, str(bundle), PROGRAM, str(log), str(journal)]
            with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
                assert child.stdout is not None
                child.stdout.readline()
                if attempt < 3:
                    time.sleep(chance.uniform(0, 0.05))
                    child.send_signal(signal.SIGKILL)
                out, error = child.communicate(timeout=30)
            if out:
                outcomes["finished"] += 1
                break
            if b"JournalError" in error:
                outcomes["told"] += 1
                break
            outcomes["killed"] += 1
            assert child.returncode == -signal.SIGKILL, error
        assert log.read_text().count("POST") <= 1
    assert outcomes["finished"] + outcomes["told"] == runs
