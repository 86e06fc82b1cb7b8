"""The queue against a model of it in a few lines of Python, driven in any order that hypothesis can think of."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, TypeVar
from uuid import uuid4

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from bot.adapters.redis.client import connect
from bot.adapters.redis.queue import RedisJobQueue
from bot.adapters.redis.server import embedded
from bot.errors import LeaseLost
from bot.ports.queue import Claim
from tests.nouns import asked
from tests.redis_fixtures import LEASE, a_job, age_leases, endless

T = TypeVar("T")
KEYS = st.lists(st.sampled_from("abcdefgh"), max_size=3)


@dataclass
class Known:
    """A job as the model knows it: how often delivered, by which fence it is held, seconds since its lease began."""

    deliveries: int = 0
    fence: int | None = None
    age: float = LEASE


@dataclass
class Model:
    """What the queue should hold. Jobs are named by the text of their question."""

    new: list[str] = field(default_factory=list[str])
    leased: dict[str, Known] = field(default_factory=dict[str, Known])
    dead: list[str] = field(default_factory=list[str])
    used: set[str] = field(default_factory=set[str])
    order: list[str] = field(default_factory=list[str])

    def claim(self, limit: int) -> list[tuple[str, int]]:
        """Names and deliveries that a claim should give: lost ones first, both kinds in the order of appending."""
        lost = [name for name in self.order if name in self.leased and self.leased[name].age >= LEASE][:limit]
        fresh = self.new[: limit - len(lost)]
        del self.new[: len(fresh)]
        self.leased.update((name, Known()) for name in fresh)
        for name in lost + fresh:
            self.leased[name].deliveries += 1
        return [(name, self.leased[name].deliveries) for name in lost + fresh]

    def holds(self, claim: Claim) -> bool:
        known = self.leased.get(asked(claim).text)
        return known is not None and known.fence == claim.fence


class Queue(RuleBasedStateMachine):
    """Every step is done on the server and on the model, and must come out the same."""

    claims: Bundle[Claim] = Bundle("claims")

    url: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.connecting = connect(self.url, prefix=f"model-{uuid4().hex}", timeout=10.0)
        self.link = self.run(self.connecting.__aenter__())
        self.queue = RedisJobQueue(self.link, lease=LEASE)
        self.model = Model()
        self.highest = 0

    def run(self, step: Awaitable[T]) -> T:
        async def awaited() -> T:
            return await step

        return self.runner.run(awaited())

    def teardown(self) -> None:
        assert self.run(endless(self.link)) <= {"jobs", "leases", "fence"}
        self.run(self.connecting.__aexit__(None, None, None))
        self.runner.close()

    @rule(keys=KEYS)
    def enqueue(self, keys: list[str]) -> None:
        job = a_job(len(self.model.order))
        new = not self.model.used.intersection(keys)
        self.model.used.update(keys)
        assert self.run(self.queue.enqueue(job, once=keys)) == new
        if new:
            self.model.new.append(job.question.text)
            self.model.order.append(job.question.text)

    @rule(target=claims, limit=st.integers(1, 3))
    def claim(self, limit: int) -> MultipleResults[Claim]:
        found = self.run(self.queue.claim(limit=limit, wait=0))
        assert [(asked(claim).text, claim.deliveries) for claim in found] == self.model.claim(limit)
        for claim in found:
            assert claim.fence > self.highest
            self.highest = claim.fence
            known = self.model.leased[asked(claim).text]
            known.fence, known.age = claim.fence, 0
        return multiple(*found)

    @rule(seconds=st.sampled_from([11, 31]))
    def let_time_pass(self, seconds: int) -> None:
        if self.model.order and self.model.leased:
            self.run(age_leases(self.link, seconds))
        for known in self.model.leased.values():
            known.age += seconds

    @rule(claim=claims)
    def renew(self, claim: Claim) -> None:
        if self._holding(self.queue.renew(claim), claim):
            self.model.leased[asked(claim).text].age = 0

    @rule(claim=claims)
    def release(self, claim: Claim) -> None:
        if self._holding(self.queue.release(claim), claim):
            known = self.model.leased[asked(claim).text]
            known.deliveries, known.fence, known.age = claim.deliveries - 1, None, LEASE

    @rule(claim=claims)
    def retry(self, claim: Claim) -> None:
        if self._holding(self.queue.retry(claim, after=0), claim):
            known = self.model.leased[asked(claim).text]
            known.fence, known.age = None, LEASE

    @rule(claim=consumes(claims))
    def complete(self, claim: Claim) -> None:
        self._end(self.queue.complete(claim), claim)

    @rule(claim=consumes(claims))
    def bury(self, claim: Claim) -> None:
        if self._end(self.queue.bury(claim, reason="x"), claim):
            self.model.dead.append(claim.id)

    def _holding(self, step: Awaitable[None], claim: Claim) -> bool:
        """Do a step, which must be refused to everybody but the holder; whether it was done."""
        try:
            self.run(step)
        except LeaseLost:
            assert not self.model.holds(claim)
            return False
        assert self.model.holds(claim)
        return True

    def _end(self, step: Awaitable[None], claim: Claim) -> bool:
        """End a job, which is refused to everybody but the holder, and does nothing to a job that has ended."""
        if asked(claim).text not in self.model.leased:
            self.run(step)
            return False
        if not self._holding(step, claim):
            return False
        del self.model.leased[asked(claim).text]
        return True

    @invariant()
    def as_many_jobs(self) -> None:
        assert self.run(self.queue.depth()) == len(self.model.new) + len(self.model.leased)

    @invariant()
    def the_same_dead_letters(self) -> None:
        assert [letter.id for letter in self.run(self.queue.dead_letters())] == self.model.dead[::-1]


@pytest.fixture
async def hasty_url(tmp_path: Path) -> AsyncGenerator[str]:
    """The address of a server that syncs nothing: thousands of steps, and no crash to survive."""
    async with embedded(tmp_path) as url, connect(url) as link:
        await link.call("CONFIG", "SET", "appendonly", "no")
        yield url


def test_the_queue_behaves_like_its_model(hasty_url: str) -> None:
    """No order of appending, leasing, ageing, giving back and ending makes queue and model differ."""

    class Here(Queue):
        url = hasty_url

    run_state_machine_as_test(Here, settings=settings(max_examples=50, stateful_step_count=40, deadline=None))
