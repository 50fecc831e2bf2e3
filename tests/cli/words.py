"""Tokenizers of a user's own, good and bad."""


def count(text: str) -> int:
    """Count words."""
    return len(text.split())


def lying(text: str) -> int:
    """Return what is no count."""
    return -1
