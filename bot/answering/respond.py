"""The use case a job runs: sign of life, pipeline, reply, remember; each step at most once, whatever dies between."""

import asyncio
import hashlib
from base64 import b32encode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

import structlog
from structlog.typing import FilteringBoundLogger

from bot.answering.admission import Admission
from bot.answering.overhear import among_themselves, before, in_order, open_question
from bot.answering.pipeline import SURE, Asking, Pipeline
from bot.answering.recall import recall, remembered, still_readable
from bot.answering.stopping import Stopping
from bot.answering.trace import Trace, due, moment, sent_unseen
from bot.budgets import OVER_BUDGET, Exceeded
from bot.conversations import Said
from bot.errors import FootnoteError, IndexUnavailable, LeaseLost, Refused, SlackUnavailable, Stopped
from bot.holding import in_doubt
from bot.jobs import Click
from bot.kill_points import passing
from bot.models import Answer, Audience, Question
from bot.ports.memory import AnswerRecords, Channels, Conversations
from bot.ports.slack import Directory, Replies, Reply, Threads
from bot.ports.watch import Unwatched, Watch
from bot.records import AnswerRecord, State
from bot.together import beside

log: FilteringBoundLogger = structlog.get_logger(__name__)

MEMBERS_ONLY = "I can only answer members of this workspace. Ask a member to ask for you."
NO_QUESTION = "Ask me something after my name, for instance: how do I set up the VPN?"
SEARCH_AWAY = "Search is unavailable. I'll keep trying and answer here."
BEGUN = frozenset({State.POSTING, State.STREAMING, State.ANSWERED})
"""States in which a message may stand that its record does not name: an answer is stored while its stream begins."""

Hint = Callable[[Question, Answer, Audience], Awaitable[bool]]
"""Whether the asker alone may read more than this audience was told."""


