"""A thread's summary points at its messages, and says nothing that none of them says."""

from collections.abc import Sequence

from bot.answering.respond import MEMBERS_ONLY
from bot.conversations import Said
from bot.desk.clickers import ELSEWHERE
from bot.desk.summary import Summaries
from bot.jobs import SummariseThread
from bot.models import Statement, Support
from bot.screens import Point, Summary
from tests.nouns import NOON
from tests.unit.desk.stand_ins import ASKER, CANTEEN, GUEST, OTHER
from tests.unit.desk.world import World, click, lunch

KEY = lunch().conversation
SUMMARISE = SummariseThread(click(), KEY)


def said(id_: str, text: str, *, ours: bool = False) -> Said:
    return Said(id_, OTHER, text, NOON, ours)


async def test_each_point_names_its_message(world: World) -> None:
    """Who said it, when, and where it stands."""
    world.slack.threads[KEY] = (said("1.1", "The soup is cold."), said("1.2", "It was hot yesterday."))
    await world.do(SUMMARISE)
    link = f"https://acme.example/{CANTEEN}"
    assert world.shown == Summary(
        (
            Point("The soup is cold.", OTHER, f"{link}/1.1", NOON),
            Point("It was hot yesterday.", OTHER, f"{link}/1.2", NOON),
        ),
        messages=2,
    )


async def test_six_points_at_most(world: World) -> None:
    """However long the thread is, the summary is short, and says how much was read."""
    world.slack.threads[KEY] = tuple(said(f"1.{n}", f"Line {n}.") for n in range(10))
    await world.do(SUMMARISE)
    assert isinstance(world.shown, Summary)
    assert (len(world.shown.points), world.shown.messages) == (6, 10)


async def test_points_are_gated(world: World) -> None:
    """What somebody wrote leaves without live links or mentions."""
    world.slack.threads[KEY] = (said("1.1", "<!channel> see [this](https://evil.example)"),)
    await world.do(SUMMARISE)
    assert isinstance(world.shown, Summary)
    assert "<!" not in world.shown.points[0].text
    assert "evil" not in world.shown.points[0].text


async def test_what_the_bot_said_is_left_out(world: World) -> None:
    """Words of a document that an answer quoted are not carried on from the thread."""
    world.slack.threads[KEY] = (said("1.1", "Old words of a page.", ours=True), said("1.2", "Thanks."))
    await world.do(SUMMARISE)
    assert isinstance(world.shown, Summary)
    assert [point.text for point in world.shown.points] == ["Thanks."]


async def test_an_empty_thread_has_no_points(world: World) -> None:
    """A thread that cannot be read, or says nothing, comes to an empty summary."""
    await world.do(SUMMARISE)
    assert world.shown == Summary((), messages=0)


async def test_a_guest_is_refused_politely(world: World) -> None:
    """Somebody who is no member gets one line."""
    world.slack.threads[KEY] = (said("1.1", "The soup is cold."),)
    await world.do(SummariseThread(click(GUEST), KEY))
    assert world.told == MEMBERS_ONLY
    assert world.slack.shown == []


async def test_a_thread_of_another_channel_is_not_summarised(world: World) -> None:
    """A click in one channel does not read another."""
    world.slack.threads[KEY] = (said("1.1", "The soup is cold."),)
    await world.do(SummariseThread(click(OTHER, channel="C0ELSEWHERE"), KEY))
    assert world.told == ELSEWHERE
    assert world.slack.shown == []


class Inventive:
    """A summariser that adds what nobody said."""

    name = "inventive"

    async def summarise(self, said: Sequence[Said], *, limit: int) -> list[Statement]:
        return [
            Statement("Everybody was happy.", (Support("7.7"),)),
            Statement(said[0].text, (Support("7.7"), Support(said[0].id))),
        ]


async def test_a_statement_without_a_message_is_not_shown(world: World) -> None:
    """What points at no message of the thread was made up, and is dropped."""
    world.slack.threads[KEY] = (said("1.1", "The soup is cold."),)
    await Summaries(world.slack, Inventive(), world.people, world.slack).summarise(SummariseThread(click(ASKER), KEY))
    assert isinstance(world.shown, Summary)
    assert [point.text for point in world.shown.points] == ["The soup is cold."]
