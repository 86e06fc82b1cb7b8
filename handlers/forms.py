"""Forms that people send: each is checked, stored or queued, and then closed."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias

from slack_bolt.context.ack.async_ack import AsyncAck

from bot.channels import ChannelSettings
from bot.errors import BadRequest
from bot.feedback import Feedback, Reason
from bot.jobs import AnswerQuestion, AskInDirect, Click, Resolve, ShowHome
from bot.models import ConversationKey, Question
from bot.ports.memory import AnswerRecords, Conversations, FeedbackBook
from bot.ports.queue import JobQueue
from handlers.behaviour import Behaviour
from handlers.buttons import Entry, Forged, Form, Seal
from handlers.gestures import Gesture, block_of, click_of, entries, once, private_question, values_in, words_in
from handlers.listening import App
from handlers.refusals import NotYours, parts_of, record_of, refuse_others, refused
from handlers.views.forms import IN_THREAD, note

MISSING = "Write something here."
NO_SUCH_ID = "That is no id. A user group begins with S, a person with U or W."
_HUMANS = re.compile(r"[SUW][A-Z0-9]{5,20}")
_MODES, _TONES = frozenset(("mention", "offer", "continue")), frozenset(("full", "brief"))

Filled: TypeAlias = Mapping[str, "str | tuple[str, ...]"]


class Unfinished(BadRequest):
    """An entry of a form is missing or wrong; the message says so at the entry."""

    def __init__(self, entry: Entry, words: str) -> None:
        super().__init__(words)
        self.entry = entry


@dataclass(frozen=True, slots=True)
class Forms:
    """Opens what a form carries, checks whose it is and what was filled in, and does what it says once."""

    jobs: JobQueue
    conversations: Conversations
    records: AnswerRecords
    feedback: FeedbackBook
    behaviour: Behaviour
    seal: Seal
    now: Callable[[], datetime]

    def register(self, app: App) -> None:
        """Listen to each form."""
        for form in self._steps():
            app.view_submission(form)(self.on_submit)

    async def on_submit(self, ack: AsyncAck, body: Gesture) -> None:
        """Accept a form once. Raises `MemoryUnavailable`: then it stays open, and Slack says that it failed."""
        view, form = body["view"], Form(body["view"]["callback_id"])
        try:
            parts = self.seal.open(form, view.get("private_metadata"))
            await self._steps()[form](click_of(body), parts, entries(view))
        except Unfinished as unfinished:
            await ack(response_action="errors", errors={block_of(view, unfinished.entry): str(unfinished)})
        except BadRequest as refusal:
            refused(body, refusal)
            await ack(response_action="update", view=note("Footnote", refusal.user_message))
        else:
            await ack()

    def _steps(self) -> Mapping[Form, Callable[[Click, tuple[str, ...], Filled], Awaitable[None]]]:
        return {
            Form.FEEDBACK: self._feedback,
            Form.FOLLOW_UP: self._follow_up,
            Form.RESOLVE: self._resolve,
            Form.CHANNEL: self._channel,
            Form.ASK: self._ask,
            Form.ANSWER_THIS: self._answer_this,
        }

    # --- asking -----------------------------------------------------------------------------------------------------

    async def _follow_up(self, click: Click, parts: tuple[str, ...], held: Filled) -> None:
        """In the conversation of the question before, privately as that was."""
        question_id, reply_url = parts_of(parts, 2)
        words = _required(held, Entry.QUESTION)
        record = await record_of(self.records, question_id)
        refuse_others(record, click)
        where = record.question.conversation
        asking = replace(click, channel=where.channel, reply_url=reply_url)
        question = private_question(asking, words, name=click.id.rpartition("/")[2], now=self.now())
        await self.jobs.enqueue(AnswerQuestion(replace(question, conversation=where)), once=once(click))

    async def _ask(self, click: Click, parts: tuple[str, ...], held: Filled) -> None:
        parts_of(parts, 0)
        await self.jobs.enqueue(AskInDirect(click, _required(held, Entry.QUESTION)), once=once(click))

    async def _answer_this(self, click: Click, parts: tuple[str, ...], held: Filled) -> None:
        """A chosen message, asked by whoever chose it: where it stands, or for that person alone."""
        channel, message, thread, text, moment, reply_url = parts_of(parts, 6)
        click = replace(click, channel=channel, thread=thread, reply_url=reply_url)
        if words_in(held, Entry.WHERE) != IN_THREAD:
            question = private_question(click, text, name=f"{moment}-{click.person}", now=self.now())
        else:
            where = ConversationKey(click.workspace, channel, thread)
            question = Question(
                id=f"{click.workspace}/{channel}/{message}/by-shortcut",
                text=text,
                asker=click.person,
                conversation=where,
                message=message,
                asked_at=self.now(),
                version=moment,  # so that whoever chooses it again has it answered anew
            )
            await self.conversations.join(where)
        await self.jobs.enqueue(AnswerQuestion(question), once=once(click))

    # --- saying -----------------------------------------------------------------------------------------------------

    async def _feedback(self, click: Click, parts: tuple[str, ...], held: Filled) -> None:
        (question_id,) = parts_of(parts, 1)
        chosen = values_in(held, Entry.REASONS)
        reasons = tuple(reason for reason in Reason if reason in chosen)
        words = words_in(held, Entry.WORDS)
        await self.feedback.rate(Feedback(question_id, click.person, "bad", self.now(), reasons, words))

    async def _resolve(self, click: Click, parts: tuple[str, ...], held: Filled) -> None:
        question_id, channel, thread, reply_url = parts_of(parts, 4)
        click = replace(click, channel=channel, thread=thread, reply_url=reply_url)
        await self.jobs.enqueue(Resolve(click, question_id, _required(held, Entry.ANSWER)), once=once(click))

    # --- deciding ---------------------------------------------------------------------------------------------------

    async def _channel(self, click: Click, parts: tuple[str, ...], held: Filled) -> None:
        """Store what an admin decided: the form was filled for that very person, after a worker had asked Slack."""
        channel, admin = parts_of(parts, 2)
        if click.person != admin:
            raise NotYours(f"the form of {channel} was not opened for {click.person}")
        settings = _settings(held)
        await self.behaviour.write(click.workspace, channel, settings, person=click.person, at=self.now())
        await self.jobs.enqueue(ShowHome(click), once=once(click))


def _required(held: Filled, entry: Entry) -> str:
    words = words_in(held, entry)
    if not words:
        raise Unfinished(entry, MISSING)
    return words


def _settings(held: Filled) -> ChannelSettings:
    """What the form says. Raises `Unfinished`, and `Forged` for a choice that was never offered."""
    mode, tone, humans = (words_in(held, entry) for entry in (Entry.MODE, Entry.TONE, Entry.HUMANS))
    if humans and not _HUMANS.fullmatch(humans):
        raise Unfinished(Entry.HUMANS, NO_SUCH_ID)
    if mode not in _MODES or tone not in _TONES:
        raise Forged("a mode or a tone that was not offered")
    return ChannelSettings(
        mode=mode,  # pyright: ignore[reportArgumentType]  (checked above)
        auto_answer=bool(values_in(held, Entry.AUTO_ANSWER)),
        sources=values_in(held, Entry.SOURCES),
        tone=tone,  # pyright: ignore[reportArgumentType]  (checked above)
        humans=humans,
    )
