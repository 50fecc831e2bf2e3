"""Lists the rooms of a chat server, through what the build generated from its document."""

from importlib.resources import files

import tsbind
from shop.apis.chat import ChatHost

BUNDLE = tsbind.Bundle.decode((files("shop.apis") / "chat.bundle.json").read_bytes())
DECLARATIONS = (files("shop.apis") / "chat.d.ts").read_text("utf-8")


class Fixed(ChatHost):
    """A server without a network."""

    async def rooms_list(self, args=None):
        """Answer with one room."""
        return [{"id": "r1", "name": "general"}]


def rooms():
    """Return the names of the rooms."""
    program = "return (await api.rooms.list()).map((room) => room.name)"
    return tsbind.run_sync(program, BUNDLE, host=Fixed(BUNDLE, "http://127.0.0.1:9")).value
