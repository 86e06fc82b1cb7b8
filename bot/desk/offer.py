"""*Shall I answer?*: an offer to the writer alone, where nobody asked us."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.models import Question
from bot.ports.memory import AnswerRecords
from bot.ports.slack import Directory, Notices
from bot.records import AnswerRecord


@dataclass(frozen=True, slots=True)
class Offers:
    """Offers an answer at most once, and keeps the question so that the offer can be taken up."""

    records: AnswerRecords
    directory: Directory
    notices: Notices
    now: Callable[[], datetime]

    async def offer(self, question: Question, *, fence: int) -> None:
        """Offer it to a member.

        Its record is written before, and where there is one nothing is offered: an earlier try may have been seen, or
        the question was asked by another way meanwhile. Raises `LeaseLost`.
        """
        if not await self.directory.may_ask(question):
            return
        if await self.records.read(question.id, fence=fence) is None:
            await self.records.write(AnswerRecord(question, updated_at=self.now()), fence=fence)
            await self.notices.offer(question)
