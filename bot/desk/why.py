"""*Why this answer?*: how an answer came about, without anything that the clicker may not read."""

from dataclasses import dataclass
from datetime import datetime

from bot.answering.cite import citation
from bot.answering.recall import still_readable
from bot.answering.respond import code
from bot.desk.clickers import GONE, NOT_YOURS, may_see
from bot.desk.quotes import beginning
from bot.desk.sources import Syncs, synced_at
from bot.gate import label
from bot.jobs import ShowWhy
from bot.models import Answer, Audience, Chunk, Question, ScoredPassage
from bot.permissions import NOBODY
from bot.ports.memory import AnswerRecords, Channels
from bot.ports.search import SearchIndex, SourceCounts
from bot.ports.slack import Directory, Panels
from bot.records import AnswerRecord
from bot.screens import Weighed, Why

LONGEST = 500
"""Characters of a standalone query that are shown."""


@dataclass(frozen=True, slots=True)
class Explainer:
    """Fills the modal from the answer's record and what the index still holds of it for the clicker."""

    records: AnswerRecords
    index: SearchIndex
    directory: Directory
    channels: Channels
    panels: Panels
    syncs: Syncs

    async def explain(self, job: ShowWhy) -> None:
        """Fill the modal, or say in it why it stays empty."""
        record = await self.records.read(job.question_id)
        if record is None or record.answer is None:
            await self.panels.apologise(job.click, GONE)
        elif not may_see(job.click, record):
            await self.panels.apologise(job.click, NOT_YOURS)
        else:
            reader = await self.directory.reader(job.click.person)
            await self.panels.why(job.click, await self._why(record, record.answer, reader))

    async def _why(self, record: AnswerRecord, answer: Answer, reader: Audience) -> Why:
        chunks = await self._unchanged(answer.passages, reader)
        sources = await self._searched(record, reader)
        used, left_out = _weighed(answer, chunks)
        return Why(
            question_id=record.question.id,
            code=code(record.question.id),
            standalone_query=await self._understood(record.question, answer, reader),
            documents=sum(source.documents for source in sources),
            used=used,
            left_out=left_out,
            unsaid=any(passage.chunk_id not in chunks for passage in answer.passages),
            backends=answer.backends,
            timings_ms=answer.timings_ms,
            cost=answer.cost,
            indexed_at=self._indexed_at(sources),
            sources=tuple(source.source for source in sources),
        )

    async def _unchanged(self, passages: tuple[ScoredPassage, ...], reader: Audience) -> dict[str, Chunk]:
        """Those that stand as they were weighed and are for the reader, by id."""
        found = await self.index.chunks([passage.chunk_id for passage in passages], visible_to=reader)
        weighed = {passage.chunk_id: passage.revision for passage in passages}
        return {chunk_id: chunk for chunk_id, chunk in found.items() if chunk.revision == weighed[chunk_id]}

    async def _searched(self, record: AnswerRecord, reader: Audience) -> list[SourceCounts]:
        """What of the sources everybody whom the answer was made for, and the clicker, may read."""
        within: tuple[str, ...] = ()
        if not record.question.private:
            key = record.question.conversation
            within = (await self.channels.read(key.workspace, key.channel)).sources
        together = reader if record.audience is None else _together(reader, record.audience)
        counted = await self.index.sources(visible_to=together)
        return [source for source in counted if not within or source.source in within]

    async def _understood(self, question: Question, answer: Answer, reader: Audience) -> str:
        """The standalone query, which may repeat a document; the question itself where that is not to be read."""
        readable = await still_readable(answer, index=self.index, audience=reader)
        return label(answer.standalone_query if readable else question.text, limit=LONGEST)

    def _indexed_at(self, sources: list[SourceCounts]) -> datetime | None:
        """When the one of them that was read longest ago was read."""
        syncs = self.syncs()
        return min((at for source in sources if (at := synced_at(source.source, syncs))), default=None)


def _together(one: Audience, other: Audience) -> Audience:
    """Both, so that what may be shown is what all of them may read."""
    return Audience(one.readers | other.readers) if one.readers and other.readers else NOBODY


def _weighed(answer: Answer, chunks: dict[str, Chunk]) -> tuple[tuple[Weighed, ...], tuple[Weighed, ...]]:
    """The passages that were cited, by their numbers, and those that were not, best first; these have number 0."""
    numbers = {cited.chunk_id: cited.n for cited in answer.citations}
    every = [
        Weighed(citation(numbers.get(chunk.id, 0), chunk, beginning(chunk.text)), passage.score, passage.used)
        for passage in answer.passages
        if (chunk := chunks.get(passage.chunk_id)) is not None
    ]
    used = sorted((weighed for weighed in every if weighed.used), key=lambda weighed: weighed.citation.n)
    return tuple(used), tuple(weighed for weighed in every if not weighed.used)
