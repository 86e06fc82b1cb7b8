"""An earlier answer is shown again to its asker, as far as they may still read it."""

import pytest

from bot.desk.clickers import GONE, NOT_YOURS
from bot.jobs import Reopen
from bot.models import EVERYONE
from bot.screens import Reopened
from tests.nouns import a_chunk
from tests.unit.desk.stand_ins import ASKER, CANTEEN, OTHER
from tests.unit.desk.world import World, click, lunch, secret


async def reopened(world: World) -> Reopened:
    await world.do(Reopen(click(view="V1"), lunch().id))
    assert isinstance(world.shown, Reopened)
    return world.shown


async def test_the_words_are_shown_again(world: World) -> None:
    """Question, answer, citations and the way to the reply."""
    await world.answered(lunch())
    shown = await reopened(world)
    assert (shown.question, shown.text) == (lunch().text, "Lunch is served at noon. [1]")
    assert [citation.path for citation in shown.citations] == ["canteen.md"]
    assert shown.link == f"https://acme.example/{CANTEEN}/9.9"


async def test_words_that_changed_are_not_shown(world: World) -> None:
    """An answer that cites a changed document comes back without its words and sources."""
    await world.answered(lunch())
    world.library.chunks_ = [a_chunk("Lunch is served at one.")]
    shown = await reopened(world)
    assert (shown.text, shown.citations, shown.question) == ("", (), lunch().text)


async def test_words_that_are_no_longer_for_the_asker_are_not_shown(world: World) -> None:
    """Somebody who lost the right to read a document loses its words, and its name."""
    world.library.chunks_ = [secret()]
    await world.answered(lunch(private=True))
    world.people.held[ASKER] = frozenset({EVERYONE})
    assert "ellar" not in repr(await reopened(world))


async def test_a_forgotten_conversation_leaves_the_question(world: World) -> None:
    """Words that nobody keeps cannot be shown; neither is what they stood on."""
    await world.answered(lunch(), message=None)
    await world.talks.forget(lunch().conversation)
    shown = await reopened(world)
    assert (shown.text, shown.citations, shown.link) == ("", (), "")


@pytest.mark.parametrize("known", [True, False])
async def test_nobody_else_opens_it(world: World, known: bool) -> None:  # noqa: FBT001  (a row of the table)
    """Another person, or a question that nobody knows, gets one line in the modal."""
    if known:
        await world.answered(lunch())
    await world.do(Reopen(click(OTHER, view="V1"), lunch().id))
    assert world.slack.shown == []
    assert world.told == (NOT_YOURS if known else GONE)
