"""The one hint that helps most with a program that failed, for the model that wrote it.

Each rule looks at what went wrong and at the line that it happened on, and gives a hint or none;
the first that has one is taken.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from typing import Final, NamedTuple

from tsbind.bundle import Call
from tsbind.runtime.messages import Failure
from tsbind.runtime.program import Program

Operations = Mapping[str, Call]  # by how a program spells them: `api.rooms.list`
_SHOWN: Final = 8  # names in one hint
_LONGEST: Final = 60  # characters of the program that are quoted

# Globals that a misspelt name may have meant, beside the names in the program itself.
_GLOBALS: Final = (
    "console", "structuredClone", "URL", "URLSearchParams", "TextEncoder", "TextDecoder",
    "setTimeout", "Promise", "Object", "Array", "String", "Number", "JSON", "Math", "Date",
    "Map", "Set", "parseInt", "parseFloat", "undefined", "true", "false", "null",
)  # fmt: skip
_METHODS: Final = (
    "at", "concat", "every", "fill", "filter", "find", "findIndex", "findLast", "flat", "flatMap",
    "forEach", "includes", "indexOf", "join", "keys", "map", "pop", "push", "reduce", "reverse",
    "shift", "slice", "some", "sort", "splice", "toSorted", "toReversed", "unshift", "values",
    "charAt", "endsWith", "localeCompare", "match", "matchAll", "normalize", "padEnd", "padStart",
    "repeat", "replace", "replaceAll", "split", "startsWith", "substring", "toLowerCase",
    "toUpperCase", "trim", "toFixed", "toISOString", "getTime", "entries", "has", "get", "set",
)  # fmt: skip
_OF_ARRAYS: Final = frozenset((
    "map", "filter", "find", "forEach", "reduce", "some", "every", "flatMap", "sort", "slice",
    "join",
))  # fmt: skip
_OF_RESPONSES: Final = frozenset(("json", "text", "blob", "arrayBuffer"))
# Names of other places, and what there is here.
_FOREIGN: Final = {
    **dict.fromkeys(("None", "nil", "NULL"), "write null"),
    **dict.fromkeys(("print", "puts", "echo", "printf"), "write console.log, or return it"),
    "len": "write `.length`",
    "sleep": "write `await new Promise((done) => setTimeout(done, ms))`",
    **dict.fromkeys(
        ("document", "window", "localStorage", "sessionStorage", "navigator", "alert", "location"),
        "there is no browser here: return plain data",
    ),
    "Buffer": "use TextEncoder, TextDecoder, atob and btoa",
    **dict.fromkeys(
        ("axios", "got", "request", "$http", "jQuery", "$"),
        "reach the outside by calling the API's operations",
    ),
    **dict.fromkeys(
        ("_", "lodash", "moment", "dayjs", "fs", "path", "os"),
        "there are no modules here: write it in plain JavaScript",
    ),
}
_BY_NAME: Final = {
    "ApiError": "correct the call, or catch the error and look at its status, code and body",
    "ArgumentError": "correct the arguments; the declarations give their types",
    "ReplyError": "do not rely on this reply; it does not have its declared type",
    "PolicyError": "do without this call; the operator has not allowed it",
    "NetworkError": "try again later, or catch the error: the API gave no usable answer",
    "CredentialError": "ask the operator for the credential; no program can supply it",
    "ResultError": "return plain data: objects, arrays, strings, numbers, booleans, null",
    "NeverSettles": "await only calls, timers, and promises that the program resolves",
}
# What the API itself said tells more than the kind of the error does.
_BY_ANSWER: Final = (
    (
        r"ApiError: status (429|5\d\d)\b",
        "try again later, or catch the error: the call is not at fault",
    ),
    (r"ApiError: status 404\b", "check the names and ids in the call: list them first"),
    (r"NetworkError: the reply is longer than", "ask for less at once: a filter, a smaller page"),
    (r"NetworkError: the reply is not", "do without this reply, or catch the error"),
)
_BY_MESSAGE: Final = (
    (r"declared twice|redeclaration", "give one of them another name"),
    (r"or its argument is none", "log both to see which; many replies hold an array in a field"),
    (r"not a function", "call only what is declared; the declarations list the operations"),
    (r"not iterable", "loop over an array; many replies hold theirs in a field"),
    (r"undefined or null to object", "check for it before it is taken apart"),
    (r"is not initialized", "use it after its declaration, or give it another name"),
    (r"read-only", "declare it with let"),
    (r"Maximum call stack", "end the recursion, or write it as a loop"),
    (r"out of memory", "hold less at once"),
    (r"[Ii]nvalid date|Date value is NaN", "check that it is a date, as `2026-01-31T12:00:00Z`"),
    (r"cannot import", "delete the import; the API's operations are globals"),
)


class Said(NamedTuple):
    """What went wrong, and where in the program."""

    failure: Failure
    what: str  # the failure in our words
    program: Program
    before: str  # of the line that it happened on, up to the place
    after: str
    next_line: str
    operations: Operations


def hint(said: Said) -> str:
    """Return the hint that helps most with a failed program, or ""."""
    return next((text for rule in _RULES if (text := rule(said))), "")


def _floating(said: Said) -> str:
    return "await every promise, or return it" if said.failure.floating else ""


def _no_operation(said: Said) -> str:
    found = re.match(r"TypeError: ([\w$.]+) is not an operation$", said.what)
    if not found:
        return ""
    space, _, name = found[1].rpartition(".")
    near = [each for each in said.operations if each.startswith(f"{space}.")]
    words = [word for word in re.split(r"[._]|(?<=[a-z])(?=[A-Z])", found[1]) if len(word) > 2]
    alike = [each for each in said.operations if _has(each, (space.split(".")[-1], name))]
    if alike or not near:
        near = alike or [each for each in said.operations if _has(each, words[1:])]
    return f"there {_are(near)}" if near else "call only what is declared"


def _has(name: str, words: Iterable[str]) -> bool:
    found = [word.lower().rstrip("s") for word in words if word]
    return bool(found) and all(word in name.lower() for word in found)


def _are(names: list[str]) -> str:
    names = sorted(names)
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{'are' if len(names) > 1 else 'is'} {', '.join(names[:_SHOWN])}{more}"


def _one_argument(said: Said) -> str:
    found = re.search(
        r"([\w$.]+)(?:: the argument must be| takes) one (?:argument )?obj", said.what
    )
    named = found[1] if found else ""
    near = [each for each in said.operations if each == named or each.endswith(f".{named}")]
    if len(near) != 1:
        return ""
    schema = said.operations[near[0]].args
    fields = schema.get("required") or schema.get("properties") or () if schema else ()
    shown = ", ".join(f"{field}: …" for field in list(fields)[:_SHOWN])
    return f"write {near[0]}({{ {shown} }})" if shown else f"write {near[0]}({{}})"


def _by_name(said: Said) -> str:
    name = said.failure.name
    if name not in _BY_NAME:
        return ""
    text = f"{name}: {said.failure.message}"
    return next((fix for pattern, fix in _BY_ANSWER if re.match(pattern, text)), _BY_NAME[name])


def _undefined_name(said: Said) -> str:
    missing = re.fullmatch(r"([\w$]+) is not defined", said.failure.message)
    if not missing:
        return ""
    if missing[1] in _FOREIGN:
        return _FOREIGN[missing[1]]
    words = set(re.findall(r"[A-Za-z_$][\w$]*", said.program.source)) - {missing[1]}
    close = get_close_matches(missing[1], [*sorted(words), *_GLOBALS], 1, 0.75)
    return f"did you mean {close[0]}?" if close else "declare it, or use a declared operation"


def _unawaited(said: Said) -> str:
    """A promise that is used as what it will be: `const rooms = api.rooms.list({})`."""
    if not re.search(r"is not a function|not iterable|cannot read property", said.what):
        return ""
    roots = "|".join(sorted({re.escape(name.partition(".")[0]) for name in said.operations}))
    called = rf"(?:{roots})\.[\w$.]+\("
    used = re.search(rf"\bof\s+{called}", f"{said.before}{said.after}")
    if roots and "not iterable" in said.what and used:
        return f"await the call: `of await {used[0].split(None, 1)[1]}…)`"
    name = re.search(r"([\w$]+)\.[\w$]+ is not a function", said.what)
    looped = re.search(r"\bof\s+([\w$]+)\s*\)", f"{said.before}{said.after}")
    variable = (name or looped or ["", ""])[1]
    given = rf"\b{re.escape(variable)}\s*(?::[^=\n]+)?=\s*({called})"
    found = re.search(given, said.program.source) if roots and variable else None
    return f"await the call: `{variable} = await {found[1]}…)`" if found else ""


def _joined_lines(said: Said) -> str:
    """A line without a semicolon, and one that goes on with it."""
    if said.next_line.lstrip()[:1] not in tuple("[(`") or not said.next_line.strip():
        return ""
    end = f"{said.before}{said.after}".rstrip()[-1:]
    return (
        "end this line with a semicolon: the next one goes on with it" if end in ")]}'\"`" else ""
    )


def _syntax(said: Said) -> str:
    """A SyntaxError of something that the program reads while it runs, or of its own text."""
    if said.failure.name != "SyntaxError" or "declared twice" in said.what:
        return ""
    line = f"{said.before}{said.after}"
    if "JSON.parse" in line:
        return "that is no JSON text; what a call returns is parsed already, so use it as it is"
    if "RegExp" in line:
        return "correct the regular expression; escape what it shall take literally"
    if said.after.startswith("@"):
        return "delete the decorator; there are none here"
    return "correct the syntax there"


def _method(said: Said) -> str:
    found = re.search(r"\.([\w$]+) is not a function$", said.what)
    if not found:
        return ""
    if found[1] in _OF_RESPONSES:
        return "a call returns the reply's own value: there is no response around it"
    if found[1] in _OF_ARRAYS:
        return "that is no array; many replies hold theirs in a field"
    close = get_close_matches(found[1], _METHODS, 1, 0.75)
    return f"did you mean {close[0]}?" if close and close[0] != found[1] else ""


def _absent(said: Said) -> str:
    found = re.search(r"cannot (?:read|set) property '([\w$]+)' of (undefined|null)", said.what)
    if not found:
        return ""
    owner = re.match(rf"(.+?)\s*\.\s*{re.escape(found[1])}\b", said.after)
    text = owner[1] if owner else ""
    if not text or len(text) > _LONGEST or text.count("(") != text.count(")"):
        return "check for it first, or write `?.`"
    return f"`{text}` is {found[2]}: check for it first, or write `{text}?.{found[1]}`"


def _by_message(said: Said) -> str:
    return next((fix for pattern, fix in _BY_MESSAGE if re.search(pattern, said.what)), "")


_RULES: Final[tuple[Callable[[Said], str], ...]] = (
    _floating,
    _no_operation,
    _one_argument,
    _by_name,
    _undefined_name,
    _unawaited,
    _syntax,
    _joined_lines,
    _method,
    _absent,
    _by_message,
)


def lost_return(text: str) -> str:
    """Say where a program that returned nothing has a `return` without its value, or ""."""
    found = _LOST_RETURN.search(text)
    if not found:
        return ""
    line = text.count("\n", 0, found.start()) + 1
    return f"`return` on line {line} returns nothing: what it shall return begins on the same line"


_LOST_RETURN: Final = re.compile(r"^[ \t]*return[ \t]*\n\s*[\[{(`'\"]", re.M)
