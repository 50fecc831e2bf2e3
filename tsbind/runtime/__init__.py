"""Runs programs against Bundles, with no compiler in sight.

Importing this is cheap: the engine, the validators and the HTTP client load when a run needs them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tsbind.runtime.credentials import (
        ClientCertificate,
        ClientCredentials,
        Credentials,
        Env,
        Keyring,
        RefreshToken,
        SecretFile,
    )
    from tsbind.runtime.failures import (
        ApiError,
        ArgumentError,
        CallError,
        HostError,
        NetworkError,
        ReplyError,
    )
    from tsbind.runtime.fitted import Fitted, fit
    from tsbind.runtime.host import Host
    from tsbind.runtime.http import FakeTransport, Request, Response, Timeouts, Transport
    from tsbind.runtime.journal import Journal
    from tsbind.runtime.limits import Limits, Usage
    from tsbind.runtime.mock import MockHost
    from tsbind.runtime.once import Claims
    from tsbind.runtime.options import Options, Result
    from tsbind.runtime.policy import (
        ASK_BEFORE_WRITES,
        LATER,
        READ_ONLY,
        Answer,
        Budget,
        Policy,
        Question,
        Rule,
    )
    from tsbind.runtime.resend import Retries
    from tsbind.runtime.runner import Run, resume, resume_sync, run, run_sync, start
    from tsbind.runtime.trace import Event, Trace
    from tsbind.runtime.transport import HttpTransport
    from tsbind.runtime.values import File

_HOME = {
    "credentials": "ClientCertificate ClientCredentials Credentials Env Keyring RefreshToken "
    "SecretFile",
    "failures": "ApiError ArgumentError CallError HostError NetworkError ReplyError",
    "fitted": "Fitted fit",
    "host": "Host",
    "http": "FakeTransport Request Response Timeouts Transport",
    "journal": "Journal",
    "limits": "Limits Usage",
    "mock": "MockHost",
    "policy": "ASK_BEFORE_WRITES LATER READ_ONLY Answer Budget Policy Question Rule",
    "once": "Claims",
    "options": "Options Result",
    "resend": "Retries",
    "runner": "Run resume resume_sync run run_sync start",
    "trace": "Event Trace",
    "transport": "HttpTransport",
    "values": "File",
}
_WHERE = {name: module for module, names in _HOME.items() for name in names.split()}

__all__ = [
    "ASK_BEFORE_WRITES",
    "LATER",
    "READ_ONLY",
    "Answer",
    "ApiError",
    "ArgumentError",
    "Budget",
    "CallError",
    "Claims",
    "ClientCertificate",
    "ClientCredentials",
    "Credentials",
    "Env",
    "Event",
    "FakeTransport",
    "File",
    "Fitted",
    "Host",
    "HostError",
    "HttpTransport",
    "Journal",
    "Keyring",
    "Limits",
    "MockHost",
    "NetworkError",
    "Options",
    "Policy",
    "Question",
    "RefreshToken",
    "ReplyError",
    "Request",
    "Response",
    "Result",
    "Retries",
    "Rule",
    "Run",
    "SecretFile",
    "Timeouts",
    "Trace",
    "Transport",
    "Usage",
    "fit",
    "resume",
    "resume_sync",
    "run",
    "run_sync",
    "start",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever is asked for
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    value = getattr(importlib.import_module(f"{__name__}.{_WHERE[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
