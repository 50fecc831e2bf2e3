"""Puts each Bundle of a run together with its host and its policy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar

from tsbind.bundle import Bundle, Call, check_root
from tsbind.errors import BundleError, message
from tsbind.runtime.dispatch import Binding
from tsbind.runtime.host import Host
from tsbind.runtime.policy import Question

if TYPE_CHECKING:
    from tsbind.runtime.options import Bundles, Options

DEFAULT_ROOT = "api"
_T = TypeVar("_T")


def bind(bundle: Bundles, options: Options) -> tuple[dict[str, Binding], list[Host]]:
    """Put each Bundle together with its host; also return the hosts that were made for the run."""
    bundles = _by_root(bundle)
    if not bundles:
        raise BundleError("there is no Bundle to run against")
    bindings: dict[str, Binding] = {}
    owned: list[Host] = []
    for root, each in bundles.items():
        check_root(root)
        host = _own(options.get("host"), root, single=isinstance(bundle, Bundle))
        if host is None:
            host = _made(each, root, options, single=isinstance(bundle, Bundle))
            owned.append(host)
        elif host.bundle is not each and host.bundle.fingerprint != each.fingerprint:
            raise BundleError(f'the host of "{root}" was made for another Bundle')
        policy = _own(options.get("policy"), root, single=isinstance(bundle, Bundle))
        policy = (policy or host.policy).check()
        if options.get("dry_run"):
            from tsbind.runtime.mock import MockHost

            host = MockHost(each)
        bindings[root] = Binding(root, host, policy)
    return bindings, owned


def callable_by_name(bindings: Mapping[str, Binding]) -> dict[str, Call]:
    """Return every operation by how a program spells it: `api.rooms.list`."""
    return {
        f"{root}.{op}": call
        for root, binding in bindings.items()
        for op, call in binding.host.bundle.calls.items()
    }


def yes(_question: Question) -> bool:
    return True


def _by_root(given: object) -> Mapping[str, Bundle]:
    if isinstance(given, Bundle):
        return {DEFAULT_ROOT: given}
    if isinstance(given, Mapping) and all(isinstance(each, Bundle) for each in given.values()):
        return given
    raise BundleError(
        f"a {type(given).__name__} is neither a Bundle nor a mapping of names to Bundles",
        fix="give `.bundle` of what was compiled, or open one: Bundle.open(path)",
    )


def _made(bundle: Bundle, root: str, options: Options, *, single: bool) -> Host:
    return Host(
        bundle,
        _own(options.get("base_url"), root, single=single),
        credentials=_own(options.get("credentials"), root, single=single),
    )


def _own(given: _T | Mapping[str, _T] | None, root: str, *, single: bool) -> _T | None:
    """What an option says for one of the APIs."""
    if given is None:
        return None
    if isinstance(given, Mapping):
        return given.get(root)
    if not single:
        raise BundleError(
            f"with several Bundles, {type(given).__name__} must be given for each by name",
            fix=message('pass a mapping, e.g. {"github": …}'),
        )
    return given
