"""Python functions offered to programs."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypedDict

import msgspec
import pytest

from tsbind.errors import BundleError, PolicyError, ProgramError
from tsbind.pipeline import Options, compile
from tsbind.runtime import ApiError, Policy, run_sync
from tsbind.tools import Tools


@dataclass
class Article:
    sku: str
    price: float
    since: datetime.date


class Filter(TypedDict, total=False):
    most: float


def shop() -> Tools:
    tools = Tools("shop")

    @tools.reader
    async def find(
        text: str, filter: Filter | None = None, order: Literal["up", "down"] = "up"
    ) -> list[Article]:
        """Find articles by text."""
        most = (filter or {}).get("most", 10.0)
        found = [
            Article(text, 1.5, datetime.date(2024, 1, 31)),
            Article("b", 9.5, datetime.date.min),
        ]
        kept = [article for article in found if article.price <= most]
        return kept if order == "up" else kept[::-1]

    @tools.tool
    def order(article: Article, count: int = 1) -> str:
        """Order an article.

        Charges the customer.
        """
        if count > 5:
            raise ApiError(409, "too many")
        if count < 0:
            raise RuntimeError("database password is hunter2")
        assert isinstance(article, Article)
        return f"{count} of {article.sku}, {article.since.year}"

    @tools.tool
    def ping() -> None:
        """Do nothing."""

    return tools


def value(program: str, **options: Any) -> object:  # noqa: ANN401 - keywords of `run`
    tools = shop()
    return run_sync(program, {"shop": tools.bundle}, host={"shop": tools.host()}, **options).value


def test_functions_appear_in_the_declarations() -> None:
    text = shop().bundle.declarations
    for part in ("find", "order", "ping", '"up"', "count?:number", "sku:string"):
        assert part in text, text


def test_the_declarations_name_the_global_that_programs_use() -> None:
    tools = shop()
    text = tools.declarations("shop")
    assert "declare const shop:{" in text
    assert "api" not in text
    assert text.replace("const shop:", "const api:") == tools.bundle.declarations
    for wrong in ("", "my shop", "1a", "a:b", "a\n"):
        with pytest.raises(BundleError, match="cannot be a global name"):
            tools.declarations(wrong)


def test_an_introduction_names_the_global_too(corpus: Path) -> None:
    document = corpus / "openapi" / "slack-swagger2.json"
    text = compile(document, Options(budget=700)).bundle.declared_as("slack")
    assert "declare const slack: {" in text
    assert "await slack.$describe" in text
    assert "await api." not in text


def test_a_program_calls_functions_with_the_types_that_they_ask_for() -> None:
    program = """
    const [first] = await shop.find({ text: "a", filter: { most: 5 } });
    await shop.ping();
    return [first, await shop.order({ article: first, count: 2 })];
    """
    assert value(program) == [
        {"sku": "a", "price": 1.5, "since": "2024-01-31"},
        "2 of a, 2024",
    ]


def test_functions_stand_beside_apis() -> None:
    one, two = shop(), shop()
    program = "return [(await a.find({text: 'x'})).length, (await b.find({text: 'x'})).length]"
    bundles = {"a": one.bundle, "b": two.bundle}
    assert run_sync(program, bundles, host={"a": one.host(), "b": two.host()}).value == [2, 2]


@pytest.mark.parametrize(
    ("program", "text"),
    [
        ("await shop.find({ txt: 'a' })", 'args.txt: no such field (did you mean "text"?)'),
        ("await shop.find({ text: 'a', order: 'x' })", 'args.order: must be "'),
        (
            "await shop.order({ article: { sku: 'a', price: 1, since: 'soon' } })",
            "must be a date",
        ),
        (
            "await shop.order({ article: { sku: 'a', price: 1, since: '2024-01-01' }, count: 9 })",
            "too many",
        ),
        (
            "await shop.order({ article: { sku: 'a', price: 1, since: '2024-01-01' }, count: -1 })",
            "HostError",
        ),
    ],
)  # fmt: skip
def test_what_goes_wrong_reaches_the_program(program: str, text: str) -> None:
    with pytest.raises(ProgramError) as caught:
        value(program)
    assert text in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_policies_tell_readers_from_others() -> None:
    policy = Policy(default="allow", read_only=True)
    assert value("return (await shop.find({ text: 'a' })).length", policy={"shop": policy}) == 2
    with pytest.raises(PolicyError, match="read-only"):
        value("await shop.ping()", policy={"shop": policy})


def test_a_function_that_json_cannot_say_is_refused_where_it_stands() -> None:
    tools = Tools("t")

    def untyped(a) -> None:  # type: ignore[no-untyped-def]
        pass

    def many(*names: str) -> None:
        pass

    def odd(value: complex) -> None:
        pass

    for function in (untyped, many, odd):
        with pytest.raises(BundleError, match=f'tool "{function.__name__}": its signature'):
            tools.tool(function)


def test_a_name_is_taken_once_and_before_the_bundle() -> None:
    tools = shop()

    def ping() -> None:
        pass

    def late() -> None:
        pass

    with pytest.raises(BundleError, match='the tool "ping" is registered already'):
        tools.tool(ping)
    assert tools.bundle.calls
    with pytest.raises(BundleError, match='the tool "late" comes after the Bundle'):
        tools.tool(late)


@dataclass
class Basket:
    owner: str
    count: int = 1
    names: list[str] = field(default_factory=list)


class Holder(msgspec.Struct):
    basket: Basket
    more: dict[str, tuple[Basket, ...]] = {}


def answer(tools: Tools, program: str) -> object:
    return run_sync(program, {"t": tools.bundle}, host={"t": tools.host()}).value


def test_defaults_of_dataclasses_come_back_wherever_they_stand() -> None:
    tools = Tools("t")

    @tools.tool
    def same(holder: Holder) -> Holder:
        return holder

    whole = {"owner": "a", "count": 1, "names": []}
    program = "return await t.same({holder: {basket: {owner: 'a'}, more: {x: [{owner: 'a'}]}}})"
    assert answer(tools, program) == {"basket": whole, "more": {"x": [whole]}}


def test_models_of_pydantic_are_types_too() -> None:
    pydantic = pytest.importorskip("pydantic")
    inner = pydantic.create_model("Inner", size=(int, pydantic.Field(gt=0)))
    outer = pydantic.create_model("Outer", inners=(list[inner], ...), on=(datetime.date, None))  # type: ignore[valid-type]
    tools = Tools("t")

    def last(value: Any) -> Any:  # noqa: ANN401 - a class made above
        assert isinstance(value, outer)
        return value

    last.__annotations__.update({"value": outer, "return": outer})
    tools.tool(last)
    assert "inners:{/** >0 */size:number}[]" in tools.bundle.declarations
    value = "{inners: [{size: 2}], on: '2026-01-05'}"
    back = answer(tools, f"return await t.last({{value: {value}}})")
    assert back == {"inners": [{"size": 2}], "on": "2026-01-05"}
    with pytest.raises(ProgramError, match="size"):
        answer(tools, "return await t.last({value: {inners: [{size: 0}]}})")


def test_two_types_of_one_name_are_refused() -> None:
    pydantic = pytest.importorskip("pydantic")
    tools = Tools("Twins")

    def one(a: Basket) -> None:
        pass

    def two(b: Any) -> None:  # noqa: ANN401 - a class made here
        pass

    two.__annotations__["b"] = pydantic.create_model("Basket", other=(int, 1))
    tools.tool(one)
    tools.tool(two)
    with pytest.raises(BundleError, match='two types are called "Basket"'):
        _ = tools.bundle


def test_what_a_function_raises_is_the_cause_of_what_ends_the_run() -> None:
    with pytest.raises(ProgramError) as caught:
        value("await shop.order({article: {sku: 'a', price: 1, since: '2024-01-01'}, count: -1})")
    assert isinstance(caught.value.__cause__, RuntimeError)