@dataclass(frozen=True, slots=True)
class Responder:
    """Answers one question, once, for everybody who will read the reply."""

    pipeline: Pipeline
    replies: Replies
    directory: Directory
    threads: Threads
    conversations: Conversations
    records: AnswerRecords
    channels: Channels
    stopping: Stopping
    admission: Admission
    now: Callable[[], datetime]
    hint: Hint
    tell_of_more: Callable[[Question], Awaitable[None]]
    whisper: Callable[[Click, str], Awaitable[None]]
    watch: Watch = field(default_factory=Unwatched)

    async def respond(self, question: Question, *, fence: int) -> None:
        """Bring the question to a visible end. Safe to run again after a crash at any point.

        Raises `LeaseLost` when another worker took over, and what the ports raise: the person has then been told that
        another try follows when the error is retryable.
        """
        known, unwanted, exceeded = await asyncio.gather(
            self.records.read(question.id, fence=fence),
            self.stopping.unwanted(question),
            self._exceeded_at_once(question),
        )
        record = due(known, question)
        if record is None:
            return
        trace = Trace(record, self.records, fence, self.now)
        if unwanted:
            await self._take_back(trace)
            return
        if sent_unseen(record):
            await self._assume(trace)
            return
        if in_doubt() and record.state is State.RECEIVED and not question.reply_url:
            trace.record = replace(record, state=State.STREAMING)  # of a message that stands nothing may be known
        heard = None if question.addressed == "named" else await self._heard(question)
        if question.addressed != "named" and heard is None:
            await trace.write(state=State.WITHDRAWN)
            return
        begun = record is known and record.state is not State.RECEIVED
        if not begun and question.addressed != "named":
            exceeded = await self.admission.exceeded(question)
        if exceeded is None or begun:
            await self._reply(trace, heard)
        else:
            stands = known is not None and known.state is not State.RECEIVED
            await self._turn_away(trace, exceeded, anew=stands)

    async def withdraw(self, question_id: str, *, fence: int) -> None:
        """Take back what stands of an answer that is not finished: its question was deleted."""
        record = await self.records.read(question_id, fence=fence)
        if record is None or record.state in (State.DELIVERED, State.WITHDRAWN):
            return
        await self._take_back(Trace(record, self.records, fence, self.now))

    async def give_up(self, question: Question, *, fence: int, reason: str) -> None:
        """Tell the person that there will be no answer, and where an admin finds out why.

        Raises `Refused` where they asked in a place in which we may say nothing: who tells them elsewhere calls `end`.
        """
        record = due(await self.records.read(question.id, fence=fence), question)
        if record is None:
            return
        trace = Trace(record, self.records, fence, self.now)
        try:
            if not sent_unseen(record):
                async with self.replies.open(question, at=await self._stands(record), note=trace.note) as reply:
                    text = f"I couldn't answer this. It's logged as {code(question.id)} for your admins."
                    await reply.tell(text, again=True)
        except Refused:
            await trace.write(answer=trace.record.bare)
            await self._clear(trace)
            raise
        await trace.fail(reason)

    async def _clear(self, trace: Trace) -> bool:
        """Take away what cannot be finished, so that no placeholder stands for ever; whether Slack let us do that.

        What stands of a question that was asked anew may be the answer to it as it was.
        """
        record = trace.record
        if record.reply is None or record.question.version:
            return False
        try:
            async with self.replies.open(record.question, at=record.reply, note=trace.note) as reply:
                await reply.withdraw()
        except (Refused, SlackUnavailable) as error:
            log.warning("placeholder_left", question=record.question.id, error=type(error).__name__)
            return False
        return True

    async def end(self, question: Question, *, fence: int, reason: str, clear: bool = False) -> None:
        """Note that the person was told, elsewhere, that there will be no answer.

        `clear`: what stands unfinished is taken away, where Slack lets us do that.
        """
        record = due(await self.records.read(question.id, fence=fence), question)
        if record is None:
            return
        trace = Trace(record, self.records, fence, self.now)
        if clear and await self._clear(trace):
            await trace.write(reply=None)
        await trace.fail(reason)

    # --- one reply --------------------------------------------------------------------------------------------------

    async def _reply(self, trace: Trace, heard: tuple[Said, ...] | None) -> None:
        question = trace.record.question
        async with (
            self.replies.open(question, at=await self._stands(trace.record), note=trace.note) as reply,
            beside(self._sign(trace, reply)) as signed,
        ):
            try:
                await self._finish(trace, heard, reply, signed)
            except Stopped:
                await signed
                await self._stop(trace, reply)
            except FootnoteError as error:
                await signed
                if trace.shown:
                    raise
                if error.retryable and _may_say_more(question, error):
                    await self._put_off(trace, reply, error)
                elif question.reply_url and isinstance(error, IndexUnavailable):
                    await self._put_off_alone(trace)
                raise

    async def _turn_away(self, trace: Trace, exceeded: Exceeded, *, anew: bool) -> None:
        """Tell the asker alone, if there is a line for them, and end; asked `anew`, what the question got before stays.

        The line comes before the record says so: a crash between the two tells it again rather than never.
        """
        question = trace.record.question
        self.admission.turned_away(question, exceeded)
        if exceeded.line and question.reply_url:
            async with self.replies.open(question, at=None, note=trace.note) as reply:
                await reply.tell(self.admission.line(exceeded))
        elif exceeded.line:
            await self.admission.tell(question, exceeded)
        if question.reply_url or not anew:
            state = State.WITHDRAWN if question.addressed == "overheard" else State.FAILED
            await trace.write(state=state, failure=f"{OVER_BUDGET}: {exceeded.scope}")

    async def _sign(self, trace: Trace, reply: Reply) -> None:
        """Show a sign of life; how long the first one took is counted. Nobody sees one of a question not put to us."""
        first = trace.record.state is State.RECEIVED and trace.record.question.addressed == "named"
        await reply.sign()
        if first:
            self.watch.signed(seconds=self._since(trace.record.question))

    async def _put_off(self, trace: Trace, reply: Reply, error: FootnoteError) -> None:
        """Say that another try follows. That search is away stands already at every try of an outage but the first."""
        text = error.user_message
        if not (isinstance(error, IndexUnavailable) and trace.record.failure == text):
            await reply.tell(text)
            await trace.write(failure=text)

    async def _put_off_alone(self, trace: Trace) -> None:
        """Say in a line of its own, once, that search is away: the answer comes in another, for none can be edited."""
        question = trace.record.question
        if trace.record.failure == SEARCH_AWAY:
            return
        await trace.write(failure=SEARCH_AWAY)
        try:
            await self.whisper(Click.of(question), SEARCH_AWAY)
        except (Refused, SlackUnavailable) as error:
            log.warning("delay_untold", question=question.id, error=type(error).__name__)

    async def _stop(self, trace: Trace, reply: Reply) -> None:
        """Say that it was stopped; of a question that is gone, take back what stands."""
        if await self.stopping.taken_back(trace.record.question):
            await reply.withdraw()
            await trace.write(state=State.WITHDRAWN, reply=None)
        else:
            await reply.tell(Stopped.user_message, again=True)
            await trace.write(state=State.STOPPED)

    async def _take_back(self, trace: Trace) -> None:
        """Take back the message that an earlier try may have begun."""
        record = trace.record
        at = await self._stands(record)
        if at is not None:
            async with self.replies.open(record.question, at=at, note=trace.note) as reply:
                await reply.withdraw()
        await trace.write(state=State.WITHDRAWN, reply=None)

    async def _finish(
        self, trace: Trace, heard: tuple[Said, ...] | None, reply: Reply, signed: Awaitable[None]
    ) -> None:
        """Make the answer while the sign of life is on its way; nothing is said before that is known to stand."""
        said = await self._said(trace.record.question) if heard is None else heard
        question = _worded(trace.record.question, said)
        refusal = await self._refusal(question)
        if refusal is not None:
            await signed
            await reply.tell(refusal)
            await trace.write(state=State.DELIVERED)
            return
        audience = await self.directory.audience(question)
        making = self._answered(trace, question, said, audience, reply)
        keep = partial(self._keep, trace, reply, audience)
        answer = await self.stopping.unless_stopped(question, making, keep=keep)
        if question.addressed == "overheard":
            if not answer.answered:
                await reply.withdraw()  # what stands may answer what was asked before an edit
                await trace.write(state=State.WITHDRAWN, reply=None, answer=None)
                return
            await self.conversations.join(question.conversation)
        await signed
        await reply.answer(answer)
        trace.shown = True
        self.watch.answered(seconds=self._since(question), answered=answer.answered)
        await self._remember(question, answer)
        await trace.deliver()
        await self._hint(trace, answer, audience)

    async def _assume(self, trace: Trace) -> None:
        """Take a private line that may have arrived as one that did: it can be shared, and followed up."""
        if trace.record.answer is not None:
            await self._remember(trace.record.question, trace.record.answer)
        await trace.deliver()

    async def _answered(
        self, trace: Trace, question: Question, said: tuple[Said, ...], audience: Audience, reply: Reply
    ) -> Answer:
        """The answer; one that was stored before is used again while all may still read it."""
        stored = trace.record.answer
        readable = partial(still_readable, index=self.pipeline.index, audience=audience)
        if stored is not None and stored.text and await readable(stored):
            return stored
        async with self.admission.billed(question, self.pipeline.terms):
            return await self._ask(question, said, audience, reply)

    async def _keep(self, trace: Trace, reply: Reply, audience: Audience, answer: Answer) -> None:
        """Store an answer that is new."""
        if answer is trace.record.answer:
            return
        silent = trace.record.question.addressed == "overheard" and not answer.answered
        await trace.keep(answer, audience=audience, posted=reply.unposted and not silent)
        passing("answer_stored")

    async def _ask(self, question: Question, said: tuple[Said, ...], audience: Audience, reply: Reply) -> Answer:
        recalled = await recall(
            question.conversation, conversations=self.conversations, index=self.pipeline.index, audience=audience
        )
        turns = tuple(turn for turn in recalled if turn.question_id != question.id)  # of an edited one: what it was
        asking = await self._asking(question)
        ask = partial(self.pipeline.answer, question.text, in_order(turns, said), audience=audience, listener=reply)
        answer = (await ask(asking=asking)).answer
        if answer.answered or not (asking.within and question.private):
            return answer
        return (await ask(asking=replace(asking, within=frozenset()))).answer

    async def _asking(self, question: Question) -> Asking:
        """As the channel is set; in a direct message, from what the channel that the person looks at is set to."""
        key = question.conversation
        where = key.channel
        if question.private and not question.reply_url:
            where = await self.channels.looked_at(key.workspace, question.asker) or where
        settings = await self.channels.read(key.workspace, where)
        return Asking(
            within=frozenset(settings.sources),
            brief=settings.tone == "brief",
            sure=SURE if question.addressed == "overheard" else None,
        )

    # --- around it --------------------------------------------------------------------------------------------------

    async def _exceeded_at_once(self, question: Question) -> Exceeded | None:
        """What a question exceeds that is ours for certain: so it need not be known first what became of it before.

        It counts even if it was taken back before anything was begun.
        """
        return await self.admission.exceeded(question) if question.addressed == "named" else None

    async def _heard(self, question: Question) -> tuple[Said, ...] | None:
        """What was said before a question that does not name us; None where it is not ours to answer.

        It is ours when a member asks it, and puts it to nobody else.
        """
        if not await self.directory.may_ask(question):
            return None
        said = await self._said(question)
        return None if among_themselves(said, question) else said

    async def _said(self, question: Question) -> tuple[Said, ...]:
        """What the thread of a channel said before the question; nothing where it cannot be read just now."""
        if question.private or question.conversation.thread == question.message:
            return ()
        try:
            return before(await self.threads.read(question.conversation), question)
        except SlackUnavailable as error:
            log.warning("thread_unread", question=question.id, reason=str(error))
            return ()

    async def _stands(self, record: AnswerRecord) -> str | None:
        """The message that an earlier try began, so that it is finished and no second one posted."""
        if record.reply is not None or record.state not in BEGUN:
            return record.reply
        return await self.replies.find(record.question, streaming=record.state is not State.POSTING)

    async def _refusal(self, question: Question) -> str | None:
        if not await self.directory.may_ask(question):
            return MEMBERS_ONLY
        return None if question.text.strip() else NO_QUESTION

    def _since(self, question: Question) -> float:
        """Seconds since it was asked, or asked anew, by Slack's clock and ours."""
        return max(0.0, self.now().timestamp() - max(question.asked_at.timestamp(), moment(question.version)))

    async def _remember(self, question: Question, answer: Answer) -> None:
        turn = remembered(answer, asked_at=question.asked_at, question_id=question.id, author=question.asker)
        await self.conversations.remember(question.conversation, turn)

    async def _hint(self, trace: Trace, answer: Answer, audience: Audience) -> None:
        """Tell the asker, once, that there is more for them alone. The answer stands whatever becomes of this."""
        question = trace.record.question
        if question.private or question.addressed == "overheard" or trace.record.hinted:
            return
        try:
            if await self.hint(question, answer, audience):
                await trace.write(hinted=True)
                await self.tell_of_more(question)
        except LeaseLost:
            raise
        except FootnoteError as error:
            log.warning("hint_untold", question=question.id, error=type(error).__name__)


def _may_say_more(question: Question, error: FootnoteError) -> bool:
    """Whether a line now can later become the answer; not while nobody knows what of ours Slack took."""
    return not (question.reply_url or question.addressed == "overheard" or isinstance(error, SlackUnavailable))


def _worded(question: Question, said: tuple[Said, ...]) -> Question:
    """The question; a mention without words asks what is open in its thread."""
    return question if question.text.strip() else replace(question, text=open_question(said))


def code(question_id: str) -> str:
    """A short name for a question, to tell an admin over the desk: Q-7F3K."""
    digest = hashlib.sha256(question_id.encode()).digest()
    return f"Q-{b32encode(digest)[:4].decode()}"
