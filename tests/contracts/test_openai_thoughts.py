"""What a model thinks aloud never passes, however its text is cut."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.openai.thoughts import Thoughts


def shown(pieces: Iterable[str]) -> str:
    thoughts = Thoughts()
    return "".join(thoughts.feed(piece) for piece in pieces) + thoughts.close()


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("<think>hm</think>Yes.", "Yes."),
        ("<THINKING>a < b</THINKING>Yes.", "Yes."),
        ("<think>never ends", ""),
        ("Yes.<think>hm</think> No.<think>", "Yes. No."),
        ("a < b, <thin> and <", "a < b, <thin> and <"),
        ("<think><think>hm</think>Yes.", "Yes."),
    ],
)
def test_thoughts_are_taken_out(text: str, left: str) -> None:
    """What only looks like one stays."""
    assert shown([text]) == left


@given(
    parts=st.lists(st.sampled_from(["<think>", "</think>", "<", "think>", "hm", " ", "</", "<thinking>"]), max_size=12)
)
def test_it_does_not_matter_how_the_text_came(parts: list[str]) -> None:
    """Whole, in parts, or character by character."""
    text = "".join(parts)
    assert shown([text]) == shown(parts) == shown(text)
