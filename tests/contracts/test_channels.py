"""What every store of channel settings must keep to."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.adapters.redis.channels import RedisChannels
from bot.adapters.redis.client import Link
from bot.channels import ChannelSettings
from bot.ports.memory import Channels
from tests.nouns import NOON
from tests.redis_fixtures import EVERYWHERE, on

OFFERS = ChannelSettings(mode="offer", sources=("handbook", "it"), humans="S0HELP")


pytestmark = on(EVERYWHERE)


@pytest.fixture
def channels(link: Link) -> Channels:
    return RedisChannels(link)


async def test_a_channel_begins_with_the_defaults(channels: Channels) -> None:
    """Nobody decided anything: the defaults hold, and no channel is listed."""
    assert await channels.read("T1", "C1") == ChannelSettings()
    assert await channels.all("T1") == {}


async def test_settings_come_back_whole(channels: Channels) -> None:
    """What was set is read again, for that channel of that workspace alone."""
    await channels.write("T1", "C1", OFFERS, person="U1", at=NOON)
    assert await channels.read("T1", "C1") == OFFERS
    assert await channels.all("T1") == {"C1": OFFERS}
    assert await channels.read("T2", "C1") == ChannelSettings()


async def test_every_changed_field_leaves_a_line(channels: Channels) -> None:
    """The audit says who set what from what to what; a field left as it was is not mentioned."""
    changes = await channels.write("T1", "C1", OFFERS, person="U1", at=NOON)
    assert [(c.person, c.channel, c.field, c.before, c.after) for c in changes] == [
        ("U1", "C1", "mode", "continue", "offer"),
        ("U1", "C1", "sources", "", "handbook, it"),
        ("U1", "C1", "humans", "", "S0HELP"),
    ]
    assert await channels.write("T1", "C1", OFFERS, person="U2", at=NOON) == ()
    assert await channels.changes("T1", limit=10) == list(reversed(changes))
    assert await channels.changes("T2", limit=10) == []


async def test_two_admins_at_once_leave_a_true_trail(channels: Channels) -> None:
    """Whoever comes second changes what the first had set: each line begins where the one before ended."""
    modes = ("mention", "offer")
    writes = (
        channels.write("T1", "C1", replace(OFFERS, mode=mode), person=mode, at=NOON) for mode in modes
    )  # fmt: skip
    await asyncio.gather(*writes)
    first, second = [change for change in reversed(await channels.changes("T1", limit=10)) if change.field == "mode"]
    assert (first.before, first.after) == ("continue", second.before)
    assert second.after == (await channels.read("T1", "C1")).mode


async def test_what_a_person_looks_at_is_remembered(channels: Channels) -> None:
    """The last channel counts, for that person."""
    assert await channels.looked_at("T1", "U1") == ""
    await channels.looks_at("T1", "U1", "C1")
    await channels.looks_at("T1", "U1", "C2")
    assert await channels.looked_at("T1", "U1") == "C2"
    assert await channels.looked_at("T1", "U2") == ""
