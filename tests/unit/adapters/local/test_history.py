"""How much of a conversation a follow-up is lent."""

from __future__ import annotations

import pytest

from bot.adapters.local.rewriter import HistoryRewriter
from bot.conversations import Turn
from tests.nouns import NOON


def told(*questions: str) -> list[Turn]:
    """A conversation of these questions."""
    return [Turn(question, question, "", {}, NOON) for question in questions]


async def lent(question: str, *before: str) -> list[float]:
    """The weights of what the turns before lend, the latest first."""
    return [part.weight for part in (await HistoryRewriter().rewrite(question, told(*before))).lent]


async def test_the_less_a_question_names_the_more_it_is_lent() -> None:
    """A bare follow-up leans on the turn before; one that names much by itself hardly does."""
    bare = await lent("can I split it?", "how much parental leave do I get?")
    full = await lent("which form do travel agents send for hotel bookings abroad", "how much parental leave do I get?")
    assert bare[0] > 0.5
    assert full[0] <= 0.1


@pytest.mark.parametrize(
    ("leaning", "plain"), [("and sick days", "sick days"), ("does it expire", "does leave expire")]
)
async def test_words_that_lean_on_what_was_said_are_lent_more(leaning: str, plain: str) -> None:
    """Both "and" and "it" point back."""
    before = "what is award leave?"
    assert (await lent(leaning, before))[0] > (await lent(plain, before))[0]


async def test_each_turn_back_lends_half_as_much() -> None:
    """What was said long ago fades, and then is gone."""
    weights = await lent("and then?", *(f"question {n}" for n in range(20)))
    assert weights[1] == pytest.approx(weights[0] / 2, abs=0.001)
    assert len(weights) < 8


async def test_a_question_said_twice_is_lent_once() -> None:
    """Neither the question itself, asked again, nor a repeated earlier one counts double."""
    assert len(await lent("how long?", "What is award leave?", "what is award leave?", "how long?")) == 1


async def test_only_the_words_that_name_something_are_shown() -> None:
    """The reader sees the subject in the words it was asked in, not the whole history."""
    rewritten = await HistoryRewriter().rewrite("can I split it?", told("How does Paid Parental Leave work for us?"))
    assert rewritten.text == "can I split it? (Paid Parental Leave work)"
    assert rewritten.searched == "can I split it?"
