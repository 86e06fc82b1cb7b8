"""What every Summariser promises, on threads as people write them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from bot.adapters.local.embedder import LocalEmbedder
from bot.adapters.local.summariser import LexRankSummariser
from bot.conversations import Said
from bot.models import Statement
from bot.ports.generation import Summariser
from tests.nouns import NOON


@dataclass(frozen=True)
class Thread:
    """What was said, `author: text` each; what a summary of four sentences must hold, and what it must not."""

    said: tuple[str, ...]
    holds: tuple[str, ...]
    lacks: tuple[str, ...]


DEPLOY = Thread(
    said=(
        "ann: Hey team! The staging deploy has been stuck at 90% since this morning. Does anybody know why?",
        "bob: Hi Ann, good morning :wave:",
        "bob: I see the same thing, the deploy job waits for a lock that nobody releases.",
        "cid: The migration from last night never finished, so it still holds the deploy lock.",
        "ann: oh wow",
        "cid: I killed the migration and released the lock. Staging is fixed, deploys go through again.",
        "bob: From now on migrations get a timeout of ten minutes, I'll change that in the pipeline today.",
        "ann: Thanks so much @cid, you're a hero! :tada:",
        "cid: np!",
    ),
    holds=("stuck at 90% since this morning.", "Does anybody know why?", "Staging is fixed, deploys go through again."),
    lacks=("Hey team!", "Hi Ann", "oh wow", "Thanks so much", "np!"),
)
OFFSITE = Thread(
    said=(
        "eve: Where should we hold the team offsite in May?",
        "fay: Lisbon would be lovely",
        "gil: Lisbon is nice but flights are expensive, e.g. 400 euros from Oslo. Berlin is cheaper for most of us.",
        "fay: true",
        "hal: Berlin works for me, the train takes four hours.",
        "eve: Not decided yet: whether we stay two nights or three.",
        "gil: two nights are enough",
        "eve: Ok, decided: Berlin, two nights, from May 12 to May 14. I'll book the hotel by Friday.",
        "hal: perfect, thank you Eve!",
    ),
    holds=("Where should we hold the team offsite in May?", "decided: Berlin, two nights, from May 12 to May 14."),
    lacks=("true", "perfect, thank you Eve!", "May 14. I'll book"),
)
EXPENSES = Thread(
    said=(
        "ivy: hi all, quick question",
        "ivy: can I expense a second monitor for my home office? mine is from 2014",
        "jon: good question :thinking_face:",
        "kim: The answer is yes: up to 300 euros for a monitor every three years, with a receipt.",
        "kim: You file it under Equipment in the expense tool.",
        "jon: didn't know that, cool",
        "ivy: thanks @kim, that's very helpful!!",
    ),
    holds=(
        "can I expense a second monitor for my home office?",
        "The answer is yes: up to 300 euros for a monitor every three years, with a receipt.",
    ),
    lacks=("hi all", "good question", "thanks @kim"),
)
OUTAGE = Thread(
    said=(
        "max: Payments are failing in production, customers see error 502.",
        "ned: looking",
        "max: Error rate is at 40 percent. Support has eleven tickets already.",
        "ned: ```\nERROR upstream timed out. Was it fixed? done.\nERROR upstream timed out\n```",
        "oda: > Payments are failing in production\nis that only cards or also invoices?",
        "max: Only cards. Invoices go through.",
        "ned: Root cause: the certificate of the card gateway expired at noon.",
        "oda: Certificates should be renewed automatically, this one was not in the list.",
        "ned: I renewed the certificate and payments work again, error rate is back to zero.",
        "ned: I'll add the gateway to the renewal list and write the postmortem by Thursday.",
        "max: thanks everyone :pray:",
    ),
    holds=("Payments are failing in production", "Root cause: the certificate of the card gateway expired at noon."),
    lacks=("upstream timed out", "looking", "thanks everyone", "> Payments"),
)
ONBOARDING = Thread(
    said=(
        "pam: Who orders the laptop for a new colleague, and how early?",
        "quy: Usually IT does, but they need to know three weeks before the first day.",
        "quy: The laptop is ordered by IT; they must be told three weeks ahead of the first day.",
        "rob: Last time the laptop came late because nobody had told IT.",
        "sue: We'll put the laptop order into the hiring checklist, so that the recruiter tells IT in time.",
        "pam: great idea, thanks!",
        "rob: +1",
    ),
    holds=(
        "Who orders the laptop for a new colleague, and how early?",
        "We'll put the laptop order into the hiring checklist",
    ),
    lacks=("great idea, thanks!", "+1"),
)
UNSETTLED = Thread(
    said=(
        "tom: Should we move the standup to 9:30?",
        "una: I can't do 9:30, I bring my kids to school until ten.",
        "vic: Earlier is better for me, but ten is fine too.",
        "una: Ten works for me.",
        "tom: Nothing is decided, let's talk about it on Monday.",
        "vic: :+1:",
    ),
    holds=("Should we move the standup to 9:30?", "let's talk about it on Monday."),
    lacks=(":+1:",),
)
THREADS = {
    "deploy": DEPLOY,
    "offsite": OFFSITE,
    "expenses": EXPENSES,
    "outage": OUTAGE,
    "onboarding": ONBOARDING,
    "unsettled": UNSETTLED,
}


@pytest.fixture(params=["local"])
def summariser(request: pytest.FixtureRequest, reader: LocalEmbedder) -> Summariser:
    """Each adapter in turn."""
    assert request.param == "local"
    return LexRankSummariser(reader)


def messages(*lines: str) -> list[Said]:
    """A thread, a minute between its messages."""
    parted = [line.partition(": ") for line in lines]
    return [
        Said(f"m{number}", author, text, NOON + timedelta(minutes=number))
        for number, (author, _, text) in enumerate(parted)
    ]


def check(statements: Sequence[Statement], said: Sequence[Said], *, limit: int) -> None:
    """What holds for every summary: exact sentences, each of the message that it names, in the thread's order."""
    texts = {one.id: one.text for one in said}
    order = list(texts)
    assert len(statements) <= limit
    for statement in statements:
        (message,) = (support.chunk_id for support in statement.supports)
        assert statement.text
        assert statement.text == statement.supports[0].quote == statement.text.strip()
        assert statement.text in texts[message]
    assert [order.index(one.supports[0].chunk_id) for one in statements] == sorted(
        order.index(one.supports[0].chunk_id) for one in statements
    )
    assert len({statement.text for statement in statements}) == len(statements)


