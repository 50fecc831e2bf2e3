"""YAML 1.2 with the core schema, built from libyaml's events.

What YAML 1.1 readers do to documents does not happen here: `no` stays a string, `012` is twelve,
`12:30:45` and dates stay strings, and keys are strings as written (`200:` is "200", `on:` is
"on").  `<<` merges, since hand-written documents use it.  Tags other than those of the core
schema, complex keys, duplicate keys, recursive aliases, `.nan` and `.inf` (which JSON lacks) and
second documents are refused; depth, and what aliases and merges expand to, are bounded.
"""

from __future__ import annotations

import re
from typing import Any

from yaml import YAMLError
from yaml.cyaml import CParser  # type: ignore[attr-defined]  # its stubs do not export it
from yaml.error import MarkedYAMLError
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from yaml.reader import ReaderError

from tsbind.bundle import Json
from tsbind.errors import Location, SpecError
from tsbind.spec.read_json import duplicate_key, too_deep
from tsbind.spec.source import MAX_DEPTH, Source, line_column

# YAML 1.2.2 §10.3.2.
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_MAX_DIGITS = 4300  # CPython's own limit for the quadratic conversion
_CORE = "tag:yaml.org,2002:"
_TAGGED = {"null": type(None), "bool": bool, "int": int, "float": (int, float)}
_COLLECTION_TAGS = {None, "!", f"{_CORE}map", f"{_CORE}seq"}

# What the place after the last event waits for, when it is no key.
_ITEM, _KEY, _MERGE = object(), object(), object()

Event = Any  # libyaml's events carry no types


def parse_yaml(source: Source, nodes: int) -> tuple[Json, int, int]:
    """Parse the one document of the text.

    Returns its value, how many values it has, and how many of those aliases put into further
    places.  An empty text gives None.  Raises SpecError with the place of what is refused, and
    when there are more than `nodes` values, aliases expanded.
    """
    builder = _Builder(source, nodes)
    try:
        return builder.build(), builder.count, builder.repeated
    except ReaderError as error:
        line, column = line_column(source.data, error.position)
        raise _refused(
            f'character "U+{ord(error.character):04X}" is not allowed'
            if isinstance(error.character, str)
            else f"is not valid YAML: {error.reason}",
            Location(source.name, line, column),
        ) from None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = Location(source.name, mark.line + 1, mark.column + 1) if mark else source.name
        context = f"{error.context}: " if error.context else ""
        raise _refused(f"is not valid YAML: {context}{error.problem}", where) from None
    except YAMLError as error:
        raise _refused(f"is not valid YAML: {error}", source.name) from None


def _refused(what: str, where: Location | str, fix: str = "correct the text there") -> SpecError:
    return SpecError(what, where=where, fix=fix, code="syntax")


