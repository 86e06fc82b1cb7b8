"""Whether the asker alone may read something better than what everyone in the channel was told."""

from dataclasses import dataclass

from bot.answering.pipeline import PASSAGES, Pipeline
from bot.models import Answer, Audience, Question
from bot.ports.slack import Directory


@dataclass(frozen=True, slots=True)
class Hinter:
    """Looks once more, with the asker's own eyes; says nothing of what is there."""

    pipeline: Pipeline
    directory: Directory

    async def hint(self, question: Question, answer: Answer, audience: Audience) -> bool:
        """Whether the best passage for the asker answers plainly and is not for all of `audience`.

        What the answer cites is for all of them, so such a passage ranks above every cited one. Raises as the index
        and the directory do.
        """
        reader = await self.directory.reader(question.asker)
        if question.private or not reader.readers or not await self._may_read_more(reader, audience):
            return False
        found = await self.pipeline.find(answer.standalone_query, (), audience=reader, limit=PASSAGES)
        plain = found.reranked and found.ranking.confidence >= self.pipeline.reranker.floors.plain
        best = found.ranking.hits[:1] if plain else ()
        return any(not audience.may_read(hit.chunk.readable_by) for hit in best)

    async def _may_read_more(self, reader: Audience, audience: Audience) -> bool:
        """Whether there is anything for the reader, one of `audience`, that is not for all: most often there is not."""
        index = self.pipeline.index
        return await index.counts(visible_to=reader) != await index.counts(visible_to=audience)
