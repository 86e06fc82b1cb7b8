"""Wishes to stop an answer, and what is being answered where: small values that end by themselves."""

from __future__ import annotations

from collections.abc import Collection

from bot.adapters.redis.link import Link, Step, parts
from bot.models import ConversationKey

KEPT_FOR = 600
"""Seconds: longer than an answer may take."""


class RedisStops:
    """The `Stops` port."""

    def __init__(self, link: Link) -> None:
        self._link = link

    async def ask(self, question_id: str, *, seconds: float = KEPT_FOR) -> None:
        """Wish that the answer be stopped."""
        await self._link.call("SET", self._wish(question_id), 1, "EX", round(seconds))

    async def asked(self, question_ids: Collection[str]) -> frozenset[str]:
        """Which of these are to be stopped."""
        found = await self._link.all([Step(("GET", self._wish(one))) for one in question_ids])
        return frozenset(one for one, wish in zip(question_ids, found, strict=True) if wish)

    async def clear(self, question_id: str) -> None:
        """The wish was heard."""
        await self._link.call("DEL", self._wish(question_id))

    async def working(self, key: ConversationKey, question_id: str | None) -> None:
        """Note which question is being answered in a conversation."""
        if question_id is None:
            await self._link.call("DEL", self._work(key))
        else:
            await self._link.call("SET", self._work(key), question_id, "EX", KEPT_FOR)

    async def worked(self, key: ConversationKey, question_ids: Collection[str]) -> frozenset[str]:
        """Note that no question is being answered in a conversation any more; which of these are to be stopped."""
        looks = [Step(("GET", self._wish(one))) for one in question_ids]
        *found, _ = await self._link.all([*looks, Step(("DEL", self._work(key)))])
        return frozenset(one for one, wish in zip(question_ids, found, strict=True) if wish)

    async def being_answered(self, key: ConversationKey) -> str | None:
        """The question that is being answered in a conversation."""
        raw: bytes | None = await self._link.call("GET", self._work(key))
        return raw.decode() if raw else None

    def _wish(self, question_id: str) -> str:
        return self._link.key("stop", of=("question", question_id))

    def _work(self, key: ConversationKey) -> str:
        return self._link.key("work", of=parts(key))
