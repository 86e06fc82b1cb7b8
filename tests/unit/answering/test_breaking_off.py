"""What becomes of an answer whose writer breaks off: once more from the start, then the passages themselves."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field, replace

import pytest

from bot.allowance import Terms, current
from bot.answering.pipeline import HEDGE, NOT_BY_WORDS, UNWRITTEN, Answered, Pipeline
from bot.errors import Unavailable
from bot.models import Hit, Query, Statement
from tests.unit.answering.world import ALL, Library


@dataclass
class Writer:
    """Writes of each passage, and breaks off after so many statements, one number for each try."""

    breaks: list[int | None]
    name: str = "writer"
    tries: int = 0

    async def generate(self, query: Query, passages: Sequence[Hit]) -> AsyncGenerator[Statement]:
        end = self.breaks[self.tries]
        self.tries += 1
        for written, passage in enumerate(passages):
            if written == end:
                raise Unavailable("the model is away")
            yield Statement.quoting(passage.chunk.id, passage.chunk.text)
        if end is not None:
            raise Unavailable("the stream ended silently")


@dataclass
class Ear:
    """Hears an answer as it is made."""

    heard: list[str] = field(default_factory=list[str])

    def step(self, words: str) -> None:
        """Pass."""

    def say(self, piece: str) -> None:
        self.heard.append(piece)

    def anew(self) -> None:
        self.heard.clear()


def over(books: Library, writer: Writer, *, spare: bool = True) -> Pipeline:
    """A pipeline in which the library quotes when the writer is away."""
    return Pipeline(books, books, books, books, writer, clock=lambda: 0.0, spare=books if spare else None)


async def asked(pipeline: Pipeline) -> tuple[Answered, Ear]:
    """The answer, and what was heard of it."""
    ear = Ear()
    return await pipeline.answer("when is lunch", (), audience=ALL, listener=ear), ear


async def test_a_whole_answer_is_the_writers_own() -> None:
    """Nothing is tried twice, and nothing is said about it."""
    writer = Writer([None])
    given, ear = await asked(over(Library(), writer))
    assert (writer.tries, given.answer.unwritten, given.answer.backends["generator"]) == (1, False, "writer")
    assert "".join(ear.heard) == given.answer.text == "Lunch is served at noon. [1]"


async def test_an_answer_that_breaks_off_is_taken_back_and_written_once_more() -> None:
    """No part of the first try is left."""
    writer = Writer([1, None])
    given, ear = await asked(over(Library(), writer))
    assert (writer.tries, given.answer.unwritten) == (2, False)
    assert "".join(ear.heard) == given.answer.text == "Lunch is served at noon. [1]"


async def test_after_two_tries_the_passages_are_quoted_and_that_is_said() -> None:
    """The asker gets what was found, and learns that it was not written."""
    writer = Writer([1, 1])
    given, ear = await asked(over(Library(), writer))
    answer = given.answer
    assert (writer.tries, answer.unwritten, answer.answered, answer.backends["generator"]) == (2, True, True, "double")
    assert "".join(ear.heard) == answer.text == f"{UNWRITTEN}\nLunch is served at noon. [1]"


async def test_a_writer_that_never_began_is_not_asked_again() -> None:
    """Its guard has tried already: the passages are quoted at once."""
    writer = Writer([0])
    given, _ = await asked(over(Library(), writer))
    assert (writer.tries, given.answer.unwritten) == (1, True)


async def test_the_hedge_gives_way_to_what_was_not_written() -> None:
    """Above quoted passages stands one line, not two."""
    books = Library(confidence=0.4)
    assert (await asked(over(books, Writer([None]))))[0].answer.text.startswith(HEDGE)
    assert (await asked(over(books, Writer([0]))))[0].answer.text.startswith(f"{UNWRITTEN}\nLunch")


async def test_without_a_spare_writer_the_failure_is_the_answers() -> None:
    """Then the job is tried again."""
    with pytest.raises(Unavailable):
        await asked(over(Library(), Writer([1, 1]), spare=False))


async def test_nothing_found_is_not_an_answer_that_was_not_written() -> None:
    """Where the docs do not say, the model was never needed."""
    given, _ = await asked(over(Library(confidence=0.1), Writer([0])))
    assert (given.answer.answered, given.answer.unwritten) == (False, False)


async def test_what_a_question_cost_is_in_its_answer() -> None:
    """Whatever is charged while it is made counts, and no other question's."""

    class Billed(Library):
        async def generate(self, query: Query, passages: Sequence[Hit]) -> AsyncGenerator[Statement]:
            allowance = current()
            assert allowance is not None
            assert allowance.terms == Terms(calls=3)
            allowance.charge(tokens=10, dollars=0.25)
            yield Statement.quoting(passages[0].chunk.id, passages[0].chunk.text)

    books = Billed()
    pipeline = replace(Pipeline(books, books, books, books, books, clock=lambda: 0.0), terms=Terms(calls=3))
    assert [(await asked(pipeline))[0].answer.cost for _ in range(2)] == [0.25, 0.25]


@pytest.mark.parametrize("away", [(), ("embedder",), ("reranker",), ("embedder", "reranker")])
async def test_an_answer_knows_what_it_did_without(away: tuple[str, ...]) -> None:
    """Words alone are searched without an embedder, and the fused order stands without a reranker."""
    given, _ = await asked(over(Library(away=away), Writer([None])))
    assert (given.answer.answered, given.answer.without) == (True, away)


async def test_what_words_alone_do_not_find_may_still_be_there() -> None:
    """Without an embedder nobody can say that the docs don't."""
    given, _ = await asked(over(Library(hits=[], away=("embedder",)), Writer([None])))
    assert (given.answer.answered, given.answer.text) == (False, NOT_BY_WORDS)
    given, _ = await asked(over(Library(hits=[]), Writer([None])))
    assert given.answer.text != NOT_BY_WORDS
