"""Draws an account as one HTML page that needs nothing else: no network, no fonts, no libraries.

Everything that a document names is escaped, and a content security policy lets nothing run but
the script of the template, by its hash.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

import msgspec

from tsbind.account.measure import DECLARED, LEVELS, Account, Docs
from tsbind.resources import template, templates

ROWS: Final = 200  # operations in the table, the costliest ones
_LEAST: Final = 0.15  # per cent of the bar's width that is still drawn


class _Tree(msgspec.Struct, omit_defaults=True):
    """A part of the declarations and its parts."""

    name: str
    tokens: int
    parts: tuple[_Tree, ...] = ()


class _Bar(msgspec.Struct, frozen=True):
    label: str
    tokens: str
    width: str  # per cent of the widest


class _Row(msgspec.Struct, frozen=True):
    name: str
    cells: tuple[str, ...]


class _Section(msgspec.Struct, frozen=True):
    """One file, as the template wants it: finished strings, still to be escaped."""

    file: str
    summary: str
    advice: str
    bars: tuple[_Bar, ...]
    tree: str  # JSON without a character that HTML could read
    rows: tuple[_Row, ...]
    more: str


def draw(accounts: Sequence[Account], tokenizer: str) -> str:
    """Return the page; the accounts must be detailed, and counted with that tokenizer first."""
    script = (templates() / "tokens.js").read_text("utf-8")
    style = (templates() / "tokens.css").read_text("utf-8")
    return template("tokens.html", escape=True).render(
        tokenizer=tokenizer,
        sections=[_section(account, tokenizer) for account in accounts],
        headers=("operation", "in the document", "as a tool", *(DECLARED[each] for each in LEVELS)),
        script=script,
        style=style,
        policy=f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}",
    )


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _section(account: Account, tokenizer: str) -> _Section:
    counts = {label: each[tokenizer] for label, each in account.tokens.items()}
    most = max(counts.values(), default=0) or 1
    bars = tuple(
        _Bar(label, f"{tokens:,}", f"{max(100 * tokens / most, _LEAST):.2f}")
        for label, tokens in counts.items()
    )
    ranked = sorted(account.by_operation, key=lambda each: (-each.declarations["none"], each.name))
    rows = tuple(
        _Row(each.name, (f"{each.document:,}", f"{each.tools:,}", *_levels(each.declarations)))
        for each in ranked[:ROWS]
    )
    left = len(ranked) - len(rows)
    return _Section(
        account.file,
        f"{account.operations:,} operations",
        account.advice,
        bars,
        _embedded(tree(account.parts)),
        rows,
        f"and {left:,} operations more" if left else "",
    )


def _levels(declarations: Mapping[Docs, int]) -> tuple[str, ...]:
    return tuple(f"{declarations[level]:,}" for level in LEVELS)


def tree(parts: Mapping[Any, Mapping[str, int]]) -> _Tree:
    """Arrange the parts of declarations by namespace; tokens are summed from below."""
    operations = _spaces(parts.get("operation", {}), "operations")
    types = tuple(_Tree(name, tokens) for name, tokens in _ranked(parts.get("type", {})))
    frame = sum(parts.get("frame", {}).values())
    inner = (
        operations,
        _sum("types", types),
        _Tree("names of namespaces, first and last lines", frame),
    )
    return _sum("declarations", tuple(each for each in inner if each.tokens))


def _spaces(operations: Mapping[str, int], name: str) -> _Tree:
    inside: dict[str, dict[str, int]] = {}
    own: dict[str, int] = {}
    for operation, tokens in operations.items():
        space, dot, rest = operation.partition(".")
        if dot and rest:
            inside.setdefault(space, {})[rest] = tokens
        else:
            own[operation] = tokens
    parts = [_spaces(inner, space) for space, inner in inside.items()]
    parts += [_Tree(operation, tokens) for operation, tokens in own.items()]
    return _sum(name, tuple(sorted(parts, key=lambda part: (-part.tokens, part.name))))


def _ranked(parts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(parts.items(), key=lambda item: (-item[1], item[0]))


def _sum(name: str, parts: tuple[_Tree, ...]) -> _Tree:
    return _Tree(name, sum(part.tokens for part in parts), parts)


def _embedded(value: _Tree) -> str:
    """JSON that can stand inside a script element: nothing in it can end the element."""
    text = msgspec.json.encode(value).decode()
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
