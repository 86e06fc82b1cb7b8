"""Stored values outlive a deploy: what another version wrote is read, left alone or put aside, never misread."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.adapters.redis.client import Link
from bot.adapters.redis.conversations import RedisConversations
from bot.adapters.redis.link import parts
from bot.adapters.redis.queue import DEAD, NEWER_FOR, RedisJobQueue
from bot.adapters.redis.records import RedisAnswerRecords
from bot.adapters.redis.stored import Damaged, Newer, Stored
from bot.conversations import Turn
from bot.errors import MemoryUnavailable
from bot.jobs import AnswerQuestion
from bot.models import ConversationKey
from bot.ports.queue import DeadLetters
from bot.records import AnswerRecord
from tests.nouns import NOON, a_question
from tests.redis_fixtures import PassTime, a_job, endless

KEY = ConversationKey("T0ACME", "C0CANTEEN", "1.000100")
TURN = Turn("When?", "When is lunch?", "At noon [1]", {"handbook:canteen.md": "r1"}, NOON, "Q1")


def _changed(raw: bytes, **changes: Any) -> bytes:
    return json.dumps({**json.loads(raw), **changes}).encode()


def test_a_field_of_a_newer_process_is_passed_over() -> None:
    """A process that is one release behind reads values with a field that it does not know."""
    stored = Stored(Turn)
    value = {**json.loads(stored.dump(TURN))["value"], "mood": "cheerful"}
    assert stored.load(_changed(stored.dump(TURN), value=value)) == TURN


@pytest.mark.parametrize("changes", [{"v": 2}, {"kind": "Sonnet"}])
def test_a_newer_value_is_known_as_one(changes: dict[str, Any]) -> None:
    """A later version, or a kind that is not known here, is told apart from damage."""
    stored = Stored(Turn)
    with pytest.raises(Newer):
        stored.load(_changed(stored.dump(TURN), **changes))


@pytest.mark.parametrize("raw", [b"", b"{", b"null", b"[]", b"\xff\x00", b'{"v": 1, "kind": "Turn", "value": {}}'])
def test_damage_is_one_error(raw: bytes) -> None:
    """Whatever the bytes are, reading them ends in a value or in one of two errors."""
    with pytest.raises(Damaged):
        Stored(Turn).load(raw)


async def _append(link: Link, raw: bytes, *, id_: str = "*") -> None:
    await link.call("XADD", link.key("jobs"), id_, "job", raw)


async def test_an_entry_that_is_no_job_is_buried(link: Link, jobs: RedisJobQueue, letters: DeadLetters) -> None:
    """Garbage in the queue is put aside with its reason, and the job behind it is delivered."""
    await _append(link, b"garbage")
    await link.call("XADD", link.key("jobs"), "*", "something", "else")
    await jobs.enqueue(a_job(), once=[])
    (claim,) = await jobs.claim(limit=8, wait=0)
    assert claim.job == a_job()
    buried = await letters.list(limit=9)
    assert [(letter.job, "cannot be read" in letter.reason) for letter in buried] == [(None, True)] * 2
    assert await jobs.depth() == 1


async def test_a_newer_job_is_left_to_a_newer_process(link: Link, jobs: RedisJobQueue, pass_time: PassTime) -> None:
    """During a deploy the old process leaves alone what only the new one can read, without using up its tries."""
    newer = _changed(Stored(AnswerQuestion).dump(a_job()), v=2)
    await _append(link, newer)
    for _ in range(7):
        assert await jobs.claim(limit=8, wait=0) == []
        await pass_time(jobs.lease)
    assert await jobs.depth() == 1
    ((_, _, _, deliveries),) = await link.call("XPENDING", link.key("jobs"), "workers", "-", "+", 9)
    assert deliveries == 0


async def test_a_newer_job_that_nobody_takes_is_buried_at_last(
    link: Link, jobs: RedisJobQueue, letters: DeadLetters
) -> None:
    """After a downgrade, a job that no process will ever read does not go round for good."""
    seconds, _ = await link.call("TIME")
    long_ago = f"{(int(seconds) - NEWER_FOR - 60) * 1000}-0"
    await _append(link, _changed(Stored(AnswerQuestion).dump(a_job()), v=2), id_=long_ago)
    assert await jobs.claim(limit=8, wait=0) == []
    (letter,) = await letters.list(limit=9)
    assert "version 2" in letter.reason
    assert letter.age > NEWER_FOR
    assert await jobs.depth() == 0


async def test_dead_letters_are_bounded_in_number_and_age(
    link: Link, jobs: RedisJobQueue, letters: DeadLetters
) -> None:
    """The oldest make room, and one that is a month old goes when the next claim comes by."""
    await link.call("XADD", link.key("dead"), "1-0", "id", "1-0", "reason", "old", "deliveries", 5, "age_ms", 1)
    await jobs.claim(limit=1, wait=0)
    assert await letters.list(limit=9) == []
    dump = Stored(AnswerQuestion).dump(a_job())
    fill = f"for _ = 1, {DEAD} do redis.call('XADD', KEYS[1], '*', 'id', '1-0', 'reason', 'x', 'deliveries', 5) end"
    await link.call("EVAL", fill, 1, link.key("dead"))
    await _append(link, dump)
    (claim,) = await jobs.claim(limit=1, wait=0)
    await jobs.bury(claim, reason="the last")
    assert await link.call("XLEN", link.key("dead")) == DEAD
    assert (await letters.list(limit=1))[0].reason == "the last"


async def test_a_turn_that_cannot_be_read_is_passed_over(link: Link, conversations: RedisConversations) -> None:
    """History is an aid: a turn of a newer version, or a damaged one, costs that turn alone."""
    key = link.key("turns", of=parts(KEY))
    for raw in (b"garbage", b"Q0\n" + _changed(Stored(Turn).dump(TURN), v=2)):
        await link.call("RPUSH", key, raw)
    await conversations.remember(KEY, TURN)
    assert (await conversations.read(KEY)).turns == (TURN,)


@pytest.mark.parametrize("raw", [b"garbage", _changed(Stored(AnswerRecord).dump(AnswerRecord(a_question())), v=2)])
async def test_a_record_that_cannot_be_read_is_not_taken_for_missing(
    link: Link, records: RedisAnswerRecords, raw: bytes
) -> None:
    """A question whose record is out of reach must not be answered as if it were new."""
    await link.call("HSET", link.key("record", of=("question", "Q1")), "json", raw)
    await link.call("EXPIRE", link.key("record", of=("question", "Q1")), 60)
    with pytest.raises(MemoryUnavailable, match="record of question Q1"):
        await records.read("Q1", fence=1)


async def test_everything_is_forgotten_in_time(
    link: Link, jobs: RedisJobQueue, conversations: RedisConversations, records: RedisAnswerRecords
) -> None:
    """Keys of use, conversations, records and dead letters expire; what stays is the queue itself, and empty."""
    await jobs.enqueue(a_job(1), once=["event:Ev1"])
    await jobs.enqueue(a_job(2), once=["event:Ev2"])
    first, second = await jobs.claim(limit=2, wait=0)
    await jobs.complete(first)
    await jobs.bury(second, reason="x")
    await conversations.remember(KEY, TURN)
    await records.read("Q1", fence=1)
    await records.write(AnswerRecord(a_question()), fence=1)
    assert await endless(link) == {"jobs", "fence"}
    day = 24 * 3600
    ends = {
        link.key("once", "event:Ev1"): day,
        link.key("turns", of=parts(KEY)): 7 * day,
        link.key("record", of=("question", "Q1")): 30 * day,
        link.key("record", of=("question", a_question().id)): 30 * day,
        link.key("dead"): 30 * day,
    }
    assert {key: round((await link.call("TTL", key)) / day) * day for key in ends} == ends
