"""`tsbind run`: a program in, its result out."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, NoReturn, TypeVar

import click
import msgspec

from tsbind.bundle import Bundle
from tsbind.cli.files import STDIN, read, spell
from tsbind.cli.group import Command
from tsbind.cli.screen import print_json, say, visible, working, write
from tsbind.cli.source import json_option
from tsbind.errors import RunError, TsbindError

if TYPE_CHECKING:
    from tsbind.bundle import Json
    from tsbind.runtime import Credentials, Host, Limits, Policy, Question, Result
    from tsbind.runtime.runner import Options

T = TypeVar("T")
_SCHEMA_BYTES = 4 << 20
_UNITS = {"": 1, "s": 1, "ms": 0.001, "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30}
_NAMED = re.compile(r"([A-Za-z_$][\w$]*)=(.*)", re.S)


@click.command(cls=Command)
@click.argument("program", metavar="PROGRAM")
@click.option(
    "--bundle",
    "bundles",
    multiple=True,
    required=True,
    metavar="[NAME=]FILE",
    help="A Bundle that `tsbind compile -o` wrote.  Programs call it NAME, `api` by default.",
)
@click.option(
    "--base-url",
    "base_urls",
    multiple=True,
    metavar="[NAME=]URL",
    help="Where the API answers, instead of where its document says.",
)
@click.option(
    "--credential",
    "credentials",
    multiple=True,
    metavar="[NAME/]SCHEME=env:VARIABLE",
    help="The secret for a security scheme: env:VARIABLE, file:PATH or keyring:SERVICE/USER.",
)
@click.option(
    "--result-schema",
    metavar="FILE",
    help="A JSON Schema that the result must match.",
)
@click.option(
    "--result-type",
    metavar="TYPE",
    help="The TypeScript type that the result must have: `{id:number,title:string}[]`.",
)
@click.option(
    "--check", is_flag=True, help="Check the program's types before anything runs (extra `check`)."
)
@click.option(
    "--limit",
    "limits",
    multiple=True,
    metavar="NAME=VALUE",
    help="Raise or lower a limit: cpu=2s, wall=1s, memory=128MiB, calls=500, …",
)
@click.option("--read-only", is_flag=True, help="Refuse every call that may change something.")
@click.option(
    "--allow", multiple=True, metavar="QUERY", help="Make these calls without asking: `issues.*`."
)
@click.option("--deny", multiple=True, metavar="QUERY", help="Refuse these calls.")
@click.option("--yes", is_flag=True, help="Make every call that is not refused without asking.")
@click.option(
    "--slashes",
    multiple=True,
    metavar="OPERATION:PARAMETER",
    help="Let the values of this path parameter hold slashes.",
)
@click.option("--trace", is_flag=True, help="Show each call and its time on standard error.")
@json_option
def command(
    program: str,
    bundles: tuple[str, ...],
    base_urls: tuple[str, ...],
    credentials: tuple[str, ...],
    result_schema: str | None,
    result_type: str | None,
    check: bool,
    limits: tuple[str, ...],
    read_only: bool,
    allow: tuple[str, ...],
    deny: tuple[str, ...],
    yes: bool,
    slashes: tuple[str, ...],
    trace: bool,
    json: bool,
) -> None:
    """Run a program against compiled APIs and print what it returns.

    PROGRAM is a file of TypeScript or JavaScript; `-` is standard input.  The result is JSON.
    Calls that only read are made; before any other, tsbind asks on a terminal, and refuses where
    there is none.
    """
    from tsbind.runtime import Host
    from tsbind.runtime.runner import Options

    bounds = read_limits(limits)
    text = _program(program, bounds.program_bytes)
    options = Options(limits=bounds, file=spell(program), check=check)
    if result_schema:
        options["result_schema"] = _json_file(result_schema)
    if bounds.result_tokens:
        options["count_tokens"] = _counter()
    if _somebody_is_there(program):
        options["approve"] = _ask
    apis = {name: Bundle.open(path) for name, path in _named(bundles, "--bundle").items()}
    if result_type:
        options["result_schema"] = _result_schema(result_type, result_schema, apis)
    urls = _of_each(apis, "--base-url", _named(base_urls, "--base-url"))
    secrets = _credentials(apis, credentials)
    policy = _policy(allow, deny, read_only=read_only, yes=yes)
    hosts = {
        name: Host(
            bundle, urls.get(name), credentials=secrets[name], policy=policy, slashes=slashes
        )
        for name, bundle in apis.items()
    }
    try:
        with working(f"running {spell(program)}"):
            result = asyncio.run(_run(text, hosts, options))
    except RunError as error:
        if not json:
            _say_what_happened(error, trace=trace)
        raise
    if json:
        print_json(result)
        return
    _say_what_happened(result, trace=trace)
    write(msgspec.json.format(msgspec.json.encode(result.value), indent=2).decode() + "\n")


def _result_schema(type: str, schema: str | None, apis: Mapping[str, Bundle]) -> Json:
    """Return the schema of a result's type, which may name the types of the only API."""
    from tsbind.pipeline import result_schema

    if schema is not None:
        raise click.UsageError("give --result-schema or --result-type, not both")
    return result_schema(type, *(api.declarations for api in apis.values() if len(apis) == 1))


