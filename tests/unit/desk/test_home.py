"""The Home tab shows people their own, and admins how it goes."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.budgets import Limits, Today
from bot.channels import Change, ChannelSettings
from bot.feedback import Escalation, Feedback
from bot.jobs import ShowHome
from bot.models import EVERYONE, Answer, Audience, Principal, Question
from bot.records import AnswerRecord, State
from bot.screens import Desk, Home, SourceState, Week
from tests.nouns import NOON, a_chunk, a_question
from tests.unit.desk.stand_ins import ADMIN, ASKER, CANTEEN, GUEST, OTHER, Run
from tests.unit.desk.world import World, click, lunch, secret


async def home_of(world: World, person: str = ASKER) -> Home:
    await world.do(ShowHome(click(person, channel="")))
    return world.slack.pages[person]


async def desk_of(world: World) -> Desk:
    desk = (await home_of(world, ADMIN)).desk
    assert desk is not None
    return desk


def answer(*, answered: bool = True, cost: float = 0.0) -> Answer:
    return Answer("", "", "", answered, "high", (), cost=cost)


def asked(  # each field is what some test is about
    world: World,
    text: str = "When is lunch?",
    *,
    state: State = State.DELIVERED,
    answer: Answer | None = None,
    ago: timedelta = timedelta(0),
    asker: str = ASKER,
    private: bool = False,
    readers: Audience | None = Audience.of([EVERYONE]),  # noqa: B008  (a frozen value)
) -> Question:
    """A question in the records, in the state in which it was left."""
    moment = world.clock() - ago
    message = f"{len(world.records.kept)}.{int(moment.timestamp())}"
    question = replace(a_question(text, asker=asker, message=message, private=private), asked_at=moment)
    world.records.kept[question.id] = AnswerRecord(question, state, answer=answer, audience=readers)
    return question


# --- for everybody --------------------------------------------------------------------------------------------------


async def test_what_can_be_asked_and_of_what(world: World) -> None:
    """Suggestions and sources are those that the person may read, with when they were read."""
    world.library.chunks_ = [a_chunk(), replace(secret(), source="vault")]
    world.runs = {"handbook": Run(NOON), "vault": Run(NOON, skipped=("x",))}
    home = await home_of(world, OTHER)
    assert home.suggestions == ("What should I know about opening hours?",)
    assert home.sources == (SourceState("handbook", 1, NOON),)
    assert home.desk is None


async def test_a_guest_sees_no_documents(world: World) -> None:
    """Somebody who may read nothing is shown no source and no suggestion."""
    home = await home_of(world, GUEST)
    assert (home.suggestions, home.sources, home.desk) == ((), (), None)


@pytest.mark.parametrize(
    ("state", "said", "outcome"),
    [
        (State.DELIVERED, answer(), "answered"),
        (State.DELIVERED, answer(answered=False), "not in the docs"),
        (State.DELIVERED, None, "not answered"),
        (State.SIGNED, None, "pending"),
        (State.RECEIVED, None, "pending"),
        (State.FAILED, None, "failed"),
        (State.STOPPED, None, "stopped"),
    ],
)
async def test_what_became_of_a_question(world: World, state: State, said: Answer | None, outcome: str) -> None:
    """Each of the person's questions says in a word or two how it ended."""
    asked(world, state=state, answer=said)
    assert [one.outcome for one in (await home_of(world)).earlier] == [outcome]


async def test_the_last_ten_of_ones_own(world: World) -> None:
    """Newest first, nobody else's, and nothing that was taken back or never asked of us."""
    for n in range(12):
        asked(world, f"Question {n}?", ago=timedelta(hours=n), answer=answer())
    asked(world, "Somebody else's?", asker=OTHER)
    asked(world, "Deleted?", state=State.WITHDRAWN)
    offered = asked(world, "Offered?", state=State.RECEIVED)
    world.records.kept[offered.id] = AnswerRecord(replace(offered, addressed="followed"))
    earlier = (await home_of(world)).earlier
    assert [one.question for one in earlier] == [f"Question {n}?" for n in range(10)]


async def test_a_question_is_shown_as_an_inert_line(world: World) -> None:
    """What the person typed comes back without live links or mentions, and not at any length."""
    asked(world, "<!here> is [this](https://evil.example) so?\n" + "why " * 100)
    (one,) = (await home_of(world)).earlier
    assert "<!" not in one.question
    assert "evil" not in one.question
    assert len(one.question) <= 150


async def test_before_anything_is_indexed_there_is_a_home_all_the_same(world: World) -> None:
    """Without an index the tab shows what there is."""
    world.library.empty = True
    world.library.chunks_ = []
    asked(world)
    home = await home_of(world)
    assert (home.suggestions, home.sources, len(home.earlier)) == ((), (), 1)


# --- for admins -----------------------------------------------------------------------------------------------------


async def test_the_week_in_numbers(world: World) -> None:
    """Seven days are counted: what was asked, by whom, how it went, what it cost."""
    one = asked(world, answer=answer(cost=0.25))
    two = asked(world, "Is there soup?", asker=OTHER, answer=answer(answered=False, cost=0.5))
    asked(world, "Long ago?", ago=timedelta(days=8), answer=answer(cost=8.0))
    asked(world, "Deleted?", state=State.WITHDRAWN)
    world.book.rated = [
        Feedback(one.id, ASKER, "good", NOON),
        Feedback(two.id, ASKER, "bad", NOON),
        Feedback(two.id, OTHER, "bad", NOON - timedelta(days=8)),
        Feedback("T0ELSEWHERE/C1/1.1", ASKER, "good", NOON),
    ]
    assert (await desk_of(world)).week == Week(questions=2, answered=1, people=2, good=1, bad=1, cost=0.75)


