"""What breaks a program and what does not, construct by construct."""

from __future__ import annotations

import pytest

from tsbind.changes.fits import DEEPEST, Fitting
from tsbind.emit.sketch import sketch

Reasons = tuple[str, ...]

# old, new, why arguments are not taken any more, why replies are not what was expected any more
TABLE: list[tuple[str, str, Reasons, Reasons]] = [
    ("{x:string}", "{x:string}", (), ()),
    ("{k:1}", "{k:1,x?:string}", (), ()),
    ("{k:1}", "{k:1,x:string}", ('"x" is required now',), ()),
    ("{k:1,x?:string}", "{k:1}", ('"x" is not taken any more',), ('"x" is gone',)),
    ("{x:string}", "{x?:string}", (), ('"x" may be absent now',)),
    ("{x?:string}", "{x:string}", ('"x" is required now',), ()),
    (
        "{x:string}",
        "{x:number}",
        ('"x" was text, is number now',),
        ('"x" was text, is number now',),
    ),
    ("{x:'a'|'b'}", "{x:'a'|'b'|'c'}", (), ('"x" may be "c" now',)),
    ("{x:'a'|'b'}", "{x:'a'}", ('"x" does not take "b" any more',), ()),
    ("{x:'a'}", "{x:string}", (), ('"x" was "a", is text now',)),
    ("{x:1|2}", "{x:number}", (), ('"x" was 1 | 2, is number now',)),
    ("{x:boolean}", "{x:true}", ('"x" does not take false any more',), ()),
    ("{x:string}", "{x:string|null}", (), ('"x" may be null now',)),
    ("{x:string|null}", "{x:string}", ('"x" does not take null any more',), ()),
    ("{x:unknown}", "{x:string}", ('"x" was unknown, is text now',), ()),
    ("{x:{y:string}[]}", "{x:{y?:string}[]}", (), ('"x[].y" may be absent now',)),
    ("{x:{y:1}|{z:2}}", "{x:{z:2}|{y:1}}", (), ()),
    ("{x:{y:1}}", "{x:{y:1}|{z:2}}", (), ('"x" may be {z: 2} now',)),
    ("{x:{y:1}|null}", "{x:{y:1|2}|null}", (), ('"x.y" may be 2 now',)),
    ("{x:[string,number]}", "{x:[string,number?]}", (), ('"x" is a list of another length now',)),
    ("{x:string[]}", "{x:Dict<string>}", ('"x" was text[], is {*: text} now',),
     ('"x" was text[], is {*: text} now',)),
    ("Dict<string>", "Dict<string|null>", (), ('"[*]" may be null now',)),
    ("Dict<string>", "{x?:string}", ("it has no members but the named ones any more",),
     ("it has no members but the named ones any more",)),
    ("{x:string}", "Dict", (), ("it was {x: text}, is object now",)),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "argument", "reply"), TABLE)
def test_a_type_in_both_places(old: str, new: str, argument: Reasons, reply: Reasons) -> None:
    before, after = sketch(f"get(a:{old}):{old}"), sketch(f"get(a:{new}):{new}")
    fitting = Fitting(before.types, after.types)
    (mine,), (yours,) = before.operations, after.operations
    fitting.learn_old(mine.input, mine.output)
    fitting.learn_new(yours.input, yours.output)
    fitting.settle()
    assert fitting.argument(mine.input, yours.input) == argument
    assert fitting.reply(mine.output, yours.output) == reply
    assert fitting.same(mine.input, yours.input) == (old == new or "{z:2}|" in new)


def test_recursive_types_end() -> None:
    before = sketch("type A={x:string,inner?:A[]}; get():A")
    after = sketch("type B={x:string,inner?:B[],y:string}; get():B")
    fitting = Fitting(before.types, after.types)
    (mine,), (yours,) = before.operations, after.operations
    assert fitting.reply(mine.output, yours.output) == ()
    reasons = ('"y" is required now',)  # said once, at the place that is met first
    assert fitting.argument(mine.output, yours.output) == reasons


def test_names_do_not_count() -> None:
    before = sketch("type A={x:string}; get(a:A):A[]")
    after = sketch("get(a:{x:string}):{x:string}[]")
    fitting = Fitting(before.types, after.types)
    (mine,), (yours,) = before.operations, after.operations
    assert fitting.argument(mine.input, yours.input) == ()
    assert fitting.reply(mine.output, yours.output) == ()


def test_what_is_very_deep_is_said_in_short() -> None:
    def deep(leaf: str) -> str:
        depth = DEEPEST + 50
        types = "".join(f"type T{n}={{x:T{n + 1}}}\n" for n in range(depth))
        return f"{types}type T{depth}={leaf}\nget():T0"

    before, after = sketch(deep("string")), sketch(deep("number"))
    (reason,) = Fitting(before.types, after.types).reply(
        before.operations[0].output, after.operations[0].output
    )
    assert reason.endswith('x" differs')
