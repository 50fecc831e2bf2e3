"""Search: what it forgives, what it shows, and that it keeps within its tokens."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsbind.bundle import Bundle
from tsbind.emit.search import entries, print_index
from tsbind.emit.sketch import sketch
from tsbind.emit.typescript import print_pieces
from tsbind.errors import BundleError, SelectionError
from tsbind.search import Entry, Finder, Index, build
from tsbind.search.page import REMARK
from tsbind.search.words import one_edit, stem, terms

ENTRIES = [
    Entry("issues.list", "GET", "/repos/{owner}/issues", "List issues"),
    Entry("issues.create", "POST", "/repos/{owner}/issues", "Open an issue"),
    Entry("issues.get", "GET", "/repos/{owner}/issues/{number}", "Get an issue"),
    Entry("issues.removeLabel", "DELETE", "/repos/{owner}/issues/{number}/labels/{name}"),
    Entry("pulls.merge", "PUT", "/repos/{owner}/pulls/{number}/merge", "Merge a pull request"),
    Entry("pulls.list", "GET", "/repos/{owner}/pulls", "List pull requests"),
    Entry("hooks.ping", "POST", "/webhooks/{id}/pings", "Send a test event", tags=("Webhooks",)),
    Entry("users.me", "GET", "/user", "Get the authenticated user", "After a login"),
    Entry("orgs.policies", "GET", "/orgs/{org}/policies", "", "The résumé of all policies"),
]
FINDER = Finder(build(ENTRIES, {}, {}))

FORGIVING = [
    ("list issues", "issues.list"),
    ("LISTING ISSUE", "issues.list"),
    ("listIssues", "issues.list"),
    ("fetch one issue", "issues.get"),
    ("delete a label", "issues.removeLabel"),
    ("drop labels from issues", "issues.removeLabel"),
    ("add a new bug", "issues.create"),
    ("mrege", "pulls.merge"),
    ("merg", "pulls.merge"),
    ("pullrequest merging", "pulls.merge"),
    ("web hook", "hooks.ping"),
    ("repos/pulls", "pulls.list"),
    ("policy", "orgs.policies"),
    ("RÉSUMÉ", "orgs.policies"),
    ("who is logged in", "users.me"),
    ("who am I", "users.me"),
    ("which issues are there", "issues.list"),
    ("sign in", "users.me"),
]


@pytest.mark.parametrize(("words", "want"), FORGIVING)
def test_the_best_hit_is_what_is_meant(words: str, want: str) -> None:
    assert FINDER.find(words)[0].op == want


@pytest.mark.parametrize("words", ["", "the of a", "!!!", "xyzzy", "\ud800", "\x00"])
def test_what_says_nothing_finds_nothing(words: str) -> None:
    assert FINDER.find(words) == []
    assert FINDER.search(words) == "// nothing found; try other words"


def test_what_a_question_is_about_tells_hits_apart_but_makes_none() -> None:
    assert "users.me" not in {hit.op for hit in FINDER.find("my pull request")}


def test_hits_are_ranked_and_limited() -> None:
    hits = FINDER.find("issues", limit=3)
    assert len(hits) == 3
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert all(hit.op.startswith("issues.") for hit in hits)


@given(st.text() | st.text(alphabet="isue pulmrgth", max_size=800))
def test_any_words_are_answered(words: str) -> None:
    hits = FINDER.find(words)
    assert len({hit.op for hit in hits}) == len(hits) <= 10
    assert all(hit.score > 0 for hit in hits)


@given(st.text(max_size=200))
def test_words_are_folded_and_short(text: str) -> None:
    for word in terms(text):
        assert word
        assert len(word) <= 80


@given(st.text("abc", min_size=1, max_size=6), st.text("abc", min_size=1, max_size=6))
def test_one_edit_is_symmetric_and_true(left: str, right: str) -> None:
    edits = {left}
    for at in range(len(left) + 1):
        edits.add(left[:at] + left[at + 1 :])
        edits.add(left[:at] + left[at + 1 : at + 2] + left[at : at + 1] + left[at + 2 :])
        edits.update(left[:at] + letter + left[at:] for letter in "abc")
        edits.update(left[:at] + letter + left[at + 1 :] for letter in "abc")
    assert one_edit(left, right) == one_edit(right, left) == (right in edits)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("repository", "repositories"),
        ("delete", "deletion"),
        ("creating", "created"),
        ("box", "boxes"),
        ("stop", "stopped"),
        ("deploy", "deployment"),
    ],
)
def test_forms_of_a_word_meet(one: str, other: str) -> None:
    assert stem(one) == stem(other)


API = sketch(
    """\
