"""Finds the value of a program in whichever form it was written.

The guest runs a script and takes its completion value, so that statements whose last expression is
the result, and programs that are one function expression, need nothing.  What is left:

    export default EXPRESSION        the value is the expression's
    export default function f …      the value is the function, which the guest then calls
    export const x = …               runs as if it were not exported
    async function main() { … }      declared and never called: the value is the function
    if (…) return a; …; b            `return` at the top level: the program becomes a function's
                                     body, whose last expression is returned

Every change keeps the length of what it replaces, or is listed in `inserts`.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from tsbind.runtime.tokens import Token, scan

MAIN = frozenset(("main", "run", "program", "script", "execute", "handler", "start", "solve"))

_STATEMENTS = frozenset((
    "break", "class", "const", "continue", "debugger", "do", "export", "for", "function",
    "if", "import", "let", "return", "switch", "throw", "try", "var", "while", "with",
))  # fmt: skip
_CONTINUES = frozenset(("catch", "else", "finally", "instanceof", "in", "of", "while"))
_UNFINISHED = frozenset((
    "return", "typeof", "instanceof", "in", "of", "new", "delete", "void", "throw", "case",
    "do", "else", "await", "yield", "const", "let", "var", "function", "class", "extends",
    "async", "export", "default", "import",
))  # fmt: skip


class Insert(NamedTuple):
    """Text that was not there: positions from `start` on are `length` characters further right."""

    start: int
    length: int


class Form(NamedTuple):
    """A program ready to run, with what was changed."""

    javascript: str
    inserts: tuple[Insert, ...] = ()
    notes: tuple[str, ...] = ()


class Refused(Exception):
    """The program holds, at offset `start`, what a program cannot hold."""

    def __init__(self, start: int, what: str, fix: str, code: str) -> None:
        self.start, self.what, self.fix, self.code = start, what, fix, code
        super().__init__(what)


class _Edit:
    """A text under changes that are given by their offsets in the original."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._changes: list[tuple[int, int, str]] = []

    def replace(self, token: Token, text: str) -> None:
        """Put `text`, padded to its length, in the place of `token`."""
        self._changes.append((token.start, len(token.text), text.ljust(len(token.text))))

    def blank(self, start: int, end: int) -> None:
        """Replace by spaces what is not a line break, the first character by a semicolon."""
        text = "".join("\n" if c == "\n" else " " for c in self._text[start:end])
        self._changes.append((start, end - start, ";" + text[1:]))

    def insert(self, start: int, text: str) -> None:
        self._changes.append((start, 0, text))

    def finish(self) -> tuple[str, tuple[Insert, ...]]:
        """Return the changed text, and where it grew (offsets in the changed text)."""
        parts: list[str] = []
        inserts: list[Insert] = []
        at = grown = 0
        for start, length, text in sorted(self._changes):
            parts += (self._text[at:start], text)
            if len(text) > length:
                inserts.append(Insert(start + grown, len(text) - length))
                grown += len(text) - length
            at = start + length
        return "".join((*parts, self._text[at:])), tuple(inserts)


def returns(tokens: list[Token]) -> bool:
    """Say whether there is a `return` outside of all brackets."""
    return any(
        token.text == "return" and token.depth == 0 and not _is_name(tokens, index)
        for index, token in enumerate(tokens)
    )


def body_form(javascript: str, tokens: list[Token] | None = None) -> Form:
    """Return the form of a function's body whose last expression, if it ends in one, is returned.

    >>> body_form("if (a) return 1\\nb.c").javascript
    'if (a) return 1\\nreturn b.c'
    """
    last = _last_statement(scan(javascript) if tokens is None else tokens)
    if last is None:
        return Form(javascript)
    edit = _Edit(javascript)
    edit.insert(last.start, "return ")
    return Form(*edit.finish())


def script_form(javascript: str) -> Form:
    """Return the form of a whole program without `return`.  Raises Refused for an import.

    >>> script_form("export default 1 + 1").javascript
    ';      $out =  1 + 1\\nvar $out; $out'
    """
    modular = "export" in javascript or "import" in javascript
    if not modular and not _MAY_DECLARE_MAIN.search(javascript):
        return Form(javascript)
    tokens = scan(javascript)
    edit = _Edit(javascript)
    value = _take_exports(tokens, edit, javascript) if modular else ""
    notes: tuple[str, ...] = ()
    if not value and (main := _uncalled_main(tokens)):
        value = f";{main}"
        notes = (f"{main} was never called, so its result is taken as the program's",)
    text, inserts = edit.finish()
    return Form(f"{text}\n{value}" if value else text, inserts, notes)