async def test_what_the_documents_do_not_answer(world: World) -> None:
    """The same question in other spelling is counted together, most often first, as last worded.

    What was asked where not every member reads, or nobody knows who does, stays there.
    """
    asked(world, "Is there soup?", answer=answer(answered=False))
    asked(world, "is there  SOUP", ago=timedelta(hours=1), answer=answer(answered=False))
    asked(world, "Who feeds the cat?", state=State.FAILED)
    asked(world, "When is lunch?", answer=answer())
    asked(world, "Am I fired?", private=True, answer=answer(answered=False))
    asked(world, "Who is fired?", readers=Audience.of([Principal("user", ASKER)]), answer=answer(answered=False))
    asked(world, "Who may know?", readers=None, state=State.FAILED)
    asked(world, "Still searching?", state=State.SIGNED)
    assert (await desk_of(world)).unanswered == (("Is there soup?", 2), ("Who feeds the cat?", 1))


async def test_ten_unanswered_at_most(world: World) -> None:
    """The list stays short."""
    for n in range(12):
        asked(world, f"Question number {n}?", answer=answer(answered=False))
    assert len((await desk_of(world)).unanswered) == 10


async def test_an_answer_that_people_were_asked_about_is_open(world: World) -> None:
    """Until somebody resolves it, an answered question counts as unanswered too."""
    question = asked(world, answer=answer())
    opened = Escalation(question.id, ASKER, CANTEEN, "1.1", NOON, message="1")
    world.book.opened = {question.id: opened}
    assert (await desk_of(world)).unanswered == (("When is lunch?", 1),)
    world.book.opened = {question.id: replace(opened, resolved_by=OTHER)}
    assert (await desk_of(world)).unanswered == ()


async def test_problems_are_sentences(world: World) -> None:
    """Sources that failed or were read in part, and people who were asked long ago."""
    world.runs = {
        "wiki": Run(failed="no such folder"),
        "handbook": Run(skipped=("a", "b")),
        "vault": Run(skipped=("a",)),
        "fine": Run(),
    }
    late = NOON - timedelta(days=3)
    world.book.opened = {
        "T0ACME/C1/1": Escalation("T0ACME/C1/1", ASKER, "C1", "1", late),
        "T0ACME/C1/2": Escalation("T0ACME/C1/2", ASKER, "C1", "2", late, resolved_by=OTHER),
        "T0ACME/C1/3": Escalation("T0ACME/C1/3", ASKER, "C1", "3", NOON),
        "T0ELSEWHERE/C1/4": Escalation("T0ELSEWHERE/C1/4", ASKER, "C1", "4", late),
    }
    assert (await desk_of(world)).problems == (
        "2 documents of handbook could not be read and were skipped.",
        "1 document of vault could not be read and was skipped.",
        "wiki could not be read: no such folder",
        "1 question was put to people more than 2 days ago and not resolved.",
    )


async def test_an_admin_sees_what_went_wrong_with_a_source(world: World) -> None:
    """Skipped documents and failures stand beside the source, for admins alone."""
    world.runs = {"handbook": Run(NOON, skipped=("a",), failed="half way")}
    assert (await home_of(world, ADMIN)).sources == (SourceState("handbook", 1, None, 1, "half way"),)
    assert (await home_of(world, ASKER)).sources == (SourceState("handbook", 1, None),)


async def test_how_channels_are_set(world: World) -> None:
    """Every channel that somebody decided about is there to be edited."""
    world.channels.settings[CANTEEN] = ChannelSettings(mode="offer")
    assert (await desk_of(world)).channels == {CANTEEN: ChannelSettings(mode="offer")}


async def test_an_answered_question_that_went_wrong_names_no_document(world: World) -> None:
    """The desk counts; it shows no title and no passage."""
    world.library.chunks_ = [secret()]
    await world.answered(lunch())
    assert "ellar" not in repr(await desk_of(world))


async def test_the_last_changes_of_settings_are_shown(world: World) -> None:
    """Five lines of the audit, newest first, so that an admin sees who decided what."""
    changes = [Change(NOON, ADMIN, CANTEEN, "mode", "continue", f"{n}") for n in range(7)]
    world.channels.changed = changes
    assert (await desk_of(world)).changes == tuple(changes[:5])


async def test_what_was_turned_away_is_no_question_of_the_week(world: World) -> None:
    """A flood does not hide how the others were answered; the asker reads on their own tab what became of theirs."""
    asked(world, answer=answer())
    flood = asked(world, "And now?", state=State.FAILED, ago=timedelta(minutes=1))
    world.records.kept[flood.id] = replace(world.records.kept[flood.id], failure="over budget: person_minute")
    assert (await desk_of(world)).week.questions == 1
    assert [one.outcome for one in (await home_of(world)).earlier] == ["answered", "over budget"]


async def test_the_day_is_shown_beside_its_limits(world: World) -> None:
    """Admins see both, and a problem once the dollars of the day are used up."""
    world.purse.known = Today(24.99, {"person_minute": 2}, {ASKER: 2})
    desk = await desk_of(world)
    assert (desk.today, desk.limits, desk.problems) == (world.purse.known, Limits(), ())
    world.purse.known = Today(25.0)
    assert (await desk_of(world)).problems == (
        "Today's budget of $25.00 is used up: nobody gets an answer before midnight, UTC.",
    )
    world.limits = Limits(workspace_cost=0)
    assert (await desk_of(world)).problems == ()
