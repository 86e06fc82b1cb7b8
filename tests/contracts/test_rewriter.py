"""What every Rewriter promises."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final

import pytest

from bot.adapters.local.reranker import LocalReranker
from bot.adapters.local.rewriter import HistoryRewriter
from bot.conversations import Turn
from bot.ports.generation import Rewriter
from tests.contracts.cohere_rig import cohere_rewriter
from tests.contracts.openai_rig import openai_rewriter
from tests.nouns import NOON
from tests.searching import Library


@asynccontextmanager
async def history() -> AsyncGenerator[Rewriter]:
    """What earlier questions lend."""
    yield HistoryRewriter()


ADAPTERS: Final[Mapping[str, Callable[[], AbstractAsyncContextManager[Rewriter]]]] = {
    "history": history,
    "cohere": cohere_rewriter,
    "openai": openai_rewriter,
}


@pytest.fixture(params=ADAPTERS)
async def rewriter(request: pytest.FixtureRequest) -> AsyncIterator[Rewriter]:
    """Each adapter in turn."""
    async with ADAPTERS[request.param]() as adapter:
        yield adapter


def a_turn(question: str, answer: str = "") -> Turn:
    """A turn of the conversation so far."""
    return Turn(question, question, answer, {}, NOON)


async def found(library: Library, rewriter: Rewriter, question: str, *before: str) -> str:
    """The path of the page that answers `question` after the questions `before`."""
    rewritten = await rewriter.rewrite(question, [a_turn(earlier) for earlier in before])
    query = await library.query_of(rewritten)
    ranking = await LocalReranker().rerank(query, await library.hits(query), limit=1)
    return ranking.hits[0].chunk.path


async def test_a_first_question_is_left_alone(rewriter: Rewriter) -> None:
    """Without history the question comes back as it was typed."""
    for question in ("when is lunch?", "and for part-timers?", "", "  what   about\nit "):
        rewritten = await rewriter.rewrite(question, [])
        assert rewritten.text == question
        assert not rewritten.changed
        assert rewritten.lent == ()


@pytest.mark.parametrize(
    ("question", "before", "page"),
    [
        ("can I split it?", "how much parental leave do I get?", "leave.md"),
        ("and how early do I have to tell my manager?", "how much parental leave do I get?", "leave.md"),
        ("and what about a doctor's note?", "what do I do when I am sick?", "sick.md"),
        ("how long until it works?", "how do I reset the vpn password?", "vpn.md"),
    ],
)
async def test_a_follow_up_finds_its_subject_in_the_turn_before(
    rewriter: Rewriter, library: Library, question: str, before: str, page: str
) -> None:
    """A question that names too little by itself is answered about what was asked before."""
    assert await found(library, rewriter, question, before) == page


@pytest.mark.parametrize(
    ("question", "page"),
    [("where do I lock my bicycle?", "bikes.md"), ("how do I book a train in the travel tool?", "travel.md")],
)
async def test_a_change_of_topic_is_not_drowned(rewriter: Rewriter, library: Library, question: str, page: str) -> None:
    """A question that names its own subject is answered about that, however long another was talked about."""
    before = ("how much parental leave do I get?", "can I split it?", "how early do I have to tell my manager?")
    assert await found(library, rewriter, question, *before) == page


async def test_a_person_reads_what_was_understood(rewriter: Rewriter) -> None:
    """The text of a changed question holds the question and names the subject it was given."""
    rewritten = await rewriter.rewrite("can I split it?", [a_turn("how much parental leave do I get?")])
    assert rewritten.changed
    assert "split" in rewritten.text
    assert "parental leave" in rewritten.text
    assert len(rewritten.text) < 80


async def test_what_is_lent_never_outweighs_the_question(rewriter: Rewriter) -> None:
    """Weights lie between 0 and 1, the latest turn lends the most, and a long conversation lends little more."""
    rewritten = await rewriter.rewrite("and then?", [a_turn(f"question number {n} about topic {n}") for n in range(40)])
    weights = [lent.weight for lent in rewritten.lent]
    assert all(0 < weight <= 1 for weight in weights)
    assert weights == sorted(weights, reverse=True)
    assert len(weights) < 10


@pytest.mark.parametrize("text", ["", " ", "\x00", "\ud800", "?" * 5000, "字" * 200, "word " * 20000])
async def test_odd_turns_do_no_harm(rewriter: Rewriter, text: str) -> None:
    """Whatever was said, there is a rewritten question."""
    rewritten = await rewriter.rewrite(text, [a_turn(text), a_turn("when is lunch?", text)])
    assert text.strip() in rewritten.text
