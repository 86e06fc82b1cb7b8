"""What people say of an answer, tied to its record; and what they answer where the documents do not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal


class Reason(StrEnum):
    """Why an answer was not good."""

    WRONG = "wrong"
    OUTDATED = "outdated"
    NOT_ASKED = "not_what_i_asked"
    SOURCE_MISSING = "source_missing"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Feedback:
    """One person's rating of one answer; their next one replaces it."""

    question_id: str
    person: str
    rating: Literal["good", "bad"]
    at: datetime
    reasons: tuple[Reason, ...] = ()
    words: str = ""


@dataclass(frozen=True, slots=True)
class Escalation:
    """A question that people were asked to answer; `resolved_by` closes it, `answer` is a candidate for the docs.

    `asked_by` brought the people in; `channel` and `thread` say where, `message` is what we posted there.
    """

    question_id: str
    asked_by: str
    channel: str
    thread: str
    at: datetime
    message: str = ""
    resolved_by: str = ""
    resolved_at: datetime | None = None
    answer: str = ""
