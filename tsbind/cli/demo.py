"""`tsbind demo`: a document becomes few tokens, and a program uses the API that it describes."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

import click
import msgspec

from tsbind.cli.group import Command
from tsbind.cli.screen import plural, share, show
from tsbind.resources import specs

if TYPE_CHECKING:
    from tsbind.bundle import Json
    from tsbind.runtime import Host, Result

_SHOWN = 24  # lines of the document; the whole is three times a screen
_SCHEME = "token"  # the document's security scheme


@click.command(cls=Command)
def command() -> None:
    """Compile and call a small chat API that runs on this machine.

    Starts a server on a free port of loopback that wants a bearer token, compiles its document,
    and runs a program that chains calls, some of them at once.
    """
    from tsbind.cli.listening import Listening
    from tsbind.demo import serving
    from tsbind.meter import DEFAULT, tokenizer
    from tsbind.pipeline import Options, compile
    from tsbind.runtime import Credentials, run_sync

    document = specs() / "chat.yaml"
    program = (specs() / "chat.ts").read_text("utf-8")
    yaml = document.read_text("utf-8")
    count = tokenizer(DEFAULT).count

    compiled = compile(document, Options())
    before, after = count(yaml), count(compiled.declarations)
    show(f"{_title('The document')}{plural(len(yaml.splitlines()), 'line')}, {before:,} tokens\n")
    show(beside([*yaml.splitlines()[:_SHOWN], "…"], compiled.declarations.splitlines()))
    show(f"\n{after:,} tokens of TypeScript: {share(after, before)} of the document\n")
    show(f"{_title('A program')}\n{program}")

    # The program never sees the token: the host adds it to each request.
    token = secrets.token_urlsafe(16)
    with serving(token) as url:
        run_sync("return 1", compiled.bundle)  # loads the engine, once per process
        host = Listening(compiled.bundle, url, credentials=Credentials({_SCHEME: token}))
        result = asyncio.run(_run(program, host))
    show(f"{_title('Its calls')}\n{result.trace.timeline()}\n")
    show(f"{_title('Its result')}\n{json_text(result.value)}\n")
    kept, sent = sum(map(count, host.replies)), count(json_text(result.value))
    show(
        f"{plural(len(host.replies), 'reply')} of {kept:,} tokens stayed in the program,"
        f" {sent:,} tokens go to the model ({share(sent, kept)})"
    )
    show(
        f"isolate made in {result.usage.isolate * 1000:.2f} ms; {result.usage.cpu * 1000:.1f} ms"
        f" of CPU and {result.usage.wall * 1000:.0f} ms in all; {result.usage.memory >> 10:,} KiB"
    )


async def _run(program: str, host: Host) -> Result:
    from tsbind.runtime import run

    async with host:
        return await run(program, host.bundle, host=host)


def json_text(value: Json) -> str:
    """Return JSON as an agent would be sent it: without layout."""
    return msgspec.json.encode(value).decode()


def beside(left: Sequence[str], right: Sequence[str]) -> str:
    """Return two texts side by side, the right one after the longest line of the left."""
    width = max(map(len, left))
    lines = zip_longest(left, right, fillvalue="")
    return "\n".join(f"{one:<{width}}  │ {other}".rstrip() for one, other in lines)


def _title(text: str) -> str:
    return f"── {text} ──  "
