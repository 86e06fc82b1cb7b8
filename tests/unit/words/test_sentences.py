"""Where sentences end, and that none is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.words.sentences import sentences


def _texts(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


@pytest.mark.parametrize(
    "whole",
    [
        "I met Dr. Smith and Mrs. Jones of the U.S. Government.",
        "See e.g. Fig. 3, i.e. the second one, vs. No. 5 on p. 12.",
        "Version 3.11.2 of example.com is at https://example.com/a.b?c=d.e now.",
        "J. R. R. Tolkien wrote at 5 p.m. on Monday.",
        "Washington, D.C. is far.",
        "It is Jan. 5 today.",
        "Acme Inc. Sales opens at nine.",
        "1. Open the door.",
        "Step 2. Close it.",
        "He asked why? and left.",
        "The ID (see above.) is yours.",
        "Wait ... for it.",
    ],
)
def test_a_full_stop_inside_a_sentence_does_not_end_it(whole: str) -> None:
    """Abbreviations, initials, numbers, addresses and enumerators leave a sentence whole."""
    assert _texts(whole) == [whole]


@pytest.mark.parametrize(
    "parts",
    [
        ["He lives in the U.S.", "The army is large."],
        ["That is it.", "Then come back.", "Really?", "Yes!"],
        ["“Take it.”", "(She did.)", "So it went."],
        ["Bring pens, paper, etc.", "Everyone gets a desk."],
        ["No.", "You cannot."],
        ["This is plan B.", "The other failed."],
        ["We leave in Jan.", "Bring a coat."],
        ["It ends ...", "Then it begins."],
        ["Mail jo@example.com.", "Wait a day."],
        ["She joined Acme Inc.", "The firm grew."],
    ],
)
def test_sentences_end_where_a_reader_ends_them(parts: list[str]) -> None:
    """A full stop, question or exclamation mark before a new beginning parts two sentences."""
    assert _texts(" ".join(parts)) == parts


def test_a_line_end_parts_unless_the_next_line_goes_on() -> None:
    """A hard break stands between statements; within a sentence it does not part it."""
    assert _texts("Required: No\nType: String") == ["Required: No", "Type: String"]
    assert _texts("This goes on\nand ends here.") == ["This goes on\nand ends here."]


def test_scripts_without_spaces() -> None:
    """Full-width stops end a sentence without a space after them."""
    assert _texts("今日は休みです。明日は会議！行きますか？") == ["今日は休みです。", "明日は会議！", "行きますか？"]  # noqa: RUF001 - meant


@given(st.text(st.sampled_from("ab AB.!?…\n)\"'。1,(") | st.characters(), max_size=200))
def test_no_word_is_lost_and_nothing_overlaps(text: str) -> None:
    """Whatever the text, the spans are in order, trimmed, apart, and hold every word character."""
    spans = sentences(text)
    at = 0
    for start, end in spans:
        assert at <= start < end <= len(text)
        assert not any(character.isalnum() for character in text[at:start])
        assert text[start:end] == text[start:end].strip()
        at = end
    assert not any(character.isalnum() for character in text[at:])
