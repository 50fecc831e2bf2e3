"""The ladder of losses, rung by rung, and the budget that is never exceeded."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tsbind.emit.sketch import show, sketch
from tsbind.emit.typescript import print_declarations
from tsbind.errors import BudgetError
from tsbind.ir.api import Api, NamedType, Operation
from tsbind.ir.types import TEXT, Field, Record
from tsbind.lower import lower
from tsbind.passes import passes
from tsbind.select.budget import Fit, fit
from tsbind.select.ladder import LADDER, TYPICAL_SHARES, GivenUp, Level, cut
from tsbind.spec.load import load

CHAT = """\
type Room={id:string,topic?:string,owner:User,stats?:{messages:number,peak?:{at:string,n:number}}}
type User={id:string,name?:string,avatar?:{url:string}}
type Sort={by:string,then?:Sort}
type Reply=Room|{moved:Room}
list(a?:{limit?:number,sort?:Sort}):Room[]
get(a:{id:string}):Reply
add(a:{id:string,user:User,tags?:string[]}):User
old(a?:{id?:string}):void
"""


def chat() -> Api:
    api = sketch(CHAT)
    first, *others, last = api.operations
    described = replace(first, summary="List rooms", doc="Newest first.")
    return replace(api, operations=(described, *others, replace(last, deprecated=True)))


CUTS: list[tuple[Level, str, tuple[GivenUp, ...]]] = [
    (
        Level(descriptions=False, summaries=False, deprecated=False),
        """\
type Room={id:string,topic?:string,owner:User,stats?:{messages:number,peak?:{at:string,n:number}}}
type User={id:string,name?:string,avatar?:{url:string}}
type Sort={by:string,then?:Sort}
type Reply=Room|{moved:Room}
list(a?:{limit?:number,sort?:Sort}):Promise<Room[]>
get(a:{id:string}):Promise<Reply>
add(a:{id:string,user:User,tags?:string[]}):Promise<User>""",
        (
            GivenUp("descriptions", "descriptions"),
            GivenUp("summaries", "summaries and notes"),
            GivenUp("deprecated", "deprecated operations and fields", ("old",)),
        ),
    ),
    (
        Level(optional_reply_fields=1),
        """\
type Room={id:string,topic?:string,owner:User,stats?:{messages:number}}
type User={id:string,name?:string,avatar?:{url:string}}
type Sort={by:string,then?:Sort}
type Reply=Room|{moved:Room}
list(a?:{limit?:number,sort?:Sort}):Promise<Room[]>
get(a:{id:string}):Promise<Reply>
add(a:{id:string,user:User,tags?:string[]}):Promise<User>
old(a?:{id?:string}):Promise<void>""",
        (GivenUp("optional-reply-fields", "optional fields of replies", ("Room.stats.peak",)),),
    ),
    (
        Level(reply_detail=0),
        """\
type User={id:string,name?:string,avatar?:{url:string}}
type Sort={by:string,then?:Sort}
type Reply=Dict
list(a?:{limit?:number,sort?:Sort}):Promise<Dict[]>
get(a:{id:string}):Promise<Reply>
add(a:{id:string,user:User,tags?:string[]}):Promise<User>
old(a?:{id?:string}):Promise<void>""",
        (GivenUp("reply-detail", "the inside of objects in replies", ("Room", "Reply")),),
    ),
    (
        Level(optional_parameters=0, parameter_detail=1),
        """\
type Room={id:string,topic?:string,owner:User,stats?:{messages:number,peak?:{at:string,n:number}}}
type User={id:string,name?:string,avatar?:{url:string}}
type Reply=Room|{moved:Room}
list():Promise<Room[]>
get(a:{id:string}):Promise<Reply>
add(a:{id:string,user:User}):Promise<User>
old():Promise<void>""",
        (
            GivenUp(
                "optional-parameters",
                "optional parameters",
                (
                    "list arguments.limit",
                    "list arguments.sort",
                    "add arguments.tags",
                    "old arguments.id",
                ),
            ),
            GivenUp("parameter-detail", "the inside of objects in arguments", ("Sort",)),
        ),
    ),
    (
        Level(reply_detail=0, parameter_detail=0),
        """\
