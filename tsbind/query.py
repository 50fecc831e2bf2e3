"""Asks which operations are meant: the language of `grammars/select.lark`.

    tag:issues          operations with that tag; globs are allowed everywhere
    path:/repos/**      by path template: `*` is one segment or a part of it, `**` any number
    method:get          by HTTP method
    issues.*            by dotted name; a namespace means all that is in it (also `name:issues`)
    "open pull"         all of these words in name, path or summary (also text:…)
    read, write         methods that promise to change nothing, and the others
    deprecated, all

joined by `and` (or nothing), `or`, `not` and parentheses.  Tags, methods and words are compared
without case, names and paths with it.  A parsed query is plain frozen data and is evaluated over
anything that has the properties of a `Call`, so that selections at compile time and policies at
run time mean the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING, Final, Literal, Protocol, assert_never, cast, get_args

import msgspec

from tsbind.errors import Location, SelectionError
from tsbind.resources import grammar

if TYPE_CHECKING:
    from lark import Lark, Token, Tree

LONGEST: Final = 4096  # characters of a query
DEEPEST: Final = 100  # parentheses in a query

Field = Literal["name", "tag", "path", "method", "text"]
FlagName = Literal["all", "read", "write", "deprecated"]


class Subject(Protocol):
    """What a query looks at; `tsbind.bundle.Call` is one."""

    @property
    def op(self) -> str: ...
    @property
    def method(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def tags(self) -> Sequence[str]: ...
    @property
    def summary(self) -> str: ...
    @property
    def deprecated(self) -> bool: ...
    @property
    def safe(self) -> bool: ...


class Term(msgspec.Struct, frozen=True, tag=True):
    """One pattern for one property of an operation."""

    field: Field
    pattern: str
    at: Location  # where in the query it stands


class Flag(msgspec.Struct, frozen=True, tag=True):
    """A property that an operation has or lacks."""

    name: FlagName


class Not(msgspec.Struct, frozen=True, tag=True):
    """Whatever `query` does not mean."""

    query: Query


class Every(msgspec.Struct, frozen=True, tag=True):
    """What all of `queries` mean."""

    queries: tuple[Query, ...]


class Some(msgspec.Struct, frozen=True, tag=True):
    """What any of `queries` means."""

    queries: tuple[Query, ...]


Query = Term | Flag | Not | Every | Some


def matches(query: Query, subject: Subject) -> bool:
    """Whether an operation is one of those that a query means."""
    match query:
        case Term():
            return _term_matches(query, subject)
        case Flag(name):
            return _flag_matches(name, subject)
        case Not(inner):
            return not matches(inner, subject)
        case Every(queries):
            return all(matches(each, subject) for each in queries)
        case Some(queries):
            return any(matches(each, subject) for each in queries)
        case _:
            assert_never(query)


def _flag_matches(name: FlagName, subject: Subject) -> bool:
    match name:
        case "all":
            return True
        case "read":
            return subject.safe
        case "write":
            return not subject.safe
        case "deprecated":
            return subject.deprecated
        case _:
            assert_never(name)


def _term_matches(term: Term, subject: Subject) -> bool:
    pattern = term.pattern
    match term.field:
        case "name":
            return fnmatchcase(subject.op, pattern) or subject.op.startswith(pattern + ".")
        case "tag":
            folded = pattern.casefold()
            return any(fnmatchcase(tag.casefold(), folded) for tag in subject.tags)
        case "path":
            return _path_matches(pattern.split("/"), subject.path.split("/"))
        case "method":
            return fnmatchcase(subject.method.upper(), pattern.upper())
        case "text":
            text = f"{subject.op} {subject.path} {subject.summary}".casefold()
            return all(word in text for word in pattern.casefold().split())
        case _:
            assert_never(term.field)


def _path_matches(pattern: Sequence[str], path: Sequence[str]) -> bool:
    """Match segment by segment; `**` stands for any number of them, none included.

    On a mismatch the last `**` takes one segment more, so the time is at most the product of both
    lengths, whatever the pattern.
    """
    at = star = 0
    reached, mark = 0, -1
    while reached < len(path):
        if at < len(pattern) and pattern[at] == "**":
            mark, star = at, reached
            at += 1
        elif at < len(pattern) and fnmatchcase(path[reached], pattern[at]):
            at += 1
            reached += 1
        elif mark >= 0:
            at = mark + 1
            star += 1
            reached = star
        else:
            return False
    return all(segment == "**" for segment in pattern[at:])


# -- from text ---------------------------------------------------------------------------------


def parse(text: str, *, where: str = "selection") -> Query:
    """Read a query; `where` names its source in errors.

    Raises SelectionError, which points at the column.

    >>> parse("tag:issues read")
    Every(queries=(Term(field='tag', pattern='issues', at=Location(file='selection', line=1, \
column=1)), Flag(name='read')))
    """
    from lark.exceptions import UnexpectedCharacters, UnexpectedToken

    if len(text) > LONGEST or text.count("(") > DEEPEST:
        raise SelectionError(
            f"the query is longer than {LONGEST} characters or has over {DEEPEST} parentheses",
            where=where,
            fix="split it, or use globs",
            code="query-too-long",
        )
    try:
        tree = _parser().parse(text)
    except UnexpectedCharacters as error:
        what, fix = _stray(text[cast(int, error.pos_in_stream)])
        place = Location(where, error.line, error.column)
        raise SelectionError(what, where=place, fix=fix, code="query-syntax") from None
    except UnexpectedToken as error:
        what, fix = _misplaced(error.token, text)
        place = _end(where, text) if error.token.type == "$END" else _at(where, error.token)
        raise SelectionError(what, where=place, fix=fix, code="query-syntax") from None
    return _build(_operands(tree)[0], where)


@cache
def _parser() -> Lark:
    from lark import Lark

    return Lark(grammar("select"), parser="lalr", maybe_placeholders=False)


def _at(where: str, token: Token) -> Location:
    return Location(where, token.line or 1, token.column or 1)


def _end(where: str, text: str) -> Location:
    return Location(where, text.count("\n") + 1, len(text) - text.rfind("\n"))


def _stray(character: str) -> tuple[str, str]:
    if character == '"':
        return "the quoted text never ends", 'close it with another "'
    return f'cannot read "{character}" here', 'put what contains it in quotes: text:"…"'


def _misplaced(token: Token, text: str) -> tuple[str, str]:
    if token.type == "$END":
        if not text.strip():
            return "the query is empty", 'write "all" to mean every operation'
        return "the query ends too early", "write what should follow, such as tag:NAME"
    return (
        f'"{token}" cannot stand here',
        "join terms with and, or, not; close every parenthesis that is opened",
    )


def _build(tree: Tree[Token], where: str) -> Query:
    """Turn lark's tree into ours; its depth is bounded by the parentheses."""
    match tree.data:
        case "either":
            return Some(tuple(_build(child, where) for child in _operands(tree)))
        case "both":
            return Every(tuple(_build(child, where) for child in _operands(tree)))
        case "negation":
            return _negated(tree, where)
        case "field":
            name, pattern = _tokens(tree)
            return _term(name.rstrip(":").lower(), pattern, name, where)
        case "bare":
            (word,) = _tokens(tree)
            if word.lower() in get_args(FlagName):
                return Flag(cast("FlagName", word.lower()))
            return _term("name", word, word, where)
        case _:
            (quoted,) = _tokens(tree)
            return _term("text", quoted, quoted, where)


