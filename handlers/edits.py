"""Questions that were edited or deleted after they were asked."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from slack_bolt.context.async_context import AsyncBoltContext

from bot.answering.asks import asks
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
    addresses_others,
    deleted_message,
    delivery_keys,
    from_person,
    in_thread,
    is_direct,
    is_edit,
    mentions,
    names_somebody,
    part,
    plain,
    question_from_edit,
    question_id,
)

IN_LINE = timedelta(minutes=10)
"""How long a question may wait for a worker to begin with it; until then it has no record."""
LATEST = timedelta(days=1)
"""How late a question may come that was deleted before: as long as a delivery is known again."""


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
        else:
            question = await self._put_to_us(event, question, bot_user=bot_user)
            if question is None:
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

    async def _put_to_us(self, event: Event, question: Question, *, bot_user: str) -> Question | None:
        """A question without a record, where it is one for us: it names us since, or may be about to be answered.

        It may stand in line still, or not even have come yet: then this is all that will be answered.
        """
        before = part(event, "previous_message")
        named, was_named = mentions(event["message"], bot_user), mentions(before, bot_user)
        if named and not was_named:
            return question
        if _moment(question.version) - question.asked_at >= IN_LINE:
            return None
        if was_named or is_direct(event):
            return question
        asked = asks(plain(before.get("text") or "", bot_user=bot_user))
        return await self._left_to_us(event["message"], question, bot_user=bot_user) if asked else None

    async def _left_to_us(self, changed: Event, question: Question, *, bot_user: str) -> Question | None:
        """A question that does not name us, where the channel's settings leave its like to us."""
        where = question.conversation
        settings = await self.behaviour.read(where.workspace, where.channel)
        if in_thread(changed):
            ours = settings.mode == "continue" and not addresses_others(changed, bot_user=bot_user)
            return replace(question, addressed="followed") if ours and await self.conversations.joined(where) else None
        ours = settings.auto_answer and not names_somebody(changed)
        return replace(question, addressed="overheard") if ours else None

    async def _take_back(self, body: Envelope, deleted: Event, *, bot_user: str) -> None:
        event, team = body["event"], body["team_id"]
        asked = question_id(team, event["channel"], deleted["ts"])
        for_us = mentions(deleted, bot_user) or is_direct(event)
        waiting = for_us and _moment(event["ts"]) - _moment(deleted["ts"]) < IN_LINE
        await self.stops.ask(gone(asked), seconds=LATEST.total_seconds())  # it may have stood otherwise when it asked
        if waiting or await self.records.read(asked) is not None:
            where = ConversationKey(team, event["channel"], deleted.get("thread_ts") or deleted["ts"])
            await self.stops.ask(asked)
            await self.jobs.enqueue(WithdrawQuestion(asked, where), once=delivery_keys(body))


def _was_written(message: Event, bot_user: str) -> bool:
    """Whether a person wrote the message that is gone; what became of it since does not matter."""
    return from_person({**message, "hidden": False}, bot_user=bot_user)


def _moment(ts: str) -> datetime:
    return datetime.fromtimestamp(float(ts), tz=UTC)
