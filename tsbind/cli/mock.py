"""`tsbind mock`: an API's stand-in on this machine, which answers from its document alone."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from tsbind.bundle import Bundle
from tsbind.cli.files import STDIN, spell
from tsbind.cli.group import Command
from tsbind.cli.screen import plural, say, show, working
from tsbind.cli.source import max_values_option, open_source
from tsbind.errors import TsbindError

if TYPE_CHECKING:
    from aiohttp import web

    from tsbind.bundle import Json
    from tsbind.pipeline import LoadLimits
    from tsbind.runtime.received import Received
    from tsbind.runtime.route import Routes

_LONGEST = 16 << 20  # bytes of a request


@click.command(cls=Command)
@click.argument("spec", metavar="SPEC")
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=0,
    metavar="PORT",
    help="The port on loopback; by default one that is free.",
)
@max_values_option
def command(spec: str, port: int, limits: LoadLimits) -> None:
    """Answer as an API would, from its document alone.

    It listens on loopback until Ctrl-C.  SPEC is a document, or a Bundle that `tsbind compile -o`
    wrote.  Requests are held against the document, and one that does not fit is refused with the
    reason.  Replies are the document's examples; where it has none they are made up from its
    schemas, always the same.  Nothing changes by calling, and whoever calls is let in.
    """
    bundle, examples = _open(spec, limits)
    try:
        asyncio.run(_serve(bundle, examples, port))
    except OSError as error:
        raise TsbindError(
            f"cannot listen: {error.strerror}",
            where=f"127.0.0.1:{port}",
            fix="choose another port, or none",
            code="port",
        ) from None


def _open(spec: str, limits: LoadLimits) -> tuple[Bundle, Mapping[str, Json]]:
    """Return the Bundle, and the document's examples by method and path."""
    if spec != STDIN and spec.endswith(".bundle.json"):
        return Bundle.open(Path(spec)), {}
    from tsbind.pipeline import Options, compile, examples

    source = open_source(spec)
    with working(f"compiling {spell(spec)}"):
        options = Options(name=spell(spec), limits=limits)
        return compile(source, options).bundle, examples(source, options)


async def _serve(bundle: Bundle, examples: Mapping[str, Json], port: int) -> None:
    from aiohttp import web

    from tsbind.runtime.route import Routes

    answer = _Answers(bundle, examples, Routes(bundle.calls.values()))
    runner = web.ServerRunner(web.Server(answer), shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", port)
        await site.start()
        show(f"{bundle.title}: {plural(len(bundle.calls), 'operation')} at {site.name}")
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()


class _Answers:
    """Answers each request, and says on stderr which operation it was."""

    def __init__(self, bundle: Bundle, examples: Mapping[str, Json], routes: Routes) -> None:
        from tsbind.runtime.validate import Validators

        self._bundle, self._examples, self._routes = bundle, examples, routes
        self._validators = Validators(bundle)
        self._keys = [each.name for each in bundle.schemes.values() if each.place == "query"]

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        from tsbind.runtime.failures import ArgumentError, HostError
        from tsbind.runtime.mock import written
        from tsbind.runtime.received import arguments
        from tsbind.runtime.route import NoRoute

        asked = f"{request.method} {request.rel_url.raw_path}"
        received = await _received(request)
        try:
            call = self._routes.find(request.method, request.rel_url.raw_path)
        except NoRoute as error:
            status = 405 if error.allowed else 404
            say(f"{asked}: {status}")
            return _failure(status, "there is no such operation", error.allowed)
        if received is None:
            say(f"{asked}: 413")
            return _failure(413, f"the body is longer than {_LONGEST} bytes")
        try:
            args = arguments(call, received, self._bundle.schemas, self._keys)
            self._validators.check_arguments(call, args)
        except ArgumentError as error:
            status = 415 if error.code == "media" else 400
            say(f"{asked}: {status}, {error.text}")
            return _failure(status, error.text)
        say(f"{asked}: {call.op}")
        try:
            example = self._examples.get(f"{call.method} {call.path}", ...)
            reply = written(call, self._bundle, example, args)
        except HostError as error:
            return _failure(500, error.text)
        return _response(reply.status, reply.body, dict(reply.headers))


async def _received(request: web.BaseRequest) -> Received | None:
    """Read a request to its end; None when it is too long."""
    from tsbind.runtime.received import Received

    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > _LONGEST:
            return None
    headers = tuple((name.lower(), value) for name, value in request.headers.items())
    url = request.rel_url
    return Received(url.raw_path, url.raw_query_string, headers, bytes(body))


def _failure(status: int, message: str, allowed: tuple[str, ...] = ()) -> web.StreamResponse:
    headers = {"Content-Type": "application/json"}
    if allowed:
        headers["Allow"] = ", ".join(allowed)
    return _response(status, msgspec.json.encode({"message": message}), headers)


def _response(status: int, body: bytes, headers: dict[str, str]) -> web.StreamResponse:
    from aiohttp import web

    return web.Response(status=status, body=body, headers=headers)
