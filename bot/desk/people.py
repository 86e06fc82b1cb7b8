"""*Ask a person*, and *Resolved*: people answer what the documents do not."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from bot.desk.clickers import ELSEWHERE, GONE, NOT_YOURS, belongs, may_see
from bot.errors import Refused
from bot.feedback import Escalation
from bot.gate import gated
from bot.jobs import AskPerson, Click, Resolve
from bot.models import Question
from bot.ports.memory import AnswerRecords, Channels, FeedbackBook
from bot.ports.slack import Directory, Notices

NOBODY_TO_ASK = "Nobody is set up to be asked here: an admin can choose somebody on my Home tab."
ASKED_ALREADY = "Somebody was asked already."
ASKED_FOR_YOU = "I asked in the help channel for you."
ASK_IN_A_CHANNEL = "Ask in a channel that I am in: there I can bring people in."
CANNOT_POST = "I can't post there. Invite me first: /invite @Footnote"
MEMBERS_RESOLVE = "Only members of this workspace can resolve this."
RESOLVED_ALREADY = "This was resolved already."
CLOSED = "Thanks. It's closed."

LONGEST = 3_000
"""Characters that are kept of a person's answer."""
IN_FLIGHT = 10.0
"""Seconds in which another person's click may still be bringing people in."""


@dataclass(frozen=True, slots=True)
class Escalator:
    """Brings people into the thread of a question; that of a private one into the channel for help, if there is one.

    `humans` are asked where a channel names nobody (S…, U… or W…).
    """

    records: AnswerRecords
    channels: Channels
    book: FeedbackBook
    notices: Notices
    now: Callable[[], datetime]
    humans: str = ""
    help_channel: str = ""

    async def escalate(self, job: AskPerson, *, again: bool) -> None:
        """Mention them once per question, or tell the clicker why not."""
        record = await self.records.read(job.question_id)
        if record is None:
            refusal = GONE
        elif not may_see(job.click, record):
            refusal = NOT_YOURS
        elif not self._channel(record.question):
            refusal = ASK_IN_A_CHANNEL
        else:
            refusal = await self._brought_in(job.click, record.question, again=again)
        if refusal is not None:
            await self.notices.whisper(job.click, refusal)

    async def _brought_in(self, click: Click, question: Question, *, again: bool) -> str | None:
        """Bring them in; what the clicker is to be told."""
        humans = await self._humans(question)
        if not humans:
            return NOBODY_TO_ASK
        wished = self._escalation(click, question)
        opened = await self.book.escalate(wished)
        escalation = wished if opened else await self.book.escalation(question.id) or wished
        if not opened and await self._done(escalation, click, again=again):
            return None if again and escalation.asked_by == click.person else ASKED_ALREADY
        try:
            message = await self.notices.bring_in(question, escalation, humans=humans, again=again or not opened)
        except Refused:
            return CANNOT_POST
        await self.book.update(replace(escalation, message=message))
        return ASKED_FOR_YOU if question.private else None

    async def _done(self, escalation: Escalation, click: Click, *, again: bool) -> bool:
        """Whether an earlier click brought people in, or is about to: one that was refused, or died, is taken over.

        Clicks of one person come one after another, so that one of theirs without a message is over.
        """
        if escalation.message or again or escalation.asked_by == click.person:
            return bool(escalation.message)
        return not await self.book.once(f"bring_in/{escalation.question_id}", seconds=IN_FLIGHT)

    def _escalation(self, click: Click, question: Question) -> Escalation:
        channel = self._channel(question)
        thread = "" if question.private else question.conversation.thread
        return Escalation(question.id, asked_by=click.person, channel=channel, thread=thread, at=self.now())

    def _channel(self, question: Question) -> str:
        """Where people are asked: a private question is never repeated where its asker did not say it."""
        return self.help_channel if question.private else question.conversation.channel

    async def _humans(self, question: Question) -> str:
        settings = await self.channels.read(question.conversation.workspace, self._channel(question))
        return settings.humans or self.humans


@dataclass(frozen=True, slots=True)
class Resolver:
    """Closes a question that people were asked, and keeps their words as a candidate for the documents."""

    records: AnswerRecords
    book: FeedbackBook
    directory: Directory
    notices: Notices
    now: Callable[[], datetime]

    async def resolve(self, job: Resolve, *, again: bool) -> None:
        """Close it once, for a member who was there, or tell the clicker why not."""
        escalation = await self.book.escalation(job.question_id)
        refusal = await self._refusal(job.click, escalation, again=again)
        if escalation is None or refusal is not None:
            await self.notices.whisper(job.click, refusal or GONE)
            return
        if not escalation.resolved_by:
            escalation = replace(
                escalation,
                resolved_by=job.click.person,
                resolved_at=self.now(),
                answer=gated(job.words)[:LONGEST],
            )
            await self.book.update(escalation)
        await self._shown(job.click, escalation)

    async def _refusal(self, click: Click, escalation: Escalation | None, *, again: bool) -> str | None:
        if escalation is None:
            return GONE
        if click.channel not in ("", escalation.channel):
            return ELSEWHERE
        if not await belongs(click, directory=self.directory):
            return MEMBERS_RESOLVE
        ours = again and escalation.resolved_by == click.person
        return RESOLVED_ALREADY if escalation.resolved_by and not ours else None

    async def _shown(self, click: Click, escalation: Escalation) -> None:
        """On the message that brought people in; where its question is no longer kept, to the clicker alone."""
        record = await self.records.read(escalation.question_id)
        if record is None:
            await self.notices.whisper(click, CLOSED)
        else:
            await self.notices.resolved(record.question, escalation)
