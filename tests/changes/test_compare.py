"""Two versions of an API compared, from their documents to what a person is told."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from tsbind.changes import Difference, compare
from tsbind.changes.compare import prefix
from tsbind.cli import main
from tsbind.meter import DEFAULT, tokenizer
from tsbind.pipeline import Options, compile
from tsbind.resources import specs

CHAT = (specs() / "chat.yaml").read_text("utf-8")
Capture = pytest.CaptureFixture[str]


def difference(old: str, new: str, **options: str) -> Difference:
    one, other = (compile(text.encode(), Options(**options)).bundle for text in (old, new))  # type: ignore[arg-type]
    return compare(one, other, tokenizer(DEFAULT).count)


def test_nothing_changes_when_nothing_does() -> None:
    found = difference(CHAT, CHAT)
    assert (found.operations, found.types, found.breaking) == ((), (), False)
    assert found.prefix == found.before == found.after


def test_a_new_version_alone_keeps_the_prefix() -> None:
    found = difference(CHAT, CHAT.replace('version: "1.0"', 'version: "1.1"'))
    assert found.operations == ()
    lines = compile(CHAT.encode()).declarations.splitlines()
    assert found.prefix >= tokenizer(DEFAULT).count("\n".join(lines[:-1]))


def test_operations_come_and_go() -> None:
    without = CHAT.replace("operationId: members.list", "operationId: people.list")
    found = difference(CHAT, without)
    (change,) = found.operations
    assert (change.name, change.kind, change.breaking) == ("people.list", "renamed", True)
    assert change.details == ("was members.list",)
    less = compile(CHAT.encode(), Options(select="not name:members")).bundle
    whole = compile(CHAT.encode()).bundle
    gone = compare(whole, less, tokenizer(DEFAULT).count)
    assert [(each.name, each.kind) for each in gone.operations] == [("members.list", "removed")]
    assert gone.breaking
    come = compare(less, whole, tokenizer(DEFAULT).count)
    assert [(each.name, each.kind) for each in come.operations] == [("members.list", "added")]
    assert not come.breaking


def test_what_is_allowed_now_breaks_nothing() -> None:
    found = difference(CHAT, CHAT.replace("name: limit", "name: limit, deprecated: true"))
    assert found.operations == ()
    optional = CHAT.replace("required: [name]", "required: []")
    assert optional != CHAT
    (change,) = difference(CHAT, optional).operations
    assert (change.name, change.breaking) == ("rooms.create", False)
    assert change.details == ('argument: "name" may be left out now',)
    (change,) = difference(optional, CHAT).operations
    assert (change.breaking, change.details[0]) == (True, "its argument is required now")


def test_how_a_call_is_made_is_told_apart() -> None:
    found = difference(CHAT, CHAT.replace("/members:", "/people:"))
    (change,) = found.operations
    assert (change.name, change.kind, change.breaking, change.details) == (
        "members.list",
        "sent otherwise",
        False,
        ("path",),
    )


def test_the_prefix_is_whole_lines() -> None:
    assert prefix("a\nb\nc\n", "a\nbx\nc\n") == "a\n"
    assert prefix("a\n", "a\nb\n") == "a\n"
    assert prefix("", "a") == ""


def test_it_is_told_to_people_and_programs(tmp_path: Path, capfd: Capture) -> None:
    changed = tmp_path / "chat2.yaml"
    changed.write_text(CHAT.replace("owner, member, guest", "owner, member, guest, bot"))
    old = str(specs() / "chat.yaml")
    assert main(["diff", old, str(changed)]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert lines[0] == "1 operation changed in a way that breaks programs:"
    assert lines[2] == '    reply: "[].role" may be "bot" now'
    assert lines[-1].startswith("prompt prefix: ")
    assert main(["diff", old, str(changed), "--fail-on-breaking", "--json"]) == 1
    report = json.loads(capfd.readouterr().out)
    assert report["breaking"] is True
    assert report["operations"][0]["name"] == "members.list"
    assert main(["diff", str(changed), old, "--fail-on-breaking"]) == 0
    assert 'reply: "[].role" is never "bot" now' in capfd.readouterr().out


def test_bundles_and_standard_input_are_compared(tmp_path: Path, capfd: Capture) -> None:
    assert main(["compile", str(specs() / "chat.yaml"), "-o", str(tmp_path)]) == 0
    capfd.readouterr()
    before, sys.stdin = sys.stdin, io.TextIOWrapper(io.BytesIO(CHAT.encode()))
    try:
        assert main(["diff", str(tmp_path / "chat.bundle.json"), "-"]) == 0
    finally:
        sys.stdin = before
    assert capfd.readouterr().out.startswith("nothing changed\n")


def test_standard_input_is_read_once(capfd: Capture) -> None:
    assert main(["diff", "-", "-"]) == 2
    assert "only one of OLD and NEW may be standard input" in capfd.readouterr().err


@pytest.mark.parametrize("name", ["notion.json", "slack-swagger2.json", "discord.json"])
def test_a_real_document_does_not_differ_from_itself(name: str, corpus: Path) -> None:
    bundle = compile(corpus / "openapi" / name).bundle
    found = compare(bundle, bundle, tokenizer(DEFAULT).count)
    assert (found.operations, found.types) == ((), ())
