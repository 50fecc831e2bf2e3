"""A Host that remembers the replies, to tell what they would have cost in a model's context."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from tsbind.bundle import Json
from tsbind.runtime import Host


class Listening(Host):
    """Answers as any Host does; `replies` holds the JSON of each reply, in the order of arrival."""

    @property
    def replies(self) -> list[str]:
        """The replies so far."""
        found: list[str] = self.__dict__.setdefault("_replies", [])
        return found

    async def call(self, op: str, args: Mapping[str, Json]) -> Json:
        """Answer one operation and remember the answer."""
        reply = await super().call(op, args)
        self.replies.append(msgspec.json.encode(reply).decode())
        return reply
