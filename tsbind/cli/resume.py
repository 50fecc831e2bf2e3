"""`tsbind resume`: go on with a run that was saved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

import click
import msgspec

from tsbind.cli.apis import Apis, api_options, hosts
from tsbind.cli.files import spell
from tsbind.cli.group import Command
from tsbind.cli.run import EXITS, result_options, run_to_end, tell
from tsbind.cli.screen import working
from tsbind.cli.source import json_option
from tsbind.cli.suspend import claim, read_key, read_saved, suspend_options
from tsbind.errors import SnapshotError

if TYPE_CHECKING:
    from tsbind.runtime import Answer, Question


@click.command(cls=Command, epilog=EXITS)
@click.argument("snapshot", metavar="FILE")
@api_options
@click.option("--approve", is_flag=True, help="Make the call that the run waits for.")
@click.option("--refuse", metavar="REASON", help="Refuse that call; the program is told why.")
@click.option("--edit", metavar="JSON", help="Make that call with these arguments instead.")
@click.option("--result-schema", metavar="FILE", help="A JSON Schema that the result must match.")
@click.option("--result-type", metavar="TYPE", help="The TypeScript type that it must have.")
@suspend_options
@click.option("--trace", is_flag=True, help="Show each call and its time on standard error.")
@json_option
def command(
    snapshot: str,
    approve: bool,
    refuse: str | None,
    edit: str | None,
    result_schema: str | None,
    result_type: str | None,
    suspend_to: str | None,
    snapshot_key: str | None,
    trace: bool,
    json: bool,
    **given: Unpack[Apis],
) -> None:
    """Go on with a run that `tsbind run --suspend-to` saved.

    Give the same Bundles, and the key that it was sealed with.  What the run waits for is decided
    with --approve, --refuse or --edit; when another call needs a decision, or none is given, the
    run is saved again, to the same FILE unless --suspend-to names another.

    FILE is renamed to FILE.used, so that no call is made twice: name that to go on with it again.
    """
    from tsbind.runtime import resume
    from tsbind.runtime.options import Options

    decision = _Decision(_answer(approve, refuse, edit))
    data = read_saved(snapshot)
    options = Options(approve=decision, snapshot_key=read_key(snapshot_key))
    apis = hosts(given)
    options.update(result_options(result_schema, result_type, apis))
    options["host"] = apis
    options["once"] = lambda _name: claim(snapshot)
    with working(f"going on with {spell(snapshot)}"):
        outcome = run_to_end(lambda bundles: resume(data, bundles, **options), apis)
    if isinstance(outcome, SnapshotError):
        raise outcome
    tell(outcome, trace=trace, json=json, suspend_to=suspend_to or snapshot)


class _Decision:
    """Answers the first question, and puts off those after it."""

    def __init__(self, answer: Answer | None) -> None:
        self._answer = answer

    def __call__(self, _question: Question) -> Answer:
        from tsbind.runtime import LATER

        answer, self._answer = self._answer, None
        return answer or LATER


def _answer(approve: bool, refuse: str | None, edit: str | None) -> Answer | None:
    from tsbind.runtime import Answer

    if approve + (refuse is not None) + (edit is not None) > 1:
        raise click.UsageError("give one of --approve, --refuse and --edit")
    if refuse is not None:
        return Answer(False, reason=refuse)
    if edit is None:
        return Answer(True) if approve else None
    try:
        return Answer(True, args=msgspec.json.decode(edit, type=dict[str, object]))
    except (msgspec.DecodeError, RecursionError) as error:
        raise click.BadOptionUsage("--edit", f"--edit is not a JSON object: {error}") from None