def _say_what_happened(outcome: Result | RunError, *, trace: bool) -> None:
    for level, text in outcome.logs:
        say(f"{level}: {text}")
    if trace and outcome.trace is not None:
        say(outcome.trace.timeline())


async def _run(text: str, hosts: Mapping[str, Host], options: Options) -> Result:
    from tsbind.runtime import run

    async with AsyncExitStack() as stack:
        for host in hosts.values():
            await stack.enter_async_context(host)
        bundles = {name: host.bundle for name, host in hosts.items()}
        options["host"] = hosts
        return await run(text, bundles, **options)


def read_limits(items: Iterable[str]) -> Limits:
    """Read `name=value` forms, the value with a unit or without: `wall=90s`, `memory=1GiB`."""
    from tsbind.runtime import Limits

    found: dict[str, float | int] = {}
    for item in items:
        name, equals, value = item.partition("=")
        match = re.fullmatch(r"(\d+(?:\.\d+)?) *([a-z]*)", value.strip().lower())
        unit = _UNITS.get(match[2]) if match else None
        if not equals or match is None or unit is None:
            _refuse("--limit", item, "write name=value, as in cpu=2s or memory=128MiB")
        if name not in Limits.__struct_fields__:
            _refuse("--limit", item, f"the limits are {', '.join(Limits.__struct_fields__)}")
        number = float(match[1]) * unit
        found[name] = number if name in ("cpu", "wall") else int(number)
    try:
        return Limits(**found)  # type: ignore[arg-type]
    except ValueError as error:
        _refuse("--limit", str(error), "choose a value in that range")


def _policy(allow: Iterable[str], deny: Iterable[str], *, read_only: bool, yes: bool) -> Policy:
    """Refusals first, then what is allowed by name; then reads are allowed and writes ask."""
    from tsbind.runtime import Policy

    rules = [f"deny {query}" for query in deny] + [f"allow {query}" for query in allow]
    rest = ["allow *"] if yes else ["allow read", "ask write"]
    return Policy.parse([*rules, *rest], read_only=read_only)


def _named(items: Iterable[str], option: str) -> dict[str, str]:
    """Read `NAME=VALUE` forms; a form without a name is for `api`."""
    found: dict[str, str] = {}
    for item in items:
        match = _NAMED.fullmatch(item)
        name, value = (match[1], match[2]) if match else ("api", item)
        if name in found:
            _refuse(option, item, f'"{name}" is given twice; name each: NAME=VALUE')
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
    found = {name: Credentials.parse(forms.get(name, ())) for name in apis}
    for name, given in found.items():
        given.check_names(apis[name].schemes)
    return found


def _of_each(apis: Mapping[str, Bundle], option: str, given: dict[str, T]) -> dict[str, T]:
    for name in given:
        if name not in apis:
            _refuse(option, name, f"the Bundles are called {', '.join(apis)}")
    return given


def _program(name: str, limit: int) -> str:
    data = read(name, limit=limit, what="program")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TsbindError(
            f"the program is not UTF-8 at byte {error.start:,}",
            where=spell(name),
            fix="save it as UTF-8",
            code="encoding",
        ) from None


def _json_file(name: str) -> Json:
    data = read(name, limit=_SCHEMA_BYTES, what="result schema")
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError) as error:
        raise TsbindError(
            f"the result schema is not JSON: {error}",
            where=spell(name),
            fix="give a JSON Schema",
            code="schema-syntax",
        ) from None


def _counter() -> Callable[[str], int]:
    from tsbind.meter import DEFAULT, tokenizer

    return tokenizer(DEFAULT).count


def _somebody_is_there(program: str) -> bool:
    return program != STDIN and sys.stdin.isatty() and sys.stderr.isatty()


def _ask(question: Question) -> bool:
    say(f"\n{question}\n({question.reason})")
    return click.confirm(visible("make this call?"), default=False, err=True)


def _refuse(option: str, value: str, fix: str) -> NoReturn:
    raise click.BadOptionUsage(option, f"{option} {value!r}: {fix}")
