"""What every store of budgets must keep to."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.adapters.redis.budgets import RedisBudgets
from bot.adapters.redis.client import Link
from bot.budgets import LINES, Exceeded, Limits, Scope, Today
from bot.models import ConversationKey, Question
from bot.ports.memory import Budgets
from tests.nouns import Clock, a_question
from tests.redis_fixtures import EVERYWHERE, on

MINUTE, DAY = 60.0, 86_400.0
OFF = Limits(person_minute=0, person_day=0, channel_day=0, workspace_day=0, person_cost=0, workspace_cost=0)
NIGHT = 12 * 3600.0
"""Seconds from the clock's noon to the end of the day."""

pytestmark = on(EVERYWHERE)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def budgets(link: Link, clock: Clock) -> Budgets:
    return RedisBudgets(link, now=clock)


def nth(n: int, *, by: str = "U1", channel: str = "C1", workspace: str = "T1") -> Question:
    """A question like no other."""
    key = ConversationKey(workspace, channel, f"{n}.1")
    return replace(a_question(asker=by, message=f"{n}.1"), id=f"{workspace}/{channel}/{by}/{n}.1", conversation=key)


async def test_the_last_minute_is_what_counts(budgets: Budgets, clock: Clock) -> None:
    """The eleventh is turned away until the first is a minute old, to the second; then the next one is taken."""
    limits = replace(OFF, person_minute=10)
    for n in range(10):
        assert await budgets.take(nth(n), limits=limits) is None
        clock.advance(2)
    assert await budgets.take(nth(10), limits=limits) == Exceeded("person_minute", 40.0, 1)
    clock.advance(39.999)
    assert await budgets.take(nth(11), limits=limits) == Exceeded("person_minute", 0.001, 2)
    clock.advance(0.001)
    assert await budgets.take(nth(12), limits=limits) is None
    assert await budgets.take(nth(13), limits=limits) == Exceeded("person_minute", 2.0, 3)


@pytest.mark.parametrize(
    ("limits", "scope", "others"),
    [
        (replace(OFF, person_day=2), "person_day", [nth(9, by="U2")]),
        (replace(OFF, channel_day=2), "channel_day", [nth(9, channel="C2")]),
        (replace(OFF, workspace_day=2), "workspace_day", [nth(9, workspace="T2")]),
    ],
)
async def test_a_day_is_the_last_24_hours(
    budgets: Budgets, clock: Clock, limits: Limits, scope: Scope, others: list[Question]
) -> None:
    """Whose limit it is may ask again a day after the first of those that count; nobody else is touched."""
    assert await budgets.take(nth(0), limits=limits) is None
    clock.advance(3600)
    assert await budgets.take(nth(1), limits=limits) is None
    assert await budgets.take(nth(2), limits=limits) == Exceeded(scope, DAY - 3600)
    for other in others:
        assert await budgets.take(other, limits=limits) is None
    clock.advance(DAY - 3600)
    assert await budgets.take(nth(3), limits=limits) is None
    assert await budgets.take(nth(4), limits=limits) == Exceeded(scope, 3600.0)


async def test_a_question_counts_once(budgets: Budgets) -> None:
    """Tried again it gets the same answer, taken or not; asked anew, in another version, it counts again."""
    limits = replace(OFF, person_minute=2)
    for _ in range(5):
        assert await budgets.take(nth(0), limits=limits) is None
    assert await budgets.take(replace(nth(0), version="7.1"), limits=limits) is None
    for _ in range(5):
        assert await budgets.take(nth(1), limits=limits) == Exceeded("person_minute", MINUTE, 1)
    assert await budgets.take(nth(0), limits=limits) is None
    assert (await budgets.today("T1")).turned_away == {"person_minute": 1}


async def test_what_was_turned_away_stays_so(budgets: Budgets, clock: Clock) -> None:
    """A try after the wait is no new question: its person was told already."""
    limits = replace(OFF, person_minute=1)
    await budgets.take(nth(0), limits=limits)
    assert await budgets.take(nth(1), limits=limits)
    clock.advance(MINUTE + 1)
    assert await budgets.take(nth(1), limits=limits) == Exceeded("person_minute", 0.0, 1)
    assert await budgets.take(nth(2), limits=limits) is None


async def test_what_is_turned_away_does_not_count(budgets: Budgets, clock: Clock) -> None:
    """Whoever goes on asking in vain may ask again as soon as who waited."""
    limits = replace(OFF, person_minute=1)
    for n in range(60):
        assert (await budgets.take(nth(n), limits=limits) is None) == (n == 0)
        clock.advance(1)
    assert await budgets.take(nth(60), limits=limits) is None


async def test_the_limits_are_gone_through_in_order(budgets: Budgets) -> None:
    """Of several that are reached, the first of the scopes is named."""
    limits = Limits(person_minute=1, person_day=1, channel_day=1, workspace_day=1, person_cost=0.5, workspace_cost=0.5)
    await budgets.take(nth(0), limits=limits)
    await budgets.spend(nth(0), dollars=0.5)
    for n, (scope, off) in enumerate(
        [
            ("person_minute", {"person_minute": 0}),
            ("person_day", {"person_day": 0}),
            ("channel_day", {"channel_day": 0}),
            ("workspace_day", {"workspace_day": 0}),
            ("person_cost", {"person_cost": 0}),
            ("workspace_cost", {}),
        ],
        start=1,
    ):
        found = await budgets.take(nth(n), limits=limits)
        assert found is not None
        assert found.scope == scope
        limits = replace(limits, **off)  # pyright: ignore[reportArgumentType]  (fields by name)


