"""What every book of ratings and escalations must keep to."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.adapters.redis.client import Link
from bot.adapters.redis.feedback import RedisFeedbackBook
from bot.feedback import Escalation, Feedback, Reason
from bot.ports.memory import FeedbackBook
from tests.redis_fixtures import EVERYWHERE, on

NOON = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
"""Lately: what is older than half a year is not listed."""
LATER = NOON + timedelta(hours=1)
GOOD = Feedback("T1/C1/1.1", "U1", "good", NOON)
BAD = Feedback("T1/C1/1.1", "U1", "bad", LATER, (Reason.OUTDATED, Reason.OTHER), "old \N{SNOWMAN} prices")
OPEN = Escalation("T1/C1/1.1", "U1", "C1", "1.1", NOON)


pytestmark = on(EVERYWHERE)


@pytest.fixture
def book(link: Link) -> FeedbackBook:
    return RedisFeedbackBook(link)


async def test_a_rating_is_kept_whole(book: FeedbackBook) -> None:
    """Reasons and words come back as they were given."""
    await book.rate(BAD)
    assert await book.ratings(BAD.question_id) == [BAD]


async def test_a_person_has_one_rating_per_answer(book: FeedbackBook) -> None:
    """A changed mind replaces the earlier rating; another person's stays."""
    other = replace(GOOD, person="U2")
    for feedback in (GOOD, other, BAD):
        await book.rate(feedback)
    assert await book.ratings(GOOD.question_id) == [other, BAD]


async def test_ratings_are_listed_from_a_moment_on(book: FeedbackBook) -> None:
    """The moment itself counts, what was before does not; the oldest is first."""
    elsewhere = replace(GOOD, question_id="T1/C1/2.2", at=LATER)
    for feedback in (elsewhere, GOOD):
        await book.rate(feedback)
    assert await book.since(NOON) == [GOOD, elsewhere]
    assert await book.since(LATER) == [elsewhere]


async def test_a_question_is_escalated_once(book: FeedbackBook) -> None:
    """The second who brings people in changes nothing."""
    assert await book.escalate(OPEN)
    assert not await book.escalate(replace(OPEN, asked_by="U2"))
    assert await book.escalation(OPEN.question_id) == OPEN
    assert await book.escalation("T1/C1/9.9") is None


async def test_a_resolution_replaces_the_escalation(book: FeedbackBook) -> None:
    """Who resolved it, when and with what words is kept with it, in the list too."""
    await book.escalate(OPEN)
    closed = replace(OPEN, message="1.2", resolved_by="U3", resolved_at=LATER, answer="Ask the canteen.")
    await book.update(closed)
    assert await book.escalation(OPEN.question_id) == closed
    assert await book.escalations(NOON) == [closed]
    assert await book.escalations(LATER) == []


async def test_once_is_once_for_each_thing(book: FeedbackBook) -> None:
    """The first who asks does it; something else is something else."""
    assert await book.once("outdated/a.md/2026-03-02", seconds=60)
    assert not await book.once("outdated/a.md/2026-03-02", seconds=60)
    assert await book.once("outdated/b.md/2026-03-02", seconds=60)
