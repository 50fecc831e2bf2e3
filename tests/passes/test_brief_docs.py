"""`brief` keeps a purpose that says more than the names, and what a caller must know."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tsbind.emit.sketch import show, sketch
from tsbind.ir.api import Api
from tsbind.ir.types import TEXT, Field, Record
from tsbind.passes import passes
from tsbind.passes.brief_docs import LONGEST, brief_docs


def api(*purposes: str) -> Api:
    """An Api of one operation for each purpose: getPetById, then others about pets."""
    names = ["getPetById", *(f"other{number}" for number in range(1, len(purposes)))]
    bare = sketch("; ".join(f"{name}(a:{{id:string}}):string" for name in names))
    told = zip(bare.operations, purposes, strict=True)
    return replace(bare, operations=tuple(replace(op, summary=text) for op, text in told))


OTHERS = ("List the pets", "Delete the pet", "Count the pets of a shop", "Sell a pet")


@pytest.mark.parametrize(
    ("purpose", "kept"),
    [
        ("Get a pet by id", ""),
        ("Gets the pets by ID.", ""),
        ("Fails after three wrong passwords", "Fails after three wrong passwords"),
        ("<p>Locks the <code>account</code> for good</p>", "Locks the account for good"),
        ("Locks\n  the account", "Locks the account"),
        ("", ""),
    ],
)
def test_a_purpose_stays_where_it_says_more(purpose: str, kept: str) -> None:
    assert brief_docs(api(purpose, *OTHERS)).operations[0].summary == kept


def test_the_first_sentence_of_a_description_serves_where_there_is_no_summary() -> None:
    given = api("", *OTHERS)
    first = replace(given.operations[0], doc="Locks the account. Call support to open it again.")
    brief = brief_docs(replace(given, operations=(first, *given.operations[1:])))
    assert brief.operations[0].summary == "Locks the account."
    assert brief.operations[0].doc == ""


def test_a_purpose_is_one_line_of_limited_length() -> None:
    brief = brief_docs(api("unlikely " * 40, *OTHERS)).operations[0].summary
    assert brief.endswith("…")
    assert len(brief) <= LONGEST


def test_notes_stay_and_descriptions_go() -> None:
    field = Field("size", TEXT, note="1..9", doc="How large it is", deprecated=True)
    bare = sketch("get():string")
    given = replace(bare, operations=(replace(bare.operations[0], input=Record((field,))),))
    assert show(brief_docs(given)) == (
        "get(a:{/** @deprecated 1..9 */size?:string}):Promise<string>"
    )


def test_of_what_only_replies_hold_stays_how_to_read_it() -> None:
    bounded = Record((Field("at", TEXT, note="date-time, max 30 chars", reading="date-time"),))
    bare = sketch("type Sent=string; type Kept=string; put(a:Sent):Kept; get():Sent")
    types = {name: replace(named, type=bounded) for name, named in bare.types.items()}
    assert show(brief_docs(replace(bare, types=types))).splitlines()[:2] == [
        "type Sent={/** date-time, max 30 chars */at?:string}",
        "type Kept={/** date-time */at?:string}",
    ]


@pytest.mark.parametrize(
    ("name", "note", "kept"),
    [
        ("email", "email", ""),
        ("contactEmail", "email", ""),
        ("contact", "email", "email"),
        ("email", "email, max 90 chars", "email, max 90 chars"),
        ("max10", "max 10", "max 10"),
    ],
)
def test_a_format_that_the_name_says_goes(name: str, note: str, kept: str) -> None:
    bare = sketch("put():string")
    given = Record((Field(name, TEXT, note=note),))
    brief = brief_docs(replace(bare, operations=(replace(bare.operations[0], input=given),)))
    assert brief.operations[0].input == Record((Field(name, TEXT, note=kept),))


def test_brief_lies_between_none_and_full() -> None:
    given = api("Fails after three wrong passwords", *OTHERS)
    given = replace(
        given, operations=tuple(replace(op, doc="More. " * 9) for op in given.operations)
    )
    sizes = []
    for docs in ("none", "brief", "full"):
        told = given
        for step in passes(docs):
            told = step(told)
        sizes.append(len(show(told)))
    assert sizes == sorted(set(sizes))


def test_it_is_idempotent() -> None:
    once = brief_docs(api("Fails after three wrong passwords", *OTHERS))
    assert brief_docs(once) == once
