"""A dependency that keeps failing is left in peace, then tried by one."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest
import structlog
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from bot.adapters.wrappers.breaker import Breaker
from bot.errors import FootnoteError, NothingIndexed, OutOfAllowance, Unavailable, Unusable
from tests.unit.adapters.wrappers.rig import Hands

DOWN = Unavailable("down")


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def breaker(hands: Hands) -> Breaker:
    return Breaker("reranker", clock=hands)


def meet(breaker: Breaker, error: BaseException | None = None) -> None:
    """One call that ends in this way."""
    with suppress(FootnoteError, asyncio.CancelledError), breaker.passing():
        if error is not None:
            raise error


def test_five_failures_in_a_row_open_it(breaker: Breaker) -> None:
    """Four do not; the fifth does, and then nobody passes."""
    for _ in range(4):
        meet(breaker, DOWN)
    assert breaker.state == "closed"
    meet(breaker, DOWN)
    assert breaker.state == "open"
    with pytest.raises(Unavailable) as refused, breaker.passing():
        pytest.fail("nobody should pass")
    assert refused.value.retry_after == 15.0


def test_an_answer_between_failures_keeps_it_closed(breaker: Breaker) -> None:
    """Only failures in a row count."""
    for _ in range(4):
        meet(breaker, DOWN)
    meet(breaker)
    meet(breaker, DOWN)
    assert breaker.state == "closed"


def test_what_nobody_but_an_admin_can_mend_opens_it_at_once(breaker: Breaker) -> None:
    """A refused key is not tried five times."""
    meet(breaker, Unusable("key", code="401"))
    assert breaker.state == "open"


@pytest.mark.parametrize("error", [OutOfAllowance("time"), asyncio.CancelledError(), ValueError("ours")])
def test_what_is_not_its_fault_does_not_count(breaker: Breaker, error: BaseException) -> None:
    """A question that ran out of time, was stopped, or met a mistake of ours says nothing of the dependency."""
    for _ in range(9):
        with suppress(ValueError):
            meet(breaker, error)
    assert breaker.state == "closed"
    for _ in range(4):
        meet(breaker, DOWN)
    with suppress(ValueError):
        meet(breaker, error)
    meet(breaker, DOWN)
    assert breaker.state == "open"


def test_an_error_that_is_an_answer_counts_as_one(breaker: Breaker) -> None:
    """An index that says that it is empty is there."""
    for _ in range(4):
        meet(breaker, DOWN)
    meet(breaker, NothingIndexed())
    meet(breaker, DOWN)
    assert breaker.state == "closed"


def test_after_its_rest_one_call_tries(breaker: Breaker, hands: Hands) -> None:
    """While it is under way the others are refused; when it ends well, all pass."""
    meet(breaker, Unusable("key"))
    hands.now += 15.0
    assert breaker.state == "half-open"
    with breaker.passing():
        with pytest.raises(Unavailable), breaker.passing():
            pytest.fail("a second one should not pass")
        assert breaker.state == "half-open"
    assert breaker.state == "closed"


def test_a_failed_trial_begins_the_rest_anew(breaker: Breaker, hands: Hands) -> None:
    """One failure is enough then."""
    meet(breaker, Unusable("key"))
    hands.now += 15.0
    meet(breaker, DOWN)
    assert breaker.state == "open"
    hands.now += 14.9
    assert breaker.state == "open"
    hands.now += 0.1
    assert breaker.state == "half-open"


def test_a_trial_that_was_stopped_lets_the_next_one_try(breaker: Breaker, hands: Hands) -> None:
    """Somebody who presses stop must not keep it shut for good."""
    meet(breaker, Unusable("key"))
    hands.now += 15.0
    meet(breaker, asyncio.CancelledError())
    assert breaker.state == "half-open"
    meet(breaker)
    assert breaker.state == "closed"


def test_a_trial_whose_first_piece_came_lets_everybody_pass(breaker: Breaker, hands: Hands) -> None:
    """A long answer does not hold up the others until its end, and its failure counts like any other."""
    meet(breaker, Unusable("key"))
    hands.now += 15.0
    with suppress(Unavailable), breaker.passing() as trial:
        breaker.answered(trial)
        assert breaker.state == "closed"
        meet(breaker)
        raise DOWN
    for _ in range(4):
        meet(breaker, DOWN)
    assert breaker.state == "open"


def test_a_trial_that_let_everybody_pass_is_over(breaker: Breaker, hands: Hands) -> None:
    """Even while its long answer goes on: when it opens again meanwhile, another one tries."""
    meet(breaker, Unusable("key"))
    hands.now += 15.0
    with breaker.passing() as trial:
        breaker.answered(trial)
        meet(breaker, Unusable("key"))
        hands.now += 15.0
        meet(breaker)
        assert breaker.state == "closed"


def test_a_straggler_decides_nothing(breaker: Breaker, hands: Hands) -> None:
    """What began before it opened neither closes it when it ends well, nor lengthens its rest when it fails."""
    with suppress(Unavailable), breaker.passing():
        with breaker.passing():
            meet(breaker, Unusable("key"))
        assert breaker.state == "open"
        hands.now += 14.0
        raise DOWN
    hands.now += 1.0
    assert breaker.state == "half-open"


def test_opening_and_closing_are_logged_by_name(breaker: Breaker, hands: Hands) -> None:
    """With no word of the error."""
    with structlog.testing.capture_logs() as logs:
        meet(breaker, Unusable("key abc was refused"))
        hands.now += 15.0
        meet(breaker)
    assert [(line["event"], line["dependency"]) for line in logs] == [
        ("circuit_opened", "reranker"),
        ("circuit_closed", "reranker"),
    ]
    assert "abc" not in str(logs)


class AnyOrder(RuleBasedStateMachine):
    """Calls that begin and end in any order, against a model in which only the rules stand."""

    def __init__(self) -> None:
        super().__init__()
        self.hands = Hands()
        self.breaker = Breaker("any", failures=3, rest=10.0, clock=self.hands)
        self.under_way: list[tuple[Calling, int]] = []
        self.turns = 0
        """How often it has opened or closed: a call counts only before the next time."""
        self.trial: Calling | None = None
        self.failed = 0
        self.opened: float | None = None

    @property
    def state(self) -> str:
        if self.opened is None:
            return "closed"
        return "open" if self.hands.now < self.opened + 10.0 else "half-open"

    @rule()
    def begin(self) -> None:
        may = self.state == "closed" or (self.state == "half-open" and self.trial is None)
        calling = Calling(self.breaker)
        assert calling.begin() == may
        if may:
            self.under_way.append((calling, self.turns))
            self.trial = calling if self.state == "half-open" else None

    @precondition(lambda self: bool(self.under_way))
    @rule(data=st.data(), error=st.sampled_from([None, DOWN, Unusable("key"), OutOfAllowance("time")]))
    def end(self, data: st.DataObject, error: FootnoteError | None) -> None:
        calling, turn = self.under_way.pop(data.draw(st.integers(0, len(self.under_way) - 1)))
        calling.end(error)
        if calling is self.trial:
            self.trial = None
        if turn != self.turns or isinstance(error, OutOfAllowance):
            return
        self.failed = self.failed + 1 if error else 0
        if error and (self.opened is not None or isinstance(error, Unusable) or self.failed == 3):
            self.opened, self.turns = self.hands.now, self.turns + 1
        elif not error and self.opened is not None:
            self.opened, self.turns = None, self.turns + 1

    @rule(seconds=st.sampled_from([1.0, 9.0, 10.0]))
    def pass_time(self, seconds: float) -> None:
        self.hands.now += seconds

    @invariant()
    def it_is_as_the_rules_say(self) -> None:
        assert self.breaker.state == self.state


class Calling:
    """A call in two halves."""

    def __init__(self, breaker: Breaker) -> None:
        self._passing = breaker.passing()

    def begin(self) -> bool:
        try:
            self._passing.__enter__()
        except Unavailable:
            return False
        return True

    def end(self, error: FootnoteError | None) -> None:
        assert not self._passing.__exit__(type(error) if error else None, error, None)


def test_it_keeps_its_rules_in_any_order_of_calls() -> None:
    """At most one trial, no passage while open, and no straggler that changes anything."""
    run_state_machine_as_test(AnyOrder, settings=settings(max_examples=60, stateful_step_count=40))
