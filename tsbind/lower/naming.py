"""Names operations as a developer would: namespaces, and a verb with its object.

A name depends on the operation itself, and on others only when they would have the same name or
share its path: no counters, nothing that moves when something unrelated is added.  Each operation
has a list of candidates from short to certain; those that collide move on together.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tsbind.lower.families import by_family
from tsbind.lower.operation_id import (
    deed_last,
    is_mechanical,
    of_controller,
    parts,
    variant,
    without_front,
    without_method,
    without_namespace,
    without_number,
    without_suffix,
)
from tsbind.lower.path_name import (
    BY_METHOD,
    Siblings,
    name_by_path,
    namespace_by_path,
    segments,
    without_extension,
)
from tsbind.lower.report import Node
from tsbind.lower.tags import Tags, listed, tag_words
from tsbind.lower.words import LONGEST, camel, plural, singular, words

Name = tuple[str, ...]
Named = tuple[str, str, Mapping[str, Node]]  # method, path, Operation Object

_VARIABLE = re.compile(r"\{([^{}]*)\}")


class _Choice(NamedTuple):
    """How an operation could be called: its namespace, and its method from short to certain."""

    namespace: Name
    methods: tuple[tuple[str, ...], ...]  # words
    bare: bool = False  # method and namespace are one word, which may stand alone


def name_operations(operations: Sequence[Named], tags: Tags | None = None) -> list[Name]:
    """Name each operation; no two alike, and no name that is also a namespace."""
    tags = tags or Tags()
    siblings = Siblings((method, path) for method, path, _ in operations)
    shared = _shared(operations, tags)
    choices = [_below(_choice(each, siblings, shared, tags), each, tags) for each in operations]
    names = _settle(_lift_lone(choices))
    return by_family(names, [path for _, path, _ in operations])


def namespaces(
    root: Mapping[str, Node], names: Sequence[Name], nodes: Sequence[Mapping[str, Node]]
) -> dict[str, str]:
    """Describe each namespace that stands for a tag, by the tag's description."""
    described = {}
    tags = root.get("tags")
    for tag in tags if isinstance(tags, list) else ():
        if isinstance(tag, dict) and isinstance(tag.get("name"), str):
            text = tag.get("description", tag.get("summary"))
            if isinstance(text, str) and text.strip():
                described[tag["name"]] = text.strip()
    found: dict[str, str] = {}
    for name, node in zip(names, nodes, strict=True):
        dotted = ".".join(name[:-1])
        for tag in listed(node):
            if tag in described and dotted and singular(camel(words(tag))) == singular(name[-2]):
                found.setdefault(dotted, described[tag])
    return dict(sorted(found.items()))


class _Shared(NamedTuple):
    """What all operations of the document begin with: it names the API, not the group."""

    tag_words: int
    id_spaces: int


def _shared(operations: Sequence[Named], tags: Tags) -> _Shared:
    spelled = {tuple(tag_words(tags.main(node))) for _, _, node in operations} - {()}
    spaces = {tuple(parts(_id(each))[0]) for each in operations}
    return _Shared(_common(spelled), _common(spaces))


def _common(rows: set[tuple[str, ...]]) -> int:
    """How many leading items all rows share, leaving each row at least one."""
    shortest = min(map(len, rows), default=0)
    count = 0
    while len(rows) > 1 and count < shortest - 1 and len({row[count].lower() for row in rows}) == 1:
        count += 1
    return count


def _choice(named: Named, siblings: Siblings, shared: _Shared, tags: Tags) -> _Choice:
    method, path, node = named
    remote = _remote_procedure(path)
    if remote:
        return _chosen(remote[:-1], words(remote[-1]), named)
    by_path, by_path_method = name_by_path(method, path, siblings)
    tag = tag_words(tags.main(node))[shared.tag_words :]
    by_path_space = [" ".join(tag if tag and _alike(tag, by_path) else by_path)]
    operation_id = _id(named)
    if not words(operation_id):
        return _chosen(by_path_space, by_path_method, named, mechanical=True)
    plain = without_number(without_method(operation_id, method))
    spaces, found = parts(plain)
    if tag and of_controller(plain):
        return _chosen([" ".join(tag)], found, named)
    if spaces:
        return _chosen(spaces[shared.id_spaces :], found, named)
    apart = words(variant(operation_id))
    if apart:
        return _chosen(by_path_space, apart, named)
    if is_mechanical(found, path) and by_path:
        if by_path_method[0] == "list" and not plural(found[-1]):
            by_path_method = ["get", *by_path_method[1:]]  # the author speaks of one
        return _chosen(by_path_space, by_path_method, named, mechanical=True)
    deed = deed_last(plain, path) if not tag or _alike(tag, by_path) else ""
    if deed and by_path:
        if by_path_method[0] in BY_METHOD:
            by_path_method = [deed, *by_path_method[1:]]
        if deed == "list" and len(by_path_method) > 1:
            by_path_method[-1] = words(plain)[-2]  # in the plural, whatever follows in the path
        return _chosen(by_path_space, by_path_method, named, mechanical=True)
    space = tag or namespace_by_path(path)
    if not _alike(found, space):
        return _chosen([" ".join(space)], found, named)
    if plural(space[-1]):
        return _chosen([" ".join(space)], by_path_method, named, mechanical=True)
    return _chosen([" ".join(space)], by_path_method, named, mechanical=True)._replace(bare=True)


