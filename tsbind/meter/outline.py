"""Where the tokens of declarations go: their text, part by part.

    >>> text = '// Chat\\ntype Room={id:string}\\nexport declare const api:{\\nrooms:{\\n'
    >>> text += 'list():Promise<Room[]>\\nget(a:{id:string}):Promise<Room>}}\\n// 1.0\\n'
    >>> for part in outline(text):
    ...     print(part.kind, part.name)
    frame 0
    type Room
    frame 1
    operation rooms.list
    operation rooms.get
    frame 2

Parts follow each other and together are the text.  Each ends with a line feed, and no token of the
shipped encodings reaches across one, unless a comment follows, as one does at the end: the tokens
of parts add up to those of the text without prose and a few more, with prose to some thousandths
less or more.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Final, Literal

import msgspec

Kind = Literal["frame", "type", "operation"]


class Part(msgspec.Struct, frozen=True):
    """Lines of declarations that belong together."""

    kind: Kind
    name: str  # of the type, or the operation's dotted name; a frame's are numbers
    text: str


_TYPE: Final = re.compile(r"(?:type|interface) ([^\s=<]+)")
_KEY: Final = re.compile(r'("(?:[^"\\]|\\.)*"|[^\s":({]+)(\(|:\{$)')
# What may hold a brace that opens or closes nothing, and the braces that do.
_BRACES: Final = re.compile(r'"(?:[^"\\]|\\.)*"|/\*.*?\*/|([{}])')
_START: Final = "export declare const api:"


def outline(text: str) -> Iterator[Part]:
    """Split declarations as `tsbind.emit.typescript` prints them; any other text is one frame."""
    frames, held = 0, ""
    for kind, name, lines in _labelled(text.splitlines(keepends=True)):
        if kind == "frame":
            held += lines
            continue
        if held:
            yield Part("frame", str(frames), held)
            frames, held = frames + 1, ""
        yield Part(kind, name, lines)
    if held:
        yield Part("frame", str(frames), held)


def _labelled(lines: list[str]) -> Iterator[tuple[Kind, str, str]]:
    path: list[str] = []
    inside, doc = False, ""
    for line in lines:
        if not inside:
            inside = line.startswith(_START)
            name = _TYPE.match(line)
            if line.startswith("/**"):
                doc += line
                continue
            yield ("type", name[1], doc + line) if name else ("frame", "", doc + line)
        elif line.startswith("/**"):
            doc += line
            continue
        elif key := _KEY.match(line):
            if key[2] == "(":
                yield "operation", ".".join([*path, _plain(key[1])]), doc + line
                closed = -_depth(line)
                inside = closed <= len(path)
                del path[max(len(path) - closed, 0) :]
            else:
                path.append(_plain(key[1]))
                yield "frame", "", doc + line
        else:
            yield "frame", "", doc + line
        doc = ""
    if doc:
        yield "frame", "", doc


def _depth(line: str) -> int:
    """How many braces more a line opens than it closes."""
    return sum({"{": 1, "}": -1}.get(found[1], 0) for found in _BRACES.finditer(line))


def _plain(key: str) -> str:
    return str(json.loads(re.sub(r"\\u\{(\w+)\}", _astral, key))) if key.startswith('"') else key


def _astral(escape: re.Match[str]) -> str:
    return json.dumps(chr(int(escape[1], 16)))[1:-1]


def weigh(text: str, count: Callable[[str], int]) -> dict[Kind, dict[str, int]]:
    """Return the tokens of each part of declarations: by kind, then by name.

    `count` is asked once for every distinct part.
    """
    found: dict[Kind, dict[str, int]] = {"frame": {}, "type": {}, "operation": {}}
    for part in outline(text):
        known = found[part.kind]
        known[part.name] = known.get(part.name, 0) + count(part.text)
    return found
