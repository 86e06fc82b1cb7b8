"""The bot's own place in Slack: its Home tab, and the tab with a person's direct messages."""

from dataclasses import dataclass

from bot.jobs import ShowHome, Suggest
from bot.ports.memory import Channels
from bot.ports.queue import JobQueue
from handlers.gestures import click_of_event, looked_at
from handlers.listening import App
from handlers.payloads import Envelope


@dataclass(frozen=True, slots=True)
class Home:
    """Has the Home tab published anew, or questions suggested, whenever somebody comes."""

    jobs: JobQueue
    channels: Channels

    def register(self, app: App) -> None:
        """Listen to people who come."""
        app.event("app_home_opened")(self.on_opened)

    async def on_opened(self, body: Envelope) -> None:
        """Accept a visit once, and note what the person has before them. Raises `MemoryUnavailable`."""
        event, click = body["event"], click_of_event(body)
        once = (f"event/{click.id}",)
        if channel := looked_at(event):
            await self.channels.looks_at(click.workspace, click.person, channel)
        if event.get("tab", "home") == "home":
            await self.jobs.enqueue(ShowHome(click), once=once)
        elif event.get("tab") == "messages":
            await self.jobs.enqueue(Suggest(click), once=once)