def _below(choice: _Choice, named: Named, tags: Tags) -> _Choice:
    """Put a namespace that is a tag below the tags that it lies under."""
    tag = tags.main(named[2])
    above = tuple(camel(tag_words(each)) for each in tags.above.get(tag, ()) if tag_words(each))
    if not above or choice.namespace != (camel(tag_words(tag)),):
        return choice
    return choice._replace(namespace=(*above, *choice.namespace), bare=False)


def _alike(some: list[str], others: list[str]) -> bool:
    return [singular(word) for word in some] == [singular(word) for word in others]


def _id(named: Named) -> str:
    method, path, node = named
    operation_id = node.get("operationId")
    if not isinstance(operation_id, str) or len(operation_id) > LONGEST:
        return ""
    return without_suffix(operation_id, method, path)


def _remote_procedure(path: str) -> list[str]:
    """`/chat.postMessage` names its procedure itself."""
    if "{" in path or path.count("/") != 1:
        return []
    pieces = [piece for piece in path[1:].split(".") if words(piece)]
    return pieces if len(pieces) > 1 and without_extension(path) == path else []


def _chosen(
    spaces: list[str], found: list[str], named: Named, *, mechanical: bool = False
) -> _Choice:
    """Collect the candidates, the shortest first."""
    method, path, _ = named
    namespace = tuple(camel(words(space)) for space in spaces if words(space))
    last = words(spaces[-1]) if namespace else []
    fixed = [word for segment in segments(path) for word in words(_VARIABLE.sub(" ", segment))]
    variables = [word for name in _VARIABLE.findall(path) for word in words(name)]
    by = ["by", *variables] if variables else []
    mark = hashlib.sha256(f"{method} {path}".encode("utf-8", "surrogatepass")).hexdigest()[:6]
    certain = [method, *fixed, *by]
    candidates = [
        found if mechanical else without_namespace(found, last),
        without_front(found, last),
        [*found[:1], *without_front(fixed, last)] if mechanical else words(_id(named)),
        [*found, *by],
        certain,
        [*certain, "x" + mark],
    ]
    methods = tuple(tuple(each) for each in candidates if each)
    return _Choice(namespace, methods, len(namespace) == 1 and _alike(found, last))


def _lift_lone(choices: list[_Choice]) -> list[_Choice]:
    """`search.search` alone in its namespace is just `search`."""
    sizes: dict[Name, int] = {}
    for choice in choices:
        for depth in range(1, len(choice.namespace) + 1):
            space = choice.namespace[:depth]
            sizes[space] = sizes.get(space, 0) + 1
    return [
        choice._replace(namespace=(), methods=((choice.namespace[0],), *choice.methods))
        if choice.bare and sizes[choice.namespace] == 1
        else choice
        for choice in choices
    ]


def _settle(choices: list[_Choice]) -> list[Name]:
    """Give every operation its first candidate that nobody shares."""
    spaces = {
        choice.namespace[:depth]
        for choice in choices
        for depth in range(1, len(choice.namespace) + 1)
    }
    settled: dict[Name, int] = {}
    pending = list(range(len(choices)))
    level = 0
    while pending:
        wanted: dict[Name, list[int]] = {}
        for index in pending:
            choice = choices[index]
            method = choice.methods[min(level, len(choice.methods) - 1)]
            wanted.setdefault((*choice.namespace, camel(method)), []).append(index)
        pending = []
        for name, owners in wanted.items():
            if len(owners) > 1 or name in settled or name in spaces:
                pending.extend(owners)
            else:
                settled[name] = owners[0]
        level += 1
    names: list[Name] = [()] * len(choices)
    for name, index in settled.items():
        names[index] = name
    return names
