"""The use case a job runs: sign of life, pipeline, reply, remember; each step at most once, whatever dies between."""

import hashlib
from base64 import b32encode
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from bot.answering.pipeline import Pipeline
from bot.answering.recall import recall, remembered, still_readable
from bot.errors import FootnoteError
from bot.models import Answer, Audience, Question
from bot.ports.memory import AnswerRecords, Conversations
from bot.ports.slack import Directory, Replies
from bot.records import AnswerRecord, State

MEMBERS_ONLY = "I can only answer members of this workspace. Ask a member to ask for you."
NO_QUESTION = "Ask me something after my name, for instance: how do I set up the VPN?"
ENDED = frozenset({State.DELIVERED, State.FAILED})


@dataclass(frozen=True, slots=True)
class Responder:
    """Answers one question, once, for everybody who will read the reply."""

    pipeline: Pipeline
    replies: Replies
    directory: Directory
    conversations: Conversations
    records: AnswerRecords
    now: Callable[[], datetime]

    async def respond(self, question: Question, *, fence: int) -> None:
        """Bring the question to a visible end. Safe to run again after a crash at any point.

        Raises `LeaseLost` when another worker took over, and what the ports raise: the person has then been told that
        another try follows when the error is retryable.
        """
        record = await self.records.read(question.id, fence=fence) or AnswerRecord(question)
        if record.state in ENDED:
            return
        record = await self._signed(record, fence=fence)
        try:
            await self._finish(record, fence=fence)
        except FootnoteError as error:
            if error.retryable:
                await self.replies.tell(question, error.user_message, at=record.reply)
            raise

    async def give_up(self, question: Question, *, fence: int, reason: str) -> None:
        """Tell the person that there will be no answer, and where an admin finds out why."""
        record = await self.records.read(question.id, fence=fence) or AnswerRecord(question)
        if record.state in ENDED:
            return
        text = (
            f"I couldn't answer this. It's logged as {code(question.id)} for your admins. Ask again to try once more."
        )
        at = record.reply or await self.replies.find(question)
        await self.replies.tell(question, text, at=at)
        await self._write(record, fence=fence, state=State.FAILED, reply=at, failure=reason)

    async def _signed(self, record: AnswerRecord, *, fence: int) -> AnswerRecord:
        """The record once a sign of life stands in the thread: an earlier one is found again, never posted twice."""
        if record.reply is not None:
            return record
        earlier = await self.replies.find(record.question) if record.state is State.POSTING else None
        if earlier is None:
            record = await self._write(record, fence=fence, state=State.POSTING)
            earlier = await self.replies.sign_of_life(record.question)
        return await self._write(record, fence=fence, state=State.SIGNED, reply=earlier)

    async def _finish(self, record: AnswerRecord, *, fence: int) -> None:
        question = record.question
        refusal = await self._refusal(question)
        if refusal is not None:
            await self.replies.tell(question, refusal, at=record.reply)
            await self._write(record, fence=fence, state=State.DELIVERED)
            return
        record, answer = await self._answered(record, fence=fence)
        await self.replies.answer(question, answer, at=record.reply or "")
        await self._remember(question, answer)
        await self.records.write(record.delivered(self.now()), fence=fence)

    async def _refusal(self, question: Question) -> str | None:
        if not await self.directory.may_ask(question):
            return MEMBERS_ONLY
        return None if question.text.strip() else NO_QUESTION

    async def _answered(self, record: AnswerRecord, *, fence: int) -> tuple[AnswerRecord, Answer]:
        """The record with its answer stored; one that was stored before is used again while all may still read it."""
        audience = await self.directory.audience(record.question)
        answer = record.answer
        if answer is not None and await still_readable(answer, index=self.pipeline.index, audience=audience):
            return record, answer
        answer = await self._ask(record.question, audience)
        record = await self._write(record, fence=fence, state=State.ANSWERED, answer=answer, audience=audience)
        return record, answer

    async def _ask(self, question: Question, audience: Audience) -> Answer:
        history = await recall(
            question.conversation, conversations=self.conversations, index=self.pipeline.index, audience=audience
        )
        return (await self.pipeline.answer(question.text, history, audience=audience)).answer

    async def _remember(self, question: Question, answer: Answer) -> None:
        turn = remembered(answer, asked_at=question.asked_at)
        await self.conversations.remember(question.conversation, turn, question_id=question.id)

    async def _write(self, record: AnswerRecord, *, fence: int, **changes: object) -> AnswerRecord:
        changed = replace(record, updated_at=self.now(), **changes)  # pyright: ignore[reportArgumentType]  (dataclass fields by name)
        await self.records.write(changed, fence=fence)
        return changed


def code(question_id: str) -> str:
    """A short name for a question, to tell an admin over the desk: Q-7F3K."""
    digest = hashlib.sha256(question_id.encode()).digest()
    return f"Q-{b32encode(digest)[:4].decode()}"
