"""One program over two APIs and functions of one's own, typed throughout.

    tsbind compile specs/chat.yaml -o out
    tsbind compile specs/weather.json -o out
    PYTHONPATH=out python tests/examples/two_apis.py

The chat is a real server on loopback; the weather is answered by a function (`FakeTransport`), as
in tests.  Each API has its own credentials and policy; the program sees neither.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from chat import ChatHost, Message, MessagesPostArgs
from weather import WeatherHost

import tsbind
from tsbind.demo import serving
from tsbind.runtime import ApiError, FakeTransport, Request, Response
from tsbind.tools import Tools

PROGRAM = """
const readings = await weather.stations.readings({ station: "zurich" });
const warmest = Math.max(...readings.map((reading) => reading.celsius ?? -Infinity));
const feeling = await own.feeling({ celsius: warmest, scale: "words" });
const [room] = await chat.rooms.list();
const message = await chat.messages.post({ room: room.id, text: `It is ${feeling.text} today.` });
const refused = await chat.rooms.create({ name: "mine" }).catch((error) => error.name);
const unknown = await own.feeling({ celsius: -300 }).catch((error) => error.message);
return { said: message.text, refused, unknown };
"""

own = Tools("Own")


@dataclass
class Feeling:
    """How warm it is to somebody."""

    text: str
    certain: bool = True


@own.reader
def feeling(celsius: float, scale: Literal["words", "number"] = "words") -> Feeling:
    """How warm a temperature feels."""
    if celsius < -273.15:
        raise ApiError(422, "nothing is that cold")
    return Feeling("warm" if celsius > 20 else "cold") if scale == "words" else Feeling("7", False)


class SignedChat(ChatHost):
    """Answers one operation in Python."""

    async def messages_post(self, args: MessagesPostArgs) -> Message:
        """Sign what is said."""
        return await super().messages_post({**args, "text": f"{args['text']} (a program)"})


def weather_station(request: Request) -> Response:
    """Stand in for an API: `request` is what would be sent, without its credentials."""
    assert request.method == "GET"
    reading = {"at": "2026-01-05T09:00:00Z", "unit": "celsius", "celsius": 21.5}
    return Response.json([reading])


async def main(folder: Path) -> object:
    """Run the program; returns what it returned."""
    chat = tsbind.Bundle.open(folder / "chat.bundle.json")
    weather = tsbind.Bundle.open(folder / "weather.bundle.json")
    with serving(token="s3cret") as url:
        async with (
            SignedChat(
                chat,
                url,
                credentials=tsbind.Credentials({"token": "s3cret"}),
                policy=tsbind.Policy.parse(["allow read", "allow messages.post"]),
            ) as chat_host,
            WeatherHost(
                weather,
                credentials=tsbind.Credentials({"key": "another secret"}),
                transport=FakeTransport(weather_station),
                policy=tsbind.Policy.parse(["allow all"], read_only=True),
            ) as weather_host,
        ):
            result = await tsbind.run(
                PROGRAM,
                {"chat": chat, "weather": weather, "own": own.bundle},
                host={"chat": chat_host, "weather": weather_host, "own": own.host()},
            )
    return result.value


if __name__ == "__main__":
    print(asyncio.run(main(Path("out"))))
