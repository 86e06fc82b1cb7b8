"""A reply in a conversation: a sign of life at once, the answer as it comes, and at the end one finished message."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from bot.errors import Refused, SlackUnavailable, Stopped
from bot.models import Answer
from bot.ports.slack import Note
from bot.records import State
from handlers.buttons import Seal
from handlers.posting import Posting
from handlers.sessions import Refusals, Session
from handlers.streams import START, Stream
from handlers.views.answer import SEARCHING, answer_message, beneath, ended_message, growing_message, plain_message
from handlers.views.blocks import Message

SOON = 1.0
"""Seconds after which an answer that is not there yet is shown as it comes."""
BETWEEN_STEPS, BETWEEN_PIECES, BETWEEN_EDITS = 1.0, 1.2, 3.0
"""Seconds at least from one change of the status, the stream, or the message to the next."""
BETWEEN_LOOKS = 2.0
"""Seconds after which a reply in a crowd looks whether there is room for it to grow."""
PIECE = 300
"""Characters at least that are shown at a time, but for the first."""
MOST_CALLS, MOST_BEFORE_TEXT = 7, 4
"""Calls that a reply may make before the one that finishes it, and before there is text..."""
PER_CALL = 400
"""...with one more for so many characters beyond..."""
PLENTY = 1_500
"""...these."""
STATUS, EDIT = "assistant.threads.setStatus", "chat.update"
KEPT_STATUSES, KEPT_EDITS = 2, 20
"""Calls that are left for signs of life, and for answers that are finished."""


@dataclass(slots=True)
class GrowingReply:
    """A reply that people see grow. `run` shows it, in a task of its own, until the reply is brought to an end.

    Every message is noted before it is begun and after. A message or a stream that may have been begun, but nobody
    knows, ends this try: the next one looks for it.
    """

    posting: Posting
    seal: Seal
    now: Callable[[], datetime]
    note: Note
    stream: Stream
    session: Session
    refused: Refusals
    at: str | None
    _signed: bool = False
    _said: str = ""
    _words: str = ""
    _shown: str = ""
    """The text that an edit showed last."""
    _calls: int = 0
    _opened: float = field(init=False)
    _changed: float = field(init=False)
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _busy: asyncio.Lock = field(default_factory=asyncio.Lock)
    _showing: asyncio.Task[None] | None = None
    _failure: SlackUnavailable | Stopped | None = None

    def __post_init__(self) -> None:
        self._opened = self._changed = self.posting.call.pace.clock()

    # --- while the answer is made -----------------------------------------------------------------------------------

    @property
    def unposted(self) -> bool:
        """Whether nothing of it stands, and nothing is just being begun; see the port."""
        return self.at is None and not self._busy.locked() and self._failure is None

    async def sign(self) -> None:
        """Show that we are at it; see the port. Where Slack shows no status just now, the answer does not wait."""
        async with self._busy:
            if self._signed or self.at is not None:
                return
            if not self.refused.stand(self._here(STATUS)):
                self._signed = await self._show_status()
            if self.refused.stand(self._here(STATUS)):
                await self._post(growing_message(SEARCHING, question=self.posting.question, seal=self.seal))
                self._spent()

    async def _show_status(self) -> bool:
        self._spent()
        try:
            await self.posting.status(SEARCHING, patience=0.0)
        except Refused:
            self.refused.note(self._here(STATUS))
            return False
        except SlackUnavailable:
            self.step(self._words or SEARCHING)  # where it can be shown a little later
        return True

    def step(self, words: str) -> None:
        """What is being done now; see the port."""
        self._words = words
        self._news.set()

    def say(self, piece: str) -> None:
        """The next piece of the text; see the port."""
        self._said += piece
        self._news.set()

    def anew(self) -> None:
        """Take back what was said; see the port. A stream cannot be taken back: it stands until the end replaces it."""
        self._said = ""
        self.stream.doubtful = self.stream.open

    def begin(self) -> None:
        """Begin to show how the reply grows."""
        self._showing = asyncio.create_task(self._show())

    async def _show(self) -> None:
        await self._wait_until(self._opened + SOON)
        while self.stream.others.crowded:
            await self._wait_until(self.posting.call.pace.clock() + BETWEEN_LOOKS)
        async with self._busy:
            await self.session.begin()
            self._calls += self.session.processing
        while self._failure is None:
            await self._news.wait()
            self._news.clear()
            await self._wait_until(self._changed + self._interval())
            async with self._busy:
                if self._failure is None:
                    await self._show_more()

    async def _show_more(self) -> None:
        """Show what there is to show, if this is the moment; a failure of it is the end of showing, and no more."""
        try:
            if self._said:
                await self._show_text()
            elif self._words and self._signed:
                await self._show_step()
        except Stopped as stopped:
            self._failure = stopped
        except Refused:
            self._signed = False
        except SlackUnavailable:
            pass

    async def _show_step(self) -> None:
        if self._calls >= MOST_BEFORE_TEXT:
            return
        if not self._room(STATUS, KEPT_STATUSES):
            self._changed = self.posting.call.pace.clock()
            self._news.set()  # it is tried again a step later: there may be room
            return
        words, self._words = self._words, ""
        self._spent()
        await self.posting.status(words, patience=0.0)

    async def _show_text(self) -> None:
        if self.stream.open:
            waiting = len(self._said) - len(self.stream.sent)
            if waiting >= PIECE and self._affordable() and self.stream.may_grow(self._said):
                self._spent()
                await self.stream.grow(self._said)
        elif self.at is not None:
            await self._edit()
        elif self.stream.may_begin() and not self.refused.stand(self._here(START)):
            await self._begin_stream()

    async def _begin_stream(self) -> None:
        text = self._said
        await self.note(State.STREAMING, None)
        try:
            self.at = await self.stream.begin(text)
        except Refused:
            self.refused.note(self._here(START))
            return
        except SlackUnavailable as failure:
            if failure.retry_after is None:
                self._failure = failure
            return
        finally:
            self._spent()
        self._signed = False
        await self.note(State.SIGNED, self.at)

    async def _edit(self) -> None:
        """Show the text so far in the message that stands, where there is room."""
        if len(self._said) - len(self._shown) < PIECE or not self._affordable() or not self._room(EDIT, KEPT_EDITS):
            return
        self._shown = self._said
        self._spent()
        message = growing_message(f"{self._said} …", question=self.posting.question, seal=self.seal)
        await self.posting.update(message, at=self.at or "", patience=0.0)

    # --- the end ----------------------------------------------------------------------------------------------------

    async def answer(self, answer: Answer) -> None:
        """Bring the reply to its final form; see the port. Raises `Stopped` when the person stopped it in Slack."""
        await self._hush()
        if self._failure is not None:
            raise self._failure
        question, now = self.posting.question, self.now()
        below = beneath(answer, question=question, seal=self.seal, now=now)
        if await self.stream.finish(answer.text, below, **self._session_status()):
            self.session.processing = False
        else:
            await self._become(answer_message(answer, question=question, seal=self.seal, now=now))
        await self.session.end()

    async def tell(self, text: str, *, again: bool = False) -> None:
        """Make the reply one plain line; see the port."""
        await self._hush()
        if isinstance(self._failure, SlackUnavailable):
            raise self._failure
        self._failure = None
        question = self.posting.question
        await self._become(ended_message(text, question=question, seal=self.seal) if again else plain_message(text))
        await self.session.end()

    async def withdraw(self) -> None:
        """Take back what stands; see the port."""
        await self._hush()
        if isinstance(self._failure, SlackUnavailable):
            raise self._failure
        await self.stream.end()
        if self.at is not None:
            await self.posting.delete(self.at)
        elif self._signed:
            await self.posting.status("", patience=SOON)
        await self.session.end()

    async def close(self) -> None:
        """Stop showing, whatever became of the reply."""
        showing, self._showing = self._showing, None
        if showing is not None:
            showing.cancel()
            await asyncio.gather(showing, return_exceptions=True)
        self.stream.let_go()
        await self.session.end()

    async def _hush(self) -> None:
        """Show no more; a call that is under way comes to its end first. Raises what noting a message raised."""
        if self._showing is None:
            return
        async with self._busy:
            self._showing.cancel()
        await asyncio.wait([self._showing])
        showing, self._showing = self._showing, None
        if not showing.cancelled() and (failure := showing.exception()):
            raise failure

    async def _become(self, message: Message) -> None:
        """Make the message that stands this one, or post it."""
        await self.stream.end()
        if self.at is not None:
            await self.posting.update(message, at=self.at)
        else:
            await self._post(message)

    async def _post(self, message: Message) -> None:
        await self.note(State.POSTING, None)
        try:
            self.at = await self.posting.post(message)
        except SlackUnavailable as failure:
            if failure.retry_after is None:
                self._failure = failure  # no stream may begin beside it
            raise
        await self.note(State.SIGNED, self.at)

    # --- pace -------------------------------------------------------------------------------------------------------

    async def _wait_until(self, moment: float) -> None:
        pace = self.posting.call.pace
        while (left := moment - pace.clock()) > 0:
            await pace.sleep(left)

    def _interval(self) -> float:
        if self.stream.open:
            return BETWEEN_PIECES
        if self._said:
            return 0.0 if self.at is None else BETWEEN_EDITS
        return BETWEEN_STEPS

    def _spent(self) -> None:
        self._calls += 1
        self._changed = self.posting.call.pace.clock()

    def _affordable(self) -> bool:
        """Whether one more call is worth its while: short answers take few."""
        return self._calls < MOST_CALLS + max(0, len(self._said) - PLENTY) // PER_CALL

    def _room(self, method: str, keep: int) -> bool:
        return self.posting.call.room_for(method, channel=self.posting.channel, keep=keep)

    def _here(self, method: str) -> str:
        return f"{method} {self.posting.channel}"

    def _session_status(self) -> dict[str, str]:
        return {"session_status": "active"} if self.session.processing else {}
