"""The ladder of losses, step by step, and the budget that is never exceeded."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tsbind.bundle import Body
from tsbind.emit.sketch import show, sketch
from tsbind.emit.typescript import print_declarations
from tsbind.errors import BudgetError
from tsbind.ir.api import Api, NamedType
from tsbind.ir.types import TEXT, Field, Record
from tsbind.lower import lower
from tsbind.passes import passes
from tsbind.select.budget import CLOSE, Fit, fit
from tsbind.select.cut import GivenUp, cut
from tsbind.select.ladder import WHAT, Item, ladder
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
    assert isinstance(first.input, Record)
    limit, sort = first.input.fields
    given = Record((replace(limit, example="20"), sort))
    described = replace(first, input=given, summary="List rooms", doc="Newest first.")
    return replace(api, operations=(described, *others, replace(last, deprecated=True)))


# All that can be given up of the chat room, cheapest first.
ORDER: list[Item] = [
    ("descriptions", "list"),
    ("summaries", "list"),
    ("deprecated", "old"),
    ("examples", "list"),
    ("optional-reply-fields", "Room.stats.peak"),
    ("optional-parameters", "Sort.then"),
    ("reply-detail", "Room.stats"),
    ("optional-parameters", "User.avatar"),
    ("optional-parameters", "User.name"),
    ("optional-reply-fields", "Room.topic"),
    ("optional-reply-fields", "Room.stats"),
    ("reply-detail", "Reply"),
    ("reply-detail", "Room"),
    ("parameter-detail", "Sort"),
    ("parameter-detail", "User"),
    ("optional-parameters", "add arguments.tags"),
    ("optional-parameters", "list arguments.limit"),
    ("optional-parameters", "list arguments.sort"),
]

# What is left when the first so many are lost, without what stays the same.
STEPS = {
    0: """\
type Room={id:string,topic?:string,owner:User,stats?:{messages:number,peak?:{at:string,n:number}}}
type User={id:string,name?:string,avatar?:{url:string}}
type Sort={by:string,then?:Sort}
type Reply=Room|{moved:Room}
/** List rooms · Newest first. */
list(a?:{/** e.g. 20 */limit?:number,sort?:Sort}):Promise<Room[]>
get(a:{id:string}):Promise<Reply>
add(a:{id:string,user:User,tags?:string[]}):Promise<User>
/** @deprecated */
old(a?:{id?:string}):Promise<void>""",
    6: """\
type Room={id:string,topic?:string,owner:User,stats?:{messages:number}}
type User={id:string,name?:string,avatar?:{url:string}}
type Sort={by:string}
type Reply=Room|{moved:Room}
list(a?:{limit?:number,sort?:Sort}):Promise<Room[]>
get(a:{id:string}):Promise<Reply>
add(a:{id:string,user:User,tags?:string[]}):Promise<User>""",
    11: """\
type Room={id:string,owner:User}
type User={id:string}
type Sort={by:string}
type Reply=Room|{moved:Room}
list(a?:{limit?:number,sort?:Sort}):Promise<Room[]>
get(a:{id:string}):Promise<Reply>
add(a:{id:string,user:User,tags?:string[]}):Promise<User>""",
    13: """\
type User={id:string}
type Sort={by:string}
type Reply=Record<string,unknown>
list(a?:{limit?:number,sort?:Sort}):Promise<Record<string,unknown>[]>
get(a:{id:string}):Promise<Reply>
add(a:{id:string,user:User,tags?:string[]}):Promise<User>""",
    18: """\
