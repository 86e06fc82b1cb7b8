"""The budgets against a model of them in a few lines of Python, asked in any order that hypothesis can think of."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable
from dataclasses import replace
from datetime import timedelta
from typing import ClassVar, TypeVar, get_args
from uuid import uuid4

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from bot.adapters.redis.budgets import RedisBudgets
from bot.adapters.redis.client import connect
from bot.budgets import LINES, Exceeded, Limits, Scope, Today
from bot.models import ConversationKey, Question
from tests.nouns import NOON, Clock, a_question
from tests.redis_fixtures import endless

T = TypeVar("T")
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
SCOPES: tuple[Scope, ...] = get_args(Scope)


class Plain:
    """What the budgets should say: every question that counted is kept, and looked through."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.said: dict[tuple[str, str], tuple[Scope, float, int] | None] = {}
        self.counted: list[tuple[float, Question]] = []
        self.lines: list[tuple[float, str, str]] = []
        self.costs: list[tuple[int, str, float]] = []
        self.away: list[tuple[int, Scope, str]] = []

    def now(self) -> float:
        return (self.clock() - NOON).total_seconds()

    def day(self) -> int:
        return self.clock().toordinal()

    def take(self, question: Question, limits: Limits) -> Exceeded | None:
        known = (question.id, question.version)
        if known not in self.said:
            self.said[known] = self._new(question, limits)
        said = self.said[known]
        return said and Exceeded(said[0], max(0.0, said[1] - self.now()), said[2])

    def _new(self, question: Question, limits: Limits) -> tuple[Scope, float, int] | None:
        for scope in SCOPES:
            ends = self._full(scope, question, getattr(limits, scope))
            if ends is not None:
                self.away.append((self.day(), scope, question.asker))
                return scope, ends, self._line(question)
        self.counted.append((self.now(), question))
        return None

    def _full(self, scope: Scope, question: Question, limit: float) -> float | None:
        if not limit:
            return None
        whose, _, span = scope.partition("_")
        if span == "cost":
            paid = sum(
                dollars
                for day, who, dollars in self.costs
                if day == self.day() and (whose == "workspace" or who == question.asker)
            )
            midnight = self.clock().replace(hour=0, minute=0, second=0) + DAY
            return (midnight - NOON).total_seconds() if paid >= limit else None
        lasts = (MINUTE if span == "minute" else DAY).total_seconds()
        mine = _whose(whose, question)
        moments = [at for at, one in self.counted if _whose(whose, one) == mine and at + lasts > self.now()]
        return moments[-int(limit)] + lasts if len(moments) >= limit else None

    def _line(self, question: Question) -> int:
        where = (question.asker, question.conversation.channel)
        told = sum(at > self.now() - 60 and (who, there) == where for at, who, there in self.lines)
        if told == LINES:
            return 0
        self.lines.append((self.now(), *where))
        return told + 1

    def today(self) -> Today:
        away: list[tuple[Scope, str]] = [(scope, who) for day, scope, who in self.away if day == self.day()]
        dollars = sum(one for day, _, one in self.costs if day == self.day())
        scopes = Counter[Scope](scope for scope, _ in away)
        return Today(dollars, scopes, Counter(who for _, who in away))


def _whose(whose: str, question: Question) -> str:
    """By what a limit is told from those of others."""
    return {"person": question.asker, "channel": question.conversation.channel}.get(whose, "")


class Asked(RuleBasedStateMachine):
    """Every step is done on the server and on the model, and must come out the same."""

    url: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.connecting = connect(self.url, prefix=f"model-{uuid4().hex}", timeout=10.0)
        self.link = self.run(self.connecting.__aenter__())
        self.clock = Clock()
        self.budgets, self.plain = RedisBudgets(self.link, now=self.clock), Plain(self.clock)
        self.limits = Limits()

    def run(self, step: Awaitable[T]) -> T:
        async def awaited() -> T:
            return await step

        return self.runner.run(awaited())

    def teardown(self) -> None:
        assert self.run(endless(self.link)) == set()
        self.run(self.connecting.__aexit__(None, None, None))
        self.runner.close()

    @initialize(
        counts=st.lists(st.integers(0, 4), min_size=4, max_size=4), dollars=st.tuples(*[st.sampled_from([0, 1, 2])] * 2)
    )
    def limit(self, counts: list[int], dollars: tuple[int, int]) -> None:
        self.limits = Limits(**dict(zip(SCOPES, (*counts, *dollars), strict=True)))

    @rule(
        who=st.sampled_from(["U1", "U2"]),
        where=st.sampled_from(["C1", "C2"]),
        number=st.integers(0, 30),
        version=st.sampled_from(["", "5.1"]),
    )
    def take(self, who: str, where: str, number: int, version: str) -> None:
        key = ConversationKey("T1", where, f"{number}.1")
        asked = a_question(asker=who, message=f"{number}.1")
        question = replace(asked, id=f"T1/{where}/{who}/{number}", conversation=key, version=version)
        found, expected = (
            self.run(self.budgets.take(question, limits=self.limits)),
            self.plain.take(question, self.limits),
        )
        assert found == expected

    @rule(who=st.sampled_from(["U1", "U2"]), dollars=st.sampled_from([0.25, 0.5]))
    def spend(self, who: str, dollars: float) -> None:
        self.run(
            self.budgets.spend(
                replace(a_question(asker=who), conversation=ConversationKey("T1", "C1", "1.1")), dollars=dollars
            )
        )
        self.plain.costs.append((self.plain.day(), who, dollars))

    @rule(seconds=st.sampled_from([1, 20, 59, 60, 3600, 43_200]))
    def let_time_pass(self, seconds: int) -> None:
        self.clock.advance(seconds)

    @invariant()
    def the_same_day(self) -> None:
        assert self.run(self.budgets.today("T1")) == self.plain.today()


def test_the_budgets_behave_like_their_model(hasty_url: str) -> None:
    """No order of asking, paying and waiting makes budgets and model differ."""

    class Here(Asked):
        url = hasty_url

    run_state_machine_as_test(Here, settings=settings(max_examples=50, stateful_step_count=40, deadline=None))
