"""Accounts for the tokens of an API: what each form of it takes, and where they go."""

from __future__ import annotations

from tsbind.account.measure import Account, OperationCost, measure

__all__ = ["Account", "OperationCost", "measure"]
