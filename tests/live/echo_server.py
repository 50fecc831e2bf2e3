"""A server of FastAPI's that answers with what it has read: `python echo_server.py PORT`.

It needs fastapi, uvicorn and python-multipart, and nothing of tsbind.  Its document is the one
that FastAPI writes for it.
"""

from __future__ import annotations

import base64
import sys
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import uvicorn
from fastapi import Body, Cookie, FastAPI, File, Form, Header, Query, UploadFile
from pydantic import BaseModel, Json


class Colour(StrEnum):
    """A few words."""

    RED = "red"
    BLUE = "light blue"


class Point(BaseModel):
    """A record with a part that may be absent and one that may be null."""

    x: int
    y: float = 0
    label: str | None = None


class Filter(BaseModel):
    """Fields that stand in the query one by one."""

    model_config = {"extra": "forbid"}
    text: str
    tags: list[str] = []
    limit: int = 10


class Order(BaseModel):
    """Fields of a form."""

    article: str
    sizes: list[int]
    gift: bool = False


async def places(
    name: str,
    number: float,
    day: date,
    token: UUID,
    flag: bool,
    colour: Colour,
    ids: Annotated[list[int], Query()],
    words: Annotated[list[str], Query()],
    x_note: Annotated[str, Header()],
    session: Annotated[str, Cookie()],
    since: datetime | None = None,
) -> dict[str, Any]:
    """Return what stood in the path, the query, the headers and the cookies."""
    return {
        "name": name,
        "number": number,
        "day": day,
        "token": token,
        "flag": flag,
        "colour": colour,
        "ids": ids,
        "words": words,
        "note": x_note,
        "session": session,
        "since": since,
    }


async def spread(given: Annotated[Filter, Query()]) -> Filter:
    """Return a record whose fields stood in the query."""
    return given


async def json(points: list[Point]) -> list[Point]:
    """Return the body."""
    return points


async def embedded(
    one: Annotated[Point, Body()], two: Annotated[dict[str, Decimal], Body()]
) -> Any:  # noqa: ANN401
    """Return the two fields of the body."""
    return {"one": one, "two": {key: str(value) for key, value in two.items()}}


async def form(order: Annotated[Order, Form()]) -> Order:
    """Return a form (application/x-www-form-urlencoded)."""
    return order


async def upload(
    title: Annotated[str, Form()],
    labels: Annotated[list[str], Form()],
    point: Annotated[Json[Point], Form()],
    picture: UploadFile,
    more: list[UploadFile],
    raw: Annotated[bytes, File()],
) -> dict[str, Any]:
    """Return the parts of a form (multipart/form-data)."""
    return {
        "title": title,
        "labels": labels,
        "point": point,
        "picture": _text(await picture.read()),
        "named": [picture.filename, picture.content_type],
        "more": [_text(await each.read()) for each in more],
        "raw": _text(raw),
    }


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()


def main(port: int) -> None:
    """Serve on loopback."""
    app = FastAPI(title="Echo")
    app.add_api_route("/places/{name}/{number}", places, operation_id="places")
    app.add_api_route("/spread", spread, operation_id="spread")
    for each in (json, embedded, form, upload):
        app.add_api_route(f"/{each.__name__}", each, methods=["POST"], operation_id=each.__name__)
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    main(int(sys.argv[1]))
