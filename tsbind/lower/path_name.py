"""Names an operation by its method and path, for documents whose operationIds say no more.

The first fixed segment is the namespace; the rest of the path and the method make the name:

    >>> " ".join(name_by_path("GET", "/v1/charges", Siblings(()))[1])
    'list'
    >>> " ".join(name_by_path("POST", "/v1/charges/{charge}/capture", Siblings(()))[1])
    'capture'
    >>> namespace, name = name_by_path("GET", "/v1/accounts/{id}/bank_accounts/{id}", Siblings(()))
    >>> " ".join(namespace), " ".join(name)
    ('accounts', 'get bank account')
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from tsbind.lower.words import plural, singular, words

# Segments in front that say which API this is and not what it is about.
_PREFIX = re.compile(
    r"(?:apis?|rest|rpc|v?\d[\d.\-]*(?:alpha\d*|beta\d*|rc\d*)?)",
    re.IGNORECASE,
)
_EXTENSION = re.compile(r"\.(?:json|xml|ya?ml|html?|php|aspx?|do)$", re.IGNORECASE)
_VARIABLE = re.compile(r"\{[^{}]*\}")
# Words that begin the name of a deed.
_VERBS = """
abort accept acknowledge activate add allow analyze append apply approve archive assign attach
authenticate authorize ban batch begin block book build bulk calculate call cancel capture
change check claim clear clone close collect commit compare complete compute configure confirm
connect convert copy count create crosspost deactivate decline decrypt delete deliver deny
deploy deprovision destroy detach detect disable disconnect discover dismiss download draft
duplicate edit empty enable encrypt end enroll estimate evaluate execute expire export extend
extract fetch filter find finish flush follow force freeze generate get give grant hide import
increment init initialize initiate inspect install invalidate invite invoke issue join kick kill
leave like link list load lock log login logout lookup make mark merge migrate modify monitor
move mute notify open order pair parse patch pause pay perform pin play poll post preview
process promote provision prune publish pull purge push put query quote read rebuild receive
recover redeliver refresh refund register reject release reload remove rename renew reopen
reorder replace reply report request rerun reset resend resolve restart restore resume retrieve
retry return reverse revert revoke rollback rotate run save scan schedule search select send set
share show sign simulate snooze sort split star start stop store stream submit subscribe suspend
swap switch sync synchronize tag take terminate test toggle track transfer transform translate
trash trigger unarchive unassign unban unblock undelete unfollow unhide uninstall unlike unlink
unlock unmute unpause unpin unpublish unregister unstar unsubscribe update upgrade upload upsert
use validate verify view void wait watch withdraw write
"""
VERBS = frozenset(_VERBS.split())
# Last segments that are deeds rather than things, also under GET.
_DEEDS = frozenset(
    [
        "search",
        "query",
        "export",
        "import",
        "download",
        "upload",
        "preview",
        "validate",
        "verify",
        "check",
        "count",
        "batch",
        "login",
        "logout",
        "refresh",
        "cancel",
        "approve",
        "reject",
        "archive",
        "restore",
    ]
)
_OF_METHOD = {
    "GET": "get",
    "POST": "create",
    "PUT": "replace",
    "PATCH": "update",
    "DELETE": "delete",
    "HEAD": "check",
}
BY_METHOD = frozenset((*_OF_METHOD.values(), "list"))  # verbs that a path itself does not name


class Siblings:
    """The paths of a document, asked what else is there beside one of them."""

    def __init__(self, operations: Iterable[tuple[str, str]]) -> None:
        self._methods: dict[str, set[str]] = {}
        self._collections: set[str] = set()
        for method, path in operations:
            shape = _VARIABLE.sub("{}", path)
            self._methods.setdefault(shape, set()).add(method)
            if shape.endswith("/{}"):
                self._collections.add(shape[:-3])

    def has_items(self, path: str) -> bool:
        """Whether there is a path for one item of the collection at `path`."""
        return _VARIABLE.sub("{}", path) in self._collections

    def methods(self, path: str) -> set[str]:
        """The methods at the path."""
        return self._methods.get(_VARIABLE.sub("{}", path), set())


def segments(path: str) -> list[str]:
    """Return the segments of a path without the prefix that names the API and its version."""
    return list(_segments(path))


@lru_cache(maxsize=1 << 12)
def _segments(path: str) -> tuple[str, ...]:
    plain = path.partition("#")[0].partition("?")[0]
    found = [without_extension(each) for each in plain.split("/") if each]
    start = 0
    while start < len(found) - 1 and is_prefix(found[start]):
        start += 1
    return tuple(found[start:])


def is_prefix(segment: str) -> bool:
    """Whether a segment says which API or version this is, rather than what it is about."""
    return not segment or _PREFIX.fullmatch(segment) is not None


def without_extension(segment: str) -> str:
    """Drop the `.json` that some paths end in."""
    return _EXTENSION.sub("", segment)


def is_variable(segment: str) -> bool:
    """Whether a segment is a variable and nothing more."""
    return _VARIABLE.fullmatch(segment) is not None


def namespace_by_path(path: str) -> list[str]:
    """The words of the first fixed segment; [] when there is none."""
    for segment in segments(path):
        if not is_variable(segment):
            return words(_VARIABLE.sub(" ", segment))
    return []


def name_by_path(method: str, path: str, siblings: Siblings) -> tuple[list[str], list[str]]:
    """Return the words of the namespace and of the method."""
    found = segments(path)
    fixed = [index for index, each in enumerate(found) if not is_variable(each)]
    if not fixed:
        return [], [_OF_METHOD.get(method, method.lower())]
    namespace = words(_VARIABLE.sub(" ", found[fixed[0]]))
    if len(found) == 1 and len(namespace) > 1 and namespace[0].lower() in VERBS:
        return [], namespace  # `/sendMessage`: a procedure, whatever the method
    things: list[str] = []
    for index in fixed[1:-1]:
        one = index + 1 < len(found) and is_variable(found[index + 1])
        things += _things(found[index], one)
    last = found[fixed[-1]]
    verb = _OF_METHOD.get(method, method.lower())
    if is_variable(found[-1]):
        # A new item has no name of its own yet: POST to an item changes it.
        verb = "update" if method == "POST" else verb
        return namespace, [verb, *things, *(_things(last, True) if len(fixed) > 1 else ())]
    if _is_deed(method, path, words(last), siblings):
        return namespace, _deed(words(last), things)
    if method == "GET" and (siblings.has_items(path) or plural((words(last) or [""])[-1])):
        verb = "list"
    return namespace, [verb, *things, *(_things(last, method == "POST") if len(fixed) > 1 else ())]


def _deed(last: list[str], things: list[str]) -> list[str]:
    """A verb takes the things before it as its object, unless it names one itself."""
    said = {singular(word) for word in last}
    return last if things and singular(things[-1]) in said else [*last, *things]


def _is_deed(method: str, path: str, last: list[str], siblings: Siblings) -> bool:
    if not last or siblings.has_items(path):
        return False
    if len(last) == 1 and last[0].lower() in _DEEDS:
        return method in ("GET", "POST", "PUT")
    if len(last) > 1 and last[0].lower() in VERBS:
        return True
    if method not in ("POST", "PUT") or siblings.methods(path) > {method}:
        return False
    # Alone in its path, a word may be a deed that the list above lacks.
    return last[0].lower() in VERBS or (len(segments(path)) == 1 and not plural(last[-1]))


def _things(segment: str, one: bool) -> list[str]:
    parts = words(_VARIABLE.sub(" ", segment))
    if one and parts:
        parts[-1] = _one_of(parts[-1])
    return parts


def _one_of(word: str) -> str:
    """The singular in the word's own spelling."""
    single = singular(word)
    return word[: len(single)] if word.lower().startswith(single) else single