type Room={id:string,owner:User,log:Log}
type User={id:string,friends:User[]}
type Log={text:string}
type Filter={by:Order}
type Order="name"|"age"
rooms:{
list(a?:{filter?:Filter}):Room[]
get(a:{id:string}):Room}
users:{
get(a:{id:string}):User}
"""
)
PIECES = print_pieces(API)
INDEX = print_index(entries(API), *PIECES, [len(text) for part in PIECES for text in part.values()])
LIST = "rooms.list(a?:{filter?:Filter}):Promise<Room[]>"
TYPES = {
    "Filter": "type Filter={by:Order}",
    "Order": 'type Order="name"|"age"',
    "Room": "type Room={id:string,owner:User,log:Log}",
    "User": "type User={id:string,friends:User[]}",
    "Log": "type Log={text:string}",
}


def test_a_hit_brings_just_the_types_it_needs() -> None:
    shown = Finder(INDEX).describe("rooms.list").split("\n")
    assert shown == [LIST, *TYPES.values()]
    assert Finder(INDEX).describe("users.get").split("\n") == [
        "users.get(a:{id:string}):Promise<User>",
        TYPES["User"],
    ]


def test_types_are_shown_once_for_all_hits() -> None:
    shown = Finder(INDEX).describe("rooms").split("\n")
    assert shown == [LIST, "rooms.get(a:{id:string}):Promise<Room>", *TYPES.values()]
    assert Finder(INDEX).describe("Room").split("\n") == [TYPES[n] for n in ("Room", "User", "Log")]


def test_what_does_not_fit_is_named() -> None:
    fitting = [LIST, TYPES["Filter"], TYPES["Order"], TYPES["User"]]
    tokens = REMARK + sum(len(line) + 1 for line in fitting)
    shown = Finder(INDEX).describe("rooms.list", tokens=tokens).split("\n")
    assert shown == [*fitting, "// 2 left out, see $describe: Room, Log"]


def test_a_name_that_is_not_there_is_an_error() -> None:
    with pytest.raises(SelectionError) as caught:
        Finder(INDEX).describe("room.list")
    assert str(caught.value) == (
        'there is no operation, namespace or type "room.list" [unknown-name]'
        '\nfix: did you mean "rooms.list"'
    )


@given(st.integers(100, 600), st.lists(st.sampled_from(["rooms", "users", "rooms.list", "Room"])))
def test_the_text_keeps_within_its_tokens(tokens: int, names: list[str]) -> None:
    for name in names:
        assert len(Finder(INDEX).describe(name, tokens=tokens)) <= tokens


def test_an_index_goes_with_its_bundle() -> None:
    bundle = Bundle("Chat", "1", "", {}, {}, index=msgspec.Raw(msgspec.json.encode(INDEX)))
    again = Bundle.decode(msgspec.json.encode(bundle))
    assert Finder.of(again).describe("rooms.list").startswith(LIST)
    assert Finder.of(again) is Finder.of(again)
    assert msgspec.json.decode(again.index, type=Index) == INDEX


@pytest.mark.parametrize("index", [b"null", b'{"operations":1}', b"[]"])
def test_a_bundle_without_a_usable_index_says_so(index: bytes) -> None:
    bundle = Bundle("Chat", "1", "", {}, {}, index=msgspec.Raw(index))
    with pytest.raises(BundleError, match="bundle-index"):
        Finder.of(bundle)
