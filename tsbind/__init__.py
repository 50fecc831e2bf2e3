"""Compile an OpenAPI document to few tokens; run programs against it in isolates.

Every name here is imported on first use, so that `import tsbind.runtime` never pays for the
compiler, nor the compiler for the runtime.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tsbind.bundle import Bundle as Bundle
    from tsbind.errors import (
        BudgetError as BudgetError,
    )
    from tsbind.errors import (
        BuildError as BuildError,
    )

_HOME = {
    "Bundle": "bundle",
    **dict.fromkeys(
        (
            "BudgetError",
            "BuildError",
            "BundleError",
            "CredentialError",
            "Diagnostic",
            "GuestError",
            "LimitError",
            "PolicyError",
            "ProgramError",
            "ResultError",
            "RunError",
            "SelectionError",
            "SpecError",
            "TsbindError",
        ),
        "errors",
    ),
}

__all__ = sorted(_HOME)  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"tsbind.{_HOME[name]}"), name)
    raise AttributeError(f"module 'tsbind' has no attribute {name!r}")
