"""Tokenizers of users: functions and objects, named as `module:object`."""

from __future__ import annotations

import pytest

from tsbind.errors import TokenizerError
from tsbind.meter.tokenizer import tokenizer

HERE = __name__


class Encoding:
    """What the `encode` of a Hugging Face tokenizer returns has a length, and little else."""

    def __init__(self, text: str) -> None:
        self._tokens = text.split()

    def __len__(self) -> int:
        return len(self._tokens)


class Counter:
    """An object that is a tokenizer itself."""

    name = "letters"

    def count(self, text: str) -> int:
        return len(text)


def number(text: str) -> int:
    return len(text.split())


def listed(text: str) -> list[int]:
    return [len(word) for word in text.split()]


letters = Counter()
encode = Encoding


@pytest.mark.parametrize(("name", "want"), [("number", 2), ("listed", 2), ("encode", 2)])
def test_a_function_returns_the_tokens_or_their_number(name: str, want: int) -> None:
    counter = tokenizer(f"{HERE}:{name}")
    assert counter.name == f"{HERE}:{name}"
    assert counter.count("two words") == want
    assert counter.count("") == 0


def test_an_object_with_a_name_and_a_method_will_do() -> None:
    assert tokenizer(f"{HERE}:letters").count("four") == 4


def text(text: str) -> str:
    return text


def mapping(text: str) -> dict[str, list[int]]:
    return {"input_ids": [1], "attention_mask": [1]}


def negative(text: str) -> int:
    return -1


def yes(text: str) -> bool:
    return True


@pytest.mark.parametrize("name", ["text", "mapping", "negative", "yes"])
def test_what_is_no_count_is_refused(name: str) -> None:
    with pytest.raises(TokenizerError) as caught:
        tokenizer(f"{HERE}:{name}").count("a")
    assert "which is no number of tokens" in str(caught.value)
    assert (
        caught.value.fix
        == "return the text's tokens as a list, or their number, an int of 0 or more"
    )


def broken(text: str) -> int:
    raise KeyError(text)


def test_what_a_function_raises_is_told() -> None:
    with pytest.raises(TokenizerError, match="failed: KeyError: 'a'"):
        tokenizer(f"{HERE}:broken").count("a")


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("gpt5", 'there is no tokenizer "gpt5"'),
        ("no.such.module:f", "cannot be imported: "),
        (f"{HERE}:absent", "cannot be imported: "),
        (f"{HERE}:HERE", "is a str, not a tokenizer"),
    ],
)
def test_what_is_not_there_is_told(name: str, what: str) -> None:
    with pytest.raises(TokenizerError) as caught:
        tokenizer(name)
    assert what in str(caught.value)
    assert caught.value.fix
