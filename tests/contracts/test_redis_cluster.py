"""In a cluster each key is found where it lies, also while it moves; a lost part is out of reach, and no more."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Generator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from redis.crc import key_slot

from bot.adapters.redis.client import Link, check, connect, facts
from bot.adapters.redis.conversations import RedisConversations
from bot.adapters.redis.feedback import RedisFeedbackBook
from bot.adapters.redis.link import Step
from bot.adapters.redis.queue import RedisJobQueue
from bot.adapters.redis.records import RedisAnswerRecords
from bot.adapters.redis.stops import RedisStops
from bot.conversations import Turn
from bot.errors import MemoryUnavailable, Misconfigured
from bot.feedback import Escalation, Feedback
from bot.models import ConversationKey
from bot.ports.queue import Claim
from tests.nouns import NOON
from tests.redis_fixtures import a_job, on
from tests.redis_servers import Cluster, RedisServer

PROMPT = 5.0
"""Seconds, far above any deadline here."""
KEY = ConversationKey("T1", "C1", "1.1")


@pytest.fixture
def own(tmp_path: Path) -> Generator[Cluster]:
    """Servers that this test may harm."""
    servers = Cluster(tmp_path / "servers")
    with closing(servers):
        yield servers.start()


def _slot(key: str) -> int:
    return key_slot(key.encode())


async def _slots(link: Link) -> set[int]:
    """The slots of all keys of the link, which are then forgotten."""
    keys = [key for found in (await link.told("KEYS", f"{{{link.prefix}*")).values() for key in found]
    for key in keys:
        await link.call("DEL", key.decode())
    assert len(keys) > 1
    return {_slot(key.decode()) for key in keys}


async def test_what_is_kept_about_one_conversation_lies_together(link: Link) -> None:
    """What was said, whether the bot takes part, and what it works on are on one slot; conversations are spread."""
    conversations, stops = RedisConversations(link), RedisStops(link)
    await conversations.remember(KEY, Turn("When?", "When?", "At noon", {}, NOON, "q1"))
    await conversations.join(KEY)
    await stops.working(KEY, "q1")
    assert len(await _slots(link)) == 1
    for n in range(50):
        await conversations.join(replace(KEY, thread=str(n)))
    assert len(await _slots(link)) > 40


async def test_what_is_kept_about_one_question_lies_together(link: Link) -> None:
    """Its record, ratings, escalation and the wish to stop it are on one slot, apart from the lists by time."""
    records, book, stops = RedisAnswerRecords(link), RedisFeedbackBook(link), RedisStops(link)
    await records.read("q1", fence=1)
    await book.rate(Feedback("q1", "U1", "good", NOON))
    await book.escalate(Escalation("q1", "U1", "C1", "1.1", NOON))
    await stops.ask("q1")
    for listed in ("rated", "escalated"):
        await link.call("DEL", link.key(of=(listed,)))
    assert len(await _slots(link)) == 1


async def test_all_of_the_queue_lies_together(link: Link) -> None:
    """Jobs, leases, fences, dead letters and the keys of use are touched in one step, and so on one slot."""
    queue = RedisJobQueue(link)
    for n in range(3):
        await queue.enqueue(a_job(n), once=[f"event:Ev{n}"])
    first, *_ = await queue.claim(limit=2, wait=0)
    await queue.bury(first, reason="no reason")
    assert len(await _slots(link)) == 1


@on(["cluster"])
async def test_replies_come_in_the_order_of_the_commands(link: Link) -> None:
    """However many servers have a part in it, each reply stands where its command stood."""
    keys = [link.key(of=("thing", str(n))) for n in range(50)]
    await link.all([Step(("SET", key, n, "EX", 60)) for n, key in enumerate(keys)])
    assert await link.all([Step(("GET", key)) for key in keys]) == [str(n).encode() for n in range(50)]
    assert len(await link.told("PING")) == 3


@on(["cluster"])
async def test_a_script_is_taught_to_each_server(link: Link) -> None:
    """Servers that were restarted know no script; each is taught the one that it needs."""
    await link.told("SCRIPT", "FLUSH")
    queue = RedisJobQueue(link)
    assert await queue.enqueue(a_job(), once=[])
    assert len(await queue.claim(limit=1, wait=0)) == 1


class _Move:
    """The slot of the queue on its way from one server to another, in the steps that `redis-cli` takes."""

    def __init__(self, servers: Cluster, key: str) -> None:
        self.slot = _slot(key)
        self.source = servers.node_with(key)
        self.target = next(node for node in servers.nodes if node is not self.source)
        self._servers = servers

    def begin(self) -> None:
        """From now on the source sends on what it does not have."""
        self.target.say("CLUSTER", "SETSLOT", self.slot, "IMPORTING", _name(self.source))
        self.source.say("CLUSTER", "SETSLOT", self.slot, "MIGRATING", _name(self.target))

    def carry(self) -> None:
        """Move the keys that are there, one by one."""
        while keys := self.source.say("CLUSTER", "GETKEYSINSLOT", self.slot, 1):
            self.source.say("MIGRATE", "127.0.0.1", self.target.port, keys[0], 0, 5000)

    def end(self) -> None:
        """From now on the slot is the target's."""
        for node in (self.target, self.source, *self._servers.nodes):
            node.say("CLUSTER", "SETSLOT", self.slot, "NODE", _name(self.target))


