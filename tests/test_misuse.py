"""What the library says to a caller that gives it something of another kind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tsbind
from tsbind.runtime import Host, MockHost, run_sync

SPEC = Path(__file__).parent.parent / "specs/chat.yaml"
BUNDLE = tsbind.compile(SPEC).bundle


def ran(**options: Any) -> object:  # noqa: ANN401 - of any kind at all
    return run_sync("return 1", BUNDLE, **({"host": MockHost(BUNDLE)} | options))


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (lambda: tsbind.compile(5), "a document is given as bytes, or as the path of its file"),  # type: ignore[arg-type]
        (lambda: tsbind.compile(SPEC, {"docs": "brief"}), "options are given as Options"),  # type: ignore[arg-type]
        (lambda: tsbind.Options(docs="lots"), "Options.docs: Invalid enum value 'lots'"),  # type: ignore[arg-type]
        (lambda: tsbind.Options(budget=0), "Options.budget: Expected `int` >= 1"),
        (lambda: tsbind.Options(select=5), "Options.select: Expected `str | null`, got `int`"),  # type: ignore[arg-type]
        (lambda: tsbind.Options(allow_refs=".."), "Options.allow_refs: Expected `array`"),  # type: ignore[arg-type]
        (lambda: Host("x"), "a host is made for a Bundle, not str"),  # type: ignore[arg-type]
        (lambda: ran(host="https://a.example"), "host must be Host, not str"),
        (lambda: ran(policy="allow read"), "policy must be Policy, not str"),
        (lambda: ran(policy={"api": "allow read"}), "policy must be Policy, not str"),
        (lambda: ran(credentials={"token": "x"}), "credentials must be Credentials, not str"),
        (lambda: ran(journal="run.jsonl"), "journal must be Journal, not str"),
        (lambda: ran(approve="yes"), "approve must be a function, not str"),
        (lambda: ran(limits={"cpu": 1}), "limits must be Limits, not dict"),
        (lambda: ran(base_url=5), "base_url must be str, not int"),
        (lambda: tsbind.Policy.parse("allow read"), "rules are given as a list of lines"),
        (lambda: tsbind.Credentials({"token": 5}), 'the credential "token" is a text or a source'),  # type: ignore[dict-item]
    ],
)  # fmt: skip
def test_something_of_another_kind_is_a_type_error(act: Callable[[], object], said: str) -> None:
    with pytest.raises(TypeError) as caught:
        act()
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("https://a.example/x.json", "is a URL, and documents are read from files [not-a-file]"),
        (Path("https://a.example/x.json"), "is a URL, and documents are read from files"),
        ('{"openapi": "3.1.0"}', "<text>: is a document where its path should be [not-found]"),
        ("openapi: 3.1.0\ninfo: {}\n" * 500, "<text>: is a document where its path should be"),
        ("nope.yaml", "nope.yaml: there is no such file [not-found]"),
    ],
)
def test_what_is_no_path_of_a_document_is_said(given: str | Path, said: str) -> None:
    with pytest.raises(tsbind.SpecError) as caught:
        tsbind.compile(given)
    assert said in str(caught.value)
