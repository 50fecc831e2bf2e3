"""Leave words out of the names of types that tell nothing of the API.

Some words say what a schema is in its document, not what it is of: `Response`, `Object`, the prefix
of a module.  Such a word begins or ends the names of many types and hardly any operation, field or
value, and it can go from nearly all of those names without two types being called alike.  (So
`Nullable` stays where most names are there without it, too.)

    >>> from tsbind.emit.sketch import through
    >>> print(through(shorten, '''
    ...     type UserResponse={id:string,name:string}
    ...     type Team={name:string,owner:string}
    ...     type TeamResponse={id:string,owner:UserResponse}
    ...     type ChannelResponse={id:string,team:TeamResponse}
    ...     type RoomResponse={id:string,users:UserResponse[]}
    ...     type TopicResponse={id:string,room:RoomResponse}
    ...     create(a:Team):TeamResponse
    ...     get():TopicResponse[]
    ...     join(a:{id:string}):ChannelResponse'''))
    type User={id:string,name:string}
    type Team={name:string,owner:string}
    type TeamResponse={id:string,owner:User}
    type Channel={id:string,team:TeamResponse}
    type Room={id:string,users:User[]}
    type Topic={id:string,room:Room}
    create(a:Team):Promise<TeamResponse>
    get():Promise<Topic[]>
    join(a:{id:string}):Promise<Channel>
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping
from typing import Final

from msgspec.structs import replace

from tsbind.ir.api import Api
from tsbind.ir.types import Enum, Record
from tsbind.ir.walk import distinct, each_type, roots
from tsbind.passes.naming import RESERVED, is_name, split
from tsbind.passes.rename import renaming

FEW: Final = 5  # names that any word may begin or end
MANY: Final = 0.06  # a word in more than this share of all names may be all but one word of them
RATIO: Final = 4  # of the types to the other names that a word begins or ends and tells nothing of
APART: Final = 0.75  # share of those types that nothing else is called like without the word
_LINKS: Final = frozenset({"And", "By", "For", "From", "In", "Of", "On", "Or", "To", "With"})

End = tuple[int, str]  # a word, and where in a name it stands: 0 or -1
Words = tuple[str, ...]


def shorten(api: Api) -> Api:
    """Return `api` with its types called by fewer words."""
    names = _Names(api.types)
    if not names.frequent(names.holders):
        return api
    names.shorten(_said(api))
    changed = {
        name: short for name, words in names.words.items() if (short := "".join(words)) != name
    }
    if not changed:
        return api
    types = {changed.get(name, name): type_ for name, type_ in api.types.items()}
    return each_type(replace(api, types=types), renaming(changed))


class _Names:
    """Names of types as words; kept by their ends, so that trying a word takes no look at all."""

    def __init__(self, types: Iterable[str]) -> None:
        self._known = set(types)
        self.words = {name: words for name in types if "".join(words := split(name)) == name}
        self.holders: defaultdict[End, dict[str, None]] = defaultdict(dict)
        for name in self.words:
            self._enter(name)
        self._many = MANY * len(self.words)

    def _enter(self, name: str) -> None:
        for end in _ends(self.words[name]):
            self.holders[end][name] = None

    def frequent(self, ends: Iterable[End]) -> list[End]:
        """Return those of `ends` that many names have, the most frequent first.

        What a name ends with says most of it, so this must be in many more names.
        """
        fewest = {0: FEW, -1: max(FEW, self._many)}
        found = [end for end in ends if len(self.holders[end]) >= fewest[end[0]]]
        return sorted(found, key=lambda end: (-len(self.holders[end]), end))

    def shorten(self, said: Mapping[End, int]) -> None:
        """Leave out each word that tells nothing."""
        pending = deque(self.frequent(self.holders))
        tried: set[End] = set()
        while pending:
            end = pending.popleft()
            if end not in tried and _times(said, end) * RATIO <= len(self.holders[end]):
                tried.add(end)
                changed = self._leave_out(end)
                ends = {each for name in changed for each in _ends(self.words[name])}
                pending.extend(self.frequent(ends))

    def _leave_out(self, end: End) -> Iterable[str]:
        """Return the names that are as good without the word `end`; none if too few are."""
        least = 1 if len(self.holders[end]) >= self._many else 2
        short: dict[str, Words] = {}
        for name in self.holders[end]:
            rest = self.words[name][1:] if end[0] == 0 else self.words[name][:-1]
            if len(rest) >= least and _may_stand(rest):
                short[name] = rest
        found = Counter(map("".join, short.values()))
        free = [n for n, words in short.items() if self._is_free("".join(words), found)]
        if len(free) < APART * len(short):
            return ()
        for name in free:
            for old in _ends(self.words[name]):
                del self.holders[old][name]
            self._known.discard("".join(self.words[name]))
            self.words[name] = short[name]
            self._known.add("".join(short[name]))
            self._enter(name)
        return free

    def _is_free(self, name: str, wanted: Counter[str]) -> bool:
        return wanted[name] == 1 and name not in self._known


def _ends(words: Words) -> tuple[End, ...]:
    return ((0, words[0]), (-1, words[-1])) if len(words) > 1 else ()


def _times(said: Mapping[End, int], end: End) -> int:
    at, word = end[0], end[1].lower()
    return said.get((at, word), 0) + said.get((at, f"{word}s"), 0)


def _may_stand(words: Words) -> bool:
    name = "".join(words)
    whole = name[0].isupper() and _LINKS.isdisjoint((words[0], words[-1]))
    return whole and is_name(name) and name not in RESERVED


def _said(api: Api) -> Counter[End]:
    """Count the words that names of operations, namespaces and fields, and values, have at ends."""
    said: set[str] = {part for operation in api.operations for part in operation.name}
    for node in distinct(roots(api)):
        match node:
            case Record(fields):
                said.update([field.name for field in fields])
            case Enum(values):
                said.update([value for value in values if isinstance(value, str)])
            case _:
                pass
    ends: Counter[End] = Counter()
    for words in map(split, said):
        if words:
            ends.update(((0, words[0].lower()), (-1, words[-1].lower())))
    return ends
