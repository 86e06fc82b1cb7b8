"""Direct messages to the bot, and all other messages that its events bring along."""

from dataclasses import dataclass

from slack_bolt.context.async_context import AsyncBoltContext

from bot.jobs import AnswerQuestion
from bot.ports.queue import JobQueue
from handlers.listening import App
from handlers.payloads import Envelope, delivery_keys, from_person, is_direct, question_from_message


@dataclass(frozen=True, slots=True)
class Messages:
    """Turns each direct message into one durable job, and lets the talk of channels pass."""

    jobs: JobQueue

    def register(self, app: App) -> None:
        """Listen to every message that no listener before this one wanted."""
        app.event("message")(self.on_message)

    async def on_message(self, body: Envelope, context: AsyncBoltContext) -> None:
        """Accept a direct message once, however often Slack delivers it. Raises `MemoryUnavailable`."""
        event, bot_user = body["event"], context.bot_user_id or ""
        if is_direct(event) and from_person(event, bot_user=bot_user):
            question = question_from_message(body, bot_user=bot_user)
            await self.jobs.enqueue(AnswerQuestion(question), once=delivery_keys(body))
