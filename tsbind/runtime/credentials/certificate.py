"""Certificates that a client shows (mutualTLS): files of PEM, which only TLS itself reads."""

from __future__ import annotations

import ssl
from typing import NoReturn

import msgspec

from tsbind.errors import CredentialError
from tsbind.runtime.credentials.sources import Source


class ClientCertificate(msgspec.Struct, frozen=True):
    """A certificate and its private key; without `key`, both stand in `file`.

    `password` is for a key that is encrypted.  The files are read when the first call needs them.
    """

    file: str
    key: str = ""
    password: Source | str = ""

    def __repr__(self) -> str:
        return f"ClientCertificate({self.file!r})"


class Certificate:
    """A certificate that can be shown; shows nothing of its key itself."""

    __slots__ = ("_file", "_key", "_password")

    def __init__(self, name: str, given: ClientCertificate, password: str) -> None:
        self._file, self._key, self._password = given.file, given.key or None, password
        failed = self._fault()
        if failed:
            raise CredentialError(
                f'the certificate for "{name}" cannot be used: {failed}',
                fix="give files of PEM: the certificate, and the private key that belongs to it",
                code="credential-certificate",
            )

    def _fault(self) -> str:
        try:
            self.show_in(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
        except ssl.SSLError as error:
            return (error.reason or "no certificate and key").replace("_", " ").lower()
        except OSError as error:
            return error.strerror or "it cannot be read"
        return ""

    def show_in(self, context: ssl.SSLContext) -> None:
        """Let connections of `context` show the certificate."""
        # Without a password OpenSSL would ask for one on the terminal.
        context.load_cert_chain(self._file, self._key, lambda: self._password)

    def __repr__(self) -> str:
        return "Certificate()"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Certificate holds secrets and cannot be pickled")
