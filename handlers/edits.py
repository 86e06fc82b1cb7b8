"""Questions that were edited or deleted after they were asked."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from slack_bolt.context.async_context import AsyncBoltContext

from bot.answering.stopping import gone
from bot.jobs import AnswerQuestion, WithdrawQuestion
from bot.models import ConversationKey, Question
from bot.ports.memory import AnswerRecords, Conversations, Stops
from bot.ports.queue import JobQueue
from bot.records import AnswerRecord, State
from handlers.behaviour import Behaviour
from handlers.listening import App
from handlers.payloads import (
    Envelope,
    Event,
    deleted_message,
    delivery_keys,
    from_person,
    is_direct,
    is_edit,
    mentions,
    part,
    question_from_edit,
    question_id,
)

IN_LINE = timedelta(minutes=10)
"""How long a question may wait for a worker to begin with it; until then it has no record."""


@dataclass(frozen=True, slots=True)
class Edits:
    """Has an edited question answered anew, and takes a deleted one back together with its pending answer."""

    jobs: JobQueue
    conversations: Conversations
    records: AnswerRecords
    stops: Stops
    behaviour: Behaviour

    def register(self, app: App) -> None:
        """Listen to changes of messages, before anything else does."""
        app.event("message", matchers=[self.is_change])(self.on_change)

    async def is_change(self, event: Event) -> bool:
        """Whether this tells what became of an older message."""
        return event.get("subtype") in ("message_changed", "message_deleted")

    async def on_change(self, body: Envelope, context: AsyncBoltContext) -> None:
        """Accept the change once, where the question was ours or has become ours. Raises `MemoryUnavailable`."""
        event, bot_user = body["event"], context.bot_user_id or ""
        deleted = deleted_message(event)
        if deleted is not None and _was_written(deleted, bot_user):
            await self._take_back(body, deleted, bot_user=bot_user)
        elif is_edit(event) and from_person(event["message"], bot_user=bot_user):
            await self._ask_anew(body, bot_user=bot_user)

    async def _ask_anew(self, body: Envelope, *, bot_user: str) -> None:
        event = body["event"]
        question = question_from_edit(body, bot_user=bot_user)
        record = await self.records.read(question.id)
        if record is not None:
            if await self._is_only_offered(record):
                return
            question = replace(record.question, text=question.text, version=question.version)
        elif not self._is_for_us(event["message"], event, question, bot_user=bot_user):
            return
        if mentions(event["message"], bot_user):
            question = replace(question, addressed="named")
            await self.conversations.join(question.conversation)
        await self.stops.clear(question.id)
        edit = f"edit/{question.id}/{question.version}"
        await self.jobs.enqueue(AnswerQuestion(question), once=(edit, *delivery_keys(body)))

    async def _is_only_offered(self, record: AnswerRecord) -> bool:
        """Whether its writer was asked if it should be answered, and has not said so."""
        question = record.question
        if record.state is not State.RECEIVED or question.addressed != "followed":
            return False
        where = question.conversation
        return (await self.behaviour.read(where.workspace, where.channel)).mode == "offer"

    @staticmethod
    def _is_for_us(changed: Event, event: Event, question: Question, *, bot_user: str) -> bool:
        """Whether a question without a record is one for us: it names us since, or it still stands in line."""
        named, before = mentions(changed, bot_user), part(event, "previous_message")
        waiting = _moment(question.version) - question.asked_at < IN_LINE
        return (named and not mentions(before, bot_user)) or (waiting and (named or is_direct(event)))

    async def _take_back(self, body: Envelope, deleted: Event, *, bot_user: str) -> None:
        event, team = body["event"], body["team_id"]
        asked = question_id(team, event["channel"], deleted["ts"])
        for_us = mentions(deleted, bot_user) or is_direct(event)
        waiting = for_us and _moment(event["ts"]) - _moment(deleted["ts"]) < IN_LINE
        if waiting or await self.records.read(asked) is not None:
            where = ConversationKey(team, event["channel"], deleted.get("thread_ts") or deleted["ts"])
            await self.stops.ask(gone(asked))
            await self.stops.ask(asked)
            await self.jobs.enqueue(WithdrawQuestion(asked, where), once=delivery_keys(body))


def _was_written(message: Event, bot_user: str) -> bool:
    """Whether a person wrote the message that is gone; what became of it since does not matter."""
    return from_person({**message, "hidden": False}, bot_user=bot_user)


def _moment(ts: str) -> datetime:
    return datetime.fromtimestamp(float(ts), tz=UTC)
