"""`tsbind run`: a program in, its result out."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click
import msgspec

from tsbind.bundle import Bundle, write_whole
from tsbind.cli.apis import Apis, api_options, hosts, refuse
from tsbind.cli.files import STDIN, read, spell
from tsbind.cli.group import Command
from tsbind.cli.results import keep
from tsbind.cli.screen import asking, confirmed, plural, print_json, say, working, write
from tsbind.cli.source import json_option
from tsbind.cli.suspend import put_off, suspend_options
from tsbind.errors import BundleError, RunError, SpecError, SuspendedError, TsbindError

if TYPE_CHECKING:
    from tsbind.bundle import Json
    from tsbind.runtime import Host, Limits, Question, Result, Trace
    from tsbind.runtime.options import Options

_WARNINGS = 10  # about replies that are shown
_SCHEMA_BYTES = 4 << 20
_UNITS = {"": 1, "s": 1, "ms": 0.001, "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30}


EXITS = (
    "Exit codes: 0 there is a result; 1 a file cannot be read or written; 2 wrong usage; "
    "4 an unknown operation; 6 no Bundle; 11 the program's own fault; 12 a limit; 13 the policy; "
    "14 the result is not what was asked for; 15 the guest; 16 a credential; 17 the journal; "
    "18 the type checker; 19 a snapshot; 20 saved until somebody decides."
)


@click.command(cls=Command, epilog=EXITS)
@click.argument("program", metavar="PROGRAM")
@api_options
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
    "--max-result-tokens",
    type=click.IntRange(min=1),
    metavar="N",
    help="Cut a longer result to fit; what is left out is counted, and `tsbind read` shows it.",
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
@suspend_options
@click.option(
    "--journal",
    metavar="FILE",
    help="Record the run, to replay it; after a crash, go on where the file ends.",
)
@click.option(
    "--dry-run", is_flag=True, help="Send nothing: make up the replies, and show what is called."
)
@click.option("--trace", is_flag=True, help="Show each call and its time on standard error.")
@json_option
def command(
    program: str,
    result_schema: str | None,
    result_type: str | None,
    max_result_tokens: int | None,
    check: bool,
    limits: tuple[str, ...],
    suspend_to: str | None,
    snapshot_key: str | None,
    journal: str | None,
    dry_run: bool,
    trace: bool,
    json: bool,
    **given: Unpack[Apis],
) -> None:
    """Run a program against compiled APIs and print what it returns.

    PROGRAM is a file of TypeScript or JavaScript; `-` is standard input.  The result is JSON.
    Calls that only read are made; before any other, tsbind asks on a terminal, and refuses where
    there is none.
    """
    from tsbind.runtime import Journal, run
    from tsbind.runtime.options import Options

    bounds = read_limits(limits)
    text = _program(program, bounds.program_bytes)
    options = Options(limits=bounds, file=spell(program), check=check, dry_run=dry_run)
    options["max_result_tokens"] = max_result_tokens
    if bounds.result_tokens or max_result_tokens or trace:
        options["count_tokens"] = counter()
    if _somebody_is_there(program):
        options["approve"] = ask
    options.update(put_off(suspend_to, snapshot_key))
    apis = hosts(given)
    options.update(result_options(result_schema, result_type, apis))
    options["host"] = apis
    if journal:
        options["journal"] = Journal(journal)
    with working(f"running {spell(program)}"):
        outcome = run_to_end(lambda bundles: run(text, bundles, **options), apis)
    if dry_run and outcome.trace is not None and not json:
        _say_what_would_be_sent(outcome.trace)
    tell(outcome, trace=trace, json=json, suspend_to=suspend_to)


def result_options(schema: str | None, type: str | None, apis: Mapping[str, Host]) -> Options:
    """Return what `--result-schema` or `--result-type` asks for."""
    from tsbind.runtime.options import Options

    if schema and type:
        raise click.UsageError("give --result-schema or --result-type, not both")
    if schema:
        return Options(result_schema=_checked(_json_file(schema), schema))
    return Options(result_schema=_result_schema(type, apis)) if type else Options()


def run_to_end(
    begin: Callable[[Mapping[str, Bundle]], Awaitable[Result]], apis: Mapping[str, Host]
) -> Result | RunError:
    """Run, close the hosts, and return the result, or why there is none."""

    async def run() -> Result:
        async with AsyncExitStack() as stack:
            for host in apis.values():
                await stack.enter_async_context(host)
            return await begin({name: host.bundle for name, host in apis.items()})

    try:
        return asyncio.run(run())
    except RunError as error:
        return error


def tell(outcome: Result | RunError, *, trace: bool, json: bool, suspend_to: str | None) -> None:
    """Print a result; keep a snapshot; raise what the run ended with."""
    if isinstance(outcome, SuspendedError) and suspend_to is not None:
        write_whole(Path(suspend_to), outcome.snapshot, mode=0o600)
        for question in outcome.questions if not json else ():
            say(f"\n{question}\n({question.reason})")
    if isinstance(outcome, RunError):
        if not json:
            _say_what_happened(outcome, trace=trace)
        raise outcome
    value, handle = outcome.value, ""
    if outcome.fitted is not None:
        value, handle = outcome.fitted.value, keep(outcome.value)
    if json:
        told = msgspec.to_builtins(msgspec.structs.replace(outcome, value=value))
        print_json({**told, "handle": handle} if handle else told)
        return
    _say_what_happened(outcome, trace=trace)
    if handle:
        say(f"the result was cut; read on: tsbind read {handle} PATH --from N")
    write(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")


def _result_schema(type: str, apis: Mapping[str, Host]) -> Json:
    """Return the schema of a result's type, which may name the types of the only API."""
    from tsbind.pipeline import result_schema

    declared = (host.bundle.declarations for host in apis.values() if len(apis) == 1)
    try:
        return result_schema(type, *declared)
    except SpecError as error:
        raise click.BadOptionUsage("--result-type", f"{error}") from None


