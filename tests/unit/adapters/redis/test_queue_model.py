"""The queue against a model of it in a few lines of Python, driven in any order that hypothesis can think of."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import ClassVar, TypeVar
from uuid import uuid4

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from bot.adapters.redis.client import connect
from bot.adapters.redis.dead_letters import RedisDeadLetters
from bot.adapters.redis.queue import RedisJobQueue
from bot.errors import LeaseLost
from bot.jobs import AnswerQuestion, Job, WithdrawQuestion
from bot.models import ConversationKey
from bot.ports.queue import Claim
from tests.redis_fixtures import LEASE, a_job, age_leases, endless

T = TypeVar("T")
PEOPLE = st.sampled_from(["U1", "U2", "U3"])
MOST = 10
"""Unfinished jobs of one person that stand in the stream."""
THREADS = st.sampled_from([None, None, "1.1", "2.2"])
"""A conversation of its own, twice as often as each of the others."""
KEYS = st.lists(st.sampled_from("abcdefgh"), max_size=3)


def name_of(job: Job) -> str:
    """What the model calls a job; what it is about stands at the end."""
    return f"{type(job).__name__} {job.id}"


def _most(line: str) -> int:
    return 1 if line.startswith("#") else MOST


@dataclass
class Known:
    """A job as the model knows it: how often delivered, by which fence it is held, seconds since its lease began."""

    deliveries: int = 0
    fence: int | None = None
    age: float = LEASE


@dataclass
class Model:
    """What the queue should hold, by names of jobs."""

    new: list[str] = field(default_factory=list[str])
    leased: dict[str, Known] = field(default_factory=dict[str, Known])
    held: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    """By line, in order; none with nothing."""
    whose: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """Of every job there ever was: its person's line and its conversation's."""
    aside: set[str] = field(default_factory=set[str])
    """Jobs for which their conversations do not wait."""
    dead: list[str] = field(default_factory=list[str])
    ended: list[str] = field(default_factory=list[str])
    used: set[str] = field(default_factory=set[str])
    order: list[str] = field(default_factory=list[str])
    """In which they came into the stream."""

    def line_up(self, job: Job) -> None:
        name = name_of(job)
        asked = isinstance(job, AnswerQuestion)
        self.whose[name] = (job.person, f"#{job.question.conversation.thread}") if asked else ()
        for line in [*self.held]:
            if line not in self.whose[name]:
                self._bring(line, job.id)
        for line in self.whose[name]:
            if self._is_full(line):
                self.held.setdefault(line, []).append(name)
                return
        self._append(name)

    def end(self, name: str) -> None:
        del self.leased[name]
        self.ended.append(name)
        for line in reversed(self.whose[name]):
            self._let_in(line)

    def wait(self, name: str) -> None:
        """Somebody asked this job to wait: its conversation goes on."""
        self.aside.add(name)
        for conversation in self.whose[name][1:]:
            self._let_in(conversation)

    def _let_in(self, line: str) -> None:
        while line in self.held and self._standing(line) < _most(line):
            name = self._first_of(line)
            conversation = self.whose[name][-1]
            if conversation != line and self._is_full(conversation):
                self.held.setdefault(conversation, []).append(name)
            else:
                self._append(name)

    def _bring(self, line: str, about: str) -> None:
        for name in [name for name in self.held[line] if name.endswith(f" {about}")]:
            self._append(name)
            self.held[line].remove(name)
        if not self.held[line]:
            del self.held[line]

    def _first_of(self, line: str) -> str:
        first, *rest = self.held.pop(line)
        if rest:
            self.held[line] = rest
        return first

    def _append(self, name: str) -> None:
        self.new.append(name)
        self.order.append(name)

    def _is_full(self, line: str) -> bool:
        return line in self.held or self._standing(line) >= _most(line)

    def _standing(self, line: str) -> int:
        there = {*self.new, *self.leased} - (self.aside if line.startswith("#") else set())
        return sum(line in self.whose[name] for name in there)

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
        known = self.leased.get(name_of(claim.job))
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
        self.letters = RedisDeadLetters(self.link)
        self.model = Model()
        self.highest = 0
        self.number = 0

    def run(self, step: Awaitable[T]) -> T:
        async def awaited() -> T:
            return await step

        return self.runner.run(awaited())

    def teardown(self) -> None:
        """Work off what is left: in the end every job was brought to an end, and none twice."""
        while claims := self._all():
            for claim in claims:
                self.complete(claim)
        assert sorted(self.model.ended) == sorted(self.model.whose)
        assert self.run(endless(self.link)) <= {"jobs", "leases", "fence"}
        self.run(self.connecting.__aexit__(None, None, None))
        self.runner.close()

    def _all(self) -> list[Claim]:
        """Every job that can be leased once all leases have run out."""
        self.let_time_pass(31)
        found = self.run(self.queue.claim(limit=1_000, wait=0))
        self._check(found, 1_000)
        return found

    @rule(keys=KEYS, person=PEOPLE, thread=THREADS)
    def enqueue(self, keys: list[str], person: str, thread: str | None) -> None:
        job = self._another(person, thread)
        new = not self.model.used.intersection(keys)
        self.model.used.update(keys)
        assert self.run(self.queue.enqueue(job, once=keys)) == new
        if new:
            self.model.line_up(job)

    @rule(count=st.integers(5, 15), person=PEOPLE, data=st.data())
    def flood(self, count: int, person: str, data: st.DataObject) -> None:
        for _ in range(count):
            job = self._another(person, data.draw(THREADS))
            assert self.run(self.queue.enqueue(job, once=[]))
            self.model.line_up(job)

    @precondition(lambda self: self.model.held)
    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        held = sorted(name for names in self.model.held.values() for name in names)
        _, _, about = data.draw(st.sampled_from(held)).partition(" ")
        job = WithdrawQuestion(about, ConversationKey("T0ACME", "C0CANTEEN", "1"))
        new = about not in self.model.used
        self.model.used.add(about)
        assert self.run(self.queue.enqueue(job, once=[about])) == new
        if new:
            self.model.line_up(job)

    def _another(self, person: str, thread: str | None) -> AnswerQuestion:
        self.number += 1
        return a_job(self.number, person=person, thread=thread)

    @rule(target=claims, limit=st.integers(1, 3))
    def claim(self, limit: int) -> MultipleResults[Claim]:
        found = self.run(self.queue.claim(limit=limit, wait=0))
        self._check(found, limit)
        return multiple(*found)

    def _check(self, found: list[Claim], limit: int) -> None:
        assert [(name_of(claim.job), claim.deliveries) for claim in found] == self.model.claim(limit)
        for claim in found:
            assert claim.fence > self.highest
            self.highest = claim.fence
            known = self.model.leased[name_of(claim.job)]
            known.fence, known.age = claim.fence, 0

    @rule(seconds=st.sampled_from([11, 31]))
    def let_time_pass(self, seconds: int) -> None:
        if self.model.leased:
            self.run(age_leases(self.link, seconds))
        for known in self.model.leased.values():
            known.age += seconds

    @rule(claim=claims)
    def renew(self, claim: Claim) -> None:
        if self._holding(self.queue.renew(claim), claim):
            self.model.leased[name_of(claim.job)].age = 0

    @rule(claim=claims)
    def release(self, claim: Claim) -> None:
        if self._holding(self.queue.release(claim), claim):
            known = self.model.leased[name_of(claim.job)]
            known.deliveries, known.fence, known.age = claim.deliveries - 1, None, LEASE

    @rule(claim=claims)
    def retry(self, claim: Claim) -> None:
        if self._holding(self.queue.retry(claim, after=0), claim):
            known = self.model.leased[name_of(claim.job)]
            known.fence, known.age = None, LEASE

    @rule(claim=claims)
    def wait(self, claim: Claim) -> None:
        if self._holding(self.queue.retry(claim, after=0, counted=False), claim):
            known = self.model.leased[name_of(claim.job)]
            known.deliveries, known.fence, known.age = claim.deliveries - 1, None, LEASE
            self.model.wait(name_of(claim.job))

    @rule(claim=consumes(claims))
    def complete(self, claim: Claim) -> None:
        self._end(self.queue.complete(claim), claim)

    @rule(claim=consumes(claims))
    def bury(self, claim: Claim) -> None:
        if self._end(self.queue.bury(claim, reason="x"), claim):
            self.model.dead.append(name_of(claim.job))

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
        if name_of(claim.job) not in self.model.leased:
            self.run(step)
            return False
        if not self._holding(step, claim):
            return False
        self.model.end(name_of(claim.job))
        return True

    @invariant()
    def as_many_jobs(self) -> None:
        assert self.run(self.queue.depth()) == len(self.model.whose) - len(self.model.ended)

    @invariant()
    def the_same_load(self) -> None:
        load = self.run(self.queue.load())
        held = sum(map(len, self.model.held.values()))
        assert (load.waiting, load.leased, load.held_back) == (len(self.model.new), len(self.model.leased), held)

    @invariant()
    def the_same_dead_letters(self) -> None:
        buried = self.run(self.letters.list(limit=100))
        assert [name_of(letter.job) for letter in buried if letter.job] == self.model.dead[::-1]


def test_the_queue_behaves_like_its_model(hasty_url: str) -> None:
    """No order of appending, leasing, ageing, giving back and ending makes queue and model differ."""

    class Here(Queue):
        url = hasty_url

    run_state_machine_as_test(Here, settings=settings(max_examples=50, stateful_step_count=40, deadline=None))
