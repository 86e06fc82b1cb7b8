"""Replies that nobody sees grow: to one person alone, and where nobody asked."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.errors import Refused, SlackUnavailable
from bot.models import Answer, Question
from bot.ports.slack import Note
from bot.records import State
from handlers.alone import Alone
from handlers.buttons import Seal
from handlers.calls import Calls
from handlers.posting import Posting, shown
from handlers.views.answer import answer_message, ended_message, plain_message
from handlers.views.blocks import Message


@dataclass(slots=True)
class PrivateLine:
    """A reply that the asker alone sees, sent to the question's reply address: once, for nobody can look it up."""

    call: Calls
    question: Question
    seal: Seal
    now: Callable[[], datetime]
    note: Note
    _sent: bool = False

    @property
    def unposted(self) -> bool:
        """No: what is noted as being posted is never sent again, so it is noted right before it is sent."""
        return False

    async def sign(self) -> None:
        """Nothing: the acknowledgement of the command was one."""

    def step(self, words: str) -> None:
        """Nothing."""

    def say(self, piece: str) -> None:
        """Nothing: it comes whole."""

    def anew(self) -> None:
        """Nothing."""

    async def answer(self, answer: Answer) -> None:
        """Send the answer."""
        await self._send(answer_message(answer, question=self.question, seal=self.seal, now=self.now()))

    async def tell(self, text: str, *, again: bool = False) -> None:
        """Send the line; nothing can follow it."""
        await self._send(ended_message(text, question=self.question, seal=self.seal) if again else plain_message(text))

    async def withdraw(self) -> None:
        """Nothing: what was sent cannot be taken back."""

    async def _send(self, message: Message) -> None:
        if self._sent:
            return
        await self.note(State.POSTING, None)
        self._sent = True
        try:
            await self._sent_once(message)
        except (Refused, SlackUnavailable) as failure:
            if isinstance(failure, Refused) or failure.retry_after is not None:
                await self.note(State.RECEIVED, None)  # Slack took nothing: another try is no second message
            raise

    async def _sent_once(self, message: Message) -> None:
        """To the reply address; where that has expired after a long wait, where the person asked, or directly."""
        try:
            await self.call.reply(self.question.reply_url, response_type="ephemeral", **shown(message))
        except Refused:
            where = self.question.conversation.channel
            await Alone(self.call).send(message, person=self.question.asker, channel=where)


@dataclass(slots=True)
class Interjection:
    """An answer to a question that was put to nobody in particular: nothing is seen before it, or instead of it."""

    posting: Posting
    seal: Seal
    now: Callable[[], datetime]
    note: Note
    at: str | None

    @property
    def unposted(self) -> bool:
        """Whether no answer stands yet; see the port."""
        return self.at is None

    async def sign(self) -> None:
        """Nothing."""

    def step(self, words: str) -> None:
        """Nothing."""

    def say(self, piece: str) -> None:
        """Nothing."""

    def anew(self) -> None:
        """Nothing."""

    async def answer(self, answer: Answer) -> None:
        """Post the answer, or put it in place of the one that stands."""
        message = answer_message(answer, question=self.posting.question, seal=self.seal, now=self.now())
        if self.at is not None:
            await self.posting.update(message, at=self.at)
            return
        await self.note(State.POSTING, None)
        self.at = await self.posting.post(message)
        await self.note(State.SIGNED, self.at)

    async def tell(self, text: str, *, again: bool = False) -> None:
        """Nothing."""

    async def withdraw(self) -> None:
        """Take the answer back where it was posted already."""
        if self.at is not None:
            await self.posting.delete(self.at)
