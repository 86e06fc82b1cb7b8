"""Direct messages to the bot, questions that channels leave to it, and all other messages that come along."""

from dataclasses import dataclass, replace

from slack_bolt.context.async_context import AsyncBoltContext

from bot.answering.asks import asks, only_chats
from bot.jobs import AnswerQuestion
from bot.models import Question
from bot.ports.queue import JobQueue
from handlers.behaviour import Behaviour
from handlers.listening import App
from handlers.payloads import (
    Envelope,
    delivery_keys,
    from_person,
    in_thread,
    is_direct,
    names_somebody,
    question_from_message,
)


@dataclass(frozen=True, slots=True)
class Messages:
    """Turns each direct message into one durable job, and each question nobody was named in where an admin said so.

    Thanks for an answer are none.
    """

    jobs: JobQueue
    behaviour: Behaviour

    def register(self, app: App) -> None:
        """Listen to every message that no listener before this one wanted."""
        app.event("message")(self.on_message)

    async def on_message(self, body: Envelope, context: AsyncBoltContext) -> None:
        """Accept a question once, however often Slack delivers it. Raises `MemoryUnavailable`."""
        event, bot_user = body["event"], context.bot_user_id or ""
        if not from_person(event, bot_user=bot_user):
            return
        question = question_from_message(body, bot_user=bot_user)
        if is_direct(event):
            if not (in_thread(event) and only_chats(question.text)):
                await self.jobs.enqueue(AnswerQuestion(question), once=delivery_keys(body))
        elif not in_thread(event) and not names_somebody(event) and await self._is_ours(question):
            overheard = replace(question, addressed="overheard")
            await self.jobs.enqueue(AnswerQuestion(overheard), once=delivery_keys(body))

    async def _is_ours(self, question: Question) -> bool:
        """Whether an admin wants what is asked in this channel answered, and this asks."""
        where = question.conversation
        return asks(question.text) and (await self.behaviour.read(where.workspace, where.channel)).auto_answer
