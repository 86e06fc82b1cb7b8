"""Admins alone edit how the bot behaves in a channel."""

from dataclasses import replace

from bot.channels import ChannelSettings
from bot.desk.channel_form import ADMINS_ONLY
from bot.jobs import OpenChannelForm
from bot.models import Principal
from bot.screens import ChannelForm
from tests.nouns import a_chunk
from tests.unit.desk.stand_ins import ADMIN, CANTEEN, OTHER
from tests.unit.desk.world import World, click


async def test_the_form_is_filled_with_how_things_are(world: World) -> None:
    """The settings of the edited channel, and sources to choose from: what the admin may read, and what is set."""
    hidden = replace(a_chunk(path="x.md", readable_by=(Principal("group", "board"),)), source="board")
    world.library.chunks_ = [a_chunk(), replace(a_chunk(path="w.md"), source="wiki"), hidden]
    now = ChannelSettings(mode="mention", sources=("old",))
    world.channels.settings[CANTEEN] = now
    await world.do(OpenChannelForm(click(ADMIN, channel="", view="V1"), CANTEEN))
    assert world.shown == ChannelForm(CANTEEN, now, ("handbook", "old", "wiki"))


async def test_nobody_else_gets_the_form(world: World) -> None:
    """Somebody who is no admin learns nothing of the settings."""
    await world.do(OpenChannelForm(click(OTHER, view="V1"), CANTEEN))
    assert world.slack.shown == []
    assert world.told == ADMINS_ONLY