class _Builder:
    """The tree so far, and the path of open collections."""

    def __init__(self, source: Source, nodes: int) -> None:
        self._source = source
        self._limit = nodes
        self.count = 0
        self.repeated = 0
        self._documents = 0
        self._root: Json = None
        self._node: Any = None  # the innermost open collection
        self._next: Any = _ITEM  # what comes next in it: _ITEM, _KEY, _MERGE, or a key's value
        self._merges: list[Any] = []
        self._anchor: str | None = None
        self._stack: list[tuple[Any, Any, list[Any], str | None]] = []
        self._anchors: dict[str, Json] = {}
        self._sizes: dict[str, int] = {}  # values that an alias to this anchor expands to
        self._open: dict[str, int] = {}  # anchors of open collections: the count at their start
        self._plain: dict[str, Json] = {}

    def build(self) -> Json:
        get = CParser(self._source.data).get_event
        handlers = {
            ScalarEvent: self._scalar,
            MappingStartEvent: self._start,
            SequenceStartEvent: self._start,
            MappingEndEvent: self._end,
            SequenceEndEvent: self._end,
            AliasEvent: self._alias,
            DocumentStartEvent: self._document,
        }
        while (event := get()) is not None:
            handler = handlers.get(type(event))
            if handler is not None:
                handler(event)
        return self._root

    def _scalar(self, event: Event) -> None:
        if self._next is _KEY:
            self._key(event)
            return
        self._grow(1, event)
        value: Json = event.value
        if event.tag is not None:
            value = self._tagged(event)
        elif event.implicit[0]:
            value = self._plain.get(value, _ITEM)
            if value is _ITEM:
                value = self._plain[event.value] = self._read_plain(event)
        if event.anchor:
            self._anchors[event.anchor] = value
            self._sizes[event.anchor] = 1
        self._place(value, event)

    def _key(self, event: Event) -> None:
        key = event.value
        if key == "<<" and event.implicit[0]:
            self._next = _MERGE
            return
        if event.tag not in (None, "!", f"{_CORE}str"):
            raise self._error(f'tag "{event.tag}" cannot stand on a key', event)
        if event.anchor:
            self._anchors[event.anchor] = key
            self._sizes[event.anchor] = 1
        if key in self._node:
            path = [str(self._key_of(frame)) for frame in self._stack[1:]]
            if self._stack:
                path.append(key)
            earlier = self._source.places.find(path)[0]
            raise duplicate_key(key, self._where(event), earlier)
        self._next = key

    def _key_of(self, frame: tuple[Any, Any, list[Any], str | None]) -> str | int:
        node, pending = frame[0], frame[1]
        return len(node) if isinstance(node, list) else "<<" if pending is _MERGE else pending

    def _read_plain(self, event: Event) -> Json:
        text: str = event.value
        if text in _WORDS:
            return _WORDS[text]
        if text[0] not in "-+.0123456789":
            return text
        if _INT.fullmatch(text):
            if len(text) > _MAX_DIGITS:
                raise self._error(f"a number of {len(text):,} digits is too long", event)
            return int(text, 8 if text[:2] == "0o" else 16 if text[:2] == "0x" else 10)
        if _FLOAT.fullmatch(text):
            value = float(text)
            if value - value == 0:  # neither infinite nor NaN
                return value
            raise self._error("a number is too large for a double", event)
        if _NOT_FINITE.fullmatch(text):
            raise self._error(f'"{text}" is not a JSON number', event, "quote it, or remove it")
        return text

    def _tagged(self, event: Event) -> Json:
        tag, text = event.tag, event.value
        if tag in ("!", f"{_CORE}str"):
            return text
        kind: Any = _TAGGED.get(tag.removeprefix(_CORE)) if tag.startswith(_CORE) else None
        if kind is None:
            raise self._error(f'tag "{tag}" is not of the core schema', event, "remove the tag")
        value = self._read_plain(event)
        if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
            raise self._error(f'"{text[:80]}" is not a value for tag "{tag}"', event)
        return float(value) if tag == f"{_CORE}float" else value

    def _start(self, event: Event) -> None:
        if len(self._stack) >= MAX_DEPTH:
            raise too_deep(self._where(event))
        if self._next is _KEY:
            raise self._error("a key is a collection", event, "use a plain string as key")
        if event.tag not in _COLLECTION_TAGS:
            raise self._error(f'tag "{event.tag}" is not of the core schema', event)
        mapping = type(event) is MappingStartEvent
        if event.tag is not None and event.tag != "!" and (event.tag[-1] == "p") != mapping:
            raise self._error(f'tag "{event.tag}" does not fit its collection', event)
        self._grow(1, event)
        node: Any = {} if mapping else []
        if event.anchor:
            self._anchors[event.anchor] = node
            self._open[event.anchor] = self.count
        self._stack.append((self._node, self._next, self._merges, self._anchor))
        self._node, self._anchor = node, event.anchor
        self._next, self._merges = (_KEY if mapping else _ITEM), []

    def _end(self, event: Event) -> None:
        node, anchor = self._node, self._anchor
        for merged in self._merges:
            for key, value in merged.items():
                node.setdefault(key, value)
        if anchor and anchor in self._open:
            self._sizes[anchor] = self.count - self._open.pop(anchor) + 1
        self._node, self._next, self._merges, self._anchor = self._stack.pop()
        self._place(node, event)

    def _alias(self, event: Event) -> None:
        name = event.anchor
        if name in self._open:
            raise self._error(f'alias "*{name}" contains itself', event, "use $ref for recursion")
        if name not in self._anchors:
            raise self._error(f'alias "*{name}" has no anchor before it', event)
        if self._next is _KEY:
            raise self._error(f'alias "*{name}" stands as a key', event, "write the key out")
        # What it stands for counts in full: whoever walks the tree will meet all of it.
        self._grow(self._sizes[name], event)
        self.repeated += self._sizes[name]
        self._place(self._anchors[name], event)

    def _document(self, event: Event) -> None:
        self._documents += 1
        if self._documents > 1:
            raise self._error("a second document starts", event, "keep one document in a file")

    def _place(self, value: Json, event: Event) -> None:
        pending = self._next
        if pending is _ITEM:
            if self._node is None:
                self._root = value
            else:
                self._node.append(value)
            return
        if pending is _MERGE:
            self._merge(value, event)
        else:
            self._node[pending] = value
        self._next = _KEY

    def _merge(self, value: Json, event: Event) -> None:
        merged = value if isinstance(value, list) else [value]
        if not all(isinstance(item, dict) for item in merged):
            raise self._error('"<<" merges something that is no mapping', event)
        self._merges += merged

    def _grow(self, count: int, event: Event) -> None:
        self.count += count
        if self.count > self._limit:
            raise SpecError(
                f"has more than {self._limit:,} values, aliases expanded",
                where=self._where(event),
                fix="use fewer aliases, split the document, or raise the limit: --max-values N",
                code="too-large",
            )

    def _where(self, event: Event) -> Location:
        mark = event.start_mark
        return Location(self._source.name, mark.line + 1, mark.column + 1)

    def _error(self, what: str, event: Event, fix: str = "correct the text there") -> SpecError:
        return _refused(what, self._where(event), fix)


