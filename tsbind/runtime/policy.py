"""Which calls a program may make: rules of the operator, decided by a pure function.

A policy is a list of rules, read from the top; the first that matches a call decides.  What no
rule matches is denied unless the policy says otherwise.  Budgets bound what is allowed.

    >>> policy = Policy.parse(["allow read", "ask issues.*", "deny all"])
    >>> decide(policy, Call("issues.create", "POST", "/issues")).effect
    'ask'
    >>> decide(policy, Call("issues.list", "GET", "/issues")).effect
    'allow'

A selection is written in the selection language (`tsbind.query`): `read`, `issues.*`,
`method:delete`, `tag:billing and write`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final, Literal

import msgspec

from tsbind.bundle import Call, Json
from tsbind.errors import PolicyError
from tsbind.query import Query, matches, parse, require

Effect = Literal["allow", "deny", "ask"]
_EFFECTS: Final[dict[str, Effect]] = {"allow": "allow", "deny": "deny", "ask": "ask"}


class Rule(msgspec.Struct, frozen=True):
    """What happens to the calls that a selection matches."""

    effect: Effect
    select: str = "all"


class Budget(msgspec.Struct, frozen=True):
    """How much the calls that a selection matches may use in one run, together."""

    select: str = "all"
    calls: int | None = None
    request_bytes: int | None = None
    reply_bytes: int | None = None
    seconds: float | None = None  # of waiting for the API


class Spent(msgspec.Struct):
    """What has gone from one Budget."""

    calls: int = 0
    request_bytes: int = 0
    reply_bytes: int = 0
    seconds: float = 0.0


class Policy(msgspec.Struct, frozen=True):
    """The operator's rules for one API."""

    rules: tuple[Rule, ...] = ()
    budgets: tuple[Budget, ...] = ()
    default: Effect = "deny"
    read_only: bool = False  # safe methods only, whatever the rules say

    @staticmethod
    def parse(lines: Iterable[str], *, default: Effect = "deny", read_only: bool = False) -> Policy:
        """Read lines like `allow issues.* and read`.

        Raises PolicyError for an unknown effect, SelectionError for a bad selection.
        """
        if isinstance(lines, str):
            raise TypeError("rules are given as a list of lines, not as one text")
        rules = []
        for line in lines:
            word, _, select = line.strip().partition(" ")
            if word not in _EFFECTS:
                raise PolicyError(
                    f'a rule begins with allow, deny or ask, not "{word[:40]}"', code="policy-rule"
                )
            rules.append(Rule(_EFFECTS[word], select.strip() or "all"))
            _query(rules[-1].select)
        return Policy(rules=tuple(rules), default=default, read_only=read_only)

    def check(self) -> Policy:
        """Return the policy; raises SelectionError when one of its selections is malformed."""
        for select in (*(r.select for r in self.rules), *(b.select for b in self.budgets)):
            _query(select)
        return self


ALLOW_ALL: Final = Policy(default="allow")
READ_ONLY: Final = Policy(default="allow", read_only=True)
ASK_BEFORE_WRITES: Final = Policy(rules=(Rule("allow", "read"), Rule("ask", "write")))


def check_meant(select: str, calls: Iterable[Call], *, where: str = "selection") -> None:
    """Raise SelectionError when `select` does not parse or names what no call is.

    A rule that is misspelt would deny nothing; `where` is where it was written.
    """
    require(parse(select, where=where), calls)


class Verdict(msgspec.Struct, frozen=True):
    """What a policy says about one call, which part says so, and how it might be otherwise."""

    effect: Effect
    reason: str
    fix: str = ""


def decide(policy: Policy, call: Call, spent: Sequence[Spent] = ()) -> Verdict:
    """Judge one call.  `spent` is what each of the policy's budgets has lost so far."""
    if policy.read_only and not call.safe:
        return Verdict(
            "deny",
            f"{call.method} may change something, and the run is read-only",
            "leave the call out, or let the run change things (without --read-only)",
        )
    verdict = next(
        (
            Verdict(
                r.effect,
                f"rule `{r.effect} {r.select}`",
                f"leave the call out, or change the rule `{r.effect} {r.select}`",
            )
            for r in policy.rules
            if _hits(r, call)
        ),
        Verdict(
            policy.default,
            "no rule matches",
            f"leave the call out, or allow it: --allow {call.op}, or a rule `allow {call.op}`",
        ),
    )
    if verdict.effect == "deny":
        return verdict
    for budget, gone in zip(policy.budgets, spent, strict=False):
        reason = _overdrawn(budget, gone)
        if reason and _hits(budget, call):
            return Verdict(
                "deny",
                f"budget `{budget.select}`: {reason}",
                "make fewer calls in one run, or raise the budget",
            )
    return verdict


def charged(policy: Policy, call: Call) -> tuple[int, ...]:
    """Return the positions of the budgets that `call` draws on."""
    return tuple(i for i, budget in enumerate(policy.budgets) if _hits(budget, call))


def _overdrawn(budget: Budget, gone: Spent) -> str:
    for name in Spent.__struct_fields__:
        allowed = getattr(budget, name)
        if allowed is not None and getattr(gone, name) >= allowed:
            return f"{name.replace('_', ' ')} used up ({allowed} allowed)"
    return ""


def _hits(part: Rule | Budget, call: Call) -> bool:
    return matches(_query(part.select), call)


@lru_cache(maxsize=1024)
def _query(select: str) -> Query:
    return parse(select)


class Question(msgspec.Struct, frozen=True):
    """A call that waits for someone's decision: exactly what would be sent, nothing cut."""

    api: str  # the global name under which the program reached it
    op: str
    args: Mapping[str, Json]
    method: str
    url: str
    body: bytes | None
    reason: str
    summary: str = ""
    headers: tuple[tuple[str, str], ...] = ()  # that the call's own arguments make; no credentials

    def __str__(self) -> str:
        lines = [f"{self.op}  ({self.summary})" if self.summary else self.op]
        lines.append(f"{self.method} {self.url}")
        lines += [f"{name}: {value}" for name, value in self.headers]
        if self.body:
            lines.append(self.body.decode("utf-8", "backslashreplace"))
        return "\n".join(lines)


class Answer(msgspec.Struct, frozen=True):
    """A decision; `args` replaces the call's arguments when it is allowed.

    `later` decides nothing yet: the run is suspended, and asks again when it goes on.
    """

    allow: bool
    args: Mapping[str, Json] | None = None
    reason: str = ""
    later: bool = False


LATER: Final = Answer(False, reason="it was put off, and the run cannot be suspended", later=True)


Approve = Callable[[Question], "Answer | bool | Awaitable[Answer | bool]"]
