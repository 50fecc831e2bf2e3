"""Compile an OpenAPI document to few tokens; run programs against it in isolates.

    import tsbind

    compiled = tsbind.compile("chat.yaml")
    print(compiled.declarations)
    result = tsbind.run_sync("return await api.rooms.list()", compiled.bundle)

Every name here is imported on first use, so that running never pays for the compiler, nor
compiling for the runtime.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tsbind.bundle import Bundle
    from tsbind.errors import (
        BudgetError,
        BuildError,
        BundleError,
        ConfigError,
        CredentialError,
        Diagnostic,
        GuestError,
        LimitError,
        PolicyError,
        ProgramError,
        ResultError,
        RunError,
        SelectionError,
        SnapshotError,
        SpecError,
        SuspendedError,
        TokenizerError,
        TsbindError,
    )
    from tsbind.pipeline import Compiled, Options, check, compile
    from tsbind.runtime import (
        Credentials,
        Host,
        Limits,
        Policy,
        Result,
        resume,
        resume_sync,
        run,
        run_sync,
        start,
    )
    from tsbind.spec.load import load

__all__ = [
    "BudgetError",
    "BuildError",
    "Bundle",
    "BundleError",
    "Compiled",
    "ConfigError",
    "CredentialError",
    "Credentials",
    "Diagnostic",
    "GuestError",
    "Host",
    "LimitError",
    "Limits",
    "Options",
    "Policy",
    "PolicyError",
    "ProgramError",
    "Result",
    "ResultError",
    "RunError",
    "SelectionError",
    "SnapshotError",
    "SpecError",
    "SuspendedError",
    "TokenizerError",
    "TsbindError",
    "check",
    "compile",
    "load",
    "resume",
    "resume_sync",
    "run",
    "run_sync",
    "start",
]

_HOMES = {
    "bundle": {"Bundle"},
    "pipeline": {"Compiled", "Options", "check", "compile"},
    "runtime": {"Credentials", "Host", "Limits", "Policy", "Result"}
    | {"resume", "resume_sync", "run", "run_sync", "start"},
    "spec.load": {"load"},
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'tsbind' has no attribute {name!r}")
    return getattr(import_module(f"tsbind.{_HOME.get(name, 'errors')}"), name)
