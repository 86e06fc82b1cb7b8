"""Two workers on one queue: what one of them answers, the other knows of when it goes on."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field

from bot.models import Hit, Query, Statement
from tests.scenarios.company import LEAVE, LUNCH, Dictated
from tests.scenarios.whole import PATIENCE, Whole, is_finished

FOLLOW_UP = "what happens to hours above that?"


@dataclass
class Heard(Dictated):
    """As dictated, noting what it was asked."""

    queries: list[str] = field(default_factory=list[str])

    async def generate(self, query: Query, passages: Sequence[Hit]) -> AsyncGenerator[Statement]:
        """Note the query first."""
        self.queries.append(query.text)
        async for statement in super().generate(query, passages):
            yield statement


async def test_a_follow_up_waits_for_the_question_that_another_worker_has(company: Whole) -> None:
    """A later question elsewhere is answered at once, one in the same thread when the one before it is."""
    slack, generator = company.slack, Heard(first=["This is how it is."])
    generator.released.set()
    async with company.running(work=False) as elsewhere:
        root = await slack.say("ana", "general", f"@Footnote {LEAVE}")
        (first,) = await elsewhere.memory.jobs.claim(limit=1, wait=PATIENCE)
        async with company.running(generator=generator) as footnote:
            await slack.say("ana", "general", f"@Footnote {FOLLOW_UP}", thread_ts=root)
            await company.asked("ben", "it-help", f"@Footnote {LUNCH}")
            assert generator.queries == [LUNCH]
            await elsewhere.memory.jobs.release(first)
            await company.settled(footnote)
    assert [is_finished(answer) for answer in company.by_bot("general", root)] == [True, True]
    _, answered, followed = generator.queries
    assert answered == LEAVE
    assert "above" in followed
