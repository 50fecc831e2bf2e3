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

from collections import Counter
from collections.abc import Mapping, Set
from itertools import chain
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
    named = {name: words for name in api.types if "".join(words := split(name)) == name}
    if not _frequent(named):
        return api
    short = _shortened(named, api.types.keys() - named, _said(api))
    names = {name: "".join(words) for name, words in short.items() if words != named[name]}
    if not names:
        return api
    types = {names.get(name, name): type_ for name, type_ in api.types.items()}
    return each_type(replace(api, types=types), renaming(names))


def _shortened(
    named: Mapping[str, Words], taken: Set[str], said: Mapping[End, int]
) -> Mapping[str, Words]:
    kept: set[End] = set()
    while True:
        for end, count in _frequent(named):
            if end in kept or _times(said, end) * RATIO > count:
                continue
            least = 1 if count >= MANY * len(named) else 2
            shorter = _without(end, least, named, taken)
            if shorter:
                named = {**named, **shorter}
                break
            kept.add(end)
        else:
            return named


def _frequent(named: Mapping[str, Words]) -> list[tuple[End, int]]:
    """Return the words that many names begin or end with, the most frequent first.

    What a name ends with says most of it, so this must be in many more names.
    """
    ends = Counter((at, words[at]) for words in named.values() if len(words) > 1 for at in (0, -1))
    fewest = {0: FEW, -1: max(FEW, MANY * len(named))}
    found = [(end, count) for end, count in ends.items() if count >= fewest[end[0]]]
    return sorted(found, key=lambda each: (-each[1], each[0]))


def _times(said: Mapping[End, int], end: End) -> int:
    at, word = end[0], end[1].lower()
    return said.get((at, word), 0) + said.get((at, f"{word}s"), 0)


def _without(
    end: End, least: int, named: Mapping[str, Words], taken: Set[str]
) -> Mapping[str, Words]:
    """Return the names that are as good without the word `end`; none if too few are.

    At least so many words are left.
    """
    at, word = end
    short = {
        name: rest
        for name, words in named.items()
        if words[at] == word
        and len(rest := words[1:] if at == 0 else words[:-1]) >= least
        and _may_stand(rest)
    }
    found = Counter(map("".join, chain(named.values(), short.values())))
    free = {
        name: rest
        for name, rest in short.items()
        if found[each := "".join(rest)] == 1 and each not in taken
    }
    return free if len(free) >= APART * len(short) else {}


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
