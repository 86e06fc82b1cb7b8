"""The record of a question while its answer comes about: what is to be done with it, and every step it takes."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.models import Answer, Audience, Question
from bot.ports.memory import AnswerRecords
from bot.records import ENDED, AnswerRecord, State


@dataclass(slots=True)
class Trace:
    """The record at hand, stored whenever it changes: the answer's maker and its reply both write."""

    record: AnswerRecord
    records: AnswerRecords
    fence: int
    now: Callable[[], datetime]
    shown: bool = False
    """The answer stands in Slack: whatever fails after that, nothing takes its place."""
    _foretold: bool = False
    """That a message may be posted was the last thing that was stored, before the reply said so."""
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def note(self, state: State, at: str | None) -> None:
        """How far the reply has come, and at which message."""
        if state is State.POSTING and self._foretold:
            self._foretold = False
            return
        await self.write(state=state, reply=at or self.record.reply)

    async def write(self, **changes: object) -> None:
        """Store the record with these changes. Raises `LeaseLost`."""
        async with self._turn:
            changed = replace(self.record, updated_at=self.now(), **changes)  # pyright: ignore[reportArgumentType]  (dataclass fields by name)
            await self.records.write(changed, fence=self.fence)
            self.record, self._foretold = changed, False

    async def keep(self, answer: Answer, *, audience: Audience, posted: bool) -> None:
        """Store the answer; where it is `posted` next, in the same write that a message may stand from now on."""
        state = State.POSTING if posted else State.ANSWERED
        await self.write(state=state, answer=answer, audience=audience, failure=None)
        self._foretold = posted

    async def fail(self, reason: str) -> None:
        """Store that the person was told that there will be no answer."""
        await self.write(state=State.FAILED, failure=reason, answer=self.record.bare)

    async def deliver(self) -> None:
        """Store that the answer stands, and keep its words no longer."""
        await self.write(state=State.DELIVERED, answer=self.record.bare)


def due(record: AnswerRecord | None, question: Question) -> AnswerRecord | None:
    """The record to go on with, or None when nothing is to be done: an edit or a click asks anew, in the same place."""
    if record is None:
        return AnswerRecord(question)
    if moment(question.version) > moment(record.question.version):
        left = State.RECEIVED if question.reply_url else _left_by(record)
        return AnswerRecord(question, state=left, reply=record.reply if left is State.SIGNED else None)
    return None if record.state in ENDED or question.version != record.question.version else record


def _left_by(record: AnswerRecord) -> State:
    """What the version before may have left standing: a message that the record does not name is to be looked for."""
    if record.reply is not None:
        return State.SIGNED
    if record.state is State.POSTING:
        return State.POSTING
    return State.STREAMING if record.state in (State.STREAMING, State.ANSWERED) else State.RECEIVED


def moment(version: str) -> float:
    """When a question was asked in this version, in seconds of the epoch; 0 for the first one."""
    return float(version or 0)


def sent_unseen(record: AnswerRecord) -> bool:
    """Whether a private line may have been sent already: nobody can look, so it is never sent again."""
    return bool(record.question.reply_url) and record.state is State.POSTING
