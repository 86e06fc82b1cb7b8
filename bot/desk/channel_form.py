"""The form in which an admin sets how the bot behaves in a channel."""

from dataclasses import dataclass

from bot.jobs import OpenChannelForm
from bot.ports.memory import Channels
from bot.ports.search import SearchIndex
from bot.ports.slack import Directory, Panels
from bot.screens import ChannelForm

ADMINS_ONLY = "Only admins can change how I behave in a channel."


@dataclass(frozen=True, slots=True)
class ChannelForms:
    """Fills the form with how things are."""

    channels: Channels
    index: SearchIndex
    directory: Directory
    panels: Panels

    async def open(self, job: OpenChannelForm) -> None:
        """Fill it for an admin, or say in it why it stays empty.

        The sources to choose from are those of which this admin may read something, and those that are set already.
        """
        if not await self.directory.is_admin(job.click.person):
            await self.panels.apologise(job.click, ADMINS_ONLY)
            return
        now = await self.channels.read(job.click.workspace, job.edited)
        reader = await self.directory.reader(job.click.person)
        visible = {source.source for source in await self.index.sources(visible_to=reader)}
        form = ChannelForm(job.edited, now, tuple(sorted(visible.union(now.sources))))
        await self.panels.channel_form(job.click, form)
