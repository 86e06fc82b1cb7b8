"""*Outdated?*: the owner of a document hears that somebody doubts it, once a day."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog
from structlog.typing import FilteringBoundLogger

from bot.answering.cite import citation
from bot.desk.clickers import GONE, NOT_YOURS, may_see
from bot.desk.quotes import beginning
from bot.errors import Refused
from bot.jobs import Click, ReportOutdated
from bot.models import Chunk
from bot.ports.memory import AnswerRecords, FeedbackBook
from bot.ports.search import SearchIndex
from bot.ports.slack import Directory, Notices
from bot.records import AnswerRecord
from bot.screens import Doubt

log: FilteringBoundLogger = structlog.get_logger(__name__)

NOT_THERE = "That passage isn't there any more. Ask again to see what the docs say now."
ALREADY = "Already reported today."
TOLD_OWNER = "Told the owner. Thanks."
TOLD_CHANNEL = "Told the people who look after the docs. Thanks."
NOBODY_TOLD = "Noted. Nobody is named as its owner, so it's logged for your admins."

A_DAY_AND_MORE = 2 * 24 * 3600
"""Seconds for which a report counts as made; the day in its name ends it."""


@dataclass(frozen=True, slots=True)
class Doubter:
    """Tells whom a document names as its owner, else the channel for help: either only if they may read the passage."""

    records: AnswerRecords
    index: SearchIndex
    directory: Directory
    book: FeedbackBook
    notices: Notices
    now: Callable[[], datetime]
    help_channel: str = ""

    async def report(self, job: ReportOutdated, *, again: bool) -> None:
        """Report the passage once per document and day, and tell the clicker what became of it."""
        record = await self.records.read(job.question_id)
        refusal = _refusal(job, record)
        chunk = None if refusal else await self._chunk(job)
        if chunk is None:
            line = refusal or NOT_THERE
        elif not await self.book.once(self._once(chunk), seconds=A_DAY_AND_MORE) and not again:
            line = ALREADY
        else:
            line = await self._told(job, chunk, again=again)
        await self.notices.whisper(job.click, line)

    async def _chunk(self, job: ReportOutdated) -> Chunk | None:
        """The passage, when the clicker may read it."""
        reader = await self.directory.reader(job.click.person)
        return (await self.index.chunks([job.chunk_id], visible_to=reader)).get(job.chunk_id)

    async def _told(self, job: ReportOutdated, chunk: Chunk, *, again: bool) -> str:
        """Tell the first who can be told; what the clicker hears of it."""
        doubt = self._doubt(job.click, chunk)
        for who, line in ((self._owner, TOLD_OWNER), (self._channel, TOLD_CHANNEL)):
            to = await who(chunk)
            if to and await self._reached(doubt, to, again=again):
                return line
        log.warning("outdated_untold", question=job.question_id, document=chunk.document_id, chunk=chunk.id)
        return NOBODY_TOLD

    async def _reached(self, doubt: Doubt, to: str, *, again: bool) -> bool:
        try:
            await self.notices.doubt(doubt, to=to, again=again)
        except Refused as refused:
            log.warning("owner_unreachable", document=doubt.citation.document_id, reason=str(refused))
            return False
        return True

    async def _owner(self, chunk: Chunk) -> str | None:
        owner = await self.directory.person_called(chunk.owner) if chunk.owner else None
        if owner is None:
            return None
        return owner if (await self.directory.reader(owner)).may_read(chunk.readable_by) else None

    async def _channel(self, chunk: Chunk) -> str | None:
        if not self.help_channel:
            return None
        readers = await self.directory.readers(self.help_channel)
        return self.help_channel if readers.may_read(chunk.readable_by) else None

    def _doubt(self, click: Click, chunk: Chunk) -> Doubt:
        """Without the words of the question: they may have been said where the owner does not listen."""
        return Doubt(
            citation=citation(1, chunk, beginning(chunk.text)),
            owner=chunk.owner,
            person=click.person,
            question="",
            day=self._day(),
        )

    def _once(self, chunk: Chunk) -> str:
        return f"outdated/{chunk.document_id}/{self._day()}"

    def _day(self) -> str:
        return self.now().date().isoformat()


def _refusal(job: ReportOutdated, record: AnswerRecord | None) -> str | None:
    """Why the clicker may not doubt this, if so: only what an answer that they saw has cited."""
    if record is None or record.answer is None:
        return GONE
    if not may_see(job.click, record):
        return NOT_YOURS
    cited = {cited.chunk_id for cited in (*record.answer.citations, *record.answer.closest)}
    return None if job.chunk_id in cited else NOT_THERE
