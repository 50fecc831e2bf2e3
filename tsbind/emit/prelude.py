"""Short spellings for types that have long ones, defined at the head of a text where that pays.

An object about whose members little is known is `Record<string,unknown>` to TypeScript, and bytes
are a `Uint8Array`; `Dict` and `Bytes` are shorter, and so is a text of many words beside a literal
for each, but a line must say what they mean.  How often they are needed is known when all is
printed.  Until then marks stand for them, characters that nothing else prints.

>>> lines, text = settle(f"{dictionary('string')} {dictionary()} {BYTES}")
>>> print(lines, text)
[] Record<string,string> Record<string,unknown> Uint8Array
>>> lines, text = settle(f"{dictionary('string')} {dictionary()} {dictionary()} {dictionary()}")
>>> print(*lines, text, sep="\\n")
type Dict=Record<string,unknown>
Record<string,string> Dict Dict Dict
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

# From this many words on, a text may stand for a literal each; the compiler splits no text of more
# than a thousand.
LISTED_FROM: Final = 16
LISTED_TO: Final = 900

BYTES: Final = "\x01"
_ANY, _OPEN, _CLOSE, _OPEN_LATE, _CLOSE_LATE = "\x02", "\x03", "\x04", "\x05", "\x06"
_FIRST, _NEXT, _LAST, _FIRST_IN, _LAST_IN = "\x07", "\x08", "\x0b", "\x0c", "\x0e"

_LONG: Final = {
    BYTES: "Uint8Array",
    _ANY: "Record<string,unknown>",
    _OPEN: "Record<string,",
    _CLOSE: ">",
    _OPEN_LATE: "{[k:string]:",
    _CLOSE_LATE: "}",
    _FIRST: '"',
    _NEXT: '"|"',
    _LAST: '"',
    _FIRST_IN: '("',
    _LAST_IN: '")',
}


class _Definition(NamedTuple):
    line: str
    cost: float  # of the line, in tokens of o200k_base
    short: Mapping[str, str]  # what marks become then


_BYTES: Final = _Definition("type Bytes=Uint8Array", 7.0, {BYTES: "Bytes"})
_DICT: Final = _Definition("type Dict=Record<string,unknown>", 8.0, {_ANY: "Dict"})
_DICT_OF: Final = _Definition(
    "interface Dict<T=unknown>{[k:string]:T}",
    12.0,
    {_ANY: "Dict", _OPEN: "Dict<", _OPEN_LATE: "Dict<", _CLOSE_LATE: ">"},
)
_ONE_OF: Final = _Definition(
    "type OneOf<S extends string,R=never>=S extends`${infer A} ${infer B}`?OneOf<B,R|A>:R|S",
    32.0,
    {_FIRST: 'OneOf<"', _NEXT: " ", _LAST: '">', _FIRST_IN: 'OneOf<"', _LAST_IN: '">'},
)
# In each group one definition at most is of use.
_GROUPS: Final = ((_BYTES,), (_DICT, _DICT_OF), (_ONE_OF,))
# How many tokens the long spelling of a mark takes beyond the short one.
_LONGER: Final = {
    BYTES: 2.0,
    _ANY: 4.0,
    _OPEN: 1.5,
    _OPEN_LATE: 3.5,
    _FIRST: -2.0,
    _FIRST_IN: -1.0,
    _NEXT: 1.7,
}


def dictionary(member: str = "", *, late: bool = False) -> str:
    """Return what stands for an object whose members have this type; "": any.

    `late` says that the type may lead back to the one that is being defined, which TypeScript
    allows between braces only.
    """
    if not member:
        return _ANY
    return _OPEN_LATE + member + _CLOSE_LATE if late else _OPEN + member + _CLOSE


def one_of(words: Iterable[str], *, bracket: bool = False) -> str:
    """Return what stands for one of many words; in parentheses, if it is a union, by `bracket`."""
    first, last = (_FIRST_IN, _LAST_IN) if bracket else (_FIRST, _LAST)
    return first + _NEXT.join(words) + last


def settle(text: str) -> tuple[list[str], str]:
    """Return the lines that define short spellings for `text`, and `text` with them or without."""
    longer = {mark: cost * text.count(mark) for mark, cost in _LONGER.items()}

    def gain(definition: _Definition) -> float:
        return sum(longer.get(mark, 0.0) for mark in definition.short) - definition.cost

    chosen = [max(group, key=gain) for group in _GROUPS]
    chosen = [definition for definition in chosen if gain(definition) > 0]
    spelling = dict(_LONG)
    for definition in chosen:
        spelling.update(definition.short)
    return [definition.line for definition in chosen], _spelt(text, spelling)


def written_out(text: str) -> str:
    """Return `text` with long spellings alone."""
    return _spelt(text, _LONG)


def _spelt(text: str, spelling: Mapping[str, str]) -> str:
    for mark, words in spelling.items():
        text = text.replace(mark, words)
    return text
