"""Lines and messages beside the replies, however extreme what they show is."""

import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bot.feedback import Escalation
from bot.models import Question
from bot.screens import Doubt, PassagePage, Point, Summary
from handlers.views.blocks import LONGEST_FALLBACK, Message, body, escaped
from handlers.views.notices import (
    MOST_BLOCKS,
    direct_message,
    doubt_message,
    help_message,
    line_message,
    more_message,
    offer_message,
    resolved_message,
    shared_message,
)
from handlers.views.passages import passages_message
from handlers.views.summary import summary_message
from tests.nouns import NOON, a_question
from tests.unit.handlers.views_rig import (
    SEAL,
    addresses,
    citations,
    counts,
    moments,
    parsed,
    people,
    refuse_message,
    several,
    texts,
)

pages = st.builds(
    PassagePage,
    words=texts,
    page=st.integers(0, 99),
    passages=several(citations),
    more=st.booleans(),
)
summaries = st.builds(
    Summary,
    points=several(st.builds(Point, text=texts, author=people, link=addresses, at=moments)),
    messages=counts,
)
doubts = st.builds(Doubt, citation=citations, owner=texts, person=people, question=texts, day=st.just("2026-03-02"))
escalations = st.builds(
    Escalation,
    question_id=st.just("T/C/1"),
    asked_by=people,
    channel=st.just("C07GENERAL1"),
    thread=st.just("1.000100"),
    at=moments,
    resolved_by=people,
)
questions = st.builds(a_question, texts, asker=people)


@given(pages)
def test_slack_takes_every_page_of_passages(page: PassagePage) -> None:
    """Whatever was searched for and found."""
    refuse_message(passages_message(page, seal=SEAL, now=NOON))


@given(summaries)
def test_slack_takes_every_summary(summary: Summary) -> None:
    """Of no statement and of many."""
    refuse_message(summary_message(summary, now=NOON))


@given(doubts)
def test_slack_takes_every_doubt(doubt: Doubt) -> None:
    """Of any passage, by anybody."""
    refuse_message(doubt_message(doubt, now=NOON))


@given(questions, escalations, people | st.sampled_from(["S07PEOPLEOP", "S> <!channel", "here"]))
def test_slack_takes_every_call_for_help(question: Question, escalation: Escalation, humans: str) -> None:
    """Whoever is called, and then whoever resolves it."""
    refuse_message(help_message(question, escalation, humans=humans, seal=SEAL))
    refuse_message(resolved_message(question, escalation))
    refuse_message(direct_message(question))
    refuse_message(offer_message(question.id, seal=SEAL))
    refuse_message(more_message(question.id, seal=SEAL))


@given(texts)
def test_slack_takes_every_line(text: str) -> None:
    """Also an empty one."""
    refuse_message(line_message(text))


@given(texts, texts, st.integers(0, MOST_BLOCKS), people)
def test_slack_takes_every_shared_answer(question: str, text: str, blocks: int, asker: str) -> None:
    """However long the answer is already, what stands over it fits, and no entity is cut in half."""
    answer = Message(escaped(text or "–", limit=LONGEST_FALLBACK), (body("x"),) * blocks)
    shared = shared_message(question, answer, asker=asker)
    refuse_message(shared)
    assert "&" not in re.sub(r"&(?:amp|lt|gt);", "", shared.text)
    assert shared.blocks[2:] == answer.blocks[: MOST_BLOCKS - 2]


def test_a_call_for_help_says_who_brought_people_in() -> None:
    """When that was not the asker."""
    question = a_question(asker="U07ANARBRO1")
    own = Escalation(question.id, "U07ANARBRO1", "C07GENERAL1", "1.000100", NOON)
    by_ben = replace(own, asked_by="U07BENOKFR2")
    said = [
        [text["text"] for text in parsed({"of": help_message(question, one, humans="S07PEOPLEOP", seal=SEAL).blocks})]
        for one in (own, by_ben)
    ]
    called = "<!subteam^S07PEOPLEOP>, can you help? <@U07ANARBRO1> asked:"
    assert said == [[called], [called, "Brought in by <@U07BENOKFR2>"]]


def test_a_summary_says_what_it_leaves_out() -> None:
    """Twenty statements are shown; nothing is left out unsaid."""
    point = Point("The VPN drops.", "U07ANARBRO1", "", NOON)
    assert "; 5 more left out" in str(summary_message(Summary((point,) * 25, 40), now=NOON).blocks)
    assert "left out" not in str(summary_message(Summary((point,) * 20, 40), now=NOON).blocks)


def test_nothing_found_says_what_to_do() -> None:
    """On the first page; past the last there is simply no more."""
    nothing = passages_message(PassagePage("flurb", 0, (), more=False), seal=SEAL, now=NOON)
    assert nothing.text == "No passage here matches “flurb”."
    assert "Try fewer words" in str(nothing.blocks)
    past = passages_message(PassagePage("flurb", 2, (), more=False), seal=SEAL, now=NOON)
    assert past.text == "No more passages for “flurb”."
