"""What a person is told, alone and politely, whose gesture does nothing; and the checks that find that out."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import structlog

from bot.desk import clickers
from bot.errors import BadRequest, Refused, SlackUnavailable
from bot.jobs import Click
from bot.ports.memory import AnswerRecords
from bot.records import AnswerRecord
from handlers.buttons import Forged
from handlers.calls import Calls
from handlers.gestures import Gesture, click_of, clicked_message
from handlers.opening import NotOpened, open_modal
from handlers.payloads import part
from handlers.views.forms import note

WAIT = 1.0
"""Seconds that a private line may take: Slack waits three for the acknowledgement behind it."""


class NotYours(BadRequest):
    """Somebody pressed a button that belongs to another person."""

    user_message = clickers.NOT_YOURS


class Gone(BadRequest):
    """The record is no longer kept."""

    user_message = clickers.GONE


class Elsewhere(BadRequest):
    """The button stands on a message that is not the reply."""

    user_message = clickers.ELSEWHERE


class InLine(BadRequest):
    """The question has not come to its end."""

    user_message = "Your question is still in line. The answer comes here."


class Wordless(BadRequest):
    """The chosen message holds nothing that could be asked."""

    user_message = "There are no words in that message that I could look for."


async def record_of(records: AnswerRecords, question_id: str) -> AnswerRecord:
    """The record that a button speaks of. Raises `Gone` and `MemoryUnavailable`."""
    record = await records.read(question_id)
    if record is None:
        raise Gone(f"question {question_id} has no record")
    return record


def refuse_others(record: AnswerRecord, click: Click) -> None:
    """Raise `NotYours` for anybody but the person who asked."""
    if click.person != record.question.asker:
        raise NotYours(f"question {record.question.id} is not {click.person}'s")


def refuse_unseen(record: AnswerRecord | None, click: Click) -> None:
    """Raise `NotYours` where an answer that has a record is neither the clicker's own nor seen where they clicked."""
    if record is not None and not clickers.may_see(click, record):
        raise NotYours(f"question {record.question.id} is not for {click.person}")


def refuse_copies(record: AnswerRecord, body: Gesture) -> None:
    """Raise `Elsewhere` for a button on a message that all may see and that is not the reply it speaks of."""
    shown = clicked_message(body)
    if shown and record.reply and shown != record.reply:
        raise Elsewhere(f"question {record.question.id} is not answered in {shown}")


def parts_of(parts: tuple[str, ...], count: int) -> tuple[str, ...]:
    """The parts of a sealed value, when there are so many. Raises `Forged`: an older version made the button."""
    if len(parts) != count:
        raise Forged(f"{len(parts)} parts, not {count}")
    return parts


@asynccontextmanager
async def politely(body: Gesture, call: Calls) -> AsyncGenerator[None]:
    """Log what the block refuses with `BadRequest`, and tell the person alone; it is acknowledged all the same."""
    try:
        yield
    except BadRequest as refusal:
        refused(body, refusal)
        await _tell(refusal.user_message, body, call)


def refused(body: Gesture, refusal: BadRequest) -> None:
    """Write down who did what in vain."""
    _log("gesture_refused", body, reason=type(refusal).__name__)


async def _tell(text: str, body: Gesture, call: Calls) -> None:
    """A private line, or a modal where there is no place for one. Nobody waits for it longer than a second."""
    try:
        if body.get("response_url"):
            thread = click_of(body).thread
            where = {"thread_ts": thread} if thread else {}
            how = {"response_type": "ephemeral", "replace_original": False, **where}
            async with asyncio.timeout(WAIT):
                await call.reply(body["response_url"], text=text, **how)
        else:
            await open_modal(call, body, note("Footnote", text), wait=WAIT)
    except (TimeoutError, SlackUnavailable, Refused, NotOpened) as error:
        _log("refusal_untold", body, reason=type(error).__name__)


def _log(event: str, body: Gesture, *, reason: str) -> None:
    """Who pressed what, in ids; never what a button carries."""
    click = click_of(body)
    pressed = [action.get("action_id") for action in body.get("actions") or ()]
    name = pressed[0] if pressed else body.get("callback_id") or part(body, "view").get("callback_id")
    structlog.get_logger().info(
        event, reason=reason, gesture=name, person=click.person, channel=click.channel, workspace=click.workspace
    )
