"""Whether a value of one type can stand where another is expected, and where it cannot.

An argument that a program gave before must still be taken: the old argument must fit the new.  A
reply must still be what the program expects: the new reply must fit the old.  Both are questions
of one relation, that of TypeScript: a field more is no harm in a reply, but is refused in an
argument that is written down; a literal more in a reply breaks a program that tells all apart.

    >>> from tsbind.emit.sketch import sketch
    >>> old = sketch("get(a:{id:number}):{state:'on'|'off',note?:string}")
    >>> new = sketch("get(a:{id:number,key:string}):{state:'on'|'off'|'lost'}")
    >>> pair = Fitting(old.types, new.types)
    >>> (before,), (after,) = old.operations, new.operations
    >>> pair.argument(before.input, after.input)
    ('"key" is required now',)
    >>> pair.reply(before.output, after.output)
    ('"state" may be "lost" now', '"note" is gone')
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from tsbind.ir.api import NamedType
from tsbind.ir.dump import spell
from tsbind.ir.types import (
    Anything,
    Array,
    Boolean,
    Enum,
    Field,
    Intersection,
    Never,
    Number,
    Record,
    Scalar,
    Text,
    Tuple,
    Type,
    Union,
    Unknown,
)
from tsbind.passes.unfold import Node, Unfolding, classes

DEEPEST: Final = 100  # fields on the way to a difference; beyond, only that there is one is said
MOST: Final = 20  # reasons told for one argument or reply
SPELT: Final = 60  # characters of a type in a reason


class _Place(NamedTuple):
    """Where in an argument or a reply two types meet."""

    path: tuple[str, ...]
    reply: bool

    def of(self, step: str) -> _Place:
        return _Place((*self.path, step), self.reply)

    def say(self, what: str, *steps: str) -> str:
        path = ".".join((*self.path, *steps)).replace(".[]", "[]")
        return f'"{path}" {what}' if path else f"it {what}"


class Fitting:
    """Compares types of an old description with types of a new one."""

    def __init__(self, old: Mapping[str, NamedType], new: Mapping[str, NamedType]) -> None:
        self._nodes: list[Node] = []
        self._old = Unfolding(old, self._nodes)
        self._new = Unfolding(new, self._nodes)
        self._classes: list[int] = []
        self._met: set[tuple[int, int, bool]] = set()

    def learn_old(self, *types: Type | None) -> None:
        """Take in types of the old description before `settle`; equal ones are passed over."""
        for type_ in types:
            self._old.node(type_)

    def learn_new(self, *types: Type | None) -> None:
        """Take in types of the new description before `settle`."""
        for type_ in types:
            self._new.node(type_)

    def settle(self) -> None:
        """Find which types are equal on both sides."""
        self._old.finish()
        self._new.finish()
        self._classes = classes(self._nodes)

    def same(self, old: Type | None, new: Type | None) -> bool:
        """Whether two learned types mean the same."""
        return self._equal(self._old.node(old), self._new.node(new))

    def argument(self, old: Type | None, new: Type | None) -> tuple[str, ...]:
        """Return why arguments of the old type are not taken any more; empty when they are."""
        if old is None or new is None:
            gone = old is not None and new is None
            return ("it takes no argument any more",) if gone else ()
        return self._reasons(old, new, reply=False)

    def reply(self, old: Type | None, new: Type | None) -> tuple[str, ...]:
        """Return why replies are not what was expected any more; empty when they are."""
        if old is None or new is None:
            return () if old is None else ("it replies nothing any more",)
        return self._reasons(old, new, reply=True)

    def _reasons(self, old: Type, new: Type, *, reply: bool) -> tuple[str, ...]:
        self._met.clear()
        found: dict[str, None] = {}
        for reason in self._compare(old, new, _Place((), reply)):
            found[reason] = None
            if len(found) == MOST:
                break
        return tuple(found)

    def _equal(self, old: int, new: int) -> bool:
        known = max(old, new) < len(self._classes)
        return known and self._classes[old] == self._classes[new]

    def _compare(self, old: Type, new: Type, place: _Place) -> Iterator[str]:
        pair = (self._old.node(old), self._new.node(new), place.reply)
        if pair in self._met or self._equal(*pair[:2]):
            return  # types recurse: what was met holds unless it is refuted elsewhere
        self._met.add(pair)
        if len(place.path) > DEEPEST:
            yield place.say("differs")
            return
        before, after = self._old.head(old), self._new.head(new)
        if place.reply:
            yield from self._fit(after, before, place)
        else:
            yield from self._fit(before, after, place)

    def _fit(self, given: Type, wanted: Type, place: _Place) -> Iterator[str]:
        """Yield why `given` does not fit `wanted`; both are written out."""
        match given, wanted:
            case (Never(), _) | (_, Unknown()):
                return
            case Record(), Record():
                yield from self._records(given, wanted, place)
            case Record() | Anything(), Anything():
                return
            case Array(item), Array(other):
                yield from self._inside(item, other, place.of("[]"))
            case Tuple(items, _, rest), Array(other):
                for item in (*items, *(() if rest is None else (rest,))):
                    yield from self._inside(item, other, place.of("[]"))
            case Tuple(), Tuple():
                yield from self._tuples(given, wanted, place)
            case _:
                yield from self._alternatives(given, wanted, place)

    def _inside(self, given: Type, wanted: Type, place: _Place) -> Iterator[str]:
        old, new = (wanted, given) if place.reply else (given, wanted)
        yield from self._compare(old, new, place)

    def _records(self, given: Record, wanted: Record, place: _Place) -> Iterator[str]:
        known = {field.name: field for field in given.fields}
        for field in wanted.fields:
            yield from self._field(known.get(field.name), field, given.rest, place)
        if not place.reply and wanted.rest is None:
            names = {field.name for field in wanted.fields}
            for field in given.fields:
                if field.name not in names:
                    yield place.say("is not taken any more", field.name)
        if given.rest is not None and wanted.rest is not None:
            yield from self._inside(given.rest, wanted.rest, place.of("[*]"))
        elif (wanted.rest if place.reply else given.rest) is not None:
            yield place.say("has no members but the named ones any more")

    def _field(
        self, given: Field | None, wanted: Field, rest: Type | None, place: _Place
    ) -> Iterator[str]:
        if given is None:
            if place.reply and rest is None:
                yield place.say("is gone", wanted.name)
            elif wanted.required:
                told = "may be absent now" if place.reply else "is required now"
                yield place.say(told, wanted.name)
            return
        if wanted.required and not given.required:
            told = "may be absent now" if place.reply else "is required now"
            yield place.say(told, wanted.name)
        yield from self._inside(given.type, wanted.type, place.of(wanted.name))

    def _tuples(self, given: Tuple, wanted: Tuple, place: _Place) -> Iterator[str]:
        fewer = given.required < wanted.required
        more = len(given.items) > len(wanted.items) and wanted.rest is None
        open_ = given.rest is not None and wanted.rest is None
        if fewer or more or open_:
            yield place.say("is a list of another length now")
            return
        for number, item in enumerate(given.items):
            other = wanted.items[number] if number < len(wanted.items) else wanted.rest
            if other is not None:
                yield from self._inside(item, other, place.of(str(number)))

    def _alternatives(self, given: Type, wanted: Type, place: _Place) -> Iterator[str]:
        """Every alternative that may be given must fit one that is wanted."""
        options = _options(wanted)
        takes = {_key(value) for option in options for value in _values(option)}
        several = len(_options(given)) > 1 or len(options) > 1
        for option in _options(given):
            if values := _values(option):
                for value in values:
                    if _key(value) not in takes and not any(_holds(o, value) for o in options):
                        yield place.say(_told(spell(Enum((value,))), place))
            elif any(self._quietly(option, other, place) for other in options):
                continue
            elif only := _counterpart(option, given, wanted):
                yield from self._fit(option, only, place)
            else:
                said = _told(spell(option), place) if several else _replaced(given, wanted, place)
                yield place.say(said)

    def _quietly(self, given: Type, wanted: Type, place: _Place) -> bool:
        """Whether one alternative fits another, without saying why not."""
        match given, wanted:
            case (Never(), _) | (_, Unknown()):
                return True
            case Intersection(parts), _ if not isinstance(wanted, Intersection):
                return any(self._quietly(part, wanted, place) for part in parts)
            case _, Intersection(parts):
                return all(self._quietly(given, part, place) for part in parts)
            case (Record() | Array() | Tuple() | Anything(), _):
                # What one alternative assumed of recursive types must not count for the next.
                kept = set(self._met)
                fine = _alike(given, wanted) and not any(self._fit(given, wanted, place))
                if not fine:
                    self._met = kept
                return fine
            case _:
                return type(given) is type(wanted)


def _options(type_: Type) -> tuple[Type, ...]:
    return type_.options if isinstance(type_, Union) else (type_,)


def _values(type_: Type) -> tuple[Scalar, ...]:
    match type_:
        case Enum(values):
            return values
        case Boolean():
            return (True, False)
        case _:
            return ()


def _key(value: Scalar) -> tuple[type, Scalar]:
    return type(value), value


def _holds(type_: Type, value: Scalar) -> bool:
    match type_:
        case Text():
            return isinstance(value, str)
        case Number():
            return isinstance(value, (int, float)) and not isinstance(value, bool)
        case Unknown():
            return True
        case _:
            return False


def _counterpart(option: Type, given: Type, wanted: Type) -> Type | None:
    """The alternative that `option` must have been, when it alone is of its kind on both sides."""
    others = [other for other in _options(wanted) if _alike(option, other)]
    if len(others) != 1 or sum(_alike(each, others[0]) for each in _options(given)) != 1:
        return None
    return others[0]


def _alike(given: Type, wanted: Type) -> bool:
    """Whether two composed types are of kinds that can fit at all, so that `_fit` looks inside."""
    match given, wanted:
        case (Record(), Record() | Anything()) | (Anything(), Anything()):
            return True
        case (Array(), Array()) | (Tuple(), Array() | Tuple()):
            return True
        case _:
            return False


def _told(option: str, place: _Place) -> str:
    short = option if len(option) <= SPELT else f"{option[:SPELT]}…"
    return f"may be {short} now" if place.reply else f"does not take {short} any more"


def _replaced(given: Type, wanted: Type, place: _Place) -> str:
    old, new = (wanted, given) if place.reply else (given, wanted)
    was, now = (spell(type_) for type_ in (old, new))
    if len(was) > SPELT or len(now) > SPELT:
        return "is of another type now"
    return f"was {was}, is {now} now"