def _say_what_happened(outcome: Result | RunError, *, trace: bool) -> None:
    for level, text in outcome.logs:
        say(f"{level}: {text}")
    warnings = outcome.trace.warnings if outcome.trace is not None and not trace else ()
    for warning in warnings[:_WARNINGS]:
        say(f"warning: {warning}")
    if len(warnings) > _WARNINGS:
        say(f"and {plural(len(warnings) - _WARNINGS, 'warning')} more: see them with --trace")
    if trace and outcome.trace is not None:
        say(outcome.trace.timeline())


def _say_what_would_be_sent(trace: Trace) -> None:
    for event in trace.events:
        say(f"would send {event.method} {event.url}" if event.url else f"{event.op}: {event.error}")
        if event.body:
            say(event.body)


def read_limits(items: Iterable[str]) -> Limits:
    """Read `name=value` forms, the value with a unit or without: `wall=90s`, `memory=1GiB`."""
    from tsbind.runtime import Limits

    found: dict[str, float | int] = {}
    for item in items:
        name, equals, value = item.partition("=")
        match = re.fullmatch(r"(\d+(?:\.\d+)?) *([a-z]*)", value.strip().lower())
        unit = _UNITS.get(match[2]) if match else None
        if not equals or match is None or unit is None:
            refuse("--limit", item, "write name=value, as in cpu=2s or memory=128MiB")
        if name not in Limits.__struct_fields__:
            refuse("--limit", item, f"the limits are {', '.join(Limits.__struct_fields__)}")
        number = float(match[1]) * unit
        found[name] = number if name in ("cpu", "wall") else int(number)
    try:
        return Limits(**found)  # type: ignore[arg-type]
    except ValueError as error:
        refuse("--limit", str(error), "choose a value in that range")


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
        refuse("--result-schema", spell(name), f"it is not JSON: {error}")


def _checked(schema: Json, name: str) -> Json:
    from tsbind.runtime.validate import ResultSchema

    try:
        ResultSchema(schema)
    except BundleError as error:
        refuse("--result-schema", spell(name), f"it {error.what}")
    return schema


def counter() -> Callable[[str], int]:
    """Return what counts the tokens of results, and of replies for the trace."""
    from tsbind.meter import DEFAULT, tokenizer

    return tokenizer(DEFAULT).count


def _somebody_is_there(program: str) -> bool:
    return program != STDIN and sys.stdin.isatty() and sys.stderr.isatty()


def ask(question: Question) -> bool:
    with asking():
        say(f"\n{question}\n({question.reason})")
        return confirmed("make this call?")
