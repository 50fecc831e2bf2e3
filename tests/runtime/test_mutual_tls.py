"""A server that wants a client's certificate, and who shows one."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tsbind.runtime.failures import NetworkError
from tsbind.runtime.http import HttpTransport, Request

OPENSSL = shutil.which("openssl")
pytestmark = pytest.mark.skipif(OPENSSL is None, reason="openssl makes the certificates")


def certificate(folder: Path, name: str) -> tuple[str, str]:
    """Make a certificate that vouches for itself; returns its file and that of its key."""
    file, key = folder / f"{name}.pem", folder / f"{name}.key"
    request = [OPENSSL, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    names = ["-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-nodes", "-days", "2", "-keyout", str(key), "-out", str(file)]
    subprocess.run([*map(str, request), *names, *files], check=True, capture_output=True)
    return str(file), str(key)


@asynccontextmanager
async def serving(folder: Path, answer: bytes, client: str) -> AsyncIterator[tuple[str, list[str]]]:
    """Serve over TLS; gives the address, and who has shown a certificate so far."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=client)
    context.load_cert_chain(*certificate(folder, "server"))
    context.verify_mode = ssl.CERT_OPTIONAL
    seen: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            shown = writer.get_extra_info("peercert") or {}
            seen.append(str(dict(pair[0] for pair in shown.get("subject", ())).get("commonName")))
            writer.write(answer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}", seen
    finally:
        server.close()


def fetch(folder: Path, *, shows: bool, trusts: bool = True) -> list[str]:
    client = certificate(folder, "client")

    async def main() -> list[str]:
        reply = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"
        async with serving(folder, reply, client[0]) as (url, seen):
            context = ssl.create_default_context()
            if trusts:
                context.load_verify_locations(folder / "server.pem")
            if shows:
                context.load_cert_chain(*client)
            transport = HttpTransport(tls=context)
            try:
                await transport.send(Request(method="GET", url=url))
            finally:
                await transport.close()
            return seen

    return asyncio.run(main())


def test_a_certificate_is_shown_to_the_api(tmp_path: Path) -> None:
    assert fetch(tmp_path, shows=True) == ["client"]
    assert fetch(tmp_path, shows=False) == ["None"]


def test_a_server_is_not_trusted_because_one_has_a_certificate(tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match="certificate is not valid"):
        fetch(tmp_path, shows=True, trusts=False)
