"""*Share here*: a private answer for everyone in the channel, if all there may read what it cites."""

from dataclasses import dataclass, replace

from bot.answering.recall import still_readable
from bot.desk.clickers import NOT_YOURS
from bot.errors import Refused
from bot.jobs import ShareAnswer
from bot.models import Answer, Audience, Question
from bot.ports.memory import AnswerRecords, Conversations, FeedbackBook
from bot.ports.search import SearchIndex
from bot.ports.slack import Directory, Notices

NO_ANSWER = "There is no answer to share."
NO_WORDS = "Its words are no longer kept; ask again."
CHANGED = "What it cites has changed since; ask again."
NOT_FOR_ALL = "Not everyone here may read what it cites."
INVITE_ME = "Invite me here first: /invite @Footnote"
CANNOT_POST = "I can't post in this channel."
SHARED = "Shared already."

KEPT_FOR = 30 * 24 * 3600
"""Seconds for which a second click is told that it is one: as long as records are kept."""


@dataclass(frozen=True, slots=True)
class Sharer:
    """Posts an answer that only its asker has seen, as its conversation remembers it."""

    records: AnswerRecords
    conversations: Conversations
    index: SearchIndex
    directory: Directory
    book: FeedbackBook
    notices: Notices

    async def share(self, job: ShareAnswer, *, again: bool, fence: int) -> None:
        """Post it once per channel, so that everybody there may use its buttons; or tell the clicker why not."""
        record = await self.records.read(job.question_id)
        if record is None or record.answer is None:
            refusal = NO_WORDS
        elif job.click.person != record.question.asker:
            refusal = NOT_YOURS
        else:
            answer = await self._worded(record.question, record.answer)
            refusal = await self._refusal(job, answer)
            if answer is not None and refusal is None:
                refusal = await self._posted(job, record.question, answer, again=again)
                if refusal is None:
                    await self.records.write(replace(record, shared=True), fence=fence)
        if refusal is not None:
            await self.notices.whisper(job.click, refusal)

    async def _worded(self, question: Question, answer: Answer) -> Answer | None:
        """The answer with the words that its record no longer has."""
        said = (await self.conversations.read(question.conversation)).turns
        turn = next((turn for turn in said if turn.question_id == question.id and turn.answer), None)
        return turn and replace(answer, text=turn.answer)

    async def _refusal(self, job: ShareAnswer, answer: Answer | None) -> str | None:
        if answer is None:
            return NO_WORDS
        if not answer.answered:
            return NO_ANSWER
        if not await self._readable(answer, await self.directory.reader(job.click.person)):
            return CHANGED
        audience = await self.directory.readers(job.click.channel)
        if not audience.readers:
            return INVITE_ME
        return None if await self._readable(answer, audience) else NOT_FOR_ALL

    async def _readable(self, answer: Answer, audience: Audience) -> bool:
        return await still_readable(answer, index=self.index, audience=audience)

    async def _posted(self, job: ShareAnswer, question: Question, answer: Answer, *, again: bool) -> str | None:
        """Post it; what the clicker is to be told. A second click posts only what the first could not."""
        first = await self.book.once(f"share/{question.id}/{job.click.channel}", seconds=KEPT_FOR)
        try:
            await self.notices.share(job.click, question, answer, again=again or not first)
        except Refused as refused:
            return INVITE_ME if "not_in_channel" in str(refused) else CANNOT_POST
        return None if first or again else SHARED
