"""Policies as a table: the decision is a pure function."""

from __future__ import annotations

import pytest

from tsbind.bundle import Call
from tsbind.errors import PolicyError, SelectionError
from tsbind.runtime.policy import (
    ALLOW_ALL,
    ASK_BEFORE_WRITES,
    READ_ONLY,
    Budget,
    Effect,
    Policy,
    Question,
    Rule,
    Spent,
    charged,
    decide,
)

LIST = Call("issues.list", "GET", "/issues", tags=("issues",))
CREATE = Call("issues.create", "POST", "/issues", tags=("issues",))
DELETE = Call("repos.delete", "DELETE", "/repos/{name}")

MIXED = Policy.parse(["deny method:delete", "allow read", "ask issues.*"])


@pytest.mark.parametrize(
    ("policy", "call", "want"),
    [
        (ALLOW_ALL, DELETE, "allow"),
        (READ_ONLY, LIST, "allow"),
        (READ_ONLY, CREATE, "deny"),
        (ASK_BEFORE_WRITES, LIST, "allow"),
        (ASK_BEFORE_WRITES, DELETE, "ask"),
        (MIXED, LIST, "allow"),
        (MIXED, CREATE, "ask"),
        (MIXED, DELETE, "deny"),
        (Policy(), LIST, "deny"),
        (Policy(default="ask"), LIST, "ask"),
        (Policy.parse(["allow all"], read_only=True), DELETE, "deny"),
        (Policy.parse(["deny tag:issues", "allow all"]), LIST, "deny"),
        (Policy.parse(["deny tag:issues", "allow all"]), DELETE, "allow"),
    ],
)
def test_the_first_rule_that_matches_decides(policy: Policy, call: Call, want: Effect) -> None:
    assert decide(policy, call).effect == want


@pytest.mark.parametrize(
    ("budget", "spent", "want"),
    [
        (Budget(calls=2), Spent(calls=1), "allow"),
        (Budget(calls=2), Spent(calls=2), "deny"),
        (Budget(request_bytes=10), Spent(request_bytes=11), "deny"),
        (Budget(reply_bytes=10), Spent(reply_bytes=9), "allow"),
        (Budget(seconds=1.5), Spent(seconds=1.5), "deny"),
        (Budget("write", calls=0), Spent(), "allow"),
        (Budget("read", calls=0), Spent(), "deny"),
    ],
)
def test_a_budget_that_is_used_up_denies(budget: Budget, spent: Spent, want: Effect) -> None:
    policy = Policy(budgets=(budget,), default="allow")
    assert decide(policy, LIST, (spent,)).effect == want


def test_a_verdict_says_why() -> None:
    assert decide(MIXED, CREATE).reason == "rule `ask issues.*`"
    assert decide(Policy(), LIST).reason == "no rule matches"
    policy = Policy(budgets=(Budget("issues.*", calls=3),), default="allow")
    verdict = decide(policy, LIST, (Spent(calls=3),))
    assert verdict.reason == "budget `issues.*`: calls used up (3 allowed)"
    assert decide(READ_ONLY, CREATE).reason == (
        "POST may change something, and the run is read-only"
    )


@pytest.mark.parametrize(
    ("policy", "spent", "fix"),
    [
        (READ_ONLY, (), "leave the call out, or let the run change things (without --read-only)"),
        (Policy(), (), "leave the call out, or allow it: --allow issues.create, or a rule"),
        (Policy.parse(["deny write"]), (), "leave the call out, or change the rule `deny write`"),
        (Policy(budgets=(Budget(calls=1),), default="allow"), (Spent(calls=1),),
         "make fewer calls in one run, or raise the budget"),
    ],
)  # fmt: skip
def test_a_refusal_says_how_it_might_be_otherwise(
    policy: Policy, spent: tuple[Spent, ...], fix: str
) -> None:
    verdict = decide(policy, CREATE, spent)
    assert verdict.effect == "deny"
    assert verdict.fix.startswith(fix)


def test_a_call_draws_on_each_budget_that_matches_it() -> None:
    policy = Policy(budgets=(Budget("read"), Budget("write"), Budget("issues.*")))
    assert charged(policy, LIST) == (0, 2)
    assert charged(policy, DELETE) == (1,)


def test_a_malformed_rule_is_refused_before_anything_runs() -> None:
    with pytest.raises(PolicyError, match='a rule begins with allow, deny or ask, not "permit"'):
        Policy.parse(["permit all"])
    with pytest.raises(SelectionError):
        Policy.parse(["allow (read"])
    with pytest.raises(SelectionError):
        Policy(rules=(Rule("allow", "(read"),)).check()


def test_a_question_shows_the_whole_call() -> None:
    question = Question(
        api="api",
        op="issues.create",
        args={"title": "x" * 500},
        method="POST",
        url="https://api.example/issues",
        body=b'{"title":"' + b"x" * 500 + b'"}',
        reason="rule `ask write`",
        summary="Create an issue",
        headers=(("X-Mode", "draft"),),
    )
    assert str(question) == (
        "issues.create  (Create an issue)\n"
        "POST https://api.example/issues\n"
        "X-Mode: draft\n"
        '{"title":"' + "x" * 500 + '"}'
    )
