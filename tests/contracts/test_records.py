"""What every store of answer records must keep to."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.adapters.redis.records import RedisAnswerRecords
from bot.errors import LeaseLost
from bot.models import EVERYONE, Answer, Audience, Citation, Principal, ScoredPassage
from bot.ports.memory import AnswerRecords
from bot.records import AT_REST, AnswerRecord, State
from tests.nouns import NOON, a_question
from tests.redis_fixtures import EVERYWHERE, on

RECEIVED = AnswerRecord(a_question(), updated_at=NOON)
ID = RECEIVED.question.id
LATELY = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=400)


pytestmark = on(EVERYWHERE)


@pytest.fixture
def store(records: RedisAnswerRecords) -> AnswerRecords:
    return records


def _answered() -> AnswerRecord:
    citation = Citation(
        n=1,
        chunk_id="handbook:canteen.md#0",
        document_id="handbook:canteen.md",
        revision="r1",
        path="canteen.md",
        title="Canteen",
        heading="Opening hours",
        heading_path=("Opening hours",),
        quote="Lunch is served at noon.",
        url="file:///handbook/canteen.md",
        updated=NOON,
    )
    answer = Answer(
        question="When is lunch?",
        standalone_query="When is lunch?",
        text="At noon, \N{SNOWMAN}. [1]",
        answered=True,
        confidence="high",
        citations=(citation,),
        passages=(ScoredPassage("handbook:canteen.md#0", "r1", 0.9, 5.1, 0.7, used=True),),
        timings_ms={"retrieve": 1.5},
        backends={"generator": "extractive"},
    )
    audience = Audience.of([EVERYONE, Principal("user", "U1")], [EVERYONE, Principal("group", "kitchen")])
    return AnswerRecord(a_question(), State.ANSWERED, "1.000200", audience, answer, None, NOON)


async def test_there_is_no_record_at_first(store: AnswerRecords) -> None:
    """A question that was never written about has no record, also when a worker looks."""
    assert await store.read(ID) is None
    assert await store.read(ID, fence=1) is None
    assert await store.read(ID) is None


async def test_a_record_comes_back_whole(store: AnswerRecords) -> None:
    """What was written is read back equal, down to scores, times and audience."""
    await store.write(_answered(), fence=1)
    assert await store.read(ID) == _answered()


async def test_a_later_write_replaces_an_earlier_one(store: AnswerRecords) -> None:
    """One holder of a lease may write again and again; the last state counts."""
    await store.write(RECEIVED, fence=1)
    await store.write(replace(RECEIVED, state=State.POSTING), fence=1)
    assert await store.read(ID) == replace(RECEIVED, state=State.POSTING)


async def test_who_lost_the_lease_writes_nothing(store: AnswerRecords) -> None:
    """After a write with a higher fence, one with a lower fence is refused and changes nothing."""
    await store.write(_answered(), fence=2)
    with pytest.raises(LeaseLost):
        await store.write(RECEIVED, fence=1)
    assert await store.read(ID) == _answered()


async def test_reading_with_a_fence_shuts_out_the_worker_before(store: AnswerRecords) -> None:
    """Once a new holder has read, the old one cannot change what was read, whether or not there was a record yet."""
    assert await store.read(ID, fence=2) is None
    with pytest.raises(LeaseLost):
        await store.write(RECEIVED, fence=1)
    await store.write(RECEIVED, fence=2)
    assert await store.read(ID, fence=3) == RECEIVED
    with pytest.raises(LeaseLost):
        await store.write(_answered(), fence=2)
    assert await store.read(ID) == RECEIVED


async def test_looking_shuts_nobody_out(store: AnswerRecords) -> None:
    """Reading without a fence, or with an old one, leaves the holder of the lease free to write."""
    await store.write(RECEIVED, fence=5)
    await store.read(ID)
    await store.read(ID, fence=4)
    await store.write(_answered(), fence=5)
    assert await store.read(ID) == _answered()


async def test_questions_do_not_mix(store: AnswerRecords) -> None:
    """The fence and the record of one question are nothing to another."""
    other = replace(RECEIVED, question=a_question(message="2.000100"))
    await store.write(RECEIVED, fence=9)
    await store.write(other, fence=1)
    assert await store.read(other.question.id) == other


async def test_a_person_finds_their_last_questions(store: AnswerRecords) -> None:
    """Newest first, by when they were asked; nobody else's are among them."""
    for n, asker in ((1, "U1"), (2, "U2"), (3, "U1"), (4, "U1")):
        await store.write(_asked(n, asker), fence=n)
    assert [record.question.id for record in await store.of_person("T0ACME", "U1", limit=2)] == ["q4", "q3"]
    assert await store.of_person("T0OTHER", "U1", limit=2) == []