class YamlPlaces:
    """Where each value of a YAML text starts, read on from the last question as far as needed."""

    def __init__(self, data: bytes) -> None:
        self._get = CParser(data).get_event
        self._found: dict[tuple[str, ...], tuple[int, int]] = {}
        self._path: list[str] = []
        # Per open collection: the next index of a list, or -1 for a key, -2 for a key's value.
        self._open: list[int] = []
        self._done = False

    def find(self, tokens: list[str]) -> tuple[int, int]:
        """Return line and column of the key, or list item, that `tokens` leads to."""
        want = tuple(tokens)
        while want not in self._found and not self._done:
            self._advance()
        while want and want not in self._found:
            want = want[:-1]
        return self._found.get(want, (1, 1))

    def _advance(self) -> None:
        try:
            event = self._get()
        except YAMLError:  # the error that brought us here; what is before it counts
            event = None
        kind = type(event)
        if event is None:
            self._done = True
        elif kind in (MappingEndEvent, SequenceEndEvent):
            self._open.pop()
            self._close()
        elif kind in (ScalarEvent, AliasEvent, MappingStartEvent, SequenceStartEvent):
            self._meet(event, kind)

    def _meet(self, event: Event, kind: type) -> None:
        mark = (event.start_mark.line + 1, event.start_mark.column + 1)
        if self._open and self._open[-1] == -1:
            self._path.append(event.value if kind is ScalarEvent else "")
            self._found.setdefault(tuple(self._path), mark)
            self._open[-1] = -2
            return
        if self._open and self._open[-1] >= 0:
            self._path.append(str(self._open[-1]))
            self._open[-1] += 1
        self._found.setdefault(tuple(self._path), mark)
        if kind is MappingStartEvent:
            self._open.append(-1)
        elif kind is SequenceStartEvent:
            self._open.append(0)
        else:
            self._close()

    def _close(self) -> None:
        """A value is complete: step back to the collection that holds it."""
        if self._open:
            self._path.pop()
            if self._open[-1] == -2:
                self._open[-1] = -1
