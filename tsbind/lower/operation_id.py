"""Reads operationIds: what they call the operation, and whether they say anything at all.

Many are made by a machine from the method and the path (`GetAccountsAccountCapabilities`,
`get_files_id`, `read_item_items__item_id__get`).  Those are worth less than what path_name.py
says; others are the author's own words.
"""

from __future__ import annotations

import re

from tsbind.lower.path_name import VERBS, is_prefix, is_variable, without_extension
from tsbind.lower.words import singular, words

_SEPARATORS = re.compile(r"[/.]+|::")
_GROUPED = re.compile(
    r"(?P<group>[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*)_(?P<method>[A-Za-z][A-Za-z0-9]*(?:_v\d+)?)"
)
_CONTROLLER = re.compile(r"[A-Z]\w*?Controller[_.]")
# `findAll_1` of springdoc, `GetCount-1a2b` of Microsoft.
_NUMBER = re.compile(r"(?<=[A-Za-z])(?:_\d+|-(?=[a-f]*\d)[0-9a-f]{4})$")
# With one of these in front an id says what is done before it says to what.
_DEEDS = frozenset(
    [
        *("get", "list", "find", "fetch", "search", "read", "retrieve", "query"),
        *("create", "add", "post", "put", "set", "update", "patch", "delete", "remove"),
    ]
)
# What Django's generators put last.
_DEEDS_LAST = {
    "list": "list",
    "create": "create",
    "retrieve": "get",
    "read": "get",
    "update": "update",
    "partial update": "patch",
    "destroy": "delete",
    "delete": "delete",
}
_METHODS = frozenset(["get", "post", "put", "patch", "delete", "head", "options", "trace"])
_FILLERS = frozenset(("id", "by", "with"))
_ARTICLES = frozenset(("a", "an", "the"))


def without_suffix(operation_id: str, method: str, path: str) -> str:
    """Drop the path and method that FastAPI appends to a function's name.

    >>> without_suffix("get_item_items__item_id__get", "GET", "/items/{item_id}")
    'get_item'
    """
    suffix = re.sub(r"\W", "_", f"{path}_{method.lower()}")
    rest = operation_id.removesuffix(suffix)
    return rest or operation_id


def without_method(operation_id: str, method: str) -> str:
    """Drop the method that some write in capitals in front: `GET_DescribeImages`."""
    rest = operation_id.removeprefix(f"{method}_")
    return rest if words(rest) else operation_id


def without_number(operation_id: str) -> str:
    """Drop the mark by which a generator tells methods of one name apart: `findAll_1`."""
    return _NUMBER.sub("", operation_id)


def parts(operation_id: str) -> tuple[list[str], list[str]]:
    """Split at the separators that authors use for namespaces.

    Returns the namespaces and the words of the method.

    >>> parts("issues/list-for-repo"), parts("CatsController_findAll"), parts("Get_Cats")
    ((['issues'], ['list', 'for', 'repo']), (['Cats'], ['find', 'All']), ([], ['Get', 'Cats']))
    """
    pieces = [piece for piece in _SEPARATORS.split(operation_id) if words(piece)]
    if not pieces:
        return [], []
    grouped = _GROUPED.fullmatch(pieces[0]) if len(pieces) == 1 else None
    if grouped and words(grouped["group"])[0].lower() not in _DEEDS:
        pieces = [grouped["group"], grouped["method"]]
    spaces = [" ".join(without_controller(words(piece))) for piece in pieces[:-1]]
    return spaces, without_articles(words(pieces[-1]))


def of_controller(operation_id: str) -> bool:
    """Whether an id begins with the class that answers: `CatsController_findAll`."""
    return _CONTROLLER.match(operation_id) is not None


def without_controller(found: list[str]) -> list[str]:
    """Drop what says that a class answers: "owner rest controller" is about owners."""
    kept = list(found)
    while len(kept) > 1 and kept[-1].lower() in ("controller", "rest"):
        kept.pop()
    return kept if len(kept) < len(found) and found[-1].lower() == "controller" else found


def deed_last(operation_id: str, path: str) -> str:
    """Return what an id made from the path, with a deed behind it, does; "" when it is none.

    >>> deed_last("blog_posts_retrieve", "/api/blog/posts/{id}/")
    'get'
    """
    found = [singular(word) for word in words(operation_id)]
    fixed = [
        singular(word)
        for segment in path.split("/")
        if not is_variable(segment)
        for word in words(segment)
    ]
    if found == fixed[-len(found) :] and "_" in operation_id and found[0] not in VERBS:
        last = words(operation_id)[-1].lower()
        return last if last in VERBS else ""
    for length in (2, 1):
        things = found[:-length]
        if things and things == fixed[-len(things) :] and "_" in operation_id:
            verb = _DEEDS_LAST.get(" ".join(found[-length:]))
            if verb:
                return verb
    return ""


def variant(operation_id: str) -> str:
    """What distinguishes an operation from another one on the same path: `put_files_id#unlock`."""
    return operation_id.partition("#")[2]


def without_articles(found: list[str]) -> list[str]:
    """Drop "a", "an" and "the" between other words."""
    inner = [word for word in found[1:-1] if word.lower() not in _ARTICLES]
    return [*found[:1], *inner, *found[1:][-1:]]


def is_mechanical(found: list[str], path: str) -> bool:
    """Whether an id is the method followed by the words of the path, in their order."""
    if not found or found[0].lower() not in _METHODS:
        return False
    rest = [singular(word) for word in found[1:]]
    for segment in path.partition("#")[0].split("/"):
        inside = [singular(word) for word in words(without_extension(segment))]
        if is_variable(segment):
            rest = _after_variable(rest, inside)
        elif rest[: len(inside)] == inside:
            rest = rest[len(inside) :]
        elif not is_prefix(segment):
            return False
    return not rest


def _after_variable(rest: list[str], inside: list[str]) -> list[str]:
    """Skip how an id mentions a variable: by its name, as "id", or not at all."""
    while rest and rest[0] in _FILLERS:
        rest = rest[1:]
    for length in range(len(inside), 0, -1):
        if rest[:length] == inside[:length]:
            rest = rest[length:]
            break
    while rest and rest[0] == "id":
        rest = rest[1:]
    return rest


def without_namespace(found: list[str], namespace: list[str]) -> list[str]:
    """Drop what the namespace says already: in front, and as the first object of the verb.

    >>> without_namespace(["list", "issues", "for", "repo"], ["issues"])
    ['list', 'for', 'repo']
    >>> without_namespace(["radar", "get", "dns", "summary"], ["radar", "dns"])
    ['get', 'summary']
    """
    said = [singular(word) for word in namespace]
    found = without_front(found, namespace)
    names = [singular(word) for word in found]
    if names and names[0] in VERBS:
        for length in range(len(said), 0, -1):
            if names[1 : 1 + length] == said[-length:]:
                return [found[0], *found[1 + length :]]
    return found


def without_front(found: list[str], namespace: list[str]) -> list[str]:
    """Drop the namespace, or the beginning of it, from the front of a method's words."""
    said = [singular(word) for word in namespace]
    names = [singular(word) for word in found]
    for length in range(len(said), 0, -1):
        rest = names[length:]
        if names[:length] != said[:length] or not rest or rest[0] in _PREPOSITIONS:
            continue
        if length == len(said) or rest[0] in VERBS:
            return found[length:]
    return found


_PREPOSITIONS = frozenset(
    [
        "by",
        "for",
        "from",
        "in",
        "into",
        "of",
        "on",
        "to",
        "with",
        "without",
        "at",
        "as",
        "and",
        "or",
    ]
)
