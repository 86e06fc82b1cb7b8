"""The pace: no minute holds more calls than Slack takes, nobody overtakes, and a shut door stays shut."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import SlackUnavailable
from bot.playground.methods import METHODS
from bot.playground.rates import Rates
from handlers.pace import TIERS, Pace, Tier
from tests.timing import Time
from tests.waiting import wait_until

FEW = {"few": Tier(2), "here": Tier(2, 5.0, per_channel=True)}


def hurried(tiers: dict[str, Tier] | None = None) -> tuple[Pace, Time]:
    """A pace in a time that jumps whenever somebody sleeps."""
    time = Time(hurried=True)
    return Pace(tiers or FEW, clock=time, sleep=time.sleep), time


async def moments(pace: Pace, time: Time, method: str, times: int, *, channel: str = "") -> list[float]:
    """When each of so many calls left, counted from now."""
    began = time.now
    left: list[float] = []
    for _ in range(times):
        await pace.turn(method, channel=channel, patience=1_000)
        left.append(time.now - began)
    return left


async def test_a_call_leaves_at_once_while_there_is_room() -> None:
    """The next waits until the first no longer counts, and a little longer."""
    pace, time = hurried()
    assert await moments(pace, time, "few", 5) == [0, 0, 60.5, 60.5, 121]


async def test_channels_do_not_wait_for_each_other() -> None:
    """Where Slack counts by channel; where it does not, they do."""
    pace, time = hurried()
    assert await moments(pace, time, "here", 2, channel="C1") == [0, 0]
    assert await moments(pace, time, "here", 3, channel="C2") == [0, 0, 5.5]
    assert await moments(pace, time, "few", 2, channel="C1") == [0, 0]
    assert await moments(pace, time, "few", 1, channel="C2") == [60.5]


async def test_what_slack_does_not_count_never_waits() -> None:
    """Until Slack says so."""
    pace, time = hurried()
    assert await moments(pace, time, "other", 500) == [0.0] * 500
    pace.shut("other", seconds=7)
    assert await moments(pace, time, "other", 2) == [7, 7]


async def test_who_came_first_goes_first() -> None:
    """Also when all wait for the same moment."""
    time = Time()
    pace = Pace(FEW, clock=time, sleep=time.sleep)
    order: list[int] = []

    async def call(number: int) -> None:
        await pace.turn("few", patience=1_000)
        order.append(number)

    calls = [asyncio.create_task(call(number)) for number in range(6)]
    for _ in range(2):
        await wait_until(lambda: time.sleeping == 1, because="one waits for the rest")
        time.pass_by(60.5)
    await asyncio.gather(*calls)
    assert order == list(range(6))


async def test_nobody_waits_longer_than_they_can() -> None:
    """They learn at once how long it would take, those before them counted in."""
    time = Time()
    pace = Pace(FEW, clock=time, sleep=time.sleep)
    for _ in range(2):
        await pace.turn("few", patience=0)
    waiting = [asyncio.create_task(pace.turn("few", patience=100)) for _ in range(2)]
    await wait_until(lambda: time.sleeping == 1, because="they wait")
    with pytest.raises(SlackUnavailable) as caught:
        await pace.turn("few", patience=100)
    assert caught.value.retry_after == 121
    assert not pace.room_for("few")
    time.pass_by(60.5)
    assert await asyncio.gather(*waiting) == [60.5, 60.5]


async def test_who_gives_up_waiting_lets_the_next_go() -> None:
    """A cancelled call neither counts nor blocks."""
    time = Time()
    pace = Pace(FEW, clock=time, sleep=time.sleep)
    for _ in range(2):
        await pace.turn("few", patience=0)
    first, second = (asyncio.create_task(pace.turn("few", patience=100)) for _ in range(2))
    await wait_until(lambda: time.sleeping == 1, because="the first waits")
    first.cancel()
    await wait_until(lambda: time.sleeping == 2, because="the second does")
    time.pass_by(60.5)
    assert await second == 60.5
    assert pace.room_for("few")


async def test_a_door_that_shuts_while_somebody_waits_stays_shut() -> None:
    """Whatever they had reckoned with; who cannot wait so long is told."""
    time = Time()
    pace = Pace(FEW, clock=time, sleep=time.sleep)
    for _ in range(2):
        await pace.turn("few", patience=0)
    hasty, patient = (asyncio.create_task(pace.turn("few", patience=patience)) for patience in (70, 200))
    await wait_until(lambda: time.sleeping == 1, because="they wait")
    pace.shut("few", seconds=100)
    time.pass_by(60.5)
    with pytest.raises(SlackUnavailable) as caught:
        await hasty
    assert caught.value.retry_after == 39.5
    await wait_until(lambda: time.sleeping == 1, because="the patient one goes on waiting")
    time.pass_by(39.5)
    assert await patient == 100


async def test_there_is_room_only_with_what_is_kept() -> None:
    """And a shut door has none."""
    pace, _ = hurried()
    assert [pace.room_for("few", keep=keep) for keep in (0, 1, 2)] == [True, True, False]
    await pace.turn("few", patience=0)
    assert [pace.room_for("few", keep=keep) for keep in (0, 1)] == [True, False]
    assert pace.room_for("other", keep=1_000)
    pace.shut("other", seconds=1)
    assert not pace.room_for("other")


async def test_what_nobody_uses_is_forgotten() -> None:
    """A bot in thousands of channels keeps no count of each for ever."""
    pace, time = hurried()
    for number in range(1_000):
        await pace.turn("here", channel=f"C{number}", patience=0)
    time.pass_by(10)
    await pace.turn("here", channel="C-new", patience=0)
    assert len(pace._windows) == 1  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  (what is kept shows nowhere)


@given(st.lists(st.floats(0, 40), max_size=80), st.sampled_from(["few", "here"]))
async def test_slack_never_counts_too_many(gaps: Sequence[float], method: str) -> None:
    """However calls come: counted as Slack counts them, in any minute, each is within the limit."""
    pace, time = hurried()
    slack = Rates(time)
    for gap in gaps:
        time.pass_by(gap)
        await pace.turn(method, channel="C1", patience=1_000)
        if method == "few":
            slack.spend(method, 2)
        else:
            slack._spend(method, 2, 5.0)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  (its own window is fixed)


def test_every_tier_of_slack_is_known() -> None:
    """The playground's table was written by others from the same pages; every method that both name agrees."""
    for name, method in METHODS.items():
        if method.per_minute and name in TIERS:
            assert TIERS[name].calls <= method.per_minute, name


async def test_what_slack_does_not_count_is_not_kept() -> None:
    """A method without a tier is called for months."""
    pace, _ = hurried()
    for _ in range(1_000):
        await pace.turn("other", patience=0)
    (window,) = pace._windows.values()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  (what is kept shows nowhere)
    assert not window.recent
