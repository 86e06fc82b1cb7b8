"""What one person sees alone, where Slack gave no address for it: where they are, or in their direct messages."""

from dataclasses import dataclass
from typing import Any

from bot.errors import Refused
from handlers.calls import Calls
from handlers.posting import NO_PREVIEWS, shown
from handlers.views.blocks import Message


@dataclass(frozen=True, slots=True)
class Alone:
    """Sends to one person. Everything raises as a call does."""

    call: Calls

    async def send(self, message: Message, *, person: str, channel: str = "", thread: str = "") -> None:
        """In a channel, where only they see it; where Slack refuses that, in their direct messages.

        The second way is taken only when Slack said no to the first: what may have arrived is not sent again.
        """
        if channel and await self._whispered(message, person=person, channel=channel, thread=thread):
            return
        where = await self.direct(person)
        await self.call("chat.postMessage", repeatable=False, channel=where, **shown(message), **NO_PREVIEWS)

    async def whisper(
        self, message: Message, *, person: str, channel: str, thread: str = "", patience: float | None = None
    ) -> None:
        """In a channel, where only they see it; `patience` is a call's."""
        where: dict[str, Any] = {"channel": channel, "user": person, **({"thread_ts": thread} if thread else {})}
        await self.call("chat.postEphemeral", repeatable=False, patience=patience, **where, **shown(message))

    async def _whispered(self, message: Message, *, person: str, channel: str, thread: str) -> bool:
        """Whether Slack did not refuse it."""
        try:
            await self.whisper(message, person=person, channel=channel, thread=thread)
        except Refused:
            return False
        return True

    async def direct(self, person: str) -> str:
        """Their direct messages with the bot."""
        return (await self.call("conversations.open", repeatable=True, users=person))["channel"]["id"]
