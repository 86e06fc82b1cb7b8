"""Ratings as one hash per answer, escalations as one value per question; both listed by time."""

from __future__ import annotations

from datetime import datetime

from bot.adapters.redis.client import Link, Script
from bot.adapters.redis.stored import Stored
from bot.feedback import Escalation, Feedback

KEPT_FOR = 180 * 24 * 3600
"""Seconds after it was given."""


class RedisFeedbackBook:
    """The `FeedbackBook` port. What a newer process wrote in a way unknown here is passed over."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._feedback, self._escalations = Stored(Feedback), Stored(Escalation)
        self._rate, self._escalate = Script.load("rate"), Script.load("escalate")

    async def rate(self, feedback: Feedback) -> None:
        """Keep the person's rating, in place of an earlier one; see the port."""
        keys = (self._link.key("ratings", feedback.question_id), self._link.key("rated"))
        raw, at = self._feedback.dump(feedback), feedback.at.timestamp()
        await self._link.run(self._rate, keys, (feedback.person, raw, KEPT_FOR, at, feedback.question_id))

    async def ratings(self, question_id: str) -> list[Feedback]:
        """Every rating of an answer, oldest first."""
        raw = await self._link.call("HVALS", self._link.key("ratings", question_id))
        return sorted(self._feedback.readable(raw), key=lambda feedback: feedback.at)

    async def since(self, moment: datetime) -> list[Feedback]:
        """Every rating given from `moment` on, oldest first."""
        rated: list[bytes] = await self._link.call("ZRANGEBYSCORE", self._link.key("rated"), moment.timestamp(), "+inf")
        found = [feedback for question_id in rated for feedback in await self.ratings(question_id.decode())]
        return sorted((one for one in found if one.at >= moment), key=lambda feedback: feedback.at)

    async def escalate(self, escalation: Escalation) -> bool:
        """Open an escalation, once per question; see the port."""
        keys = (self._escalation(escalation.question_id), self._link.key("escalated"))
        words = (self._escalations.dump(escalation), KEPT_FOR, escalation.at.timestamp(), escalation.question_id)
        return bool(await self._link.run(self._escalate, keys, words))

    async def escalation(self, question_id: str) -> Escalation | None:
        """The escalation of a question, open or closed."""
        raw = await self._link.call("GET", self._escalation(question_id))
        return next(iter(self._escalations.readable([raw])), None)

    async def update(self, escalation: Escalation) -> None:
        """Replace an escalation."""
        raw = self._escalations.dump(escalation)
        await self._link.call("SET", self._escalation(escalation.question_id), raw, "EX", KEPT_FOR)

    async def escalations(self, moment: datetime) -> list[Escalation]:
        """Every escalation opened from `moment` on, oldest first."""
        ids: list[bytes] = await self._link.call(
            "ZRANGEBYSCORE", self._link.key("escalated"), moment.timestamp(), "+inf"
        )
        if not ids:
            return []
        raw = await self._link.call("MGET", *(self._escalation(question_id.decode()) for question_id in ids))
        return self._escalations.readable(raw)

    async def once(self, what: str, *, seconds: float) -> bool:
        """True for the first within so many seconds."""
        return bool(await self._link.call("SET", self._link.key("only", what), 1, "NX", "PX", round(seconds * 1000)))

    def _escalation(self, question_id: str) -> str:
        return self._link.key("escalation", question_id)
