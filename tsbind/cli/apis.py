"""The options that say which APIs a program may reach, where, as whom and under which rules."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, NoReturn, TypedDict, TypeVar

import click
from msgspec import ValidationError, convert
from msgspec.structs import replace

from tsbind.bundle import Bundle
from tsbind.cli.bundles import open_bundle
from tsbind.cli.options import together
from tsbind.errors import BundleError, CredentialError

if TYPE_CHECKING:
    import ssl

    from tsbind.runtime import Budget, Credentials, Host, Policy
    from tsbind.runtime.validate import Strictness

T = TypeVar("T")
_NAMED = re.compile(r"([A-Za-z_$][\w$]*)=(.*)", re.S)


class Apis(TypedDict):
    """What the options of `api_options` give."""

    bundles: tuple[str, ...]
    base_urls: tuple[str, ...]
    credentials: tuple[str, ...]
    read_only: bool
    allow: tuple[str, ...]
    deny: tuple[str, ...]
    budgets: tuple[str, ...]
    yes: bool
    slashes: tuple[str, ...]
    replies: Strictness
    redirects: int
    trust: str | None


# The options of `Apis`.
api_options = together(
    click.option(
        "--bundle",
        "bundles",
        multiple=True,
        required=True,
        metavar="[NAME=]FILE",
        help="A Bundle that `tsbind compile -o` wrote.  Programs call it NAME, `api` by default.",
    ),
    click.option(
        "--base-url",
        "base_urls",
        multiple=True,
        metavar="[NAME=]URL",
        help="Where the API answers, instead of where its document says.",
    ),
    click.option(
        "--credential",
        "credentials",
        multiple=True,
        metavar="[NAME/]SCHEME=env:VARIABLE",
        help="The secret for a security scheme: env:VARIABLE, file:PATH or keyring:SERVICE/USER;"
        " or a client certificate: cert:FILE,KEYFILE.",
    ),
    click.option("--read-only", is_flag=True, help="Refuse every call that may change something."),
    click.option(
        "--allow",
        multiple=True,
        metavar="QUERY",
        help="Make these calls without asking: `issues.*`.",
    ),
    click.option("--deny", multiple=True, metavar="QUERY", help="Refuse these calls."),
    click.option(
        "--budget",
        "budgets",
        multiple=True,
        metavar="QUERY:calls=N,…",
        help="What these calls may use in one run: calls, seconds, request_bytes, reply_bytes.",
    ),
    click.option("--yes", is_flag=True, help="Make every call that is not refused without asking."),
    click.option(
        "--slashes",
        multiple=True,
        metavar="OPERATION:PARAMETER",
        help="Let the values of this path parameter hold slashes.",
    ),
    click.option(
        "--replies",
        type=click.Choice(["strict", "warn", "off"]),
        default="warn",
        help="A reply that does not fit the document is an error, a warning, or nothing.",
    ),
    click.option(
        "--redirects",
        type=click.IntRange(0, 20),
        default=0,
        metavar="N",
        help="Follow so many redirects of a GET, without credentials to another origin.",
    ),
    click.option(
        "--trust",
        metavar="FILE",
        help="Certificates (PEM) that the APIs' own may come from, beside the system's.",
    ),
)


def hosts(given: Apis) -> dict[str, Host]:
    """Return a host for each Bundle, by the name that programs call it.

    Raises BundleError, SelectionError, click.BadOptionUsage.
    """
    from tsbind.runtime import Host, HttpTransport

    bundles = _named(given["bundles"], "--bundle").items()
    apis = {name: open_bundle(path) for name, path in bundles}
    urls = _of_each(apis, "--base-url", _named(given["base_urls"], "--base-url"))
    _check_urls(urls.values())
    secrets = _credentials(apis, given["credentials"])
    budgets = [_budget(item) for item in given["budgets"]]
    queries = {"--allow": given["allow"], "--deny": given["deny"]}
    _check_queries(apis, queries | {"--budget": [budget.select for budget in budgets]})
    _check_slashes(apis, given["slashes"])
    tls = _trusting(given["trust"])
    policy = _policy(given["allow"], given["deny"], read_only=given["read_only"], yes=given["yes"])
    policy = replace(policy, budgets=tuple(budgets))
    return {
        name: Host(
            bundle,
            urls.get(name),
            credentials=secrets[name],
            policy=policy,
            transport=HttpTransport(
                # Only an operator may send requests to addresses that are not public.
                private=name in urls,
                redirects=given["redirects"],
                tls=tls,
            ),
            slashes=given["slashes"],
            replies=given["replies"],
        )
        for name, bundle in apis.items()
    }


def _trusting(file: str | None) -> Callable[[], ssl.SSLContext] | None:
    """Return what makes TLS contexts that trust the certificates of `file`, too."""
    if file is None:
        return None
    import ssl

    def make() -> ssl.SSLContext:
        context = ssl.create_default_context()
        context.load_verify_locations(file)
        return context

    try:
        make()  # now, so that a wrong file is told of before anything runs
    except OSError as error:
        reason = "it holds no certificate" if isinstance(error, ssl.SSLError) else error.strerror
        refuse("--trust", file, f"{reason}; give a file of certificates in PEM")
    return make


def _check_queries(apis: Mapping[str, Bundle], given: Mapping[str, Iterable[str]]) -> None:
    """Refuse a rule that means no operation of any API."""
    from tsbind.runtime.policy import check_meant

    for option, queries in given.items():
        for query in queries:
            calls = (call for bundle in apis.values() for call in bundle.calls.values())
            check_meant(query, calls, where=option)


def _check_urls(urls: Iterable[str]) -> None:
    from tsbind.runtime.exchange import checked_base

    for url in urls:
        try:
            checked_base(url)
        except BundleError as error:
            raise click.BadOptionUsage(  # without the URL, which may hold a password
                "--base-url", f"--base-url: {error.what}; {error.fix}"
            ) from None


def _check_slashes(apis: Mapping[str, Bundle], given: Iterable[str]) -> None:
    known = {
        f"{call.op}:{parameter.arg}"
        for bundle in apis.values()
        for call in bundle.calls.values()
        for parameter in call.parameters
        if parameter.place == "path"
    }
    for name in given:
        if name not in known:
            refuse("--slashes", name, "no operation has this path parameter; write rooms.get:room")


def _policy(allow: Iterable[str], deny: Iterable[str], *, read_only: bool, yes: bool) -> Policy:
    """Refusals first, then what is allowed by name; then reads are allowed and writes ask."""
    from tsbind.runtime import Policy

    rules = [f"deny {query}" for query in deny] + [f"allow {query}" for query in allow]
    rest = ["allow *"] if yes else ["allow read", "ask write"]
    return Policy.parse([*rules, *rest], read_only=read_only)


def _budget(item: str) -> Budget:
    """Read `QUERY:calls=N,seconds=N`."""
    from tsbind.runtime import Budget

    select, _, bounds = item.rpartition(":")
    given = dict(bound.partition("=")[::2] for bound in bounds.split(","))
    known = [name for name in Budget.__struct_fields__ if name != "select"]
    if not select or not set(given) <= set(known):
        refuse("--budget", item, f"write QUERY:calls=5; the bounds are {', '.join(known)}")
    try:
        return convert({"select": select, **given}, Budget, strict=False)
    except ValidationError:
        refuse("--budget", item, "write each bound as a number, as in calls=5")


def _named(items: Iterable[str], option: str) -> dict[str, str]:
    """Read `NAME=VALUE` forms; a form without a name is for `api`."""
    found: dict[str, str] = {}
    for item in items:
        match = _NAMED.fullmatch(item)
        name, value = (match[1], match[2]) if match else ("api", item)
        if name in found:
            refuse(option, item, f'"{name}" is given twice; name each: NAME=VALUE')
        found[name] = value
    return found


def _credentials(apis: Mapping[str, Bundle], items: Iterable[str]) -> dict[str, Credentials]:
    """Read `NAME/SCHEME=…` forms; a form without a name is for `api`."""
    from tsbind.runtime import Credentials

    forms: dict[str, list[str]] = {}
    for item in items:
        name, slash, rest = item.partition("/")
        owned = bool(slash) and "=" not in name
        forms.setdefault(name if owned else "api", []).append(rest if owned else item)
    _of_each(apis, "--credential", forms)
    try:
        found = {name: Credentials.parse(forms.get(name, ())) for name in apis}
        for name, given in found.items():
            given.check_names(apis[name].schemes)
    except CredentialError as error:
        what = f"--credential: {error.what}; {error.fix}"
        raise click.BadOptionUsage("--credential", what) from None
    return found


def _of_each(apis: Mapping[str, Bundle], option: str, given: dict[str, T]) -> dict[str, T]:
    for name in given:
        if name not in apis:
            what = "say which API it is for; " if name == "api" else ""
            refuse(option, name, f"{what}the Bundles are called {', '.join(apis)}")
    return given


def refuse(option: str, value: str, fix: str) -> NoReturn:
    raise click.BadOptionUsage(option, f"{option} {value!r}: {fix}")
