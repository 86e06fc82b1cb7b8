"""An earlier answer shown again, as far as its asker may still read it."""

from dataclasses import dataclass

from bot.answering.recall import still_readable
from bot.desk.clickers import GONE, NOT_YOURS
from bot.gate import gated
from bot.jobs import Reopen
from bot.ports.memory import AnswerRecords, Conversations
from bot.ports.search import SearchIndex
from bot.ports.slack import Directory, Panels, Threads
from bot.records import AnswerRecord
from bot.screens import Reopened


@dataclass(frozen=True, slots=True)
class Reopener:
    """Takes the words from the conversation, because a record keeps none."""

    records: AnswerRecords
    conversations: Conversations
    index: SearchIndex
    directory: Directory
    threads: Threads
    panels: Panels

    async def reopen(self, job: Reopen) -> None:
        """Show it to its asker, or say in the modal why it stays empty."""
        record = await self.records.read(job.question_id)
        if record is None:
            await self.panels.apologise(job.click, GONE)
        elif job.click.person != record.question.asker:
            await self.panels.apologise(job.click, NOT_YOURS)
        else:
            await self.panels.reopened(job.click, await self._reopened(record))

    async def _reopened(self, record: AnswerRecord) -> Reopened:
        question, answer = record.question, record.answer
        reader = await self.directory.reader(question.asker)
        readable = answer is not None and await still_readable(answer, index=self.index, audience=reader)
        text = await self._words(record) if readable else ""
        return Reopened(
            question_id=question.id,
            question=gated(question.text),
            text=text,
            citations=answer.citations if answer and text else (),
            link=await self._link(record),
            asked_at=question.asked_at,
        )

    async def _words(self, record: AnswerRecord) -> str:
        said = (await self.conversations.read(record.question.conversation)).turns
        return next((turn.answer for turn in said if turn.question_id == record.question.id), "")

    async def _link(self, record: AnswerRecord) -> str:
        if record.reply is None:
            return ""
        channel = record.question.conversation.channel
        return (await self.threads.links(channel, [record.reply])).get(record.reply, "")
