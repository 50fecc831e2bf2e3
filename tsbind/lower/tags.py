"""Which tag of an operation is its namespace, and what that tag lies under (OpenAPI 3.2 §4.22)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from tsbind.lower.operation_id import without_articles, without_controller
from tsbind.lower.report import Node
from tsbind.lower.words import LONGEST, words

_NOTHING = frozenset(("default", "api", "general", "misc", "untagged"))  # tags without meaning
_DEEPEST = 8  # tags above a tag


class Tags(NamedTuple):
    """What a document says of its tags."""

    above: Mapping[str, tuple[str, ...]] = {}  # tag → its parents, the outermost first
    aside: frozenset[str] = frozenset()  # badges, audiences and the like: they group nothing

    def main(self, node: Mapping[str, Node]) -> str:
        """The first tag of an operation that means something; "" without one."""
        for tag in listed(node):
            if tag not in self.aside and words(tag) and tag.lower() not in _NOTHING:
                return tag
        return ""


def read_tags(root: Mapping[str, Node]) -> Tags:
    """Read the `parent` and `kind` of the tags that a document declares.

    >>> read_tags({"tags": [{"name": "a", "parent": "b"}, {"name": "x", "kind": "badge"}]})
    Tags(above={'a': ('b',)}, aside=frozenset({'x'}))
    """
    declared = root.get("tags")
    tags = [tag for tag in declared if isinstance(tag, dict)] if isinstance(declared, list) else []
    parent = {
        tag["name"]: tag["parent"]
        for tag in tags
        if isinstance(tag.get("name"), str) and isinstance(tag.get("parent"), str)
    }
    aside = frozenset(
        tag["name"]
        for tag in tags
        if isinstance(tag.get("name"), str) and tag.get("kind", "nav") != "nav"
    )
    return Tags({name: _chain(name, parent) for name in parent}, aside)


def _chain(tag: str, parent: Mapping[str, str]) -> tuple[str, ...]:
    found = [tag]
    while found[0] in parent and parent[found[0]] not in found and len(found) <= _DEEPEST:
        found.insert(0, parent[found[0]])
    return tuple(found[:-1])


def listed(node: Mapping[str, Node]) -> list[str]:
    """The tags of an operation that can be names."""
    tags = node.get("tags")
    named = tags if isinstance(tags, list) else []
    return [tag for tag in named if isinstance(tag, str) and len(tag) <= LONGEST]


def tag_words(tag: str) -> list[str]:
    """The words of a tag, without what it adds in brackets."""
    found = words(re.sub(r"\([^()]*\)", " ", tag)) or words(tag)
    return without_controller(without_articles(found))
