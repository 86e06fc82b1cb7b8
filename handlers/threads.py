"""Messages in a thread that do not name the bot: follow-ups, where it takes part."""

from dataclasses import dataclass, replace

from slack_bolt.context.async_context import AsyncBoltContext

from bot.answering.asks import asks
from bot.jobs import AnswerQuestion, OfferAnswer
from bot.models import Question
from bot.ports.memory import Conversations
from bot.ports.queue import JobQueue
from handlers.behaviour import Behaviour
from handlers.listening import App
from handlers.payloads import (
    Envelope,
    Event,
    addresses_others,
    delivery_keys,
    from_person,
    in_thread,
    is_direct,
    mentions,
    question_from_message,
)


@dataclass(frozen=True, slots=True)
class Threads:
    """Goes on in a thread, as its channel is set, from a mention until somebody else is addressed by name."""

    jobs: JobQueue
    conversations: Conversations
    behaviour: Behaviour

    def register(self, app: App) -> None:
        """Listen to messages in the threads of channels."""
        app.event("message", matchers=[self.is_in_channel_thread])(self.on_message)

    async def is_in_channel_thread(self, event: Event) -> bool:
        """Whether this listener is the one for the message."""
        return in_thread(event) and not is_direct(event)

    async def on_message(self, body: Envelope, context: AsyncBoltContext) -> None:
        """Accept a follow-up once; leave the thread when the talk turns to others. Raises `MemoryUnavailable`."""
        event, bot_user = body["event"], context.bot_user_id or ""
        if not from_person(event, bot_user=bot_user) or mentions(event, bot_user):
            return  # a mention comes as an event of its own
        question = question_from_message(body, bot_user=bot_user)
        if addresses_others(event, bot_user=bot_user):
            await self.conversations.leave(question.conversation)
        elif asks(question.text) and await self.conversations.joined(question.conversation):
            await self._go_on(replace(question, addressed="followed"), once=delivery_keys(body))

    async def _go_on(self, question: Question, *, once: tuple[str, ...]) -> None:
        """What the channel's mode says: an answer, an offer of one, or nothing."""
        where = question.conversation
        mode = (await self.behaviour.read(where.workspace, where.channel)).mode
        if mode == "mention":
            return
        await self.conversations.join(where)
        await self.jobs.enqueue(OfferAnswer(question) if mode == "offer" else AnswerQuestion(question), once=once)
