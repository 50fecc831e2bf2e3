"""Counts tokens exactly, offline, and compares an interface with what it replaces.

    >>> tokenizer("o200k_base").count("type Room={id:string}")
    6

A tokenizer of one's own is named as `module:object`; the object is a `Tokenizer`, or a plain
function from text to a count.
"""

from __future__ import annotations

from tsbind.meter.baseline import tools, without_layout
from tsbind.meter.bpe import DEFAULT, ENCODINGS, RankTokenizer
from tsbind.meter.tokenizer import Tokenizer, counts, tokenizer

__all__ = [
    "DEFAULT",
    "ENCODINGS",
    "RankTokenizer",
    "Tokenizer",
    "counts",
    "tokenizer",
    "tools",
    "without_layout",
]