type Reply=Dict
list(a?:Dict):Promise<Dict[]>
get(a:{id:string}):Promise<Reply>
add(a:{id:string,user:Dict}):Promise<Dict>""",
}


def test_the_cheapest_loss_comes_first() -> None:
    assert [loss.item for loss in ladder(chat()).losses] == ORDER
    assert {kind for kind, _ in ORDER} == set(WHAT)


@pytest.mark.parametrize("steps", STEPS)
def test_losses_are_taken_out(steps: int) -> None:
    assert show(cut(chat(), set(ORDER[:steps]))[0]) == STEPS[steps]


def test_what_is_given_up_is_named() -> None:
    assert cut(chat(), set(ORDER[:11]))[1] == (
        GivenUp("descriptions", "descriptions", ("list",)),
        GivenUp("summaries", "summaries and notes", ("list",)),
        GivenUp("deprecated", "deprecated operations and fields", ("old",)),
        GivenUp("examples", "examples", ("list",)),
        GivenUp(
            "optional-reply-fields", "optional fields of replies", ("Room.topic", "Room.stats")
        ),
        GivenUp(
            "optional-parameters",
            "optional parameters",
            ("User.name", "User.avatar", "Sort.then"),
        ),
    )


def test_nothing_lost_is_nothing_changed() -> None:
    api = chat()
    assert cut(api, set()) == (api, ())


def test_the_estimate_of_the_whole_is_the_sum_of_its_parts() -> None:
    found = ladder(chat())
    left = ladder(cut(chat(), set(ORDER))[0])
    assert left.losses == ()
    assert left.rest == pytest.approx(found.rest, rel=0.2)


def test_deprecated_fields_go_with_deprecated_operations() -> None:
    old, new = Field("old", TEXT, deprecated=True), Field("new", TEXT)
    needed = Field("needed", TEXT, required=True, deprecated=True)
    api = replace(sketch("get():Room"), types={"Room": NamedType(Record((old, new, needed)))})
    smaller, lost = cut(api, {("deprecated", "Room.old")})
    assert smaller.types["Room"].type == Record((new, needed))
    assert lost == (GivenUp("deprecated", "deprecated operations and fields", ("Room.old",)),)


def test_an_envelope_is_no_level() -> None:
    """What `{data:Room[]}` holds is lost as late as if `Room[]` were all there is."""
    rooms = "type Room={id:string,at:{x:number},by:{y?:number}}; list():"
    bare = [loss.item for loss in ladder(sketch(rooms + "Room[]")).losses]
    assert bare == [
        ("optional-reply-fields", "Room.by.y"),
        ("reply-detail", "Room.at"),
        ("reply-detail", "Room.by"),
        ("reply-detail", "Room"),
    ]
    wrapped = ladder(sketch(rooms + "{data:Room[],next?:string}")).losses
    assert [loss.item for loss in wrapped if "Room" in loss.item[1]] == bare


def test_nor_is_the_body_of_a_request() -> None:
    api = sketch("type Room={id:string,at?:{x:number}}; add(a?:{body?:Room,dry?:boolean}):void")
    (add,) = api.operations
    body = replace(add.call, bodies=(Body("application/json", "body"),))
    api = replace(api, operations=(replace(add, call=body),))
    assert [loss.item for loss in ladder(api).losses] == [
        ("parameter-detail", "Room.at"),
        ("optional-parameters", "add arguments.dry"),
        ("optional-parameters", "Room.at"),
    ]


def test_an_object_whose_fields_are_given_up_is_not_said_to_have_none() -> None:
    closed = Record((Field("x", TEXT),), closed=True)
    api = replace(sketch("get():Room"), types={"Room": NamedType(closed)})
    assert show(cut(api, {("optional-reply-fields", "Room.x")})[0]).endswith(
        "type Room=Record<string,unknown>\nget():Promise<Room>"
    )


def measure(api: Api) -> int:
    return len(print_declarations(api))


def test_a_roomy_budget_costs_nothing() -> None:
    api = chat()
    whole = measure(api)
    assert fit(api, whole, measure) == (api, Fit(whole, whole))


@given(st.integers(1, 800), st.booleans())
def test_a_budget_is_used_and_never_exceeded(budget: int, introduced: bool) -> None:
    """Compares with trying every step in turn."""
    api = chat()
    steps = [cut(api, set(ORDER[:taken])) for taken in range(len(ORDER) + 1)]
    sizes = [measure(smaller) for smaller, _ in steps]
    introduction = 50
    if sizes[-1] <= budget:
        smaller, got = fit(api, budget, measure, lambda _: introduction)
        taken = next(n for n, step in enumerate(steps) if step == (smaller, got.given_up))
        assert got.tokens == sizes[taken] <= budget == got.budget
        assert got.tokens >= CLOSE * budget or taken == 0 or sizes[taken - 1] > budget
        assert not got.catalog
    elif introduced and introduction <= budget:
        smaller, got = fit(api, budget, measure, lambda _: introduction)
        assert (smaller, got.tokens, got.catalog) == (api, introduction, True)
        assert got.given_up[0].names == ("list", "get", "add", "old")
    else:
        with pytest.raises(BudgetError) as caught:
            fit(api, budget, measure)
        assert caught.value.fix == f"raise the budget to {sizes[-1]}, or select fewer operations"


def test_an_introduction_longer_than_the_declarations_is_not_what_is_asked_for() -> None:
    """The least budget is the least that anything takes, an introduction or declarations."""
    api = chat()
    least = measure(cut(api, set(ORDER))[0])

    def refused(_: Api) -> int:
        error = BudgetError("too long")
        error.least = introduction
        raise error

    for introduction in (least - 1, least + 50):
        with pytest.raises(BudgetError) as caught:
            fit(api, 1, measure, refused)
        enough = min(introduction, least)
        assert caught.value.fix == f"raise the budget to {enough}, or select fewer operations"


def test_few_measurements_come_close(corpus: Path) -> None:
    api, _ = lower(load(corpus / "openapi/slack-swagger2.json"))
    counted: list[int] = []

    def tokens(candidate: Api) -> int:
        for step in passes("full"):
            candidate = step(candidate)
        counted.append(len(print_declarations(candidate)) // 4)
        return counted[-1]

    whole = tokens(api)
    for budget in (whole * 3 // 4, whole // 2, whole // 4):
        counted.clear()
        used = fit(api, budget, tokens)[1].tokens
        assert CLOSE * budget <= used <= budget
        assert len(counted) <= 6


def test_an_api_that_is_deprecated_keeps_its_operations() -> None:
    api = chat()
    old = replace(api, operations=tuple(replace(op, deprecated=True) for op in api.operations))
    lost = {loss.item for loss in ladder(old).losses}
    assert len(cut(old, lost)[0].operations) == len(old.operations)
