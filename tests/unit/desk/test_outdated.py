"""The owner of a doubted document is told once a day, if they may read it."""

from dataclasses import replace

import pytest

from bot.desk.clickers import NOT_YOURS
from bot.desk.outdated import ALREADY, NOBODY_TOLD, NOT_THERE, TOLD_CHANNEL, TOLD_OWNER
from bot.errors import Refused, SlackUnavailable
from bot.jobs import ReportOutdated
from bot.models import EVERYONE, Chunk
from tests.nouns import a_chunk
from tests.unit.desk.stand_ins import ASKER, CANTEEN, GUEST, OTHER, OWNER
from tests.unit.desk.world import World, click, lunch, secret

WORDS = "Lunch is served at noon."
TO_OWNER = [("doubt", OWNER, WORDS)]


def owned(chunk: Chunk, owner: str = "owner@acme.example") -> Chunk:
    return replace(chunk, owner=owner)


def report(person: str = ASKER, *, id_: str = "click-1", chunk: str = a_chunk().id) -> ReportOutdated:
    return ReportOutdated(click(person, id_=id_), lunch().id, chunk)


@pytest.fixture
async def asked(world: World) -> World:
    """A world in which an answer cites a page that has an owner."""
    world.library.chunks_ = [owned(a_chunk())]
    await world.answered(lunch())
    return world


async def test_the_owner_is_told(asked: World) -> None:
    """The passage goes to whom the document names, and the clicker hears of it."""
    await asked.do(report())
    assert asked.slack.posts == TO_OWNER
    assert asked.slack.whispers == [(ASKER, TOLD_OWNER)]


async def test_the_owner_is_told_once_a_day(asked: World) -> None:
    """Another person's doubt on the same day is not passed on; one of the next day is."""
    await asked.do(report())
    await asked.do(report(OTHER, id_="click-2"))
    assert asked.slack.posts == TO_OWNER
    assert asked.told == ALREADY
    asked.clock.advance(24 * 3600)
    await asked.do(report(OTHER, id_="click-3"))
    assert asked.slack.posts == TO_OWNER * 2


@pytest.mark.parametrize("deliveries", [1, 2])
async def test_a_lost_confirmation_tells_nobody_twice(asked: World, deliveries: int) -> None:
    """The redelivery looks first, and the clicker is thanked in the end."""
    asked.slack.lose_the_reply = True
    with pytest.raises(SlackUnavailable):
        await asked.do(report())
    await asked.do(report(), deliveries=deliveries)
    assert asked.slack.posts == TO_OWNER
    assert asked.told == TOLD_OWNER


async def test_an_owner_who_may_not_read_it_is_not_told(world: World) -> None:
    """The passage goes to nobody who may not read it, whatever the document says."""
    world.people.held[OWNER] = frozenset({EVERYONE})
    world.people.places[CANTEEN] = (ASKER,)
    world.library.chunks_ = [owned(secret())]
    await world.answered(lunch())
    await world.do(report(chunk=secret().id))
    assert world.slack.posts == []
    assert world.told == NOBODY_TOLD


@pytest.mark.parametrize("owner", ["", "People Ops"])
async def test_without_an_owner_the_channel_for_help_is_told(world: World, owner: str) -> None:
    """A document that names nobody who can be found is reported where help is."""
    world.help_channel = "C0HELP"
    world.people.places["C0HELP"] = (OTHER,)
    world.library.chunks_ = [owned(a_chunk(), owner)]
    await world.answered(lunch())
    await world.do(report())
    assert world.slack.posts == [("doubt", "C0HELP", WORDS)]
    assert world.told == TOLD_CHANNEL


async def test_a_channel_where_not_all_may_read_it_is_not_told(world: World) -> None:
    """A passage for a few is not shown where others read."""
    world.help_channel = "C0HELP"
    world.people.places |= {CANTEEN: (ASKER,), "C0HELP": (ASKER, OTHER)}
    world.library.chunks_ = [secret()]
    await world.answered(lunch())
    await world.do(report(chunk=secret().id))
    assert world.slack.posts == []
    assert world.told == NOBODY_TOLD


async def test_an_owner_who_cannot_be_written_to_is_not_waited_for(asked: World) -> None:
    """Slack's refusal ends with the clicker being told the truth."""
    asked.slack.refuse = Refused("chat.postMessage: cannot_dm_bot")
    await asked.do(report())
    assert asked.told == NOBODY_TOLD


async def test_only_what_was_cited_can_be_doubted(asked: World) -> None:
    """A chunk that the answer does not cite is not looked up."""
    asked.library.chunks_.append(owned(a_chunk("Soup costs two euros.", path="soup.md")))
    await asked.do(report(chunk="handbook:soup.md#0"))
    assert asked.slack.posts == []
    assert asked.told == NOT_THERE


async def test_whoever_may_not_read_it_cannot_doubt_it(asked: World) -> None:
    """A guest hears the same as where the passage is gone, and nobody else hears anything."""
    await asked.do(report(GUEST))
    asked.library.chunks_ = []
    await asked.do(report(id_="click-2"))
    assert asked.slack.posts == []
    assert [text for _, text in asked.slack.whispers] == [NOT_THERE, NOT_THERE]


async def test_a_private_answer_is_its_askers_to_doubt(asked: World) -> None:
    """Somebody else's click on a private answer gets one polite line."""
    await asked.answered(lunch(private=True))
    await asked.do(report(OTHER))
    assert asked.slack.posts == []
    assert asked.told == NOT_YOURS