async def test_a_workspace_is_listed_from_a_moment_on(store: AnswerRecords) -> None:
    """The moment itself counts; a record that was written again is listed once, as it is now."""
    for n in (1, 2, 3):
        await store.write(_asked(n, "U1"), fence=n)
    await store.write(replace(_asked(2, "U1"), state=State.DELIVERED), fence=4)
    found = await store.since("T0ACME", _hour(2), limit=10)
    assert [(record.question.id, record.state) for record in found] == [("q3", "received"), ("q2", "delivered")]
    assert [record.question.id for record in await store.since("T0ACME", _hour(1), limit=2)] == ["q3", "q2"]


async def test_an_overview_reads_many_records(store: AnswerRecords) -> None:
    """More than are read in one step come in order, none twice."""
    for n in range(1, 252):
        await store.write(_asked(n, "U1"), fence=n)
    found = await store.since("T0ACME", _hour(0), limit=1_000)
    assert [record.question.id for record in found] == [f"q{n}" for n in range(251, 0, -1)]


async def test_questions_without_an_end_are_found(store: AnswerRecords) -> None:
    """Those that nobody has written about since a moment, oldest first; not those that have ended, however they did."""
    for n, state in enumerate(State):
        await store.write(replace(_asked(n, "U1"), state=state, updated_at=_hour(n)), fence=1)
    open_ = [f"q{n}" for n, state in enumerate(State) if state not in AT_REST]
    for _ in range(2):
        found = await store.unended(before=_hour(50), limit=10)
        assert [record.question.id for record in found] == open_
    found = await store.unended(before=_hour(2), limit=10)
    assert [record.question.id for record in found] == ["q1"]
    assert [record.question.id for record in await store.unended(before=_hour(50), limit=1)] == ["q1"]


async def test_a_question_that_is_worked_on_is_not_forgotten(store: AnswerRecords) -> None:
    """Each write begins the time anew; after its end it is not listed, and once it is asked anew it is again."""
    await store.write(replace(_asked(1, "U1"), state=State.SIGNED, updated_at=_hour(1)), fence=1)
    await store.write(replace(_asked(1, "U1"), state=State.SIGNED, updated_at=_hour(3)), fence=1)
    assert await store.unended(before=_hour(2), limit=10) == []
    await store.write(replace(_asked(1, "U1"), state=State.DELIVERED, updated_at=_hour(4)), fence=1)
    assert await store.unended(before=_hour(50), limit=10) == []
    anew = replace(_asked(1, "U1"), state=State.SIGNED, updated_at=_hour(5))
    await store.write(anew, fence=1)
    assert await store.unended(before=_hour(50), limit=10) == [anew]


async def test_many_that_have_ended_hide_none_that_has_not(store: AnswerRecords) -> None:
    """However many have ended since, who looks for a few finds the ones that wait behind them."""
    for n in range(210):
        await store.write(replace(_asked(n, "U1"), state=State.SIGNED, updated_at=_hour(1)), fence=1)
        if n not in (7, 205):
            await store.write(replace(_asked(n, "U1"), state=State.FAILED, updated_at=_hour(2)), fence=1)
    found = await store.unended(before=_hour(50), limit=2)
    assert sorted(record.question.id for record in found) == ["q205", "q7"]


def _asked(hour: int, asker: str) -> AnswerRecord:
    return AnswerRecord(replace(a_question(asker=asker), id=f"q{hour}", asked_at=_hour(hour)))


def _hour(n: int) -> datetime:
    """Recent hours: what is older than a month is not listed."""
    return LATELY + timedelta(hours=n)
