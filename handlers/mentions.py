"""Mentions of the bot in a channel."""

import asyncio
from dataclasses import dataclass

from slack_bolt.context.async_context import AsyncBoltContext

from bot.jobs import AnswerQuestion
from bot.ports.memory import Conversations
from bot.ports.queue import JobQueue
from handlers.listening import App
from handlers.payloads import Envelope, delivery_keys, from_person, question_from_message


@dataclass(frozen=True, slots=True)
class Mentions:
    """Turns each mention into one durable job, and makes its thread one that the bot takes part in."""

    jobs: JobQueue
    conversations: Conversations

    def register(self, app: App) -> None:
        """Listen to mentions."""
        app.event("app_mention")(self.on_mention)

    async def on_mention(self, body: Envelope, context: AsyncBoltContext) -> None:
        """Accept the question once, however often Slack delivers it.

        Raises `MemoryUnavailable`: then the envelope is not acknowledged, and Slack delivers it again.
        """
        event, bot_user = body["event"], context.bot_user_id or ""
        if event.get("edited") or not from_person(event, bot_user=bot_user):
            return  # an edit comes as a changed message besides, with what it was before
        question = question_from_message(body, bot_user=bot_user)
        # Both before the acknowledgement: Slack waits for it, and a follow-up typed at once is to be seen.
        joining = self.conversations.join(question.conversation)
        await asyncio.gather(joining, self.jobs.enqueue(AnswerQuestion(question), once=delivery_keys(body)))
