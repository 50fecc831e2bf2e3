"""Where redirects lead, as a table: what is followed, and that nothing of value goes elsewhere."""

from __future__ import annotations

from itertools import product

import pytest

from tsbind.errors import CredentialError
from tsbind.runtime.credentials import Auth, Certificate, origin_of
from tsbind.runtime.http import Request, Response
from tsbind.runtime.redirect import redirected

HERE = "https://api.example/v1/rooms"
SECRET = "tok-123456"


class Shown(Certificate):
    """A certificate without files."""

    def __init__(self) -> None:
        pass


AUTHS = {
    "none": Auth(),
    "header": Auth(origin_of(HERE), headers=(("Authorization", f"Bearer {SECRET}"),)),
    "own header": Auth(origin_of(HERE), headers=(("X-Api-Key", SECRET),)),
    "query": Auth(origin_of(HERE), query=(("key", SECRET),)),
    "cookie": Auth(origin_of(HERE), cookies=(("sid", SECRET),)),
    "certificate": Auth(origin_of(HERE), certificate=Shown()),
}
SAME = {
    "/v2": "https://api.example/v2",
    "https://": HERE,  # an empty reference, which means the same place (RFC 3986 §5.2.2)
    "halls?a=1": "https://api.example/v1/halls?a=1",
    "https://api.example/v2": "https://api.example/v2",
    "https://API.example:443/v2": "https://API.example:443/v2",
    "https://api.example./v2": "https://api.example./v2",
}
OTHER = [
    "https://evil.example/",
    "https://api.example.evil.example/",
    "https://sub.api.example/",
    "https://api.example:8443/",
    "//evil.example/x",
    "https://[::1]/",
]
NOWHERE = [
    "http://api.example/",  # never from https to http
    "http://evil.example/",
    "ftp://api.example/",
    "file:///etc/passwd",
    "data:text/plain,x",
    "javascript:alert(1)",
    "https://user@api.example/",
    "https://user:pw@evil.example/",
    "https://[",
    "https://api.example:99999/",
    "",
]
FOLLOWED = (301, 302, 303, 307, 308)
STATUSES = (200, 201, 300, 304, 305, 306, *FOLLOWED)
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY")


def request(auth: str, method: str = "GET", body: bytes | None = None) -> Request:
    return Request(
        method=method,
        url=HERE,
        headers=(("Accept", "application/json"), ("X-Mine", SECRET), ("If-Match", "7")),
        cookies=(("own", SECRET),),
        body=body,
        auth=AUTHS[auth],
    )


def follow(asked: Request, status: int, location: str) -> Request | None:
    return redirected(asked, Response(status, (("location", location),)))


@pytest.mark.parametrize("auth", AUTHS)
@pytest.mark.parametrize("location", SAME)
def test_within_the_origin_everything_goes_along(auth: str, location: str) -> None:
    for status, method in product(FOLLOWED, ("GET", "HEAD")):
        onward = follow(request(auth, method), status, location)
        assert onward is not None
        assert onward.url == SAME[location]
        assert (onward.method, onward.auth) == (method, AUTHS[auth])
        assert onward.cookies == (("own", SECRET),)
        onward.on_the_wire()  # the credentials are for there, too


@pytest.mark.parametrize("auth", AUTHS)
@pytest.mark.parametrize("location", OTHER)
def test_nothing_of_value_goes_to_another_origin(auth: str, location: str) -> None:
    for status, method in product(FOLLOWED, ("GET", "HEAD")):
        onward = follow(request(auth, method), status, location)
        assert onward is not None
        url, headers = onward.on_the_wire()
        assert SECRET not in f"{url} {headers}"
        assert headers == [("Accept", "application/json")]
        assert (onward.method, onward.body, onward.auth.certificate) == (method, None, None)


@pytest.mark.parametrize("location", OTHER)
@pytest.mark.parametrize("auth", [name for name in AUTHS if name not in ("none", "certificate")])
def test_credentials_hold_to_their_origin_by_themselves(auth: str, location: str) -> None:
    onward = follow(request("none"), 302, location)
    assert onward is not None
    with pytest.raises(CredentialError, match='for "https://api\\.example:443" only'):
        AUTHS[auth].apply(onward.url, (), ())


@pytest.mark.parametrize("auth", AUTHS)
def test_what_must_not_be_followed_is_not(auth: str) -> None:
    everywhere = [*SAME, *OTHER, *NOWHERE]
    for status, method, location in product(STATUSES, METHODS, everywhere):
        body = b"x" if method in ("POST", "PUT", "PATCH", "QUERY") else None
        may = status in FOLLOWED and method in ("GET", "HEAD") and location not in NOWHERE
        found = follow(request(auth, method, body), status, location)
        assert (found is not None) == may, (status, method, location)


def test_from_http_to_https_no_credential_goes_along() -> None:
    here = "http://api.example/v1"
    auth = Auth(origin_of(here), headers=(("Authorization", SECRET),))
    onward = follow(Request(method="GET", url=here, auth=auth), 301, "https://api.example/v1")
    assert onward is not None
    assert onward.on_the_wire() == ("https://api.example/v1", [])


def test_where_a_second_redirect_leads_back_credentials_stay_away() -> None:
    away = follow(request("header"), 302, "https://evil.example/")
    assert away is not None
    back = follow(away, 302, HERE)
    assert back is not None
    assert SECRET not in str(back.on_the_wire())
