"""The words of a passage that say what a statement says are found, and quoted exactly."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.answering.cite import JOINT
from bot.answering.support import best_quote
from bot.models import Chunk
from bot.words.sentences import sentences
from tests.nouns import a_chunk

LEAVE = (
    "Parents get sixteen weeks of paid leave. Tell your manager eight weeks before. The canteen opens at noon. "
    "Leave may be split into two parts. Ask Maria Lopez in Human Resources. The VPN needs a token."
)


def cut(text: str) -> Chunk:
    """A passage with its sentences as units."""
    return a_chunk(text, units=tuple(sentences(text)))


def quote(text: str, passage: str = LEAVE) -> str:
    found = best_quote(text, cut(passage))
    return found.quote if found else ""


def test_the_unit_that_says_it_is_quoted() -> None:
    """Numbers count as digits or words, inflections as one word, markers not at all."""
    found = best_quote("A parent gets 16 weeks of paid leave [3].", cut(LEAVE))
    assert found is not None
    assert found.quote == "Parents get sixteen weeks of paid leave."
    assert found.overlap == 1


def test_two_units_are_quoted_where_both_are_needed() -> None:
    """Apart they are joined by an ellipsis, as neighbours they are one piece."""
    assert quote("16 weeks of leave, which may be split into 2 parts") == JOINT.join(
        ("Parents get sixteen weeks of paid leave.", "Leave may be split into two parts.")
    )
    assert quote("16 weeks of paid leave; tell your manager 8 weeks before") == (
        "Parents get sixteen weeks of paid leave. Tell your manager eight weeks before."
    )


def test_a_number_and_a_name_count_more() -> None:
    """A statement with the wrong number overlaps less than one with a wrong word."""
    number = best_quote("Parents get 18 weeks of paid leave", cut(LEAVE))
    word = best_quote("Parents get 16 weeks of paid vacation", cut(LEAVE))
    assert number is not None
    assert word is not None
    assert number.overlap < word.overlap < 1
    name = best_quote("Ask John Lopez", cut(LEAVE))
    assert name is not None
    assert name.overlap < 0.7


def test_large_and_ordinal_numbers_are_one_number() -> None:
    """However they are written."""
    assert quote("It pays 12000 on the 4th day", "Nothing. The grant is $12,000, paid on the fourth day.") == (
        "The grant is $12,000, paid on the fourth day."
    )


def test_what_a_reranker_pointed_at_comes_first() -> None:
    """Of two units that say it alike, the one within a span is quoted."""
    text = "Lunch is at noon. In Oslo lunch is at noon."
    found = best_quote("Lunch is at noon", cut(text), spans=[(20, 30)])
    assert found is not None
    assert found.quote == "In Oslo lunch is at noon."
    assert quote("Lunch is at noon", text) == "Lunch is at noon."


def test_nothing_is_quoted_for_what_does_not_stand_there() -> None:
    """No shared word, no words at all, or an empty passage."""
    assert best_quote("Bicycles stand in the yard", cut(LEAVE)) is None
    assert best_quote("[1]", cut(LEAVE)) is None
    assert best_quote("Leave", cut("")) is None


def test_a_passage_without_units_is_quoted_by_its_sentences() -> None:
    """Its lines and full stops say where a quote begins."""
    found = best_quote("lunch at noon", a_chunk("Soup is hot.\nLunch is at noon.\nBring a cup.", units=()))
    assert found is not None
    assert found.quote == "Lunch is at noon."


@given(text=st.text(max_size=80) | st.just("leave is 16 weeks"), passage=st.text(max_size=300) | st.just(LEAVE * 4))
def test_quotes_are_exact_and_short_whatever_is_quoted(text: str, passage: str) -> None:
    """Each piece stands in the passage word for word; the overlap is a share."""
    found = best_quote(text, cut(passage))
    if found is not None:
        pieces = [found.quote] if found.quote in passage else found.quote.split(JOINT)
        assert all(piece in passage for piece in pieces)
        assert 0 < found.overlap <= 1
        assert found.quote.strip()
