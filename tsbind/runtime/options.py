"""What a run takes and gives: its options, and its Result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from importlib import import_module
from typing import TYPE_CHECKING, Final, TypedDict

import msgspec

from tsbind.bundle import Bundle, Json
from tsbind.runtime.fitted import Fitted, fit
from tsbind.runtime.limits import Limits, Usage
from tsbind.runtime.logs import LogLine
from tsbind.runtime.trace import OnEvent, Trace

if TYPE_CHECKING:
    from tsbind.runtime.credentials import Credentials
    from tsbind.runtime.host import Host
    from tsbind.runtime.journal import Journal
    from tsbind.runtime.once import Once
    from tsbind.runtime.policy import Approve, Policy

Bundles = Bundle | Mapping[str, Bundle]


class Options(TypedDict, total=False):
    """The keywords of `run` and `run_sync`.

    With several Bundles, `host`, `base_url`, `credentials` and `policy` are mappings by the same
    global names as the Bundles.
    """

    host: Host | Mapping[str, Host] | None  # default: one made from the Bundle and what follows
    base_url: str | Mapping[str, str] | None  # default: the document's servers
    credentials: Credentials | Mapping[str, Credentials] | None
    policy: Policy | Mapping[str, Policy] | None  # default: the host's, which allows everything
    approve: Approve | None  # who is asked when the policy says `ask`; default: nobody, so denied
    limits: Limits
    check: bool  # check the program's types before anything runs; takes the extra `check`
    result_schema: Json  # JSON Schema (2020-12) that the value must fit
    count_tokens: Callable[[str], int] | None  # for limits of a result's tokens, and the trace
    max_result_tokens: int | None  # beyond these a result is cut, see Result.fitted
    seed: int | None  # of Math.random and crypto.randomUUID; default: a random one
    now: Callable[[], float]  # seconds since the epoch, for Date.now()
    file: str  # what errors call the program
    on_event: OnEvent | None  # told of each call when it has ended
    dry_run: bool  # make up the replies and send nothing; whatever is asked about is allowed
    journal: Journal | None  # records the run, goes on with it after a crash, or replays it
    snapshot_key: bytes | None  # seals snapshots; without one the run cannot be suspended
    once: Once | None  # claims the snapshot that `resume` is given, so that nobody else goes on


_KINDS: Final[Mapping[str, type]] = {
    "limits": Limits,
    "base_url": str,
    "file": str,
    "seed": int,
    "max_result_tokens": int,
    "snapshot_key": bytes,
}
# Imported when they are given, for whoever gives one has imported it.
_LATE: Final[Mapping[str, tuple[str, str]]] = {
    "host": ("tsbind.runtime.host", "Host"),
    "credentials": ("tsbind.runtime.credentials", "Credentials"),
    "policy": ("tsbind.runtime.policy", "Policy"),
    "journal": ("tsbind.runtime.journal", "Journal"),
}
_OF_EACH: Final = frozenset(("host", "base_url", "credentials", "policy"))
_CALLED: Final = frozenset(("approve", "count_tokens", "now", "on_event"))


def known(options: Options) -> Options:
    """Return `options`; raises TypeError for one that there is not, as Python itself does."""
    for name in options.keys() - Options.__annotations__.keys():
        close = get_close_matches(name, Options.__annotations__, 1)
        hint = f" (did you mean '{close[0]}'?)" if close else ""
        raise TypeError(f"a run got an unexpected keyword argument '{name}'{hint}")
    for name, given in options.items():
        by_name = name in _OF_EACH and isinstance(given, Mapping)
        for each in given.values() if by_name else (given,):  # type: ignore[attr-defined]
            _check_kind(name, each)
    return options


def _check_kind(name: str, given: object) -> None:
    """Raise TypeError unless an option is of its kind, or None."""
    if given is None:
        return
    if name in _CALLED:
        fits, wanted = callable(given), "a function"
    else:
        kind = _kind(name)
        fits, wanted = isinstance(given, kind), kind.__name__
    if not fits:
        raise TypeError(f"{name} must be {wanted}, not {type(given).__name__}")


def _kind(name: str) -> type:
    if name not in _LATE:
        return _KINDS.get(name, object)
    module, kind = _LATE[name]
    found: type = getattr(import_module(module), kind)
    return found


class Result(msgspec.Struct, frozen=True):
    """What a program returned, and what it did on the way."""

    value: Json
    logs: tuple[LogLine, ...]
    trace: Trace
    usage: Usage
    fitted: Fitted | None = None  # the value within `max_result_tokens`, when it had to be cut
    warnings: tuple[str, ...] = ()  # what was wrong with replies, as in `trace.warnings`

    def more(
        self, path: str, start: int = 0, *, max_tokens: int, count_tokens: Callable[[str], int]
    ) -> Fitted:
        """Return what a gap of `fitted` left out: the part at `path`, from `start` on.

        Raises ResultError when there is no such part, LimitError when nothing of it fits.
        """
        return fit(self.value, max_tokens, count_tokens, path=path, start=start)
