"""What every pass promises: nothing is lost, and nothing changes where there is nothing to do."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from msgspec.structs import replace

from tests.strategies import apis
from tsbind.emit.dts import read_declarations
from tsbind.emit.sketch import show, sketch
from tsbind.emit.typescript import print_declarations
from tsbind.ir.api import Api, Operation
from tsbind.ir.types import Record
from tsbind.passes import PLAIN, SHARING, Pass, passes
from tsbind.passes.generic import generic
from tsbind.passes.lossless import differences
from tsbind.passes.naming import RESERVED
from tsbind.passes.strip_docs import strip_docs
from tsbind.runtime.ambient import GLOBALS

EACH = tuple(dict.fromkeys((strip_docs, *PLAIN, *SHARING)))
thorough = settings(
    max_examples=100, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


def through(api: Api, steps: tuple[Pass, ...]) -> Api:
    for step in steps:
        api = step(api)
    return api


@thorough
@given(api=apis())
def test_a_pass_loses_nothing(api: Api) -> None:
    for step in passes():
        after = step(api)
        assert differences(api, after) == (), step.__name__
        api = after


@thorough
@given(api=apis())
def test_what_is_printed_reads_back_as_the_same_api(api: Api) -> None:
    for docs in ("none", "brief", "full"):
        text = print_declarations(through(api, passes(docs)))
        read = read_declarations(text)
        assert differences(api, read) == ()
        assert read.pages == _paged(api)
        assert read.response == any(each.call.headers for each in api.operations)


def _paged(api: Api) -> tuple[str, ...] | None:
    """The fields that lists in pages stand in, as the text declares them."""
    found = [each.call.paging.items for each in api.operations if each.call.paging is not None]
    return tuple(sorted({items for items in found if items is not None})) if found else None


@thorough
@given(api=apis())
def test_passes_reach_a_fixed_point_in_size(api: Api) -> None:
    once = through(api, passes())
    assert len(print_declarations(through(once, passes()))) <= len(print_declarations(once)) * 1.1


@pytest.mark.parametrize("step", EACH, ids=lambda step: step.__name__)
def test_a_pass_with_nothing_to_do_gives_back_the_api(step: Pass) -> None:
    api = sketch("type Tree={kids:Tree[],name?:string}; plant(a:Tree):Tree")
    assert step(api) == api


def test_no_type_has_the_name_of_what_every_program_has() -> None:
    assert set(re.findall(r"(?:class|interface) (\w+)", GLOBALS)) <= RESERVED


def test_what_is_told_of_one_field_is_not_told_of_another() -> None:
    api = sketch(
        "list(a:{page:number,size:number,tag:string,sort:string}):string[]; "
        "find(a:{page:number,size:number,tag:string,sort:string,text:string}):string[]"
    )
    few, many = api.operations
    api = replace(api, operations=(_noted(few, "max 10"), _noted(many, "max 500")))
    text = show(through(api, passes("brief")))
    assert text.count("/** max 10 */size") == 1
    assert text.count("/** max 500 */size") == 1


def _noted(operation: Operation, note: str) -> Operation:
    assert isinstance(operation.input, Record)
    fields = tuple(
        replace(field, note=note) if field.name == "size" else field
        for field in operation.input.fields
    )
    return replace(operation, input=Record(fields))


def test_a_shape_that_unrelated_types_share_is_called_by_what_it_holds() -> None:
    api = sketch(
        "type MonthlyRevenue={amount:number,currency:string}; "
        "type SingleUse={amount:number,currency:string}; "
        "sell(a:SingleUse):MonthlyRevenue; buy(a:SingleUse):MonthlyRevenue"
    )
    assert list(through(api, passes()).types) == ["AmountCurrency"]


def test_sets_of_numbers_keep_the_names_that_say_what_they_mean() -> None:
    api = sketch(
        "type Weekday=0|1|2|3|4|5|6; type Season=0|1|2|3|4|5|6; "
        "plan(a:{day:Weekday,season:Season,end:Weekday,until:Season}):{day:Weekday,season:Season}"
    )
    assert list(through(api, passes()).types) == ["Season", "Weekday"]


def test_what_stands_around_few_types_is_written_out() -> None:
    api = sketch(
        "type Room={id:string,topic:string}; type Member={id:string,rooms:Room[]}; "
        "rooms():{data:Room[],has_more:boolean,next:string}; "
        "members():{data:Member[],has_more:boolean,next:string}"
    )
    assert not any(named.parameters for named in generic(api).types.values())
