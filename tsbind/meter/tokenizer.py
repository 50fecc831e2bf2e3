"""What counts tokens: the shipped encodings by name, or a plug-in as `module:object`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Sized
from functools import cache
from importlib import import_module
from typing import Protocol, TypeGuard, runtime_checkable

from tsbind.errors import TokenizerError
from tsbind.meter.bpe import ENCODINGS, RankTokenizer


@runtime_checkable
class Tokenizer(Protocol):
    """Counts the tokens of a text, exactly, without a network, and always the same."""

    @property
    def name(self) -> str: ...

    def count(self, text: str) -> int: ...


class _Plugged:
    """A user's function, under the name that it was asked for by."""

    def __init__(self, name: str, function: Callable[[str], object]) -> None:
        self.name = name
        self._function = function

    def count(self, text: str) -> int:
        """Call the user's function; raises TokenizerError unless it returns a count."""
        try:
            returned = self._function(text)
            tokens = len(returned) if _is_listed(returned) else returned
        except Exception as error:  # somebody's own code may raise anything
            raise TokenizerError(
                f"failed: {type(error).__name__}: {error}",
                where=self.name,
                fix="name a function that takes one text and returns its tokens, or their number",
            ) from error
        if not isinstance(tokens, int) or isinstance(tokens, bool) or tokens < 0:
            raise TokenizerError(
                f"returned {tokens!r}, which is no number of tokens",
                where=self.name,
                fix="return the text's tokens as a list, or their number, an int of 0 or more",
            )
        return tokens


def _is_listed(returned: object) -> TypeGuard[Sized]:
    """Whether something holds tokens one by one, as what an `encode` returns does."""
    return isinstance(returned, Sized) and not isinstance(returned, (str, bytes, Mapping))


def counts(counter: Tokenizer, texts: Sequence[str]) -> list[int]:
    """Count many texts, which is quicker than one by one: what they need is loaded once."""
    if isinstance(counter, RankTokenizer):
        counter.prepare(texts)
    return [counter.count(text) for text in texts]


@cache
def tokenizer(name: str) -> Tokenizer:
    """Return the tokenizer called `name`: a shipped encoding, or `module:object`.

    The object is a `Tokenizer`, or a function that takes a text and returns its tokens or
    their number.
    Raises TokenizerError when there is no such thing.
    """
    if name in ENCODINGS:
        return RankTokenizer(ENCODINGS[name])
    module, colon, attribute = name.partition(":")
    if not (module and colon and attribute):
        raise TokenizerError(
            f'there is no tokenizer "{name}"',
            fix=f"use {' or '.join(ENCODINGS)}, or name one of your own as module:function",
        )
    try:
        found = getattr(import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise TokenizerError(
            f"cannot be imported: {error}",
            where=name,
            fix="install the module where tsbind is installed, or add its folder to PYTHONPATH",
        ) from error
    if isinstance(found, Tokenizer):
        return found
    if callable(found):
        return _Plugged(name, found)
    raise TokenizerError(
        f"is a {type(found).__name__}, not a tokenizer",
        where=name,
        fix="name a function from text to a count, or an object with `name` and `count(text)`",
    )
