"""What happens to a question whose message is edited or deleted, over ports in memory."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, TypeAlias

import pytest

from bot.answering.stopping import gone
from bot.jobs import AnswerQuestion, WithdrawQuestion
from bot.models import ConversationKey
from handlers.edits import Edits
from handlers.payloads import question_from_message
from tests.unit.handlers.stand_ins import BOT_USER, Stores, context, envelope

ASKED = "T0ACME/C0CANTEEN/1772452800.000100"
THREAD = ConversationKey("T0ACME", "C0CANTEEN", "1772452800.000100")
LATER = {"ts": "1772460000.000100", "event_ts": "1772460000.000100"}
"""Two hours after the question: by then it does not stand in line."""

Hear: TypeAlias = Callable[[dict[str, Any]], Awaitable[None]]


@pytest.fixture
def stores() -> Stores:
    return Stores()


@pytest.fixture
def hear(stores: Stores) -> Hear:
    """Deliver an envelope."""
    edits = Edits(stores.jobs, stores.talks, stores.records, stores.wishes, stores.behaviour())
    return lambda body: edits.on_change(body, context())


def edited(before: str, after: str, *, at: str = "1772460000.000000") -> dict[str, Any]:
    """The mention with other words, two hours later."""
    body = envelope("message_changed")
    body["event"]["message"] |= {"text": after, "edited": {"user": "U0ANA", "ts": at}}
    body["event"]["previous_message"]["text"] = before
    return body


async def test_an_edited_question_is_asked_anew_as_the_same_one(stores: Stores, hear: Hear) -> None:
    """By its id, with its new words and in a later version, so that its answer is edited too."""
    stores.records.keep(question_from_message(envelope("app_mention"), bot_user=BOT_USER))
    await hear(envelope("message_changed"))
    (question,) = stores.jobs.questions
    assert (question.id, question.text, question.version) == (
        ASKED,
        "how many hours of annual leave can I carry over?",
        "1772452951.000000",
    )


async def test_an_edit_that_comes_again_is_one_job(stores: Stores, hear: Hear) -> None:
    """Redelivered, or told in two events."""
    stores.records.keep(question_from_message(envelope("app_mention"), bot_user=BOT_USER))
    for event_id in ("Ev1", "Ev1", "Ev2"):
        await hear(envelope("message_changed") | {"event_id": event_id})
    assert len(stores.jobs.appended) == 1


async def test_an_edit_that_names_the_bot_asks(stores: Stores, hear: Hear) -> None:
    """Slack sends no mention for it; the thread becomes one that the bot takes part in."""
    await hear(edited("how long is lunch?", "<@U0FOOTNOTE> how long is lunch?"))
    assert [question.text for question in stores.jobs.questions] == ["how long is lunch?"]
    assert THREAD in stores.talks.places


async def test_a_question_that_still_stands_in_line_is_edited_too(stores: Stores, hear: Hear) -> None:
    """Its record comes with the worker; the order in its lane does the rest."""
    body = edited("<@U0FOOTNOTE> lunhc?", "<@U0FOOTNOTE> lunch?", at="1772452810.000000")
    await hear(body)
    assert [(question.text, question.version) for question in stores.jobs.questions] == [
        ("lunch?", "1772452810.000000")
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("how long is lunch?", "how long is dinner?"),
        ("<@U0FOOTNOTE> lunch?", "<@U0FOOTNOTE> dinner?"),
        ("<@U0FOOTNOTE> lunch?", "lunch?"),
    ],
)
async def test_an_old_message_that_was_no_question_of_ours_stays_none(
    before: str, after: str, stores: Stores, hear: Hear
) -> None:
    """Without a record, only a mention that was not there before makes it one."""
    await hear(edited(before, after))
    assert not stores.jobs.appended


@pytest.mark.parametrize(
    ("settings", "joined", "after", "addressed"),
    [
        ({}, True, "how long is dinner?", "followed"),
        ({}, False, "how long is dinner?", None),
        ({}, True, "<@U0BEN> how long is dinner?", None),
        ({"mode": "mention"}, True, "how long is dinner?", None),
        ({"mode": "offer"}, True, "how long is dinner?", None),
    ],
)
async def test_a_follow_up_in_line_is_edited_as_it_was_asked(
    settings: dict[str, str], addressed: str | None, after: str, stores: Stores, hear: Hear, *, joined: bool
) -> None:
    """Where the bot goes on without being named, and nobody else is."""
    stores.settings.put("C0CANTEEN", **settings)
    body = edited("how long is lunch?", after, at="1772452810.000000")
    body["event"]["message"]["thread_ts"] = "1772452700.000100"
    if joined:
        stores.talks.places.add(ConversationKey("T0ACME", "C0CANTEEN", "1772452700.000100"))
    await hear(body)
    assert [question.addressed for question in stores.jobs.questions] == ([addressed] if addressed else [])


@pytest.mark.parametrize("auto_answer", [True, False])
async def test_a_question_left_to_us_in_line_is_edited_too(stores: Stores, hear: Hear, *, auto_answer: bool) -> None:
    """Where an admin wants such questions answered."""
    stores.settings.put("C0CANTEEN", auto_answer=auto_answer)
    await hear(edited("how long is lunch?", "how long is dinner?", at="1772452810.000000"))
    assert [question.addressed for question in stores.jobs.questions] == ["overheard"] * auto_answer


@pytest.mark.parametrize("name", ["message_unfurled", "bot_edit", "message_replied"])
async def test_a_change_that_no_person_made_asks_nothing(name: str, stores: Stores, hear: Hear) -> None:
    """A preview, another bot's edit, a reply: Slack reports them all as changes."""
    stores.records.keep(question_from_message(envelope("app_mention"), bot_user=BOT_USER))
    await hear(envelope(name))
    assert not stores.jobs.appended


