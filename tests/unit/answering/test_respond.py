"""A question comes to one visible end, whatever dies on the way."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.answering.pipeline import HEDGE, NOT_FOR_EVERYONE_HERE, SURE
from bot.answering.respond import MEMBERS_ONLY, NO_QUESTION, SEARCH_AWAY
from bot.answering.stopping import gone
from bot.answering.trace import due
from bot.channels import ChannelSettings
from bot.conversations import Said
from bot.errors import IndexUnavailable, MemoryUnavailable, Refused, SlackUnavailable
from bot.holding import holding
from bot.models import (
    EVERYONE,
    Answer,
    Audience,
    Hit,
    Query,
    Ranking,
)
from bot.records import AnswerRecord, State
from tests.nouns import NOON, QuestionFactory, a_hit
from tests.unit.answering.world import Library, World
from tests.waiting import wait_until


@pytest.fixture
def world() -> World:
    return World()


async def test_the_question_ends_in_one_message(world: World, question: QuestionFactory) -> None:
    """A sign of life comes first, what is done is said, and one message stands in the end: the answer."""
    await world.ask(question())
    assert world.thread.status == ["Searching", "Reading 1 passage…"]
    assert world.thread.messages == ["Lunch is served at noon. [1]"]


async def test_a_second_delivery_changes_nothing(world: World, question: QuestionFactory) -> None:
    """The same question delivered again is neither searched nor posted again."""
    await world.ask(question())
    await world.ask(question())
    assert len(world.library.asked) == 1
    assert len(world.thread.messages) == 1
    assert len(world.memory.turns) == 1


async def test_a_lost_reply_to_the_post_makes_no_second_post(world: World, question: QuestionFactory) -> None:
    """Slack took the message but its answer was lost: the redelivery finds that message and finishes it."""
    world.thread.lose_the_reply = True
    with pytest.raises(SlackUnavailable):
        await world.ask(question())
    await world.ask(question())
    assert world.thread.messages == ["Lunch is served at noon. [1]"]


@pytest.mark.parametrize("doubtful", [True, False])
async def test_what_the_store_has_forgotten_is_looked_for(
    world: World, question: QuestionFactory, *, doubtful: bool
) -> None:
    """A promoted replica may know nothing of an answer that stands: in doubt it is found, and no second one posted."""
    await world.ask(question())
    world.memory.records.clear()
    with holding(lambda: True, doubtful=doubtful):
        await world.ask(question())
    assert len(world.thread.messages) == (1 if doubtful else 2)


async def test_an_answer_that_was_stored_is_not_made_again(world: World, question: QuestionFactory) -> None:
    """A crash between storing and showing delivers the stored answer, without a second search."""
    await world.ask(question())
    record = world.memory.records[question().id]
    stored = AnswerRecord(record.question, State.ANSWERED, reply="0", answer=_with_text(record, "stored words"))
    world.memory.records[question().id] = stored
    await world.ask(question())
    assert world.thread.messages == ["stored words"]
    assert len(world.library.asked) == 1


async def test_an_answer_is_stored_in_one_write_with_what_is_done_next(world: World, question: QuestionFactory) -> None:
    """That a message may stand is stored with the answer; where one stands that is edited, the answer alone."""
    await world.ask(question())
    assert world.memory.written == [State.POSTING, State.SIGNED, State.DELIVERED]
    world.memory.written.clear()
    await world.ask(replace(question(), version="1772452900.000100"))
    assert world.memory.written == [State.ANSWERED, State.DELIVERED]


async def test_an_answer_that_was_stored_while_it_was_posted_is_not_made_again(
    world: World, question: QuestionFactory
) -> None:
    """The next try finds nothing of ours, and posts what is stored; it says so before, whoever died in between."""
    await world.ask(question())
    record = world.memory.records[question().id]
    stored = AnswerRecord(record.question, State.POSTING, answer=_with_text(record, "stored words"))
    world.memory.records[question().id] = stored
    world.thread.messages.clear()
    world.memory.written.clear()
    await world.ask(question())
    assert world.thread.messages == ["stored words"]
    assert len(world.library.asked) == 1
    assert world.memory.written == [State.POSTING, State.SIGNED, State.DELIVERED]


async def test_a_stored_answer_is_dropped_when_a_reader_joined(world: World, question: QuestionFactory) -> None:
    """What was stored for fewer readers is not shown to more: it is asked anew for those who are there now."""
    await world.ask(question())
    record = world.memory.records[question().id]
    world.memory.records[question().id] = AnswerRecord(
        record.question, State.ANSWERED, reply="0", answer=_with_text(record, "stored words")
    )
    world.thread.audience_is = Audience.of([EVERYONE], [])
    await world.ask(question())
    assert "stored words" not in world.thread.messages[0]


async def test_an_outage_is_said_and_tried_again(world: World, question: QuestionFactory) -> None:
    """While the index is down the message says so; when it is back the same message becomes the answer."""
    world.library.down = True
    with pytest.raises(IndexUnavailable):
        await world.ask(question())
    assert world.thread.messages == [IndexUnavailable.user_message]
    world.library.down = False
    await world.ask(question())
    assert world.thread.messages == ["Lunch is served at noon. [1]"]


async def test_an_outage_is_said_once(world: World, question: QuestionFactory) -> None:
    """However often the question is tried meanwhile, its message is not edited to say the same again."""
    world.library.down = True
    for _ in range(4):
        with pytest.raises(IndexUnavailable):
            await world.ask(question())
    assert world.thread.shown == 1
    world.library.down = False
    await world.ask(question())
    assert world.memory.records[question().id].failure is None


async def test_giving_up_is_visible_and_final(world: World, question: QuestionFactory) -> None:
    """A question that cannot be answered ends in a sentence with its number, once."""
    await world.responder().give_up(question(), fence=1, reason="poison")
    await world.responder().give_up(question(), fence=2, reason="poison")
    await world.ask(question())
    assert len(world.thread.messages) == 1
    assert "Q-" in world.thread.messages[0]


async def test_a_guest_is_refused_politely(world: World, question: QuestionFactory) -> None:
    """Somebody who is no member gets one sentence and no search."""
    world.thread.members = False
    await world.ask(question())
    assert world.thread.messages == [MEMBERS_ONLY]
    assert world.library.asked == []


async def test_a_mention_without_words_gets_a_hint(world: World, question: QuestionFactory) -> None:
    """An empty question is not searched for."""
    await world.ask(question("  "))
    assert world.thread.messages == [NO_QUESTION]


async def test_nobody_to_read_means_nothing_to_show(world: World, question: QuestionFactory) -> None:
    """An audience that could not be found out sees no passage, and is not told that there is none."""
    world.thread.audience_is = Audience.of()
    await world.ask(question())
    assert world.thread.messages == [NOT_FOR_EVERYONE_HERE]


async def test_memory_obeys_the_index(world: World, question: QuestionFactory) -> None:
    """After a cited document changed, a follow-up no longer sees the words that were quoted from it."""
    await world.ask(question(message="1.1"))
    world.library.hits = [a_hit("Lunch is served at one.")]
    await world.ask(question("and on Fridays?", message="1.2"))
    assert [(turn.question, turn.answer) for turn in world.library.histories[0]] == [("When is lunch?", "")]


async def test_a_delivered_record_keeps_no_words_of_a_document(world: World, question: QuestionFactory) -> None:
    """The audit line holds ids, revisions and scores; the quoted text is gone from it."""
    await world.ask(question())
    answer = world.memory.records[question().id].answer
    assert answer is not None
    assert answer.text == ""
    assert [c.quote for c in answer.citations] == [""]
    assert answer.passages[0].used


async def test_the_answer_is_heard_while_it_is_made(world: World, question: QuestionFactory) -> None:
    """What a listener hears piece by piece is the text of the answer."""
    world.library.hits = [a_hit("Lunch is at noon."), a_hit("Soup costs two euros.", path="soup.md")]
    await world.ask(question())
    assert len(world.thread.heard) == 2
    assert "".join(world.thread.heard) == world.thread.messages[0]


async def test_an_unsure_answer_begins_with_its_caution(world: World, question: QuestionFactory) -> None:
    """The caution is the first thing that is heard, not an afterthought."""
    world.library.confidence = 0.4
    await world.ask(question())
    assert world.thread.heard[0].startswith(HEDGE)
    assert "".join(world.thread.heard) == world.thread.messages[0]


async def test_a_stopped_answer_says_so_and_can_be_had_anyway(world: World, question: QuestionFactory) -> None:
    """The generator is let go of, one line stands with a button; the click brings the answer in its place."""
    world.library.writes = asyncio.Event()
    task = asyncio.create_task(world.ask(question()))
    await wait_until(lambda: bool(world.thread.working_on))
    await world.thread.ask(question().id)
    world.glances.release()
    await task
    assert world.thread.messages == ["Stopped. [again]"]
    assert world.thread.working_on == {}
    world.library.writes = None
    await world.ask(replace(question(), version="1772452900.000100"))
    assert world.thread.messages == ["Lunch is served at noon. [1]"]


async def test_a_wish_that_comes_at_the_last_moment_is_heard(world: World, question: QuestionFactory) -> None:
    """Between two looks at the wishes an answer may be finished: one more look comes before it is shown."""
    thread, wanted = world.thread, question().id

    class Hasty(Library):
        async def rerank(self, query: Query, hits: Sequence[Hit], *, limit: int) -> Ranking:
            await thread.ask(wanted)
            return await super().rerank(query, hits, limit=limit)

    world.library = Hasty()
    await world.ask(question())
    assert world.thread.messages == ["Stopped. [again]"]


async def test_an_edited_question_is_answered_in_the_same_message(world: World, question: QuestionFactory) -> None:
    """The later version wins, whichever comes first; no version is understood as a follow-up to another."""
    await world.ask(question())
    world.library.hits = [a_hit("Dinner is served at six.")]
    await world.ask(replace(question("When is dinner?"), version="1772452900.000100"))
    await world.ask(replace(question("When is breakfast?"), version="1772452850.000100"))
    assert world.thread.messages == ["Dinner is served at six. [1]"]
    assert [turn.question for turn in world.memory.turns.values()] == ["When is dinner?"]
    assert world.library.histories == []


async def test_a_question_that_went_before_anything_was_begun_gets_nothing(
    world: World, question: QuestionFactory
) -> None:
    """A deletion that overtook its question leaves no trace in the thread."""
    await world.thread.ask(question().id)
    await world.ask(question())
    assert (world.thread.messages, world.thread.status) == ([], [])


async def test_a_deleted_question_takes_its_pending_answer_with_it(world: World, question: QuestionFactory) -> None:
    """What stands of an unfinished answer is deleted; a finished one stays."""
    await world.ask(question())
    await world.responder().withdraw(question().id, fence=2)
    assert world.thread.messages == ["Lunch is served at noon. [1]"]
    pending = AnswerRecord(question(), State.SIGNED, reply="0")
    world.memory.records[question().id] = pending
    await world.responder().withdraw(question().id, fence=3)
    assert world.thread.messages == ["(deleted)"]
    await world.ask(question())
    assert world.thread.messages == ["(deleted)"]


async def test_a_question_deleted_while_it_is_answered_leaves_nothing(world: World, question: QuestionFactory) -> None:
    """It is let go of like a stopped one, but nobody is told so; a message of an earlier try goes too."""
    world.library.writes = asyncio.Event()
    task = asyncio.create_task(world.ask(question()))
    await wait_until(lambda: bool(world.thread.working_on))
    await world.thread.ask(gone(question().id))
    await world.thread.ask(question().id)
    world.glances.release()
    await task
    assert world.thread.messages == []
    world.thread.messages.append("I'll try again")
    world.memory.records[question().id] = AnswerRecord(question(), State.SIGNED, reply="0")
    await world.ask(question())
    assert world.thread.messages == ["(deleted)"]


async def test_a_private_line_is_sent_at_most_once(world: World, question: QuestionFactory) -> None:
    """Nobody can look whether it arrived: after a crash it is not sent again, nor followed by an apology."""
    private = replace(question(private=True), reply_url="http://127.0.0.1/respond")
    world.thread.lose_the_reply = True
    with pytest.raises(SlackUnavailable):
        await world.ask(private)
    await world.ask(private)
    await world.responder().give_up(private, fence=2, reason="poison")
    assert len(world.thread.messages) == 1
    assert [turn.answer for turn in world.memory.turns.values()] == ["Lunch is served at noon. [1]"]
    kept = world.memory.records[private.id].answer
    assert kept
    assert kept.text == ""


async def test_an_outage_is_told_to_one_person_once_and_in_a_line_of_its_own(
    world: World, question: QuestionFactory
) -> None:
    """That line cannot become the answer: the answer comes in another. Not taken by Slack, it is no loss."""
    private = replace(question(private=True), reply_url="http://127.0.0.1/respond")
    world.library.down = True
    world.deaf = [SlackUnavailable("cut")]
    for asked in (private, private, replace(private, id="another"), replace(private, id="another")):
        with pytest.raises(IndexUnavailable):
            await world.ask(asked)
    assert world.thread.messages == []
    assert [(to.reply_url, text) for to, text in world.told_alone] == [(private.reply_url, SEARCH_AWAY)]
    world.library.down = False
    await world.ask(private)
    assert world.thread.messages == ["Lunch is served at noon. [1]"]


async def test_an_answer_that_stands_is_not_taken_back(world: World, question: QuestionFactory) -> None:
    """What fails after it was shown puts nothing in its place; another try finishes the rest with the same answer."""
    world.memory.full = True
    with pytest.raises(MemoryUnavailable):
        await world.ask(question())
    assert world.thread.messages == ["Lunch is served at noon. [1]"]
    assert world.memory.records[question().id].state is not State.DELIVERED
    world.memory.full = False
    await world.ask(question())
    assert world.thread.messages == ["Lunch is served at noon. [1]"]
    assert world.memory.records[question().id].state is State.DELIVERED
    assert len(world.library.asked) == 1


async def test_a_placeholder_that_cannot_be_finished_is_taken_away(world: World, question: QuestionFactory) -> None:
    """Who gives up where Slack refuses every edit leaves nothing behind that promises an answer."""
    world.thread.messages.append("Searching the docs")
    world.thread.frozen = True
    world.memory.records[question().id] = AnswerRecord(question(), State.SIGNED, reply="0")
    with pytest.raises(Refused):
        await world.responder().give_up(question(), fence=2, reason="poison")
    assert world.thread.messages == ["(deleted)"]


@pytest.mark.parametrize(
    ("left", "then"),
    [
        (State.RECEIVED, State.RECEIVED),
        (State.POSTING, State.POSTING),
        (State.STREAMING, State.STREAMING),
        (State.ANSWERED, State.STREAMING),
    ],
)
def test_a_later_version_looks_for_what_the_one_before_may_have_left(
    question: QuestionFactory, left: State, then: State
) -> None:
    """A worker that died between posting and noting where is no reason for a second message."""
    record = AnswerRecord(question(), left)
    edited = replace(question(), version="1772452900.000200")
    assert due(record, edited) == AnswerRecord(edited, then)
    assert due(replace(record, reply="7"), edited) == AnswerRecord(edited, State.SIGNED, reply="7")
    privately = replace(edited, reply_url="http://127.0.0.1/respond")
    assert due(record, privately) == AnswerRecord(privately)


async def test_an_edit_after_a_crash_goes_into_the_message_that_stands(world: World, question: QuestionFactory) -> None:
    """Slack took the message, and nobody noted where before the process died."""
    world.thread.messages.append("Searching the docs")
    world.memory.records[question().id] = AnswerRecord(question(), State.POSTING)
    await world.ask(replace(question(), version="1772452900.000200"))
    assert world.thread.messages == ["Lunch is served at noon. [1]"]


async def test_what_was_told_elsewhere_has_ended(world: World, question: QuestionFactory) -> None:
    """Its record says so, without the words of an answer; one that ended otherwise stays as it is."""
    world.memory.records[question().id] = AnswerRecord(question(), State.SIGNED, reply="0")
    await world.responder().end(question(), fence=2, reason="poison")
    kept = world.memory.records[question().id]
    assert (kept.state, kept.failure) == (State.FAILED, "poison")
    await world.responder().end(question(), fence=3, reason="again")
    assert world.memory.records[question().id] is kept


async def test_what_was_told_elsewhere_can_be_asked_again(world: World, question: QuestionFactory) -> None:
    """The message that could not be finished is gone, so nobody looks for it: the answer stands in one of its own."""
    world.thread.messages.append("Searching the docs")
    world.memory.records[question().id] = AnswerRecord(question(), State.SIGNED, reply="0")
    await world.responder().end(question(), fence=2, reason="poison", clear=True)
    assert world.thread.messages == ["(deleted)"]
    await world.ask(replace(question(), version="1772452900.000200"))
    assert world.thread.messages == ["(deleted)", "Lunch is served at noon. [1]"]


async def test_a_mention_without_words_asks_what_is_open(world: World, question: QuestionFactory) -> None:
    """In a thread, the last question of a person that was not answered is meant."""
    world.thread.said = (_said(1, "How do I get a badge?"), _said(2, "Morning!"))
    await world.ask(question("", message="1772452890.000100"))
    assert world.library.asked[-1][0].startswith("How do I get a badge?")


async def test_a_follow_up_between_people_is_left_alone(world: World, question: QuestionFactory) -> None:
    """Where the message before was another person's, they talk to each other; after ours, we are meant."""
    followed = replace(question(message="1772452890.000100"), addressed="followed")
    world.thread.said = (_said(1, "I think at noon.", author="U0OTHER"),)
    await world.ask(followed)
    assert (world.thread.messages, world.thread.status) == ([], [])
    world.thread.said = (replace(_said(1, "At noon. [1]"), ours=True),)
    await world.ask(replace(followed, id="another"))
    assert len(world.thread.messages) == 1


