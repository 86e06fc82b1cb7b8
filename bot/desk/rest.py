"""Questions asked for one person alone, in their direct messages with the bot."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from bot.desk.clickers import GONE, NOT_YOURS
from bot.jobs import AnswerQuestion, AskInDirect, SendRest
from bot.models import ConversationKey, Question
from bot.ports.memory import AnswerRecords, FeedbackBook
from bot.ports.queue import JobQueue
from bot.ports.slack import Notices
from bot.records import AnswerRecord

THERE_ALREADY = "It's in your direct messages with me already."

A_DAY = 24 * 3600
"""Seconds for which a second click is one: as long as the queue remembers."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Begins a thread in the person's direct messages and queues the question there, once."""

    records: AnswerRecords
    book: FeedbackBook
    jobs: JobQueue
    notices: Notices
    now: Callable[[], datetime]

    async def send_rest(self, job: SendRest, *, again: bool) -> None:
        """Ask the question again for its asker alone; anybody else is told that it is not theirs."""
        record = await self.records.read(job.question_id)
        if record is None:
            await self.notices.whisper(job.click, GONE)
        elif job.click.person != record.question.asker:
            await self.notices.whisper(job.click, NOT_YOURS)
        elif not await self._asked(_whole(record), once=f"rest/{job.question_id}", again=again):
            await self.notices.whisper(job.click, THERE_ALREADY)

    async def ask_in_direct(self, job: AskInDirect, *, again: bool) -> None:
        """Ask the person's words, as if they had written them there."""
        click = job.click
        nowhere = ConversationKey(click.workspace, "", "")
        question = Question(click.id, job.words, click.person, nowhere, "", self.now(), private=True)
        await self._asked(question, once=f"direct/{click.id}", again=again)

    async def _asked(self, question: Question, *, once: str, again: bool) -> bool:
        """Whether it was queued by this; what an earlier try began is found again."""
        first = await self.book.once(once, seconds=A_DAY)
        key = await self.notices.open_direct(question, again=again or not first)
        asked = Question(
            id=f"{key.workspace}/{key.channel}/{key.thread}",
            text=question.text,
            asker=question.asker,
            conversation=key,
            message=key.thread,
            asked_at=self.now(),
            private=True,
        )
        return await self.jobs.enqueue(AnswerQuestion(asked), once=[once, f"message/{asked.id}"]) or again


def _whole(record: AnswerRecord) -> Question:
    """The question as it stands alone: in its new thread nothing was said before it."""
    if record.answer is None or not record.answer.rewritten:
        return record.question
    return replace(record.question, text=record.answer.standalone_query)