_MAY_DECLARE_MAIN = re.compile(
    rf"""
    \b (?: function | const | let | var ) \s+ (?: {"|".join(sorted(MAIN))} ) \b
  | \A (?: [\s;] | //[^\n]* | /\*.*?\*/ )*+  # the first statement is a function
    (?: (?: async \s+ )? function \b
      | (?: const | let | var ) \s+ [\w$]+ \s* = \s* (?: async \b | \( | \w+ \s* => ) )
    """,
    re.VERBOSE | re.DOTALL,
)


# -- export and import --


def _take_exports(tokens: list[Token], edit: _Edit, text: str) -> str:
    """Turn exports into plain code, and return the code whose value is the default export's."""
    value = ""
    for index, token in enumerate(tokens):
        if token.text not in ("export", "import") or _is_name(tokens, index):
            continue
        after = tokens[index + 1].text if index + 1 < len(tokens) else ""
        if token.text == "import" and after == "{" and tokens[index + 2].text == "}":
            _drop_import(tokens, index, edit)
        elif token.text == "import":
            _refuse_import(tokens, index, after)
        elif token.depth > 0:
            continue
        elif after == "default":
            value = _take_default(tokens, index, edit, text)
        elif after in ("{", "*"):
            value = _take_names(tokens, index, edit) or value
        else:
            edit.replace(token, ";")
    return value


def _is_name(tokens: list[Token], index: int) -> bool:
    """Say whether a word is a property's name and not the keyword."""
    before = tokens[index - 1].text if index else ""
    after = tokens[index + 1].text if index + 1 < len(tokens) else ""
    return tokens[index].kind != "word" or before in (".", "?.") or after == ":"


def _drop_import(tokens: list[Token], index: int, edit: _Edit) -> None:
    """Blank `import {} from "…"`, which is what is left of an import of types."""
    module = tokens[index + 4]
    edit.blank(tokens[index].start, module.start + len(module.text))


def _refuse_import(tokens: list[Token], index: int, after: str) -> None:
    token = tokens[index]
    if after == ".":
        raise Refused(token.start, "import.meta does not exist", _GLOBALS, "program-import")
    if after == "(" or token.depth > 0:
        return  # import() throws at run time, where it may be caught
    module = next((t.text[1:-1] for t in tokens[index:] if t.kind == "string"), "")
    raise Refused(
        token.start,
        f'"{module[:80]}" cannot be imported: a program has no modules',
        _INSTEAD.get(module.removeprefix("node:"), _GLOBALS),
        "program-import",
    )


_GLOBALS = "delete the import; everything that the declarations declare is a global"
_CALLS = "call the API with the declared functions; there is no other way to the network"
_HOST = "delete it; a program reaches no files and no processes, only the declared functions"
_INSTEAD = {
    **dict.fromkeys(("axios", "node-fetch", "undici", "got", "http", "https", "ky"), _CALLS),
    **dict.fromkeys(("fs", "fs/promises", "path", "os", "child_process", "process"), _HOST),
    "crypto": "use the global crypto: crypto.randomUUID(), crypto.getRandomValues(array)",
    "url": "use the globals URL and URLSearchParams",
    "util": "use the globals TextEncoder, TextDecoder and structuredClone",
    "timers/promises": "use the global setTimeout",
}


def _take_default(tokens: list[Token], index: int, edit: _Edit, text: str) -> str:
    export, default = tokens[index : index + 2]
    place = index + 2
    if tokens[place].text == "async" and tokens[place + 1].text == "function":
        place += 1
    declares = tokens[place].text in ("function", "class")
    name = tokens[place + 1 + (tokens[place + 1].text == "*")] if declares else None
    edit.replace(export, ";")
    if name is not None and name.kind == "word" and name.text != "extends":
        edit.replace(default, "")
        return f";{name.text}"
    variable = _free_name(text)
    edit.replace(default, f"{variable} =")  # as long as `default`
    if declares:  # a declaration ends at its brace, an assignment would go on
        end = next(t for t in tokens[place:] if t.text == "}" and t.depth == export.depth)
        edit.insert(end.start + 1, ";")
    return f"var {variable}; {variable}"