@pytest.mark.parametrize("thread", THREADS.values(), ids=THREADS)
async def test_a_summary_says_what_was_asked_and_what_came_of_it(summariser: Summariser, thread: Thread) -> None:
    """Question and outcome are in it, greetings, thanks, code and quoted lines are not."""
    said = messages(*thread.said)
    statements = await summariser.summarise(said, limit=4)
    check(statements, said, limit=4)
    summary = "\n".join(statement.text for statement in statements)
    for sentence in thread.holds:
        assert sentence in summary
    for words in thread.lacks:
        assert words not in summary


@pytest.mark.parametrize("thread", THREADS.values(), ids=THREADS)
@pytest.mark.parametrize("limit", [0, 1, 2, 3, 100])
async def test_no_more_than_asked_for(summariser: Summariser, thread: Thread, limit: int) -> None:
    """Whatever the limit, what comes is exact, in order, and nothing comes twice."""
    said = messages(*thread.said)
    statements = await summariser.summarise(said, limit=limit)
    check(statements, said, limit=limit)
    assert bool(statements) == bool(limit)


async def test_the_same_thread_gives_the_same_summary(summariser: Summariser) -> None:
    """Asking again changes nothing."""
    said = messages(*OUTAGE.said)
    assert await summariser.summarise(said, limit=4) == await summariser.summarise(said, limit=4)


async def test_what_is_said_twice_is_shown_once(summariser: Summariser) -> None:
    """A sentence in other words, or again, takes no second place, however many there are."""
    said = messages(
        "ann: The office is closed on Monday.",
        "bob: The office is closed on Monday!",
        "cid: the office will be closed on Monday",
        "dan: Parking stays open for everybody with a badge.",
    )
    statements = await summariser.summarise(said, limit=4)
    assert sum("closed on Monday" in statement.text for statement in statements) == 1
    assert any("Parking" in statement.text for statement in statements)


async def test_one_message_gives_its_best_sentences(summariser: Summariser) -> None:
    """A long message by itself is summed up too."""
    said = messages(
        "ann: Hi everyone! The canteen moves to the second floor in June. The kitchen there is larger, so there are "
        "two warm meals a day. The old canteen becomes a meeting room. Have a nice weekend!"
    )
    statements = await summariser.summarise(said, limit=2)
    check(statements, said, limit=2)
    assert len(statements) == 2
    assert not any("Hi everyone" in one.text or "weekend" in one.text for one in statements)


@pytest.mark.parametrize("lines", [(), ("ann: ",), ("ann: Thanks!", "bob: you're welcome :)"), ("ann: :tada:",)])
async def test_nothing_said_is_nothing_summed_up(summariser: Summariser, lines: tuple[str, ...]) -> None:
    """An empty thread, and one of thanks alone, have no summary."""
    assert await summariser.summarise(messages(*lines), limit=4) == []


async def test_our_own_words_are_not_quoted(summariser: Summariser) -> None:
    """What the bot said came from documents that may have changed: a summary is of what people said."""
    said = messages(*EXPENSES.said)
    ours = replace(said[3], ours=True)
    statements = await summariser.summarise([*said[:3], ours, *said[4:]], limit=10)
    check(statements, said, limit=10)
    assert statements
    assert all([one.chunk_id for one in statement.supports] != [ours.id] for statement in statements)


@pytest.mark.parametrize(
    "text",
    [
        "done " * 8000,
        "```" * 3000,
        "a. " * 5000,
        "<" * 9000 + "." * 9000,
        "\0\udc00 \u202e strange but true, isn't that so?",
        "x" * 20_000,
    ],
    ids=["cues", "fences", "stops", "signs", "odd", "long"],
)
async def test_any_message_can_be_in_a_thread(summariser: Summariser, text: str) -> None:
    """However odd or long one message is, the others are summed up."""
    said = [*messages(*DEPLOY.said), Said("odd", "zoe", text, NOON + timedelta(hours=1))]
    statements = await summariser.summarise(said, limit=4)
    check(statements, said, limit=4)
    assert any("Staging is fixed" in statement.text for statement in statements)


async def test_a_very_long_thread_is_summed_up(summariser: Summariser) -> None:
    """With more sentences than can be compared, the question and the decision are still found."""
    chatter = [f"ann: We tried variant {number} of the form on the intranet page." for number in range(500)]
    said = messages("bob: Which form do new suppliers have to fill in?", *chatter, "bob: Decided: form 12 B it is.")
    statements = await summariser.summarise(said, limit=3)
    check(statements, said, limit=3)
    assert [statement.text for statement in (statements[0], statements[-1])] == [
        "Which form do new suppliers have to fill in?",
        "Decided: form 12 B it is.",
    ]
