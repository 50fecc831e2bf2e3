"""`tsbind search` finds operations in documents and in Bundles."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tsbind.cli import main
from tsbind.resources import specs

CHAT = str(specs() / "chat.yaml")
Capture = pytest.CaptureFixture[str]


def test_hits_are_signatures_with_the_types_they_need(capfd: Capture) -> None:
    assert main(["search", CHAT, "say", "something", "--limit", "1"]) == 0
    assert capfd.readouterr().out == (
        "messages.post(a:{room:string,text:string}):Promise<Message>\n"
        "type Message={id:string,author:string,text:string,sent:string}\n"
    )


def test_a_bundle_is_searched_without_its_document(tmp_path: Path, capfd: Capture) -> None:
    assert main(["compile", CHAT, "-o", str(tmp_path)]) == 0
    capfd.readouterr()
    bundle = str(tmp_path / "chat.bundle.json")
    assert main(["search", bundle, "creating", "a", "chanel", "--json"]) == 0
    hits = json.loads(capfd.readouterr().out)
    assert hits[0]["operation"] == "rooms.create"
    assert hits[0]["score"] >= hits[-1]["score"] > 0


def test_names_alone_are_for_pipes(capfd: Capture) -> None:
    assert main(["search", CHAT, "members of a room", "--names", "--limit", "1"]) == 0
    assert capfd.readouterr().out == "members.list\n"


def test_nothing_found_ends_with_1(capfd: Capture) -> None:
    assert main(["search", CHAT, "xylophone"]) == 1
    assert "nothing found" in capfd.readouterr().out


def test_what_is_no_bundle_is_an_error_with_its_file(tmp_path: Path, capfd: Capture) -> None:
    path = tmp_path / "bad.bundle.json"
    path.write_text("{")
    assert main(["search", str(path), "rooms"]) == 6
    assert "bad.bundle.json" in capfd.readouterr().err