async def test_what_others_said_in_the_thread_is_lent_to_the_question(world: World, question: QuestionFactory) -> None:
    """It counts as data with its author, beside our own turns, in the order of time."""
    world.thread.said = (_said(1, "The canteen moved.", author="U0OTHER"),)
    await world.ask(question("And lunch?", message="1772452890.000100"))
    assert [(turn.question, turn.author) for turn in world.library.histories[0]] == [("The canteen moved.", "U0OTHER")]


async def test_what_nobody_asked_us_is_answered_only_when_sure(world: World, question: QuestionFactory) -> None:
    """Below the stricter floor there is no word and no trace; above it the answer comes, and we take part from then."""
    overheard = replace(question(), addressed="overheard")
    world.library.confidence = SURE - 0.01
    await world.ask(overheard)
    assert (world.thread.messages, world.memory.joined_to) == ([], [])
    world.library.confidence = SURE
    await world.ask(replace(overheard, id="another"))
    assert world.thread.messages == ["Lunch is served at noon. [1]"]
    assert world.memory.joined_to == [overheard.conversation]


async def test_a_guest_who_did_not_ask_us_is_not_refused(world: World, question: QuestionFactory) -> None:
    """A refusal is for who asks; talk passes in silence."""
    world.thread.members = False
    await world.ask(replace(question(), addressed="followed"))
    assert (world.thread.messages, world.thread.status) == ([], [])


