"""What every Generator promises, and what a quoting one promises beyond that."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.adapters.local.generator import ExtractiveGenerator
from bot.adapters.local.reranker import LocalReranker
from bot.answering.cite import JOINT
from bot.models import Hit, Query, Statement
from bot.ports.generation import Generator
from indexing.passages import passage_document
from tests.contracts.cohere_rig import cohere_generator, cohere_late_generator
from tests.contracts.openai_rig import openai_generator
from tests.nouns import a_hit
from tests.searching import Library

QUESTIONS = (
    "how many weeks of paid leave do parents get",
    "when do I need a doctor's note",
    "where do I lock my bicycle",
    "how do I reset my vpn password",
)


@asynccontextmanager
async def quotes() -> AsyncGenerator[Generator]:
    """The passages' own words."""
    yield ExtractiveGenerator()


ADAPTERS: Final[Mapping[str, Callable[[], AbstractAsyncContextManager[Generator]]]] = {
    "quotes": quotes,
    "cohere": cohere_generator,
    "cohere, late citations": cohere_late_generator,
    "openai": openai_generator,
}


@pytest.fixture(params=ADAPTERS)
async def generator(request: pytest.FixtureRequest) -> AsyncIterator[Generator]:
    """Each adapter in turn."""
    async with ADAPTERS[request.param]() as adapter:
        yield adapter


async def statements(generator: Generator, query: Query, passages: Sequence[Hit]) -> list[Statement]:
    """The whole answer."""
    return [statement async for statement in generator.generate(query, passages)]


def passages_of(*texts: str) -> list[Hit]:
    """A hit for each text, cut into units as a passage is when it is indexed."""
    documents = [passage_document(f"{n}.md", f"Page {n}", text) for n, text in enumerate(texts)]
    return [Hit(document.chunks[0], score=1 - n / 10, bm25=5 - n, cosine=0.5) for n, document in enumerate(documents)]


@pytest.mark.parametrize("text", QUESTIONS)
async def test_every_statement_rests_on_a_given_passage(generator: Generator, library: Library, text: str) -> None:
    """Each names one of the passages it was given, and its quote stands there word for word."""
    query = await library.query(text)
    passages = (await library.hits(query))[:5]
    texts = {hit.chunk.id: hit.chunk.text for hit in passages}
    answer = await statements(generator, query, passages)
    assert answer
    for statement in answer:
        assert statement.text.strip()
        assert statement.supports
        for support in statement.supports:
            assert all(piece and piece in texts[support.chunk_id] for piece in support.quote.split(JOINT))


@pytest.mark.parametrize(
    ("text", "answer"),
    list(zip(QUESTIONS, ("sixteen weeks", "fourth day", "to the rack", "on the access page"), strict=True)),
)
async def test_the_answer_is_shown_first(library: Library, text: str, answer: str) -> None:
    """The first statement holds the words that answer, from the page that has them."""
    query = await library.query(text)
    ranking = await LocalReranker().rerank(query, await library.hits(query), limit=5)
    first = (await statements(ExtractiveGenerator(), query, ranking.hits))[0]
    assert answer in first.text


@given(
    texts=st.lists(st.text(max_size=400) | st.text(alphabet="ab. \n|-1", max_size=900), max_size=5),
    question=st.text(max_size=60),
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_quotes_are_exact_few_and_short_whatever_is_quoted(texts: list[str], question: str) -> None:
    """At most three quotes of at most sixty words, each an exact part of its passage and said once."""
    passages = passages_of(*texts)
    answer = await statements(ExtractiveGenerator(), Query(question, None), passages)
    found = {hit.chunk.id: hit.chunk.text for hit in passages}
    assert len(answer) <= 3
    for statement in answer:
        assert statement.text == statement.supports[0].quote
        assert statement.supports[0].quote.strip()
        assert len(statement.supports[0].quote.split()) <= 60
        assert statement.supports[0].quote in found[statement.supports[0].chunk_id]
    assert len({statement.supports[0].quote for statement in answer}) == len(answer)


async def test_nothing_comes_from_nothing(generator: Generator) -> None:
    """Without passages, or with passages that hold no words, there is no statement."""
    assert await statements(generator, Query("when is lunch", None), []) == []
    assert await statements(generator, Query("when is lunch", None), passages_of("", " \n ")) == []


async def test_the_same_passages_give_the_same_answer(generator: Generator, library: Library) -> None:
    """Asking again changes nothing."""
    query = await library.query(QUESTIONS[0])
    passages = (await library.hits(query))[:5]
    assert await statements(generator, query, passages) == await statements(generator, query, passages)


async def test_what_two_pages_say_alike_is_quoted_once() -> None:
    """A sentence that stands on two pages is shown from one of them."""
    said = "Lunch is served from noon to two in the canteen on the ground floor."
    answer = await statements(ExtractiveGenerator(), Query("when is lunch served", None), passages_of(said, said))
    assert [statement.supports[0].quote for statement in answer] == [said]


async def test_one_page_does_not_fill_the_answer() -> None:
    """At most two quotes come from one passage, and neither grows past sixty words where more of the same follows."""
    long = " ".join(f"Rule {n} about lunch says that lunch number {n} is served at {n} in room {n}." for n in range(60))
    answer = await statements(ExtractiveGenerator(), Query("when is lunch served", None), passages_of(long))
    assert len(answer) == 2
    assert all(40 < len(statement.supports[0].quote.split()) <= 60 for statement in answer)


async def test_quotes_of_one_page_stand_in_its_order() -> None:
    """What stands first on a page is read first."""
    far = " ".join(f"Nothing else is said in sentence {n} of this page." for n in range(40))
    text = f"The tunnel opens at six. {far} The tunnel closes at nine."
    answer = await statements(
        ExtractiveGenerator(), Query("when does the tunnel open and close", None), passages_of(text)
    )
    assert [text.index(statement.supports[0].quote) for statement in answer] == sorted(
        text.index(s.supports[0].quote) for s in answer
    )
    assert "opens at six" in answer[0].supports[0].quote
    assert "closes at nine" in answer[-1].supports[0].quote


async def test_a_passage_without_units_is_not_quoted() -> None:
    """What cannot be quoted on its own is left alone."""
    bare = a_hit("Lunch is served at noon.")
    hit = Hit(passage_document("x.md", "X", "").chunks[0], 1.0)
    assert await statements(ExtractiveGenerator(), Query("lunch", None), [hit]) == []
    assert len(await statements(ExtractiveGenerator(), Query("lunch", None), [bare])) == 1


async def test_an_answer_is_not_filled_up(library: Library) -> None:
    """Few documents hold little that answers: what answers nothing is left out, though three quotes would fit."""
    query = await library.query("where do I lock my bicycle")
    answer = await statements(ExtractiveGenerator(), query, (await library.hits(query))[:8])
    assert "rack" in answer[0].text
    assert all({"bicycle", "bicycles", "bike", "rack"} & set(one.text.casefold().split()) for one in answer), answer
