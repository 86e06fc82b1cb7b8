"""Ratings as one hash per answer, escalations as one value per question; both listed by time.

As with records, something is listed before it is written.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from bot.adapters.redis.link import Link, Script, Step
from bot.adapters.redis.stored import Stored
from bot.feedback import Escalation, Feedback

KEPT_FOR = 180 * 24 * 3600
"""Seconds after it was given."""
AT_ONCE = 200
"""Questions whose feedback is read in one trip."""


class RedisFeedbackBook:
    """The `FeedbackBook` port. What a newer process wrote in a way unknown here is passed over."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._feedback, self._escalations = Stored(Feedback), Stored(Escalation)
        self._rate, self._enlist = Script.load("rate"), Script.load("enlist")

    async def rate(self, feedback: Feedback) -> None:
        """Keep the person's rating, in place of an earlier one; see the port."""
        words = ("GT", feedback.at.timestamp(), feedback.question_id, KEPT_FOR)
        listed = self._enlist.step([self._link.key(of=("rated",))], words)
        raw = self._feedback.dump(feedback)
        rated = self._rate.step([self._ratings(feedback.question_id)], (feedback.person, raw, KEPT_FOR))
        await self._link.all([listed, rated])

    async def ratings(self, question_id: str) -> list[Feedback]:
        """Every rating of an answer, oldest first."""
        return self._sorted(await self._link.call("HVALS", self._ratings(question_id)))

    async def since(self, moment: datetime) -> list[Feedback]:
        """Every rating given from `moment` on, oldest first."""
        found: list[bytes] = []
        for ids in await self._listed("rated", moment):
            for raw in await self._link.all([Step(("HVALS", self._ratings(one))) for one in ids]):
                found += raw
        return [one for one in self._sorted(found) if one.at >= moment]

    async def escalate(self, escalation: Escalation) -> bool:
        """Open an escalation, once per question; see the port."""
        words = ("NX", escalation.at.timestamp(), escalation.question_id, KEPT_FOR)
        listed = self._enlist.step([self._link.key(of=("escalated",))], words)
        raw = self._escalations.dump(escalation)
        opened = Step(("SET", self._escalation(escalation.question_id), raw, "NX", "EX", KEPT_FOR))
        return bool((await self._link.all([listed, opened]))[1])

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
        found: list[Escalation] = []
        for ids in await self._listed("escalated", moment):
            steps = [Step(("GET", self._escalation(one))) for one in ids]
            found += self._escalations.readable(await self._link.all(steps))
        return found

    async def once(self, what: str, *, seconds: float) -> bool:
        """True for the first within so many seconds."""
        return bool(
            await self._link.call("SET", self._link.key(of=("only", what)), 1, "NX", "PX", round(seconds * 1000))
        )

    async def _listed(self, what: str, moment: datetime) -> list[list[str]]:
        """The questions of a list from `moment` on, oldest first, as many together as are read in one trip."""
        words = ("ZRANGEBYSCORE", self._link.key(of=(what,)), moment.timestamp(), "+inf")
        ids: list[str] = [one.decode() for one in await self._link.call(*words)]
        return [ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE)]

    def _sorted(self, raw: Iterable[bytes]) -> list[Feedback]:
        return sorted(self._feedback.readable(raw), key=lambda feedback: feedback.at)

    def _ratings(self, question_id: str) -> str:
        return self._link.key("ratings", of=("question", question_id))

    def _escalation(self, question_id: str) -> str:
        return self._link.key("escalation", of=("question", question_id))
