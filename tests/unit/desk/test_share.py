"""A private answer is posted for everyone once, and only if everyone may read what it cites."""

from dataclasses import replace

import pytest

from bot.desk.clickers import NOT_YOURS
from bot.desk.share import CANNOT_POST, CHANGED, INVITE_ME, NO_ANSWER, NO_WORDS, NOT_FOR_ALL, SHARED
from bot.errors import Refused, SlackUnavailable
from bot.jobs import ShareAnswer
from tests.nouns import a_chunk, a_question
from tests.unit.desk.stand_ins import CANTEEN, OTHER
from tests.unit.desk.world import World, click, lunch, secret

POSTED = [("share", CANTEEN, "Lunch is served at noon. [1]")]
SHARE = ShareAnswer(click(), lunch().id)


@pytest.fixture
async def asked(world: World) -> World:
    """A world in which a private answer was given."""
    await world.answered(lunch(private=True))
    return world


async def test_the_words_that_the_asker_saw_are_posted(asked: World) -> None:
    """The answer is posted with its words, which its record no longer has; nothing is whispered."""
    await asked.do(SHARE)
    assert asked.slack.posts == POSTED
    assert asked.slack.whispers == []


async def test_a_second_click_posts_nothing(asked: World) -> None:
    """Another click on the same button says that it is shared."""
    await asked.do(SHARE)
    await asked.do(ShareAnswer(click(id_="click-2"), lunch().id))
    assert asked.slack.posts == POSTED
    assert asked.told == SHARED


@pytest.mark.parametrize("deliveries", [1, 2])
async def test_a_lost_confirmation_makes_no_second_post(asked: World, deliveries: int) -> None:
    """Slack took the message but its answer was lost: the redelivery looks first, also after a shutdown."""
    asked.slack.lose_the_reply = True
    with pytest.raises(SlackUnavailable):
        await asked.do(SHARE)
    await asked.do(SHARE, deliveries=deliveries)
    assert asked.slack.posts == POSTED
    assert asked.slack.whispers == []


async def test_a_second_delivery_looks_first(asked: World) -> None:
    """Whatever is remembered of the first try, a job that comes again posts nothing that stands there."""
    asked.slack.posts = list(POSTED)
    await asked.do(SHARE, deliveries=2)
    assert asked.slack.posts == POSTED


async def test_nobody_else_shares_it(asked: World) -> None:
    """A private answer is its asker's to share."""
    await asked.do(ShareAnswer(click(OTHER), lunch().id))
    assert asked.slack.posts == []
    assert asked.told == NOT_YOURS


async def test_what_not_all_may_read_stays_private(world: World) -> None:
    """One reader in the channel who may not read a cited document is enough."""
    world.library.chunks_ = [secret()]
    await world.answered(lunch(private=True))
    await world.do(SHARE)
    assert world.slack.posts == []
    assert world.told == NOT_FOR_ALL


async def test_what_changed_is_not_shared(asked: World) -> None:
    """Words of a document that changed since are not repeated."""
    asked.library.chunks_ = [a_chunk("Lunch is served at one.")]
    await asked.do(SHARE)
    assert asked.slack.posts == []
    assert asked.told == CHANGED


async def test_words_that_are_gone_cannot_be_shared(asked: World) -> None:
    """After the conversation was forgotten there is nothing to post."""
    await asked.talks.forget(lunch().conversation)
    await asked.do(SHARE)
    assert asked.told == NO_WORDS


async def test_a_question_that_is_not_known_cannot_be_shared(world: World) -> None:
    """Without a record there is nothing to post."""
    await world.do(SHARE)
    assert world.told == NO_WORDS


async def test_a_decline_is_not_shared(world: World) -> None:
    """Where the documents do not say, there is no answer to post."""
    question = a_question("who won yesterday", private=True)
    await world.answered(question)
    await world.do(ShareAnswer(click(), question.id))
    assert world.told == NO_ANSWER


async def test_a_channel_that_cannot_be_looked_into_asks_for_an_invitation(asked: World) -> None:
    """Where nobody can tell who reads, nothing is posted."""
    await asked.do(ShareAnswer(click(channel="C0HIDDEN"), lunch().id))
    assert asked.slack.posts == []
    assert asked.told == INVITE_ME


async def test_after_an_invitation_it_is_posted(asked: World) -> None:
    """A refusal does not use the one post up."""
    asked.slack.refuse = Refused("chat.postMessage: not_in_channel")
    await asked.do(SHARE)
    assert asked.told == INVITE_ME
    asked.slack.refuse = None
    await asked.do(ShareAnswer(click(id_="click-2"), lunch().id))
    assert asked.slack.posts == POSTED


async def test_another_refusal_is_said_plainly(asked: World) -> None:
    """A channel that takes no posts is not asked for an invitation."""
    asked.slack.refuse = Refused("chat.postMessage: is_archived")
    await asked.do(SHARE)
    assert asked.told == CANNOT_POST


async def test_another_turns_words_are_not_taken(asked: World) -> None:
    """Only the turn of this very question is posted."""
    turns = asked.talks.turns[lunch().conversation]
    turns[lunch().id] = replace(turns[lunch().id], question_id="another")
    await asked.do(SHARE)
    assert asked.told == NO_WORDS


async def test_the_record_says_that_it_is_for_everyone_now(asked: World) -> None:
    """Its buttons are everybody's from then on; of an answer that was not posted they stay the asker's."""
    await asked.do(ShareAnswer(click(OTHER), lunch().id))
    before = await asked.records.read(lunch().id)
    await asked.do(SHARE)
    after = await asked.records.read(lunch().id)
    assert before
    assert after
    assert (before.shared, after.shared) == (False, True)