type Reply=Dict
list(a?:Dict):Promise<Dict[]>
get(a:Dict):Promise<Reply>
add(a:Dict):Promise<Dict>
old(a?:Dict):Promise<void>""",
        (
            GivenUp("reply-detail", "the inside of objects in replies", ("Room", "User", "Reply")),
            GivenUp(
                "parameter-detail",
                "the inside of objects in arguments",
                ("Sort", "list arguments", "get arguments", "add arguments", "old arguments"),
            ),
        ),
    ),
]


@pytest.mark.parametrize(("level", "want", "given_up"), CUTS)
def test_a_level_cuts(level: Level, want: str, given_up: tuple[GivenUp, ...]) -> None:
    smaller, lost = cut(chat(), level)
    assert show(replace(smaller, operations=tuple(map(without_prose, smaller.operations)))) == want
    assert lost == given_up


def without_prose(operation: Operation) -> Operation:
    return replace(operation, summary="", doc="", deprecated=False)


def test_no_level_cuts_nothing() -> None:
    api = chat()
    assert cut(api, Level()) == (api, ())


def test_deprecated_fields_go_with_deprecated_operations() -> None:
    old, new = Field("old", TEXT, deprecated=True), Field("new", TEXT)
    needed = Field("needed", TEXT, required=True, deprecated=True)
    api = replace(sketch("get():Room"), types={"Room": NamedType(Record((old, new, needed)))})
    smaller, lost = cut(api, Level(deprecated=False))
    assert smaller.types["Room"].type == Record((new, needed))
    assert lost == (GivenUp("deprecated", "deprecated operations and fields", ("Room.old",)),)


def measure(api: Api) -> int:
    return len(print_declarations(api))


def test_a_roomy_budget_costs_nothing() -> None:
    api = chat()
    whole = measure(api)
    assert fit(api, whole, measure) == (api, Fit(whole, whole))


@given(st.integers(1, 700), st.booleans())
def test_the_first_rung_that_fits_is_taken(budget: int, introduced: bool) -> None:
    """Compares with trying every rung in turn."""
    api = chat()
    rungs = [cut(api, level) for level in LADDER]
    fitting = [rung for rung in rungs if measure(rung[0]) <= budget]
    introduction = 50
    if fitting:
        smaller, got = fit(api, budget, measure, lambda _: introduction)
        assert (smaller, got.given_up) == fitting[0]
        assert got.tokens == measure(smaller) <= budget == got.budget
        assert not got.catalog
    elif introduced and introduction <= budget:
        smaller, got = fit(api, budget, measure, lambda _: introduction)
        assert (smaller, got.tokens, got.catalog) == (api, introduction, True)
        assert got.given_up[0].names == ("list", "get", "add", "old")
    else:
        least = min(measure(rung[0]) for rung in rungs)
        with pytest.raises(BudgetError) as caught:
            fit(api, budget, measure)
        assert caught.value.fix == f"raise the budget to {least}, or select fewer operations"


def test_an_introduction_longer_than_the_declarations_is_not_what_is_asked_for() -> None:
    """The least budget is the least that anything takes, an introduction or declarations."""
    api = chat()
    least = min(measure(cut(api, level)[0]) for level in LADDER)

    def refused(_: Api) -> int:
        error = BudgetError("too long")
        error.least = introduction
        raise error

    for introduction in (least - 1, least + 50):
        with pytest.raises(BudgetError) as caught:
            fit(api, 1, measure, refused)
        enough = min(introduction, least)
        assert caught.value.fix == f"raise the budget to {enough}, or select fewer operations"


def test_every_rung_of_a_real_api_takes_less(corpus: Path) -> None:
    api, _ = lower(load(corpus / "openapi/slack-swagger2.json"))

    def tokens(candidate: Api) -> int:
        for step in passes("full"):
            candidate = step(candidate)
        return len(print_declarations(candidate)) // 4

    sizes = [tokens(cut(api, level)[0]) for level in LADDER]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] * 10 < sizes[0]
    counted: list[int] = []

    def counting(candidate: Api) -> int:
        counted.append(tokens(candidate))
        return counted[-1]

    for budget in (sizes[1], sizes[6], sizes[-2]):
        counted.clear()
        assert fit(api, budget, counting)[1].tokens <= budget
        assert len(counted) <= 8


def test_the_ladder_gives_up_more_at_each_rung() -> None:
    assert len(LADDER) == len(TYPICAL_SHARES)
    assert list(TYPICAL_SHARES) == sorted(TYPICAL_SHARES, reverse=True)
    assert len(set(LADDER)) == len(LADDER)
