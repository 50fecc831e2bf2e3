"""The commands by name, imported when they are called, and what becomes of their errors."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import click

from tsbind.cli.screen import complain, print_json, show
from tsbind.errors import ProgramError, RunError, TsbindError

FAULT, INTERRUPTED, PIPE_CLOSED = 70, 130, 141
_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)  # with no file name: of stdout

# What `tsbind --help` says, here so that it need not import what each command needs.
COMMANDS = {
    "compile": "Turn an OpenAPI document into declarations, stubs and a Bundle.",
    "check": "Say what is wrong with an OpenAPI document, and where.",
    "search": "Find operations by what is meant, with their signatures.",
    "tokens": "Count the tokens of API descriptions, exactly and offline.",
    "ci": "Hold the APIs of a project against their token budgets and a baseline.",
    "diff": "Say what a new version of an API changes: operations, types, tokens, prompt prefix.",
    "watch": "Generate the APIs of a project again whenever their documents change.",
    "run": "Run a program against compiled APIs and print what it returns.",
    "resume": "Go on with a run that `tsbind run --suspend-to` saved.",
    "read": "Print more of a result that `tsbind run --max-result-tokens` cut.",
    "replay": "Run a recorded program again, and compare what it does with what it did.",
    "mock": "Answer as an API would, from its document alone.",
    "demo": "Compile and call a small chat API that runs on this machine.",
    "completion": "Print the script that completes tsbind's commands in a shell.",
}


class Commands(click.Group):
    """A group whose commands live in modules of the same name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order in which a newcomer needs them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command."""
        if cmd_name not in COMMANDS:
            from difflib import get_close_matches  # late: for what is misspelt

            close = get_close_matches(cmd_name, COMMANDS, 1)
            if ctx.resilient_parsing or not close:
                return None
            ctx.fail(f'there is no command "{cmd_name}"; did you mean "{close[0]}"?')
        command = import_module(f"tsbind.cli.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table of commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


class Command(click.Command):
    """A command whose errors are one located paragraph, or JSON where JSON was asked for."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's own signature
        """Run the command; an error of tsbind's becomes its exit code."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            _abandon_stdout()
            ctx.exit(PIPE_CLOSED)
        except TsbindError as error:
            if ctx.params.get("json"):
                print_json({"error": describe(error)})
            else:
                complain(str(error))
            ctx.exit(error.exit_code)


def _abandon_stdout() -> None:
    """Keep Python from complaining again when it flushes stdout on the way out."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def describe(error: TsbindError) -> dict[str, object]:
    """Return an error as data: what `--json` prints under "error"."""
    told: dict[str, object] = {
        "type": type(error).__name__,
        "code": error.code,
        "where": error.where,
        "what": error.what,
        "fix": error.fix,
        "exit_code": error.exit_code,
    }
    if isinstance(error, RunError):
        told |= {"logs": error.logs, "trace": error.trace, "usage": error.usage}
    if isinstance(error, ProgramError):
        told |= {"stack": error.stack, "frame": error.frame}
    return told


def _usage(error: click.ClickException) -> dict[str, object]:
    """Return wrong usage as data, like any other error."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    return {
        "type": "UsageError",
        "code": "usage",
        "where": context.command_path if context is not None else "tsbind",
        "what": error.format_message(),
        "fix": f"see `{context.command_path if context is not None else 'tsbind'} --help`",
        "exit_code": error.exit_code,
    }


def _show_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if not wanted or ctx.resilient_parsing:
        return
    from importlib.metadata import PackageNotFoundError, version

    try:
        show(f"tsbind {version('tsbind')}")
    except PackageNotFoundError:
        show("tsbind, from a checkout that is not installed")
    ctx.exit()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version.",
)
def root() -> None:
    """Compile an OpenAPI document to few tokens; run programs against it in isolates."""


def main(arguments: Sequence[str] | None = None, commands: click.Group = root) -> int:
    """Run the command line and return its exit code."""
    _open_what_is_closed()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a terminal that lacks a character still gets text
            stream.reconfigure(errors="backslashreplace")
    try:
        return _outcome(arguments, commands)
    except (KeyboardInterrupt, click.Abort):
        complain("interrupted")
        return INTERRUPTED
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _DISK and error.filename is None:
            _abandon_stdout()
            complain(
                f"the output cannot be written: {error.strerror} [unwritable]\n"
                "fix: make room, or write elsewhere"
            )
            return TsbindError.exit_code
        if os.environ.get("TSBIND_TRACEBACK"):
            import traceback  # late: for what should never be

            traceback.print_exc()
        complain(
            f"tsbind itself failed: {type(error).__name__}: {error} [fault]\n"
            "fix: run it again with TSBIND_TRACEBACK=1 and report what it prints"
        )
        return FAULT


def _open_what_is_closed() -> None:
    """Give a process that was started without standard streams empty ones, as others expect."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            stream = Path(os.devnull).open(mode, encoding="utf-8")  # noqa: SIM115 - to the end
            setattr(sys, name, stream)


def _outcome(arguments: Sequence[str] | None, commands: click.Group) -> int:
    as_json = "--json" in (sys.argv[1:] if arguments is None else arguments)
    try:
        code = commands.main(arguments, prog_name="tsbind", standalone_mode=False)
    except click.ClickException as error:
        if as_json:
            print_json({"error": _usage(error)})
        else:
            error.show()
        return error.exit_code
    except TsbindError as error:  # raised while arguments were read
        if as_json:
            print_json({"error": describe(error)})
        else:
            complain(str(error))
        return error.exit_code
    sys.stdout.flush()
    return code if isinstance(code, int) else 0
