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
    """The sign of life may have been sent: look for it before posting another."""
    SIGNED = "signed"
    """The sign of life stands at `reply`."""
    ANSWERED = "answered"
    """`answer` is stored and will never be made again."""
    DELIVERED = "delivered"
    FAILED = "failed"
    """The person was told that there will be no answer."""


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
    updated_at: datetime | None = None

    def delivered(self, at: datetime) -> AnswerRecord:
        """The record after delivery, without the words of any document."""
        bare = self.answer and replace(
            self.answer,
            text="",
            citations=_without_words(self.answer.citations),
            closest=_without_words(self.answer.closest),
        )
        return replace(self, state=State.DELIVERED, answer=bare, updated_at=at)


def _without_words(citations: tuple[Citation, ...]) -> tuple[Citation, ...]:
    return tuple(replace(citation, quote="") for citation in citations)
