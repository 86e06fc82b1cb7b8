"""Conversations as lists: one element per turn, the last forty, forgotten a week after the last."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote, unquote

import structlog
from structlog.typing import FilteringBoundLogger

from bot.adapters.redis.link import Link, Script, parts
from bot.adapters.redis.stored import Damaged, Newer, Stored
from bot.conversations import Conversation, Turn
from bot.models import ConversationKey

log: FilteringBoundLogger = structlog.get_logger(__name__)

KEPT = 40
"""Turns of a conversation."""
KEPT_FOR = 7 * 24 * 3600
"""Seconds after the last turn."""


class RedisConversations:
    """The `Conversations` port. A turn that cannot be read (a newer process wrote it) is passed over."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._stored = Stored(Turn)
        self._remember = Script.load("remember")

    async def read(self, key: ConversationKey) -> Conversation:
        """The turns kept, oldest first; see the port."""
        raw: list[bytes] = await self._link.call("LRANGE", self._where(key), 0, -1)
        return Conversation(tuple(turn for element in raw if (turn := self._turn(element))))

    async def remember(self, key: ConversationKey, turn: Turn) -> None:
        """Keep one turn per question; see the port."""
        words = (quote(turn.question_id, safe=""), self._stored.dump(turn), KEPT, KEPT_FOR)
        await self._link.run(self._remember, [self._where(key)], words)

    async def forget(self, key: ConversationKey) -> None:
        """Remove the conversation."""
        await self._link.call("DEL", self._where(key))

    async def join(self, key: ConversationKey) -> None:
        """Take part for another week."""
        await self._link.call("SET", self._part(key), 1, "EX", KEPT_FOR)

    async def leave(self, key: ConversationKey) -> None:
        """Take part no longer."""
        await self._link.call("DEL", self._part(key))

    async def joined(self, key: ConversationKey) -> bool:
        """Whether the bot takes part; see the port."""
        return bool(await self._link.call("EXISTS", self._part(key)))

    def _part(self, key: ConversationKey) -> str:
        return self._link.key("part", of=parts(key))

    def _where(self, key: ConversationKey) -> str:
        return self._link.key("turns", of=parts(key))

    def _turn(self, element: bytes) -> Turn | None:
        question_id, _, raw = element.partition(b"\n")
        try:
            return replace(self._stored.load(raw), question_id=unquote(question_id.decode(errors="replace")))
        except (Newer, Damaged) as error:
            log.warning("turn_unreadable", question=question_id.decode(errors="replace"), reason=str(error))
            return None
