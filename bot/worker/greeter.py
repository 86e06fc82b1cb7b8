"""Tells people whose questions have to wait for long that they do, and how many are ahead: each once, alone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog
from structlog.typing import FilteringBoundLogger

from bot.errors import FootnoteError
from bot.jobs import AnswerQuestion, Click
from bot.models import Question
from bot.ports.queue import JobQueue, Waiting
from bot.ports.slack import Notices

log: FilteringBoundLogger = structlog.get_logger(__name__)

AHEAD = 200
"""More jobs than this before a question make it wait for long."""
AGE = 90.0
"""Seconds that a question may wait without a word."""
EVERY = 1.0
"""Seconds between two looks."""
AT_ONCE = 20
"""People who are told after one look: what Slack takes in a minute is for answers too."""
MOMENT = 5.0
"""Seconds that telling one person may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Greeter:
    """Looks into the queue from time to time. `room` says whether Slack takes so many private lines just now.

    Whom the queue has named is never named again: who cannot be told then is not told, and still gets the answer.
    """

    jobs: JobQueue
    notices: Notices
    room: Callable[[int], bool]
    ahead: int = AHEAD
    age: float = AGE
    every: float = EVERY
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def run(self) -> None:
        """Go on until cancelled."""
        while True:
            await self.sleep(self.every)
            await self.look()

    async def look(self) -> None:
        """Tell those who have not been told, as many as there is room for. Raises nothing of ours."""
        if not self.room(AT_ONCE):
            return
        try:
            found = await self.jobs.overdue(ahead=self.ahead, age=self.age, limit=AT_ONCE)
        except FootnoteError as error:
            log.warning("overdue_unknown", error=type(error).__name__)
            return
        for waiting in found:
            if isinstance(waiting.job, AnswerQuestion) and waiting.job.question.addressed == "named":
                await self._tell(waiting.job.question, waiting)

    async def _tell(self, question: Question, waiting: Waiting) -> None:
        """Best effort: a line that may have arrived is not sent again."""
        try:
            async with asyncio.timeout(MOMENT):
                await self.notices.whisper(Click.of(question), busy(waiting.ahead))
        except (FootnoteError, TimeoutError) as error:
            log.warning("asker_not_told", question=question.id, error=type(error).__name__)
        else:
            log.info("asker_told_to_wait", question=question.id, ahead=waiting.ahead, age=round(waiting.age, 1))


def busy(ahead: int) -> str:
    """What somebody is told whose question waits behind so many others."""
    if ahead < 1:
        return "I'm busy. I'll answer here when it's your turn."
    others = "one question is" if ahead == 1 else f"about {ahead} questions are"
    return f"I'm busy: {others} ahead of yours. I'll answer here when it's your turn."
