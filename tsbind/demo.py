"""The chat API of the demo: a real HTTP server on loopback that implements `specs/chat.yaml`.

It keeps everything in memory, starts with a few rooms that have been talked in, and answers only
to whoever shows the bearer token.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from tsbind.bundle import Json

_ROOMS = (
    ("general", "Everything else", 45),
    ("design", "What it looks like", 30),
    ("incidents", None, 24),
    ("music", "What are you listening to?", 4),
)
_PEOPLE = ("ada", "grace", "linus", "margaret", "ken", "barbara")
_TALK = (
    "I have read the draft twice now, and I think that the second section answers the question "
    "that the first one raises, so we could begin with it",
    "The deployment finished at noon; the error rate is back to what it was on Monday, and the "
    "queue is empty again",
    "Could someone look at the new icons? The contrast is fine on a light background, but I am "
    "not sure about the dark one",
    "Moved the meeting to Thursday, since half of us are travelling on Wednesday",
    "The cache was the culprit: it kept the old certificate for an hour longer than it should",
)
_START = datetime(2026, 1, 5, 9, tzinfo=UTC)


class Chat:
    """Rooms, their members, and their messages, newest last."""

    def __init__(self) -> None:
        self._ids = count(1)
        self._rooms: dict[str, Json] = {}
        self._members: dict[str, list[Json]] = {}
        self._messages: dict[str, list[Json]] = {}
        for name, topic, messages in _ROOMS:
            room = self.create(name, topic)["id"]
            for turn in range(messages):
                author = _PEOPLE[(turn * turn + turn // 4) % len(_PEOPLE)]
                self.post(room, author, f"{_TALK[turn % len(_TALK)]} ({name} {turn + 1})")

    def rooms(self) -> list[Json]:
        """Return the rooms, oldest first."""
        return list(self._rooms.values())

    def create(self, name: str, topic: str | None) -> Json:
        """Make a room in which everybody is a member."""
        key = f"r{next(self._ids)}"
        room = {"id": key, "name": name, "topic": topic}
        self._rooms[key] = room
        self._messages[key] = []
        roles = ("owner", *["member"] * (len(_PEOPLE) - 2), "guest")
        people = zip(_PEOPLE, roles, strict=True)
        self._members[key] = [{"name": name, "role": role} for name, role in people]
        return room

    def members(self, room: str) -> list[Json]:
        """Return who is in a room; raises KeyError when there is no such room."""
        return self._members[room]

    def messages(self, room: str, limit: int, before: str) -> list[Json]:
        """Return up to `limit` messages, newest first; raises KeyError when there is no room."""
        messages = self._messages[room][::-1]
        older = [at for at, message in enumerate(messages) if message["id"] == before]
        return messages[older[0] + 1 if older else 0 :][:limit]

    def post(self, room: str, author: str, text: str) -> Json:
        """Add a message; raises KeyError when there is no such room."""
        number = next(self._ids)
        sent = (_START + timedelta(minutes=7 * number)).isoformat().replace("+00:00", "Z")
        message = {"id": f"m{number}", "author": author, "text": text, "sent": sent}
        self._messages[room].append(message)
        return message


def application(token: str) -> web.Application:
    """Return the server of one chat, to which `token` opens the door."""
    chat = Chat()

    async def list_rooms(_: web.Request) -> web.Response:
        return web.json_response(chat.rooms())

    async def create_room(request: web.Request) -> web.Response:
        body = await _body(request, "name")
        return web.json_response(chat.create(body["name"], body.get("topic")), status=201)

    async def list_members(request: web.Request) -> web.Response:
        return web.json_response(chat.members(request.match_info["room"]))

    async def list_messages(request: web.Request) -> web.Response:
        limit = request.query.get("limit", "50")
        if not (limit.isascii() and limit.isdecimal() and 1 <= int(limit[:9]) <= 200):
            raise _problem(web.HTTPBadRequest, f'limit must be 1 to 200, not "{limit[:20]}"')
        before = request.query.get("before", "")
        found = chat.messages(request.match_info["room"], int(limit), before)
        return web.json_response(found)

    async def post_message(request: web.Request) -> web.Response:
        body = await _body(request, "text")
        message = chat.post(request.match_info["room"], "you", body["text"])
        return web.json_response(message, status=201)

    app = web.Application(middlewares=[_door(token)])
    app.add_routes(
        [
            web.get("/rooms", list_rooms),
            web.post("/rooms", create_room),
            web.get("/rooms/{room}/members", list_members),
            web.get("/rooms/{room}/messages", list_messages),
            web.post("/rooms/{room}/messages", post_message),
        ]
    )
    return app


def _door(token: str) -> Middleware:
    expected = f"Bearer {token}".encode()

    @web.middleware
    async def door(request: web.Request, handler: Handler) -> web.StreamResponse:
        given = request.headers.get("Authorization", "").encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(given, expected):
            raise _problem(web.HTTPUnauthorized, "a bearer token is needed")
        try:
            return await handler(request)
        except KeyError:
            raise _problem(web.HTTPNotFound, "there is no such room") from None

    return door


async def _body(request: web.Request, needed: str) -> dict[str, Any]:
    try:
        body = json.loads(await request.read())
    except (ValueError, RecursionError):
        raise _problem(web.HTTPBadRequest, "the body is not JSON") from None
    value = body.get(needed) if isinstance(body, dict) else None
    if not (isinstance(value, str) and value):
        raise _problem(web.HTTPUnprocessableEntity, f"{needed} must be a text that is not empty")
    assert isinstance(body, dict)
    return body


def _problem(kind: type[web.HTTPException], message: str) -> web.HTTPException:
    headers = {"WWW-Authenticate": "Bearer"} if kind is web.HTTPUnauthorized else None
    text = json.dumps({"message": message})
    return kind(text=text, content_type="application/json", headers=headers)


@contextmanager
def serving(token: str) -> Iterator[str]:
    """Serve a chat from a thread of its own on a free port of loopback; gives its URL."""
    address: Future[str] = Future()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def serve() -> None:
        runner = web.AppRunner(application(token), access_log=None)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            _, port = runner.addresses[0][:2]
            address.set_result(f"http://127.0.0.1:{port}")
            await stop.wait()
        except OSError as error:
            address.set_exception(error)
        finally:
            await runner.cleanup()

    def work() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(serve())

    thread = threading.Thread(target=work, name="chat", daemon=True)
    thread.start()
    try:
        yield address.result()
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
