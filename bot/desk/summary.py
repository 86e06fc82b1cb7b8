"""*Summarise thread*: what a thread says, each statement with the message that it came from."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.answering.respond import MEMBERS_ONLY
from bot.conversations import Said
from bot.desk.clickers import ELSEWHERE, belongs
from bot.gate import gated, label
from bot.jobs import SummariseThread
from bot.models import ConversationKey, Statement
from bot.ports.generation import Summariser
from bot.ports.slack import Directory, Notices, Threads
from bot.screens import Point, Summary

POINTS = 6
LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class Summaries:
    """Summarises what people said; what the bot said there is left out, because a document behind it may be gone."""

    threads: Threads
    summariser: Summariser
    directory: Directory
    notices: Notices

    async def summarise(self, job: SummariseThread) -> None:
        """Show the summary, or tell the person why there is none. Raises `SlackUnavailable` and `Unavailable`."""
        if not await belongs(job.click, directory=self.directory):
            await self.notices.whisper(job.click, MEMBERS_ONLY)
        elif job.click.channel not in ("", job.conversation.channel):
            await self.notices.whisper(job.click, ELSEWHERE)
        else:
            await self.notices.summary(job.click, await self._summary(job.conversation))

    async def _summary(self, key: ConversationKey) -> Summary:
        said = {one.id: one for one in await self.threads.read(key) if not one.ours}
        stated = await self.summariser.summarise(tuple(said.values()), limit=POINTS) if said else []
        sourced = [(statement, said[id_]) for statement in stated if (id_ := _origin(statement, said))]
        links = await self.threads.links(key.channel, [one.id for _, one in sourced])
        points = (_point(statement, one, links.get(one.id, "")) for statement, one in sourced[:POINTS])
        return Summary(tuple(point for point in points if point.text), messages=len(said))


def _origin(statement: Statement, said: Mapping[str, Said]) -> str | None:
    """The first message of the thread that the statement rests on; without one it is not shown."""
    return next((one.chunk_id for one in statement.supports if one.chunk_id in said), None)


def _point(statement: Statement, one: Said, link: str) -> Point:
    return Point(gated(statement.text).strip(), label(one.author, limit=LONGEST_NAME), link, one.at)
