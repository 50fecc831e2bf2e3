"""What `tsbind tokens` counts, and the page that it draws."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tsbind.account.measure import CATALOG, DECLARED, DOCUMENT, MINIFIED, TOOLS, Account, measure
from tsbind.account.page import ROWS, draw, tree
from tsbind.cli import main
from tsbind.meter import DEFAULT, tokenizer
from tsbind.pipeline import Options
from tsbind.resources import specs

CHAT = specs() / "chat.yaml"
COUNTER = tokenizer(DEFAULT)
Capture = pytest.CaptureFixture[str]


def account(text: str, *, detail: bool = False) -> Account:
    return measure(text.encode(), text, [COUNTER], Options(name="x.yaml"), detail=detail)


def chat() -> Account:
    return account(CHAT.read_text("utf-8"), detail=True)


def test_every_form_is_counted() -> None:
    tokens = {label: counts[DEFAULT] for label, counts in chat().tokens.items()}
    assert list(tokens) == [DOCUMENT, MINIFIED, TOOLS, *DECLARED.values(), CATALOG]
    assert tokens[DECLARED["none"]] < tokens[TOOLS] < tokens[MINIFIED] < tokens[DOCUMENT]
    assert tokens[CATALOG] <= 1000


def test_the_minified_document_is_the_one_that_was_written() -> None:
    text = '{"swagger": "2.0", "info": {"title": "x", "version": "1"},\n "paths": {"/a": {"get": {'
    text += '"responses": {"200": {"description": "ok"}}}}}}'
    written = json.dumps(json.loads(text), separators=(",", ":"))
    assert account(text).tokens[MINIFIED][DEFAULT] == COUNTER.count(written)


def test_parts_add_up_and_operations_are_all_there() -> None:
    found = chat()
    total = sum(sum(parts.values()) for parts in found.parts.values())
    # One token reaches from the last operation into the comment after it.
    assert total - 1 == found.tokens[DECLARED["none"]][DEFAULT] == tree(found.parts).tokens - 1
    assert len(found.by_operation) == found.operations == 5
    for each in found.by_operation:
        assert 0 < each.declarations["none"] <= each.declarations["full"] < each.document
        assert each.tools > each.declarations["none"]


def test_it_says_when_programs_are_not_worth_it() -> None:
    assert "tools are as good" in chat().advice


@pytest.mark.parametrize("name", ["notion.json", "discord.json"])
def test_real_documents_add_up(name: str, corpus: Path) -> None:
    path = corpus / "openapi" / name
    found = measure(path, path.read_text("utf-8"), [COUNTER], Options(name=name), detail=True)
    total = sum(sum(parts.values()) for parts in found.parts.values())
    # The comment at the end may share a token with the last operation.
    assert total - found.tokens[DECLARED["none"]][DEFAULT] in (0, 1)
    assert all(each.declarations["none"] for each in found.by_operation)
    assert all(each.document > 10 for each in found.by_operation)
    assert found.advice == ""


class Elements(HTMLParser):
    """The elements of a page, those that stay open, and the text of scripts."""

    VOID = ("meta", "br")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.open: list[str] = []
        self.attributes: set[str] = set()
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\" '"


def hostile() -> Account:
    found = chat()
    parts = {kind: {EVIL: 3, **names} for kind, names in found.parts.items()}
    first = found.by_operation[0]
    evil = type(first)(EVIL, 1, 2, first.declarations)
    return Account(EVIL, found.tokens, 6, EVIL, (evil, *found.by_operation), parts)


def test_the_page_needs_nothing_and_names_stay_text() -> None:
    plain, evil = Elements(draw([chat()], DEFAULT)), Elements(draw([hostile()], DEFAULT))
    assert plain.open == evil.open == []
    assert {*evil.seen} == {*plain.seen}
    assert evil.seen.count("script") == plain.seen.count("script") == 2
    assert not {
        name for name in evil.attributes if name.startswith("on") or name in ("src", "href")
    }
    page = draw([hostile()], DEFAULT)
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", page)
    assert "default-src &#39;none&#39;" in page


def test_the_tree_in_the_page_is_the_account() -> None:
    page = draw([hostile()], DEFAULT)
    (embedded,) = re.findall(r'<script type="application/json">(.*?)</script>', page)
    root = json.loads(embedded)
    assert root["tokens"] == tree(hostile().parts).tokens
    assert EVIL in {part["name"] for part in root["parts"][1]["parts"]}

    def adds_up(node: dict[str, object]) -> None:
        parts = node.get("parts")
        assert isinstance(parts, list) or parts is None
        if parts:
            assert node["tokens"] == sum(part["tokens"] for part in parts)
            for part in parts:
                adds_up(part)

    adds_up(root)


def test_only_the_costliest_operations_are_listed() -> None:
    found = chat()
    many = tuple(type(each)(f"{each.name}{n}", 1, 1, each.declarations)
                 for n in range(ROWS) for each in found.by_operation[:2])  # fmt: skip
    page = draw([Account("x", found.tokens, 2 * ROWS, "", many, found.parts)], DEFAULT)
    assert f"and {ROWS} operations more" in page


def test_the_command_writes_page_tables_and_json(tmp_path: Path, capfd: Capture) -> None:
    page = tmp_path / "tokens.html"
    assert main(["tokens", str(CHAT), "--html", str(page), "--operations"]) == 0
    told = capfd.readouterr()
    assert told.err == f"wrote {page}\n"
    assert "rooms.create" in told.out
    assert page.read_text("utf-8").startswith("<!doctype html>")
    assert main(["tokens", str(CHAT), "--operations", "--markdown"]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert lines[1] == "| --- | ---: | ---: |"
    assert sum(line.startswith("| rooms.") for line in lines) == 2
    assert main(["tokens", str(CHAT), "--operations", "--json"]) == 0
    (report,) = json.loads(capfd.readouterr().out)
    assert {each["name"] for each in report["by_operation"]} >= {"rooms.list", "rooms.create"}
    assert main(["tokens", str(CHAT), "--text", "--operations"]) == 2
