"""Gives the methods of one resource a namespace of their own, where resources are what an API is.

    coreV1.listNamespacedPod, coreV1.readNamespacedPodLog  →  coreV1.pods.list, coreV1.pods.readLog

That is done for all of a document or for nothing in it, so that one operation more or less renames
no other: most operations must be in a family of methods that name the resource of their path.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from tsbind.lower.path_name import is_variable, segments
from tsbind.lower.words import camel, singular, words

Name = tuple[str, ...]
FAMILY: Final = 6  # methods of one resource in one namespace
SEVERAL: Final = 8  # families; fewer are found as easily without a namespace each
MOST: Final = 2 / 3  # of all operations must be in families
ALL: Final = 3 / 4  # of a family: a word that so many methods have tells none of them apart


class _Member(NamedTuple):
    """A method of a resource, by its name without the resource."""

    space: Name
    verb: tuple[str, ...]


def by_family(names: Sequence[Name], paths: Sequence[str]) -> list[Name]:
    """Return `names`, of the operations at `paths`, with a namespace for each family.

    >>> kinds = ("pod", "node", "secret", "event", "job", "lease", "role", "claim")
    >>> verbs = ("list", "create", "read", "replace", "patch", "delete")
    >>> names = [("core", f"{verb}Namespaced{kind.title()}") for kind in kinds for verb in verbs]
    >>> by_family(names, [f"/{kind}s/{{name}}" for kind in kinds for _ in verbs])[2]
    ('core', 'pods', 'read')
    """
    members = [_member(name, path) for name, path in zip(names, paths, strict=True)]
    sizes = Counter(member.space for member in members if member)
    families: dict[Name, list[int]] = {}
    for index, member in enumerate(members):
        if member and sizes[member.space] >= FAMILY:
            families.setdefault(member.space, []).append(index)
    if len(families) < SEVERAL or sum(map(len, families.values())) < MOST * len(names):
        return list(names)
    named = list(names)
    taken = {name[:depth] for name in names for depth in range(1, len(name) + 1)}
    for space, indices in families.items():
        verbs = _told_apart([member.verb for i in indices if (member := members[i])])
        if verbs and space not in taken:
            for index, verb in zip(indices, verbs, strict=True):
                named[index] = (*space, camel(verb))
    return named


def _member(name: Name, path: str) -> _Member | None:
    """Find the resource of `path` in the method's name, after its verb."""
    own = words(name[-1])
    for segment in _resources(path):
        plain = "".join(words(segment)).lower()
        for start in range(1, len(own)):
            for end in range(start + 1, len(own) + 1):
                if singular("".join(own[start:end])) == singular(plain):
                    space = camel([*own[start : end - 1], _ending(own[start:end], plain)])
                    return _Member((*name[:-1], space), (*own[:start], *own[end:]))
    return None


def _resources(path: str) -> Iterable[str]:
    """The segments that may be what a path is about: what a variable chooses from, or the last."""
    found = segments(path)
    fixed = [i for i, segment in enumerate(found) if not is_variable(segment)]
    chosen = [i for i in fixed if i + 1 < len(found) and is_variable(found[i + 1])]
    return [found[i] for i in (*reversed(chosen), *fixed[-1:])]


def _ending(own: Sequence[str], plain: str) -> str:
    """The last word of a resource as the path has it: in the plural."""
    return plain[len("".join(own[:-1])) :]


def _told_apart(verbs: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Return `verbs` without words that most of them have; empty if they would be alike."""
    counts = Counter(word for verb in verbs for word in dict.fromkeys(verb[1:]))
    usual = {word for word, count in counts.items() if count >= ALL * len(verbs)}
    for dropped in (usual, set[str]()):
        short = [(verb[0], *(word for word in verb[1:] if word not in dropped)) for verb in verbs]
        if len(set(map(camel, short))) == len(short):
            return short
    return []