def _free_name(text: str) -> str:
    """Return a name of four characters that `text` does not use."""
    names = ("$out", *(f"${number:03}" for number in range(1000)))
    return next(name for name in names if name not in text)


def _take_names(tokens: list[Token], index: int, edit: _Edit) -> str:
    """Blank `export {…}`, and return the code for what it calls `default`, if anything."""
    export = tokens[index]
    end = next(
        (i for i, t in enumerate(tokens[index:], index) if t.text == "}" and t.depth == 0), index
    )
    if tokens[index + 1].text == "*" or (end + 1 < len(tokens) and tokens[end + 1].text == "from"):
        _refuse_import(tokens, index, "")
    edit.blank(export.start, tokens[end].start + 1)
    names = [token.text for token in tokens[index:end]]
    return f";{names[names.index('default') - 2]}" if "default" in names else ""


# -- a function that nobody calls --


def _uncalled_main(tokens: list[Token]) -> str:
    """Return the name of the function that the program declares and forgets to call, or ""."""
    words = [t.text for i, t in enumerate(tokens) if t.kind == "word" and not _is_name(tokens, i)]
    for index, token in enumerate(tokens):
        name = _declared_function(tokens, index) if token.depth == 0 else ""
        if name and words.count(name) == 1 and (name in MAIN or _is_alone(tokens)):
            return name
    return ""


def _declared_function(tokens: list[Token], index: int) -> str:
    """Return the name of the function whose declaration starts with the word at `index`, or ""."""
    following = [t.text for t in tokens[index + 1 : index + 6]] + [""] * 5
    if tokens[index].text == "function":
        name = following[0]
        expression = index > 0 and tokens[index - 1].text not in (";", "}", "async")
        return "" if expression and not tokens[index].fresh else name
    if tokens[index].text not in ("const", "let", "var") or following[1] != "=":
        return ""
    value = following[2:] if following[2] != "async" else following[3:]
    return following[0] if value[0] in ("function", "(") or value[1] == "=>" else ""


def _is_alone(tokens: list[Token]) -> bool:
    """Say whether the program is a single statement."""
    top = [token for token in tokens if token.depth == 0]
    starts = [token for token in top if token.fresh and token.kind == "word"]
    return len(starts) == 1 and all(token.text != ";" for token in top[:-1])


# -- the last expression of a function's body --


def _last_statement(tokens: list[Token]) -> Token | None:
    """Return the first token of the last statement if that is an expression."""
    while tokens and tokens[-1].text == ";" and tokens[-1].depth == 0:
        tokens = tokens[:-1]
    for index in range(len(tokens) - 1, -1, -1):
        if tokens[index].depth == 0 and _begins_statement(tokens, index):
            return tokens[index] if _begins_expression(tokens, index) else None
    return None


def _begins_statement(tokens: list[Token], index: int) -> bool:
    if index == 0:
        return True
    token, before = tokens[index], tokens[index - 1]
    if token.text in _CONTINUES or token.text.startswith("}"):
        return False
    if before.text == ";":
        return True
    if before.text == "}" and before.head:
        return token.kind != "mark" or (token.fresh and token.text in ("(", "[", "{", "!", "~"))
    if not token.fresh or not _may_end_statement(tokens, index - 1):
        return False
    # A line that starts with a bracket or an operator goes on with the line before.
    return token.kind in ("word", "string", "number") or token.text in ("{", "!", "~", "++", "--")


def _may_end_statement(tokens: list[Token], index: int) -> bool:
    token = tokens[index]
    if token.kind == "word":
        return token.text not in _UNFINISHED or _is_name(tokens, index)
    if token.kind == "mark":
        return token.text in (")", "]", "}", "++", "--") and not token.head
    return True


def _begins_expression(tokens: list[Token], index: int) -> bool:
    token = tokens[index]
    after = tokens[index + 1].text if index + 1 < len(tokens) else ""
    if token.kind == "word":
        is_function = token.text == "async" and after == "function"
        return token.text not in _STATEMENTS and after != ":" and not is_function
    return token.kind != "mark" or token.text in ("(", "[", "!", "~", "+", "-", "++", "--")
