"""The asker alone is told that there is more, only when there is, and never what."""

import pytest

from bot.models import Audience, Chunk
from bot.permissions import NOBODY
from tests.nouns import a_chunk, a_question
from tests.unit.desk.stand_ins import ASKER, CANTEEN, OTHER
from tests.unit.desk.world import World, lunch, secret


async def hinted(world: World, *, asker: str = ASKER, private: bool = False, text: str = lunch().text) -> bool:
    question = a_question(text, asker=asker, private=private)
    record = await world.answered(question)
    assert record.answer is not None
    assert record.audience is not None
    return await world.hinter().hint(question, record.answer, record.audience)


async def test_a_better_passage_for_the_asker_is_more(world: World) -> None:
    """The channel was told less than the asker may read."""
    world.library.chunks_ = [a_chunk("Lunch is served."), secret()]
    assert await hinted(world)


async def test_a_decline_is_made_good(world: World) -> None:
    """Where everyone's documents do not say, the asker's do."""
    world.library.chunks_ = [secret()]
    assert await hinted(world)


async def test_where_nobody_could_be_found_out_the_asker_still_hears(world: World) -> None:
    """In a channel with strangers nothing is shown, though the asker may read it."""
    world.people.places[CANTEEN] = ()
    assert await hinted(world)


@pytest.mark.parametrize("chunks", [[a_chunk()], [a_chunk(), secret("Noon is dark here.")], []])
async def test_no_more_where_the_best_was_told(world: World, chunks: list[Chunk]) -> None:
    """What everyone may read and what ranks best is already there."""
    world.library.chunks_ = chunks
    assert not await hinted(world)


async def test_no_more_for_somebody_who_may_not_read_it(world: World) -> None:
    """Whoever holds no more than the channel is told nothing."""
    world.library.chunks_ = [secret()]
    assert not await hinted(world, asker=OTHER)


async def test_no_more_unless_it_answers_plainly(world: World) -> None:
    """A hidden passage that only touches the question is not worth a line."""
    world.library.chunks_ = [secret()]
    assert not await hinted(world, text="lunch for my two dogs and a cat")


async def test_nothing_is_searched_where_all_may_read_the_same(world: World) -> None:
    """Where nothing is hidden from the channel, no second search is made for the asker."""
    assert not await hinted(world, text="who won yesterday")
    assert len(world.library.asked) == 1


async def test_a_private_answer_has_no_more(world: World) -> None:
    """The asker's own eyes have looked already: nothing is searched again."""
    world.library.chunks_ = [secret()]
    assert not await hinted(world, private=True)
    assert len(world.library.asked) == 1


async def test_an_unknown_asker_learns_nothing(world: World) -> None:
    """Somebody about whom nothing is known reads nothing, and is told nothing."""
    question = a_question(lunch().text, asker="U0NOBODY")
    record = await world.answered(question)
    assert record.answer is not None
    for audience in (NOBODY, Audience.of([])):
        assert not await world.hinter().hint(question, record.answer, audience)