def _name(node: RedisServer) -> str:
    return str(node.say("CLUSTER", "MYID"))


@on(["cluster"])
async def test_the_queue_goes_on_while_it_moves(cluster: Cluster, link: Link) -> None:
    """Before, during and after its slot moves to another server, jobs are appended once and arrive, in order."""
    queue = RedisJobQueue(link)
    jobs = [a_job(n) for n in range(2)]
    await queue.enqueue(jobs[0], once=["event:Ev0"])
    move = _Move(cluster, link.key("jobs"))
    await asyncio.to_thread(move.begin)
    await link.call("SET", link.key("once", "event:Ev9"), 1, "EX", 60)  # by way of ASK: the key is new
    await asyncio.to_thread(move.carry)
    assert await queue.depth() == 1  # by way of ASK: all is at the target, unofficially
    await asyncio.to_thread(move.end)
    assert not await queue.enqueue(jobs[0], once=["event:Ev0"])  # by way of MOVED
    await queue.enqueue(jobs[1], once=["event:Ev1"])
    assert [claim.job for claim in await queue.claim(limit=8, wait=0)] == jobs
    assert move.target.say("XLEN", link.key("jobs")) == 2


@on(["cluster"])
async def test_a_step_that_is_half_moved_waits_for_the_rest(cluster: Cluster, link: Link) -> None:
    """While some keys of a step are here and some there nothing can be done; it is done once they are together."""
    first, second = link.key("a"), link.key("b")
    for key in (first, second):
        await link.call("SET", key, key, "EX", 600)
    move = _Move(cluster, first)
    await asyncio.to_thread(move.begin)
    await asyncio.to_thread(move.source.say, "MIGRATE", "127.0.0.1", move.target.port, first, 0, 5000)
    reading = asyncio.create_task(link.call("MGET", first, second))
    await asyncio.to_thread(move.carry)
    await asyncio.to_thread(move.end)
    assert await reading == [first.encode(), second.encode()]


@on(["cluster"])
async def test_a_waiting_worker_follows_the_queue(cluster: Cluster, link: Link) -> None:
    """Who waits for a job when the queue moves away gets the next one from its new place."""
    queue = RedisJobQueue(link)
    waiting = asyncio.create_task(queue.claim(limit=1, wait=600))
    assert await queue.depth() == 0
    move = _Move(cluster, link.key("jobs"))
    for step in (move.begin, move.carry, move.end):
        await asyncio.to_thread(step)
    await queue.enqueue(a_job(), once=[])
    claims: list[Claim] = await asyncio.wait_for(waiting, 30)
    assert [claim.job for claim in claims] == [a_job()]


@pytest.mark.parametrize("harm", [signal.SIGKILL, signal.SIGSTOP])
async def test_a_lost_part_is_out_of_reach(own: Cluster, harm: int) -> None:
    """Without one server calls that need it end in time, and others go on; nothing hangs on the one that is gone."""
    async with connect(own.url, timeout=1.5) as link:
        keys = [link.key(of=("thing", str(n))) for n in range(30)]
        lost = own.nodes[0]
        there = [key for key in keys if own.node_with(key) is not lost]
        await link.all([Step(("SET", key, "x", "EX", 600)) for key in keys])
        lost.signal(harm)
        started = time.monotonic()
        with pytest.raises(MemoryUnavailable):
            await link.all([Step(("GET", key)) for key in keys])
        assert time.monotonic() - started < PROMPT
        assert await link.all([Step(("GET", key)) for key in there]) == [b"x"] * len(there)
        with pytest.raises(MemoryUnavailable):
            await check(link)


@on(["cluster"])
async def test_each_server_of_a_cluster_is_looked_at(cluster: Cluster, link: Link) -> None:
    """One server that may throw jobs away is one too many; what is told of the cluster is told of its worst."""
    last = cluster.nodes[2]
    last.say("CONFIG", "SET", "maxmemory-policy", "allkeys-lru", "maxmemory", "100mb")
    try:
        with pytest.raises(Misconfigured, match=f"127.0.0.1:{last.port} may throw away jobs"):
            await check(link)
        told = await facts(link)
    finally:
        last.say("CONFIG", "SET", "maxmemory", "0", "maxmemory-policy", "noeviction")
    assert (told["primaries"], told["maxmemory_policy"], told["maxmemory"]) == ("3", "allkeys-lru", "104857600")


async def test_what_can_be_wrong_with_a_cluster_is_said(cluster: Cluster, debian_url: str, tmp_path: Path) -> None:
    """A server that is none of a cluster, one that is and was named alone, and some that were never joined."""
    apart = Cluster(tmp_path / "apart")
    with closing(apart):
        apart.start(join=False)
        mistakes = {
            debian_url.replace("redis://", "redis+cluster://"): "its servers are no cluster; write redis://",
            f"redis://127.0.0.1:{cluster.nodes[0].port}": r"is one of a cluster; write redis\+cluster://",
            apart.url: "are not joined to a cluster yet",
        }
        for url, said in mistakes.items():
            async with connect(url) as link:
                with pytest.raises(Misconfigured, match=f"^REDIS_URL: .*{said}"):
                    await check(link)
