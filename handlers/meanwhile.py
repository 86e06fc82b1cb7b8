"""What a person is told, alone, whose question waits on the disk because the memory is away."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog

from bot.answering.asks import only_chats
from bot.errors import Refused, SlackUnavailable
from bot.models import Question
from bot.ports.spool import Sort
from handlers.alone import Alone
from handlers.calls import Calls
from handlers.commands import SEARCH
from handlers.gestures import click_of, click_of_command
from handlers.payloads import Envelope, from_person, in_thread, is_direct, part, question_from_message
from handlers.views.notices import line_message

HAVE_QUESTION = "I have your question, but my memory is away. I'll answer here as soon as it's back."
HAVE_SEARCH = "I have your search, but my memory is away. The passages come here as soon as it's back."
LOST = "I kept this while my memory was away, and now I can't read it. Do it again, please."
HAVE_CLICK = "I have that, but my memory is away. I'll do it as soon as it's back."

MOMENT = 1.0
"""Seconds after which it is worth a line: the memory may be back by then."""
PATIENCE = 5.0
"""Seconds that a line may wait for its turn at Slack; none is worth more."""
KEEP = 40
"""Private lines within a minute that are left for answers and gestures."""
MOST = 100
"""Lines that may be about to be said; who asks when there are more is not told."""


@dataclass(slots=True)
class Meanwhile:
    """Says it after the acknowledgement, once, and as well as it can: a failure is only logged."""

    call: Calls
    bot_user: str
    moment: float = MOMENT
    keep: int = KEEP
    _telling: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])

    def tell(self, sort: Sort, body: Mapping[str, Any], *, waits: Callable[[], bool]) -> None:
        """Tell whoever made this envelope in a moment, if it still `waits` then. Never waits itself, never raises."""
        if sort != "command":
            self._begin(self._wait_and_say(sort, body, waits))

    def lost(self, sort: Sort, body: Mapping[str, Any]) -> None:
        """Tell whoever made this envelope that nothing will come of it. Never waits, never raises."""
        self._begin(self._say(sort, body, LOST, LOST))

    def _begin(self, telling: Coroutine[Any, Any, None]) -> None:
        if len(self._telling) >= MOST:
            telling.close()
            return
        task = asyncio.ensure_future(telling)
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def aclose(self) -> None:
        """Say no more."""
        for task in tuple(self._telling):
            task.cancel()
        await asyncio.gather(*self._telling, return_exceptions=True)

    async def _wait_and_say(self, sort: Sort, body: Mapping[str, Any], waits: Callable[[], bool]) -> None:
        await asyncio.sleep(self.moment)
        if waits():
            await self._say(sort, body, HAVE_QUESTION, HAVE_CLICK)

    async def _say(self, sort: Sort, body: Mapping[str, Any], of_question: str, of_click: str) -> None:
        try:
            if sort == "event":
                await self._beside(asked(body, bot_user=self.bot_user), of_question)
            else:
                await self._to_click(body, of_click)
        except (Refused, SlackUnavailable) as error:
            structlog.get_logger().info("wait_untold", event_id=body.get("event_id"), reason=str(error))

    async def _beside(self, question: Question | None, text: str) -> None:
        """Where the question stands."""
        if question is None:
            return
        if not self.call.room_for("chat.postEphemeral", keep=self.keep):
            raise SlackUnavailable("chat.postEphemeral: the room that is left is for answers")
        await Alone(self.call).whisper(
            line_message(text),
            person=question.asker,
            channel=question.conversation.channel,
            thread=question.thread_begun,
            patience=PATIENCE,
        )

    async def _to_click(self, body: Mapping[str, Any], text: str) -> None:
        click = click_of_command(body) if "command" in body else click_of(body)
        if click.reply_url:
            thread = {"thread_ts": click.thread} if click.thread else {}
            how = {"response_type": "ephemeral", "replace_original": False, **thread}
            await self.call.reply(click.reply_url, text=text, **how)


def asked(body: Envelope, *, bot_user: str) -> Question | None:
    """The question that was surely put to us: a mention, or a direct message. A mention's other event is none."""
    event = part(body, "event")
    kind = event.get("type")
    if kind not in ("app_mention", "message") or event.get("edited") or not from_person(event, bot_user=bot_user):
        return None
    question = question_from_message(body, bot_user=bot_user)
    chats = in_thread(event) and only_chats(question.text)
    return question if kind == "app_mention" or (is_direct(event) and not chats) else None


def answer_to(command: str) -> str:
    """What acknowledges a command that waits."""
    return HAVE_SEARCH if command == SEARCH else HAVE_QUESTION