async def test_a_channel_is_answered_from_its_sources_as_briefly_as_it_is_set(
    world: World, question: QuestionFactory
) -> None:
    """An admin's choice of sources and tone holds for every question there."""
    world.library.hits = [a_hit("Lunch is at noon."), a_hit("Soup costs two euros.", path="soup.md")]
    world.memory.set_to["C0CANTEEN"] = ChannelSettings(sources=("handbook",), tone="brief")
    await world.ask(question())
    assert world.library.sought == [frozenset({"handbook"})]
    assert world.thread.messages == ["Lunch is at noon. [1]"]


async def test_in_a_direct_message_the_channel_before_the_person_comes_first(
    world: World, question: QuestionFactory
) -> None:
    """Its sources are asked first, and all of them when those do not say."""
    world.memory.looks = "C0IT"
    world.memory.set_to["C0IT"] = ChannelSettings(sources=("it",))
    await world.ask(question(private=True))
    assert world.library.sought == [frozenset({"it"}), frozenset()]
    assert world.thread.messages == ["Lunch is served at noon. [1]"]


async def test_the_asker_is_told_once_that_there_is_more(world: World, question: QuestionFactory) -> None:
    """In a channel, after the answer stands; in private there is nothing more to tell."""
    world.more = True
    await world.ask(question())
    await world.ask(question())
    await world.ask(question(private=True, message="1772452890.000100"))
    assert world.told_of_more == ["U0ASKER"]


def _said(second: int, text: str, *, author: str = "U0ASKER") -> Said:
    return Said(f"177245280{second}.000200", author, text, NOON + timedelta(seconds=second))


def _with_text(record: AnswerRecord, text: str) -> Answer:
    assert record.answer is not None
    return replace(record.answer, text=text)
