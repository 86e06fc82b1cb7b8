"""Over a budget a question ends with a line to its asker alone, and what answers cost counts for the day."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, replace

import pytest

from bot.allowance import current
from bot.budgets import LINES, Exceeded
from bot.errors import IndexUnavailable, MemoryUnavailable, SlackUnavailable
from bot.models import Hit, Query, Statement
from bot.records import AnswerRecord, State
from tests.nouns import QuestionFactory
from tests.unit.answering.world import Library, World

MINUTE = Exceeded("person_minute", 40.0)
ENOUGH = replace(MINUTE, line=0)


@pytest.fixture
def world() -> World:
    return World()


async def test_a_question_over_budget_ends_with_a_line_to_the_asker(world: World, question: QuestionFactory) -> None:
    """Nothing is searched, nobody else sees anything, and the question has come to its end."""
    world.purse.exceeded = MINUTE
    await world.ask(question())
    ((to, said),) = world.told_alone
    assert (to.person, to.channel, to.thread) == (question().asker, "C0CANTEEN", "")
    assert "Ask again in 40 seconds" in said
    assert world.thread.status == world.thread.messages == world.library.asked == []
    record = world.memory.records[question().id]
    assert (record.state, record.failure) == (State.FAILED, "over budget: person_minute")


async def test_it_is_told_in_the_thread_it_was_asked_in(world: World, question: QuestionFactory) -> None:
    """A line of that kind shows in a thread only where the thread has begun."""
    world.purse.exceeded = MINUTE
    await world.ask(question(thread="1.1", message="2.1"))
    ((to, _),) = world.told_alone
    assert to.thread == "1.1"


async def test_it_is_told_once(world: World, question: QuestionFactory) -> None:
    """A second delivery changes nothing, also when there is room again by then."""
    world.purse.exceeded = MINUTE
    await world.ask(question())
    world.purse.exceeded = None
    await world.ask(question())
    assert len(world.told_alone) == 1
    assert world.thread.messages == []


async def test_the_rest_of_a_flood_ends_without_a_line(world: World, question: QuestionFactory) -> None:
    """They were told that nothing more would be said; the record says what became of it."""
    world.purse.exceeded = ENOUGH
    await world.ask(question())
    assert world.told_alone == []
    assert world.memory.records[question().id].failure == "over budget: person_minute"


async def test_a_line_that_slack_did_not_take_is_told_later(world: World, question: QuestionFactory) -> None:
    """The question is tried again until its asker was told."""
    world.purse.exceeded = replace(MINUTE, line=LINES)
    world.deaf = [SlackUnavailable("no room", retry_after=3.0)]
    with pytest.raises(SlackUnavailable):
        await world.ask(question())
    assert question().id not in world.memory.records
    await world.ask(question())
    assert len(world.told_alone) == 1


async def test_a_command_is_answered_where_it_was_given(world: World, question: QuestionFactory) -> None:
    """Its private line says it, once, and nothing else is sent."""
    world.purse.exceeded = MINUTE
    await world.ask(replace(question(), private=True, reply_url="https://slack.example/1"))
    assert world.told_alone == []
    (said,) = world.thread.messages
    assert "Ask again in 40 seconds" in said
    assert world.memory.records[question().id].state is State.FAILED


async def test_what_nobody_asked_us_is_left_alone(world: World, question: QuestionFactory) -> None:
    """Overheard and over budget: nothing is said at all."""
    world.purse.exceeded = ENOUGH
    await world.ask(replace(question(), addressed="overheard"))
    assert world.told_alone == world.thread.messages == []
    assert world.memory.records[question().id].state is State.WITHDRAWN


async def test_an_answer_stays_when_its_question_is_asked_anew_over_budget(
    world: World, question: QuestionFactory
) -> None:
    """An edit counts again; turned away, it leaves the answer to what was asked before, and what is known of it."""
    await world.ask(question())
    answered = world.memory.records[question().id]
    world.purse.exceeded = MINUTE
    await world.ask(replace(question("When is dinner?"), version="9.1"))
    assert len(world.told_alone) == 1
    assert world.thread.messages == ["Lunch is served at noon. [1]"]
    assert world.memory.records[question().id] == answered
    assert [version for _, version in world.purse.taken] == ["", "9.1"]


async def test_what_was_begun_is_never_refused(world: World, question: QuestionFactory) -> None:
    """A stored answer, or a line that says to wait, is finished without asking again whether there is room."""
    await world.ask(question())
    record = world.memory.records[question().id]
    stored = AnswerRecord(record.question, State.ANSWERED, reply="0", answer=record.answer)
    world.memory.records[question().id] = stored
    world.purse.exceeded = MINUTE
    await world.ask(question())
    assert world.memory.records[question().id].state is State.DELIVERED
    assert world.told_alone == []


async def test_without_its_memory_nothing_is_begun(world: World, question: QuestionFactory) -> None:
    """The question waits for another try, as with anything else that is kept there."""
    world.purse.away = True
    with pytest.raises(MemoryUnavailable):
        await world.ask(question())
    assert world.thread.status == world.thread.messages == []


@dataclass
class Priced(Library):
    """A library whose generator takes half a dollar, and may take it for nothing."""

    fails: bool = False

    async def generate(self, query: Query, passages: Sequence[Hit]) -> AsyncGenerator[Statement]:
        allowance = current()
        assert allowance is not None
        allowance.charge(tokens=10, dollars=0.5)
        if self.fails:
            raise IndexUnavailable("cut")
        yield Statement.quoting(passages[0].chunk.id, passages[0].chunk.text)


async def test_every_try_is_billed(question: QuestionFactory) -> None:
    """Also one that came to nothing; a stored answer that is delivered later costs nothing more."""
    library = Priced(fails=True)
    world = World(library=library)
    with pytest.raises(IndexUnavailable):
        await world.ask(question())
    library.fails = False
    await world.ask(question())
    await world.ask(question())
    assert world.purse.bills == [0.5, 0.5]
    answer = world.memory.records[question().id].answer
    assert answer is not None
    assert answer.cost == 0.5


async def test_an_answer_that_cost_nothing_is_not_billed(world: World, question: QuestionFactory) -> None:
    """No price, no write."""
    await world.ask(question())
    assert world.purse.bills == []
