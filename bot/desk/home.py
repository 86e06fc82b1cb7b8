"""The Home tab: what to ask, what one asked, what there is to ask about; and for admins how it goes."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.answering.pipeline import Pipeline
from bot.desk.earlier import earlier
from bot.desk.overview import Overview
from bot.desk.sources import Synced, Syncs, synced_at
from bot.desk.suggest import SUGGESTED, suggestions
from bot.errors import NothingIndexed
from bot.gate import label
from bot.jobs import ShowHome
from bot.models import Audience
from bot.ports.memory import AnswerRecords
from bot.ports.search import SourceCounts
from bot.ports.slack import Directory, Panels
from bot.screens import Home, SourceState

LONGEST = 80
"""Characters of a source's name."""
LONGEST_REASON = 200


@dataclass(frozen=True, slots=True)
class HomePage:
    """Publishes a person's Home tab."""

    pipeline: Pipeline
    records: AnswerRecords
    directory: Directory
    panels: Panels
    overview: Overview
    syncs: Syncs

    async def show(self, job: ShowHome) -> None:
        """Publish it as it is now. Raises what the ports raise when they cannot be reached."""
        workspace, person = job.click.workspace, job.click.person
        reader = await self.directory.reader(person)
        admin = await self.directory.is_admin(person)
        home = Home(
            suggestions=await suggestions(self.pipeline, reader, SUGGESTED),
            earlier=await earlier(self.records, workspace, person),
            sources=await self._sources(reader, admin=admin),
            desk=await self.overview.read(workspace) if admin else None,
        )
        await self.panels.home(person, home)

    async def _sources(self, reader: Audience, *, admin: bool) -> tuple[SourceState, ...]:
        """Those of which the person may read something; what went wrong with them for admins alone."""
        try:
            counted = await self.pipeline.index.sources(visible_to=reader)
        except NothingIndexed:
            return ()
        syncs = self.syncs()
        return tuple(_state(source, syncs, admin=admin) for source in counted)


def _state(source: SourceCounts, syncs: Mapping[str, Synced], *, admin: bool) -> SourceState:
    run = syncs.get(source.source) if admin else None
    return SourceState(
        name=label(source.source, limit=LONGEST),
        documents=source.documents,
        synced_at=synced_at(source.source, syncs),
        skipped=len(run.skipped) if run else 0,
        failed=label(run.failed, limit=LONGEST_REASON) if run else "",
    )