def _operands(tree: Tree[Token]) -> list[Tree[Token]]:
    return cast("list[Tree[Token]]", tree.children)


def _tokens(tree: Tree[Token]) -> list[Token]:
    return cast("list[Token]", tree.children)


def _negated(tree: Tree[Token], where: str) -> Query:
    """`not` before a query; a chain of them is followed without recursion."""
    times, inner = 1, _operands(tree)[0]
    while inner.data == "negation":
        times, inner = times + 1, _operands(inner)[0]
    query = _build(inner, where)
    return Not(query) if times % 2 else query


def _term(name: str, value: Token, start: Token, where: str) -> Term:
    place = _at(where, start)
    if name not in get_args(Field):
        near = get_close_matches(name, get_args(Field), 1)
        raise SelectionError(
            f'there is no field "{name}"',
            where=place,
            fix=f'did you mean "{near[0]}:"' if near else f"fields: {', '.join(get_args(Field))}",
            code="query-field",
        )
    pattern = str(value)
    if value.type == "STRING":
        pattern = pattern[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    if name == "path" and not pattern.startswith(("/", "*")):
        pattern = "/" + pattern
    return Term(cast("Field", name), pattern, place)


# -- against an API ----------------------------------------------------------------------------


def require(query: Query, subjects: Iterable[Subject]) -> None:
    """Raise SelectionError if some term of the query means no operation at all.

    A term that matches nothing is a slip of the pen, and in a policy a dangerous one.
    """
    known = tuple(subjects)
    for term in _all_terms(query):
        if not any(_term_matches(term, subject) for subject in known):
            raise SelectionError(
                f'no operation has {_FIELD_WORDS[term.field]} "{term.pattern}"',
                where=term.at,
                fix=_suggestion(term, known),
                code=f"unknown-{term.field}",
            )


_FIELD_WORDS: Final[dict[Field, str]] = {
    "name": "the name",
    "tag": "the tag",
    "path": "the path",
    "method": "the method",
    "text": "the words",
}


def _all_terms(query: Query) -> list[Term]:
    match query:
        case Term():
            return [query]
        case Flag():
            return []
        case Not(inner):
            return _all_terms(inner)
        case Every(queries) | Some(queries):
            return [term for each in queries for term in _all_terms(each)]
        case _:
            assert_never(query)


def _suggestion(term: Term, subjects: Sequence[Subject]) -> str:
    candidates = sorted(_candidates(term.field, subjects))
    if term.field == "name" and (flags := get_close_matches(term.pattern, get_args(FlagName), 1)):
        candidates.append(flags[0])
    spelled = {candidate.casefold(): candidate for candidate in candidates}
    bare = term.pattern.rstrip("*?").rstrip("./") or term.pattern
    near = get_close_matches(bare.casefold(), spelled, 1)
    if near:
        return f'did you mean "{term.pattern.replace(bare, spelled[near[0]], 1)}"'
    if 0 < len(candidates) <= 20:
        return f"there are: {', '.join(candidates)}"
    return "look with `tsbind search`, or use a glob such as *word*"


def _candidates(field: Field, subjects: Sequence[Subject]) -> set[str]:
    match field:
        case "tag":
            return {tag for subject in subjects for tag in subject.tags}
        case "path":
            return {subject.path for subject in subjects}
        case "method":
            return {subject.method for subject in subjects}
        case "name":
            names = {subject.op for subject in subjects}
            return names | {prefix for name in names for prefix in _namespaces(name)}
        case "text":
            return set()
        case _:
            assert_never(field)


def _namespaces(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:count]) for count in range(1, len(parts))]
