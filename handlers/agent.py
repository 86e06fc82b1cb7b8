"""The agent's pane beside Slack: what a person looks at meanwhile, and the native Stop button."""

from dataclasses import dataclass

from bot.models import ConversationKey
from bot.ports.memory import Channels, Stops
from handlers.gestures import looked_at
from handlers.listening import App
from handlers.payloads import Envelope


@dataclass(frozen=True, slots=True)
class Agent:
    """Notes where a person is, and that an answer should stop; both are one write."""

    channels: Channels
    stops: Stops

    def register(self, app: App) -> None:
        """Listen to both."""
        app.event("app_context_changed")(self.on_context)
        app.event("agent_session_stopped")(self.on_stopped)

    async def on_context(self, body: Envelope) -> None:
        """Remember the channel that a person has before them. Raises `MemoryUnavailable`."""
        event = body["event"]
        channel, person = looked_at(event), event.get("user")
        if channel and person:  # Slack's reference leaves the person out; then nobody knows whose view it was
            await self.channels.looks_at(body["team_id"], person, channel)

    async def on_stopped(self, body: Envelope) -> None:
        """Stop the answer that is being made in the thread. Raises `MemoryUnavailable`."""
        event = body["event"]
        where = ConversationKey(body["team_id"], event["channel"], event.get("thread_ts") or "")
        question_id = await self.stops.being_answered(where)
        if question_id:
            await self.stops.ask(question_id)
