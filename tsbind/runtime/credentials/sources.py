"""Where a secret comes from: the environment, a file, the system's keyring, or a function.

On a command line: `scheme=env:NAME`, `scheme=file:PATH`, `scheme=keyring:SERVICE/USER`.  A source
is read each time it is needed, so that a rotated file or a renewed variable is seen.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec

from tsbind.errors import CredentialError

SECRET_BYTES = 64 * 1024  # a longer file is no secret but a mistake


class Env(msgspec.Struct, frozen=True):
    """An environment variable."""

    name: str


class SecretFile(msgspec.Struct, frozen=True):
    """A file that holds the secret and nothing else; a final line feed is dropped."""

    path: str


class Keyring(msgspec.Struct, frozen=True):
    """An entry of the system's keyring (needs the `keyring` package)."""

    service: str
    user: str


Function = Callable[[], "str | Awaitable[str]"]
Source = Env | SecretFile | Keyring | Function
_FORMS = "env:NAME, file:PATH or keyring:SERVICE/USER"


def parse_source(text: str) -> Source:
    """Read `env:NAME`, `file:PATH` or `keyring:SERVICE/USER`; raises CredentialError otherwise.

    A secret itself is not accepted here: on a command line every process can read it.
    """
    kind, _, rest = text.partition(":")
    match kind:
        case "env" if rest:
            return Env(rest)
        case "file" if rest:
            return SecretFile(rest)
        case "keyring" if all(rest.rpartition("/")):
            service, _, user = rest.rpartition("/")
            return Keyring(service, user)
        case _:
            # What was written may be the secret itself, so it is not repeated.
            raise CredentialError(
                "a credential does not say where it comes from",
                fix=f"write scheme={_FORMS}",
                code="credential-source",
            )


async def read(source: Source, scheme: str) -> str:
    """Return the secret; raises CredentialError when it is absent, empty or not one line."""
    match source:
        case Env(name):
            value = os.environ.get(name, "")
            where = f'the environment variable "{name}"'
        case SecretFile(path):
            value, where = _read_file(path, scheme), f'the file "{Path(path).name}"'
        case Keyring(service, user):
            value, where = _read_keyring(service, user, scheme), f'the keyring entry "{service}"'
        case _:
            answer = source()
            value = await answer if inspect.isawaitable(answer) else answer
            where = "the function"
    return checked(value, where, scheme)


def checked(value: object, where: str, scheme: str) -> str:
    """Return `value` when it can be a secret in a header; raises CredentialError otherwise."""
    if not isinstance(value, str) or not value:
        raise CredentialError(
            f'the credential for "{scheme}" is empty: {where} holds nothing',
            fix="set it, or leave the credential out",
            code="credential-empty",
        )
    if not value.isprintable() or not value.isascii():
        raise CredentialError(
            f'the credential for "{scheme}" from {where} is not one line of ASCII',
            fix="store the secret alone, without line breaks",
            code="credential-form",
        )
    return value


def _read_file(path: str, scheme: str) -> str:
    try:
        with open(path, "rb") as file:
            content = file.read(SECRET_BYTES + 1)
        if len(content) > SECRET_BYTES:
            raise CredentialError(
                f'the file of the credential "{scheme}" is longer than {SECRET_BYTES} bytes',
                fix="name a file that holds the secret and nothing else",
                code="credential-form",
            )
        return content.decode().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise CredentialError(
            f'the file of the credential "{scheme}" cannot be read: {reason}',
            fix="name a file that holds the secret and nothing else",
            code="credential-file",
        ) from None


def _read_keyring(service: str, user: str, scheme: str) -> str:
    try:
        import keyring
    except ImportError:
        raise CredentialError(
            f'the credential "{scheme}" is in the keyring, which this Python cannot open',
            fix="install tsbind[keyring]",
            code="credential-keyring",
        ) from None
    try:
        return keyring.get_password(service, user) or ""
    except keyring.errors.KeyringError as error:
        raise CredentialError(
            f'the keyring did not give the credential "{scheme}" ({type(error).__name__})',
            fix="unlock the keyring, or take the secret from env: or file:",
            code="credential-keyring",
        ) from None