async def test_zero_is_no_limit(budgets: Budgets) -> None:
    """Without limits everybody asks as much as they like."""
    await budgets.spend(nth(0), dollars=1_000)
    assert {await budgets.take(nth(n), limits=OFF) for n in range(50)} == {None}


async def test_a_direct_message_is_no_channel(budgets: Budgets) -> None:
    """The limit of channels is for channels, and for private lines in them; not for what one says to us alone."""
    limits = replace(OFF, channel_day=1)
    assert await budgets.take(nth(0), limits=limits) is None
    assert await budgets.take(replace(nth(1), private=True), limits=limits) is None
    private = replace(nth(2), private=True, reply_url="https://slack.example/1")
    assert await budgets.take(private, limits=limits) == Exceeded("channel_day", DAY)


async def test_dollars_are_counted_by_the_day(budgets: Budgets, clock: Clock) -> None:
    """What tries cost adds up until midnight, UTC: for each person, and for everybody."""
    limits = replace(OFF, person_cost=0.3)
    for _ in range(3):
        assert await budgets.take(nth(len(str(clock.now))), limits=limits) is None
        await budgets.spend(nth(0), dollars=0.1)
        clock.advance(60)
    assert (await budgets.today("T1")).dollars == pytest.approx(0.3)
    assert await budgets.take(nth(1), limits=limits) == Exceeded("person_cost", NIGHT - 180)
    assert await budgets.take(nth(2, by="U2"), limits=limits) is None
    everybody = replace(OFF, workspace_cost=0.2)
    assert await budgets.take(nth(3, by="U2"), limits=everybody) == Exceeded("workspace_cost", NIGHT - 180)
    assert await budgets.take(nth(4, workspace="T2"), limits=everybody) is None
    clock.advance(NIGHT - 180)
    assert await budgets.take(nth(5), limits=replace(limits, workspace_cost=0.2)) is None
    assert await budgets.today("T1") == Today()


async def test_who_was_turned_away_is_known_for_the_day(budgets: Budgets, clock: Clock) -> None:
    """Each question once, by what it exceeded and by who asked; the next day begins at nothing."""
    limits = replace(OFF, person_minute=1, channel_day=2)
    for n in range(3):
        await budgets.take(nth(n), limits=limits)
    await budgets.take(nth(3, by="U2"), limits=limits)
    await budgets.take(nth(4, by="U3"), limits=limits)
    assert await budgets.today("T1") == Today(0.0, {"person_minute": 2, "channel_day": 1}, {"U1": 2, "U3": 1})
    assert await budgets.today("T2") == Today()
    clock.advance(NIGHT)
    assert await budgets.today("T1") == Today()


async def test_a_flood_gets_three_lines_a_minute_in_a_channel(budgets: Budgets, clock: Clock) -> None:
    """The fourth of a person gets none; another channel has lines of its own, and a minute later there are more."""
    limits = replace(OFF, person_day=1)
    await budgets.take(nth(0), limits=limits)
    told = [await budgets.take(nth(n), limits=limits) for n in range(1, 8)]
    assert [one.line for one in told if one] == [*range(1, LINES + 1), 0, 0, 0, 0]
    elsewhere = await budgets.take(nth(8, channel="C2"), limits=limits)
    assert elsewhere is not None
    assert elsewhere.line == 1
    clock.advance(MINUTE)
    later = await budgets.take(nth(9), limits=limits)
    assert later is not None
    assert later.line == 1


async def test_what_nobody_asked_us_takes_no_line(budgets: Budgets) -> None:
    """A question that was overheard is turned away without a word, and leaves the lines to those that were asked."""
    limits = replace(OFF, person_minute=1)
    await budgets.take(nth(0), limits=limits)
    overheard = await budgets.take(replace(nth(1), addressed="overheard"), limits=limits)
    named = await budgets.take(nth(2), limits=limits)
    assert overheard is not None
    assert named is not None
    assert (overheard.line, named.line) == (0, 1)


async def test_by_itself_the_servers_clock_counts(link: Link) -> None:
    """Nobody's own clock decides: what one process took another one sees as of the same moment."""
    budgets, limits = RedisBudgets(link), replace(OFF, person_minute=1, workspace_cost=1.0)
    assert await budgets.take(nth(0), limits=limits) is None
    found = await RedisBudgets(link).take(nth(1), limits=limits)
    assert found is not None
    assert MINUTE - 10 < found.seconds <= MINUTE
    await budgets.spend(nth(0), dollars=0.25)
    assert (await budgets.today("T1")).turned_away == {"person_minute": 1}
    seconds, _ = await link.call("TIME")
    assert await _bought_on(RedisBudgets(link, now=lambda: datetime.fromtimestamp(int(seconds)).astimezone()))
    later = datetime.fromtimestamp(int(seconds)).astimezone() + timedelta(days=1)
    assert not await _bought_on(RedisBudgets(link, now=lambda: later))


async def _bought_on(budgets: Budgets) -> float:
    return (await budgets.today("T1")).dollars