async def test_an_offer_that_nobody_took_is_not_taken_by_an_edit(stores: Stores, hear: Hear) -> None:
    """Its writer was asked, and has not said yes."""
    stores.settings.put("C0CANTEEN", mode="offer")
    question = question_from_message(envelope("app_mention"), bot_user=BOT_USER)
    stores.records.keep(replace(question, addressed="followed"))
    body = edited("how long is lunch?", "how long is dinner?")
    await hear(body)
    assert not stores.jobs.appended


async def test_an_edit_forgets_an_earlier_wish_to_stop(stores: Stores, hear: Hear) -> None:
    """Who asks anew wants the answer."""
    stores.records.keep(question_from_message(envelope("app_mention"), bot_user=BOT_USER))
    stores.wishes.wished.add(ASKED)
    await hear(envelope("message_changed"))
    assert not stores.wishes.wished


@pytest.mark.parametrize("name", ["mention_deleted", "message_tombstone"])
async def test_a_deleted_question_takes_its_answer_with_it(name: str, stores: Stores, hear: Hear) -> None:
    """It is stopped where it is being made, and withdrawn in its turn; a thread's root leaves a tombstone."""
    stores.records.keep(question_from_message(envelope("app_mention"), bot_user=BOT_USER))
    body = envelope(name)
    body["event"] |= LATER
    await hear(body)
    assert stores.jobs.appended == [WithdrawQuestion(ASKED, THREAD)]
    assert stores.wishes.wished == {ASKED, gone(ASKED)}


async def test_a_question_deleted_at_once_is_withdrawn_before_it_has_a_record(stores: Stores, hear: Hear) -> None:
    """It still stands in line."""
    await hear(envelope("mention_deleted"))
    assert stores.jobs.appended == [WithdrawQuestion(ASKED, THREAD)]


async def test_what_was_no_question_is_deleted_in_peace(stores: Stores, hear: Hear) -> None:
    """The talk of a channel, and an old mention that nobody answered; should it come only now, it is known as gone."""
    old = envelope("mention_deleted")
    old["event"] |= LATER
    for body in (envelope("message_deleted"), old):
        await hear(body)
    assert not stores.jobs.appended
    assert stores.wishes.wished == {gone("T0ACME/C0CANTEEN/1772452900.000600"), gone(ASKED)}


async def test_a_direct_message_can_be_edited_and_deleted(stores: Stores, hear: Hear) -> None:
    """It is a question without a mention."""
    change = envelope("message_changed")
    change["event"] |= {"channel": "D0ANA", "channel_type": "im"}
    gone = envelope("mention_deleted")
    gone["event"] |= {"channel": "D0ANA", "channel_type": "im"}
    for body in (change, gone):
        await hear(body)
    assert [type(job) for job in stores.jobs.appended] == [AnswerQuestion, WithdrawQuestion]


@pytest.mark.parametrize(
    ("name", "theirs"),
    [("message_changed", True), ("message_deleted", True), ("message_tombstone", True), ("thread_reply", False)],
)
async def test_which_messages_are_changes(name: str, stores: Stores, *, theirs: bool) -> None:
    """All others belong to the listeners behind."""
    edits = Edits(stores.jobs, stores.talks, stores.records, stores.wishes, stores.behaviour())
    assert await edits.is_change(envelope(name)["event"]) == theirs
