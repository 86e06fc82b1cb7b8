"""Takes up again what nobody works on any more: questions that have begun, have not ended, and are no job's."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from structlog.typing import FilteringBoundLogger

from bot.errors import FootnoteError
from bot.jobs import AnswerQuestion
from bot.ports.memory import AnswerRecords, FeedbackBook
from bot.ports.queue import JobQueue
from bot.ports.watch import Watch
from bot.records import AnswerRecord
from bot.worker.limits import SWEEPS

log: FilteringBoundLogger = structlog.get_logger(__name__)

AT_ONCE = 500
"""Records that one sweep looks at."""
SHARE = 4
"""Sweeps within the time after which a question counts as forgotten."""
A_DAY = 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweeper:
    """Queues forgotten questions again, so that a worker finishes each in its place, or says that it cannot.

    Every worker has one of these: a question is taken up by one of them. `forgotten` is in seconds.
    """

    records: AnswerRecords
    jobs: JobQueue
    book: FeedbackBook
    watch: Watch
    now: Callable[[], datetime]
    forgotten: float
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def run(self) -> None:
        """Go on until cancelled."""
        while True:
            await self.sleep(self.forgotten / SHARE)
            await self.sweep()

    async def sweep(self) -> None:
        """Take up what is forgotten now. Raises nothing of ours."""
        try:
            for record in await self._orphans():
                await self._take_up(record)
        except FootnoteError as error:
            log.warning("not_swept", error=type(error).__name__)

    async def _orphans(self) -> Sequence[AnswerRecord]:
        """What has begun and belongs to no job."""
        before = self.now() - timedelta(seconds=self.forgotten)
        begun = await self.records.unended(before=before, limit=AT_ONCE)
        queued = await self.jobs.unfinished([record.question.id for record in begun]) if begun else frozenset[str]()
        return [record for record in begun if record.question.id not in queued]

    async def _take_up(self, record: AnswerRecord) -> None:
        """Queue it, unless another process does. Who dies in here leaves it to a later sweep."""
        question = record.question
        state = f"sweep/{question.id}/{record.updated_at and record.updated_at.isoformat()}"
        if not await self.book.once(state, seconds=self.forgotten):
            return
        times = await self._times(question.id)
        if times and await self.jobs.enqueue(AnswerQuestion(question, sweeps=times), once=[f"{state}/{times}"]):
            log.warning("question_taken_up", question=question.id, state=record.state, times=times)
            self.watch.swept()

    async def _times(self, question_id: str) -> int:
        """Which time it is that this question is taken up today; 0 where that has been often enough."""
        for times in range(1, SWEEPS + 1):
            if await self.book.once(f"taken-up/{question_id}/{times}", seconds=A_DAY):
                return times
        return 0
