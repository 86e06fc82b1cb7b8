"""What can be quoted by itself: that it is complete, in order, and short enough."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexing.chunk.units import pieces, size, units, units_of_passage
from indexing.passages import passage_document
from indexing.ports import Kind

TEXTS = st.text(st.sampled_from("abc .,;\n\t(|)_-é字{}") | st.characters(), max_size=400)


def _check(text: str, spans: list[tuple[int, int]]) -> None:
    at = 0
    for start, end in spans:
        assert at <= start < end <= len(text)
        assert not any(character.isalnum() for character in text[at:start])
        at = end
    assert not any(character.isalnum() for character in text[at:])


@given(TEXTS, st.sampled_from([kind for kind in Kind if kind is not Kind.KEYWORDS]), st.integers(1, 60))
def test_units_hold_every_word_once(text: str, kind: Kind, longest: int) -> None:
    """For every kind of block and every limit, units are in order, apart, complete, and within the limit."""
    spans = units(text, kind, longest=longest)
    _check(text, spans)
    assert all(len(text[start:end].split()) <= longest for start, end in spans)


@given(TEXTS)
def test_units_of_a_passage_hold_every_word_once(text: str) -> None:
    """The same where the structure is not known."""
    _check(text, units_of_passage(text))


def test_an_item_is_quoted_whole_and_prose_by_sentences() -> None:
    """Two sentences are two units in prose and one in a list item; a long item falls into its sentences."""
    text = "Ask your lead. They approve it."
    assert len(units(text, Kind.PROSE)) == 2
    assert units(text, Kind.ITEM) == [(0, len(text))]
    assert len(units(text, Kind.ITEM, longest=4)) == 2


def test_code_falls_into_groups_of_lines() -> None:
    """Code is whole while it is short; longer code is cut at blank lines, then at lines, never within one."""
    code = "\n\n".join(f"def f{n}():\n    return {n}" for n in range(30))
    spans = units(code, Kind.CODE)
    assert len(spans) > 1
    assert all(code[start:end].startswith("def ") for start, end in spans)
    assert units("a = 1\nb = 2", Kind.CODE) == [(0, 11)]


def test_a_long_sentence_is_cut_after_a_clause() -> None:
    """What no quote can hold is cut where a clause ends."""
    text = ", ".join(f"the clause number {n} goes on for some words" for n in range(12))
    spans = units(text, Kind.PROSE, longest=30)
    assert len(spans) > 2
    assert all(text[start:end].startswith("the clause") for start, end in spans)


@pytest.mark.parametrize("text", ["字" * 5000, "x" * 5000, "|" * 5000, "a_b" * 3000])
def test_one_endless_word_is_cut(text: str) -> None:
    """Text without a space still falls into pieces that a quote and a model can hold."""
    spans = units(text, Kind.PROSE)
    assert all(pieces(text[start:end]) <= 100 for start, end in spans)
    assert sum(end - start for start, end in spans) == (len(text) if text[0].isalnum() else 0)


def test_size_follows_what_a_model_sees() -> None:
    """Prose counts about its words, code and identifiers more than its words."""
    prose = "You can carry over a maximum of two hundred and forty hours of annual leave to the next year."
    assert size(prose) == len(prose.split())
    assert size("aws_iam_role.AssumeRolePolicyDocument[0].Statement") > 10


def test_wrapped_prose_is_read_across_its_line_ends() -> None:
    """A passage wrapped at some width is quoted by sentences, whose line ends stay as they are."""
    text = (
        "The first sentence of this passage is wrapped\nat a width that somebody chose. The second one\n"
        "also is, and it ends in the middle of a line. Short."
    )
    assert [text[start:end] for start, end in units_of_passage(text)] == [
        "The first sentence of this passage is wrapped\nat a width that somebody chose.",
        "The second one\nalso is, and it ends in the middle of a line.",
        "Short.",
    ]


def test_a_passage_becomes_a_document_of_one_chunk() -> None:
    """Passages of an evaluation corpus are not cut again: one chunk, with units, under the passage's own id."""
    document = passage_document("p7", "Fine\u200b title", "One thing. Another thing.\x00")
    (chunk,) = document.chunks
    assert (document.path, document.title, chunk.text) == ("p7", "Fine title", "One thing. Another thing.")
    assert [chunk.text[start:end] for start, end in chunk.units] == ["One thing.", "Another thing."]


def test_an_empty_passage_stays_a_document() -> None:
    """A corpus keeps its number of documents even where a passage has no text."""
    assert [chunk.text for chunk in passage_document("p8", "", " \n").chunks] == [""]
