"""What a passage says is told from what it does not say, and a sentence stands on the passages that say it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answering.cite import JOINT
from bot.answering.drafting import Draft, Drafting
from bot.answering.support import weights
from bot.answering.verify import Verifying, said, unmarked
from bot.errors import Unavailable
from bot.models import Chunk, Embedding, Hit, Matrix, Statement
from tests.nouns import a_chunk, a_hit
from tests.unit.answering.claims import Claim, passages, seen, unseen

PAGES = passages()
GIVEN = list(PAGES.values())


def _passes(claim: Claim) -> bool:
    return said(claim.text, PAGES[claim.page]) is not None


def _figures(claims: Sequence[Claim]) -> tuple[float, float]:
    """Precision and recall."""
    passing = [claim for claim in claims if _passes(claim)]
    right = sum(claim.true for claim in passing)
    return right / len(passing), right / sum(claim.true for claim in claims)


def test_what_was_chosen_on_is_told_apart() -> None:
    """On the pairs that rules and thresholds were chosen on."""
    precision, recall = _figures(seen())
    assert precision >= 0.99
    assert recall >= 0.95


def test_what_was_not_chosen_on_is_told_apart_nearly_as_well() -> None:
    """On pairs written afterwards, about other pages."""
    precision, recall = _figures(unseen())
    assert precision >= 0.9
    assert recall >= 0.9


@pytest.mark.parametrize("claim", [claim for claim in seen() if claim.kind in ("number", "name", "negation")], ids=str)
def test_a_wrong_number_or_name_or_a_missing_not_does_not_pass(claim: Claim) -> None:
    """What a reader would be misled by most is refused, however many of its words stand there."""
    assert not _passes(claim)


def a_draft(text: str) -> Draft:
    (draft,) = Drafting().feed(text + "\n\nX.")[:1]
    return draft


async def written(text: str, *, embedder: Speaking | None = None) -> Statement | None:
    return await Verifying(GIVEN, embedder=embedder).statement(a_draft(text))


async def test_a_sentence_stands_on_the_passage_that_it_names() -> None:
    """Its markers go, its quote is exact."""
    statement = await written("Parents get 16 weeks of paid leave [1].")
    assert statement is not None
    assert statement.text == "Parents get 16 weeks of paid leave."
    (support,) = statement.supports
    assert support.chunk_id == "handbook:leave.md#0"
    assert support.quote == "Parents get sixteen weeks of paid leave."


@pytest.mark.parametrize("marks", ["[2]", "[99]", "[2][3]", ""])
async def test_a_wrong_number_is_repaired(marks: str) -> None:
    """Where the passages named do not say it, and where none is named, the one that does is found."""
    statement = await written(f"Parents get 16 weeks of paid leave {marks}")
    assert statement is not None
    assert [support.chunk_id for support in statement.supports] == ["handbook:leave.md#0"]


async def test_of_several_named_those_that_say_it_stay() -> None:
    """A passage that does not say it is not cited for it."""
    statement = await written("Parents get 16 weeks of paid leave [1][2].")
    assert statement is not None
    assert [support.chunk_id for support in statement.supports] == ["handbook:leave.md#0"]


NOTHING_SAID = (
    "Parents get 18 weeks of paid leave [1].",
    "Here is what I found:",
    "[1]",
    "I hope so!",
    "How many weeks of paid leave do parents get?",
)


@pytest.mark.parametrize("text", NOTHING_SAID)
async def test_what_no_passage_says_is_no_statement(text: str) -> None:
    """Whatever it names."""
    assert await written(text) is None


class Speaking:
    """An embedder for which texts are near that begin alike."""

    model, dimension = "first letters", 26

    def __init__(self, *, down: bool = False) -> None:
        self.down = down
        self.calls = 0

    async def embed_queries(self, texts: Sequence[str]) -> Matrix:
        self.calls += 1
        if self.down:
            raise Unavailable("told to")
        return np.array([np.eye(26, dtype=np.float32)[ord(text[0].lower()) - 97] for text in texts])

    async def embed_chunks(self, chunks: Sequence[Chunk]) -> list[Embedding]:
        raise NotImplementedError


PARAPHRASE = "Alcoholic beverages with wine included are never reimbursed [4]."


async def test_other_words_pass_by_their_vector() -> None:
    """A paraphrase stands when it is near to its quote; without an embedder, or away from it, it does not."""
    assert await written(PARAPHRASE) is None
    assert await written(PARAPHRASE, embedder=Speaking()) is not None
    assert await written("On trips, " + PARAPHRASE, embedder=Speaking()) is None


async def test_words_decide_alone_while_the_embedder_is_down() -> None:
    """It is asked once; what words support stays."""
    embedder = Speaking(down=True)
    verifying = Verifying(GIVEN, embedder=embedder)
    assert await verifying.statement(a_draft(PARAPHRASE)) is None
    assert await verifying.statement(a_draft(PARAPHRASE)) is None
    assert await verifying.statement(a_draft("Alcohol is never reimbursed [4].")) is not None
    assert embedder.calls == 1


@pytest.mark.parametrize(
    ("text", "bare", "numbers"),
    [
        ("Leave is long [1][3].", "Leave is long.", (1, 3)),
        ("Leave is long. [1], [2].", "Leave is long.", (1, 2)),
        ("Leave is long [2-4].", "Leave is long.", (2, 3, 4)),
        ("Leave is long.【2†L1-L9】", "Leave is long.", (2,)),
        ("Use `a[1]` [2].", "Use `a[1]`.", (2,)),
        ("Leave is [long] (1).", "Leave is [long] (1).", ()),
        ("[7-999]", "", tuple(range(7, 17))),
    ],
)
def test_markers_are_read_and_taken_out(text: str, bare: str, numbers: tuple[int, ...]) -> None:
    """Every way of writing them that models have; code keeps its brackets."""
    assert unmarked(text) == (bare, numbers)


@given(
    text=st.text(max_size=120) | st.sampled_from([claim.text for claim in seen()]),
    marks=st.text("[]1234, ", max_size=6),
)
async def test_whatever_is_written_quotes_are_exact(text: str, marks: str) -> None:
    """Each piece of each quote stands in its passage."""
    texts = {hit.chunk.id: hit.chunk.text for hit in GIVEN}
    for draft in [*(drafting := Drafting()).feed(text + marks), *drafting.close()]:
        statement = await Verifying(GIVEN).statement(draft)
        if statement is not None:
            assert statement.text
            for support in statement.supports:
                assert all(piece in texts[support.chunk_id] for piece in support.quote.split(JOINT))


@pytest.mark.parametrize(
    "text", ["Dogs are welcome on Fridays.", "- Dogs are welcome on Fridays", "2. dogs are welcome on fridays."]
)
def test_a_passages_own_words_always_pass(text: str) -> None:
    """With whatever marker of a list before them: it is no number to look for."""
    found = said(text, PAGES["office"])
    assert found is not None
    assert found.support.quote == "Dogs are welcome on Fridays."


def test_a_phrase_that_names_the_documents_says_nothing() -> None:
    """It is not looked for in them."""
    assert said("According to the staff handbook, dogs are welcome on Fridays.", PAGES["office"]) is not None
    assert said("According to the board, dogs are welcome on Fridays in May.", PAGES["office"]) is None


@pytest.mark.parametrize("text", ["That is what they do.", "Meeting dogs", "Dogs wear a badge."])
def test_a_few_words_that_stand_there_are_not_enough(text: str) -> None:
    """Of a sentence that says little, all of it must stand in one place."""
    assert said(text, PAGES["office"]) is None


def test_an_empty_passage_says_nothing() -> None:
    """Nor does anything stand on it."""
    hit = PAGES["leave"]
    assert said("", hit) is None
    assert said("Leave", Hit(a_chunk("", units=()), 1.0)) is None


def test_a_sentence_of_nothing_but_numbers_is_weighed_once() -> None:
    """A fooled model can write thousands of them: weighed for each of them anew, they held up everybody for 15 s."""
    weights.cache_clear()
    numbers = "1." * 400
    said(f"Lunch {numbers}", a_hit(f"Lunch {numbers} is served."))
    assert weights.cache_info().misses < 20
