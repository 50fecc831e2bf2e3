"""A server that wants a client's certificate, and who shows one."""

from __future__ import annotations

import asyncio
import pickle
import shutil
import ssl
import subprocess
import sys
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import msgspec
import pytest

from tsbind.bundle import Bundle, Call, Need, Scheme
from tsbind.errors import CredentialError, RunError
from tsbind.runtime import (
    ClientCertificate,
    Credentials,
    FakeTransport,
    Host,
    Journal,
    Response,
    run,
)
from tsbind.runtime.credentials import Credential
from tsbind.runtime.failures import NetworkError
from tsbind.runtime.transport import HttpTransport

Seen = list[str]
NOBODY = FakeTransport(lambda request: Response(500))
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


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1\r\n"
REPLY = HEAD + b"Connection: close\r\n\r\n7"
OPEN = Call("x.open", "GET", "/open")
LOCKED = Call("x.locked", "GET", "/locked", security=((Need("mtls"),),))
SCHEMES = {"mtls": Scheme("mutualTLS"), "key": Scheme("http", scheme="bearer")}
BUNDLE = Bundle("T", "1", "", {call.op: call for call in (OPEN, LOCKED)}, {}, schemes=SCHEMES)


def fetch(folder: Path, op: str, credential: Credential | None, *, trusts: bool = True) -> Seen:
    client = certificate(folder, "client")

    async def main() -> Seen:
        async with serving(folder, REPLY, client[0]) as (url, seen):
            roots = folder / "server.pem" if trusts else None
            transport = HttpTransport(tls=partial(ssl.create_default_context, cafile=roots))
            secrets = Credentials({"mtls": credential} if credential else {})
            async with Host(BUNDLE, url, credentials=secrets, transport=transport) as host:
                await host.send(op)
            return seen

    return asyncio.run(main())


def own(folder: Path) -> ClientCertificate:
    return ClientCertificate(str(folder / "client.pem"), str(folder / "client.key"))


def test_a_certificate_is_shown_where_an_operation_asks_for_one(tmp_path: Path) -> None:
    assert fetch(tmp_path, "x.locked", own(tmp_path)) == ["client"]
    assert fetch(tmp_path, "x.open", own(tmp_path)) == ["None"]
    with pytest.raises(CredentialError, match=r'x\.locked needs the credential "mtls"'):
        fetch(tmp_path, "x.locked", None)


def test_a_server_is_not_trusted_because_one_has_a_certificate(tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match="certificate is not valid"):
        fetch(tmp_path, "x.locked", own(tmp_path), trusts=False)


def test_a_key_may_be_encrypted_and_stand_beside_its_certificate(tmp_path: Path) -> None:
    file, key = certificate(tmp_path, "client")
    locked = tmp_path / "locked.pem"
    encrypt = ["ec", "-in", key, "-aes256", "-passout", "pass:open-sesame"]
    done = subprocess.run([str(OPENSSL), *encrypt], check=True, capture_output=True)
    locked.write_bytes(done.stdout + Path(file).read_bytes())
    credentials = Credentials.parse([f"certificate=cert:{locked}", "certificate.password=env:PW"])
    with pytest.raises(CredentialError, match='the environment variable "PW" holds nothing'):
        asyncio.run(credentials.authorise(OPEN, {}, "https://a.example", NOBODY))
    given = ClientCertificate(str(locked), password="open-sesame")
    auth = asyncio.run(
        Credentials({"certificate": given}).authorise(OPEN, {}, "https://a.example", NOBODY)
    )
    assert auth.names == ("client certificate",)
    assert "sesame" not in f"{auth!r} {auth.certificate!r} {given!r}"
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(auth.certificate)


@pytest.mark.parametrize(
    ("given", "want"),
    [
        (ClientCertificate("absent.pem"), "No such file or directory"),
        (ClientCertificate(__file__), "cannot be used: "),
        ("text", 'the credential for "mtls" is no certificate'),
    ],
)
def test_what_is_no_certificate_is_told_before_anything_is_sent(
    given: Credential, want: str
) -> None:
    with pytest.raises(CredentialError, match=want) as caught:
        asyncio.run(Host(BUNDLE, "https://a.example", credentials=Credentials({"mtls": given}),
                         transport=NOBODY).send("x.locked"))  # fmt: skip
    assert caught.value.fix
    assert NOBODY.sent == []


def test_no_key_and_no_password_of_one_is_seen(tmp_path: Path) -> None:
    certificate(tmp_path, "client")
    encrypt = ["ec", "-in", str(tmp_path / "client.key"), "-aes256", "-passout", "pass:open-sesame"]
    subprocess.run([str(OPENSSL), *encrypt, "-out", str(tmp_path / "locked.key")], check=True,
                   capture_output=True)  # fmt: skip
    given = ClientCertificate(str(tmp_path / "client.pem"), str(tmp_path / "locked.key"))
    secrets = [*(tmp_path / "client.key").read_text().splitlines()[1:-1], "open-sesame"]
    for password, outcome in (("open-sesame", "value=7"), ("wrong-one", "cannot be used")):
        locked = msgspec.structs.replace(given, password=password)
        told = str(runs(tmp_path, locked))
        assert outcome in told
        assert not [secret for secret in secrets if secret in told]


def runs(folder: Path, credential: ClientCertificate) -> list[str]:
    """All that a run leaves to be seen."""

    async def main() -> list[str]:
        async with serving(folder, REPLY, str(folder / "client.pem")) as (url, _):
            transport = HttpTransport(
                tls=partial(ssl.create_default_context, cafile=folder / "server.pem")
            )
            secrets = Credentials({"mtls": credential})
            async with Host(BUNDLE, url, credentials=secrets, transport=transport) as host:
                journal = Journal(folder / f"journal-{credential.password}")
                try:
                    got = str(await run("return await api.x.locked()", BUNDLE, host=host,
                                        journal=journal))  # fmt: skip
                except RunError as error:
                    report = traceback.TracebackException.from_exception(error, capture_locals=True)
                    got = f"{error!r} {error} {error.trace}" + "".join(report.format())
                kept = (folder / f"journal-{credential.password}").read_text()
                return [got, kept, repr(host.__dict__), repr(secrets)]

    return asyncio.run(main())


def test_a_certificate_is_nothing_that_a_header_can_hold() -> None:
    key = Call("x", "GET", "/", security=((Need("key"),),))
    credentials = Credentials({"key": ClientCertificate("client.pem")})
    with pytest.raises(CredentialError, match='the scheme "key" asks for no certificate'):
        asyncio.run(credentials.authorise(key, SCHEMES, "https://a.example", NOBODY))


def test_the_command_line_shows_a_certificate_and_trusts_what_it_is_told_to(tmp_path: Path) -> None:
    file, key = certificate(tmp_path, "client")
    BUNDLE.save(tmp_path / "api.json")
    (tmp_path / "program.ts").write_text("return await api.x.locked()")

    async def main() -> tuple[str, Seen]:
        async with serving(tmp_path, REPLY, file) as (url, seen):
            command = [sys.executable, "-m", "tsbind", "run", str(tmp_path / "program.ts")]
            command += ["--bundle", str(tmp_path / "api.json"), "--base-url", url]
            command += ["--trust", str(tmp_path / "server.pem")]
            command += ["--credential", f"mtls=cert:{file},{key}"]
            child = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
            out, _ = await child.communicate()
            return out.decode(), seen

    assert asyncio.run(main()) == ("7\n", ["client"])
