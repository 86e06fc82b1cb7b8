"""*Why this answer?* explains an answer, and names nothing that the clicker may not read."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.channels import ChannelSettings
from bot.desk.clickers import GONE, NOT_YOURS
from bot.jobs import ShowWhy
from bot.screens import Why
from tests.nouns import NOON, a_chunk
from tests.unit.desk.stand_ins import ASKER, CANTEEN, GUEST, OTHER, Run
from tests.unit.desk.world import World, click, lunch, secret


async def explained(world: World, person: str = ASKER) -> Why:
    await world.do(ShowWhy(click(person), lunch().id))
    assert isinstance(world.shown, Why)
    return world.shown


async def test_what_was_used_and_what_was_left_out(world: World) -> None:
    """Each passage is listed with its score and beginning, the cited ones under their numbers."""
    world.library.chunks_ = [a_chunk(), a_chunk("Soup costs two euros.", path="soup.md", heading_path=("Prices",))]
    await world.answered(lunch())
    why = await explained(world)
    assert [(one.citation.n, one.citation.quote, one.score) for one in why.used] == [
        (1, "Lunch is served at noon.", 1.0)
    ]
    assert [(one.citation.n, one.citation.heading) for one in why.left_out] == [(0, "Prices")]
    assert (why.documents, why.sources, why.unsaid) == (2, ("handbook",), False)
    assert why.code.startswith("Q-")
    assert why.backends["generator"] == "double"


async def test_a_private_answer_is_explained_to_its_asker_alone(world: World) -> None:
    """Somebody else's click on a private answer gets one polite line."""
    await world.answered(lunch(private=True))
    await world.do(ShowWhy(click(OTHER), lunch().id))
    assert world.slack.shown == []
    assert world.slack.apologies == [(OTHER, NOT_YOURS)]


async def test_a_click_from_another_channel_gets_nothing(world: World) -> None:
    """Whoever names a question of a channel from elsewhere is not told about it."""
    await world.answered(lunch())
    await world.do(ShowWhy(click(OTHER, channel="C0ELSEWHERE"), lunch().id))
    assert world.slack.shown == []


async def test_without_a_record_there_is_nothing_to_explain(world: World) -> None:
    """A question that nobody knows any more is said to be gone."""
    await world.do(ShowWhy(click(), "T0ACME/C0CANTEEN/1.1"))
    assert world.told == GONE


async def test_a_passage_that_is_not_for_the_clicker_is_unsaid(world: World) -> None:
    """Of what only others may read neither title nor quote nor number is shown, only that something is missing."""
    world.library.chunks_ = [a_chunk(), secret()]
    world.people.places[CANTEEN] = (ASKER,)
    await world.answered(lunch())
    why = await explained(world, OTHER)
    assert why.unsaid
    assert why.documents == 1
    assert "ellar" not in repr(why)


async def test_a_passage_that_changed_is_unsaid(world: World) -> None:
    """New words of a document are not passed off as what the answer was made from, nor is what may repeat old ones."""
    await world.answered(lunch())
    record = world.records.kept[lunch().id]
    assert record.answer is not None
    world.records.kept[lunch().id] = replace(record, answer=replace(record.answer, standalone_query="as the page said"))
    world.library.chunks_ = [a_chunk("Lunch is served at one.")]
    why = await explained(world)
    assert (why.used, why.left_out, why.unsaid) == ((), (), True)
    assert why.standalone_query == lunch().text


@pytest.mark.parametrize("person", [GUEST, "U0NOBODY"])
async def test_whoever_may_read_nothing_learns_nothing(world: World, person: str) -> None:
    """A guest, and somebody about whom nothing is known, are shown no document and no number of them."""
    await world.answered(lunch())
    why = await explained(world, person)
    assert (why.used, why.documents, why.sources, why.unsaid) == ((), 0, (), True)


async def test_only_what_clicker_and_channel_may_read_is_counted(world: World) -> None:
    """A document that the clicker alone may read was not searched for the channel, and is not counted."""
    world.library.chunks_ = [a_chunk(), secret()]
    await world.answered(lunch())
    assert (await explained(world, ASKER)).documents == 1


async def test_the_channels_sources_limit_what_was_searched(world: World) -> None:
    """Where a channel is set to one source, the others are neither named nor counted; the run over it is dated."""
    world.library.chunks_ = [a_chunk(), replace(a_chunk(path="wiki.md"), source="wiki")]
    world.channels.settings[CANTEEN] = ChannelSettings(sources=("wiki",))
    world.runs = {"handbook": Run(NOON - timedelta(days=1)), "wiki": Run(NOON)}
    await world.answered(lunch())
    why = await explained(world)
    assert (why.documents, why.sources, why.indexed_at) == (1, ("wiki",), NOON)


async def test_a_failed_run_dates_nothing(world: World) -> None:
    """A run that failed does not make the index look fresh."""
    world.runs = {"handbook": Run(NOON, failed="no such folder")}
    await world.answered(lunch())
    assert (await explained(world)).indexed_at is None
