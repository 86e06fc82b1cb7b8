"""The one trace of a question: state of its job, and what its answer was made of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from bot.models import Answer, Audience, Citation, Question


class State(StrEnum):
    """How far a question has come; each step is idempotent and is entered once."""

    RECEIVED = "received"
    POSTING = "posting"
    """A message may have been posted: look for it before posting another. A private line is never sent again."""
    STREAMING = "streaming"
    """A stream may have been started, which carries no mark: look for our unclaimed message in the thread."""
    SIGNED = "signed"
    """The reply, finished or not, stands at `reply`."""
    ANSWERED = "answered"
    """`answer` is stored and will never be made again."""
    DELIVERED = "delivered"
    FAILED = "failed"
    """The person was told that there will be no answer."""
    STOPPED = "stopped"
    """The person stopped it, and may ask for it anyway."""
    WITHDRAWN = "withdrawn"
    """Its question was deleted, or it was nobody's to answer: nothing is shown."""


ENDED = frozenset({State.DELIVERED, State.FAILED, State.STOPPED, State.WITHDRAWN})
"""States from which a question goes on only when it is asked anew."""

AT_REST = ENDED | {State.RECEIVED}
"""States in which nobody waits for a message to be finished: none has been begun, or it is finished."""


@dataclass(frozen=True, slots=True)
class AnswerRecord:
    """Job state and audit line of one question.

    `answer` is whole until it is delivered; then `delivered()` takes its words out, and ids, revisions and scores
    remain.
    """

    question: Question
    state: State = State.RECEIVED
    reply: str | None = None
    audience: Audience | None = None
    answer: Answer | None = None
    failure: str | None = None
    """Why there is no answer, for good or until the next try."""
    updated_at: datetime | None = None
    hinted: bool = False
    """The asker was told, or may have been, that there is more in documents that only they can see."""
    shared: bool = False
    """A private answer that stands for everyone in its channel by now."""

    @property
    def bare(self) -> Answer | None:
        """The answer without the words of any document."""
        return self.answer and replace(
            self.answer,
            text="",
            citations=_without_words(self.answer.citations),
            closest=_without_words(self.answer.closest),
        )

    def delivered(self, at: datetime) -> AnswerRecord:
        """The record after delivery, without the words of any document."""
        return replace(self, state=State.DELIVERED, answer=self.bare, updated_at=at)


def _without_words(citations: tuple[Citation, ...]) -> tuple[Citation, ...]:
    return tuple(replace(citation, quote="") for citation in citations)
