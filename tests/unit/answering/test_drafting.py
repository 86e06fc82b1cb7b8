"""What a model writes is cut where a reader would cut it, however it comes."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.answering.drafting import Draft, Drafting


def drafts(pieces: Iterable[str]) -> list[Draft]:
    """All drafts of a text that comes in these pieces."""
    drafting = Drafting()
    return [draft for piece in pieces for draft in drafting.feed(piece)] + drafting.close()


def texts(text: str) -> list[str]:
    return [draft.text for draft in drafts([text])]


def joined(text: str) -> str:
    """The drafts with what stands between them, as people will read them."""
    return "".join(draft.joint + draft.text for draft in drafts([text]))


@pytest.mark.parametrize(
    "whole",
    [
        "Version 3.5 of e.g. Node.js 20.11.1 needs Dr. Smith of the U.S. Government.",
        "See https://example.com/a.b?c=d. for it",
        "Open config.yaml or run `a. B. c` in it.",
        "Use ``a`b. C`` there.",
        "1. Open the door.",
        "- **1.** Open the door.",
        "It costs $3.50 at Acme Inc. [1] says the page.",
        "Wait ... for it.",
        "```sh\nmake. Now\n\nmake test. Then\n```",
        "it goes\non here",
    ],
)
def test_what_belongs_together_is_not_cut(whole: str) -> None:
    """Numbers, abbreviations, addresses, names of files, code and enumerators leave a sentence whole."""
    assert texts(whole) == [whole.replace("\n", " ") if "```" not in whole else whole]


@pytest.mark.parametrize(
    "parts",
    [
        ["Leave is 16 weeks [1].", "It may be split [2][3]."],
        ["Leave is 16 weeks. [1][2]", "It may be split. [2], [3].", "Ask first.[4]", "Then go."],
        ["Leave is 16 weeks.【1†L2-L3】", "It may be split.【2】"],
        ["He lives in the U.S.", "The army is large."],
        ["**Do it.**", "Really?", "Yes!"],
        ["Run `make`.", "Then go.", "A ` alone is nothing.", "So it ends."],
        ["Open https://example.com/a.", "Then wait."],
    ],
)
def test_sentences_end_with_their_markers(parts: list[str]) -> None:
    """Markers after the full stop belong to the sentence before them."""
    assert texts(" ".join(parts)) == parts


def test_a_full_stop_of_its_own_script_ends_a_sentence() -> None:
    """No space stands after it."""
    assert texts("休暇は16週です。[1]分けられます。[2]") == ["休暇は16週です。[1]", "分けられます。[2]"]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("One. Two.\n\nThree.", "One. Two.\n\nThree."),
        (
            "Do this:\n- one [1]\n- two. More.\n\n- three\n\nEnd.",
            "Do this:\n\n- one [1]\n- two. More.\n- three\n\nEnd.",
        ),
        ("1. Open.\n   Then wait.\n2. Close.", "1. Open. Then wait.\n2. Close."),
        ("a) first\nb) second", "a) first\nb) second"),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "| a | b |\n|---|---|\n| 1 | 2 |"),
        ("Run:\n```\nmake\n```\n[1]\nThen go.", "Run:\n\n```\nmake\n```\n[1]\n\nThen go."),
        ("Leave is long.\n[1][2]\nAsk.", "Leave is long. [1][2]\n\nAsk."),
        ("# Leave\nIt is long.\n---\nAsk.", "# Leave\n\nIt is long.\n\nAsk."),
        ("Type: string\r\nRequired: no\r\n", "Type: string\n\nRequired: no"),
    ],
)
def test_a_joint_says_what_stands_before(text: str, read: str) -> None:
    """Paragraphs stand apart, items and rows on lines, sentences behind each other."""
    assert joined(text).removeprefix("\n\n") == read


@pytest.mark.parametrize("text", ["", " \n ", "---\n***", "…"])
def test_what_says_nothing_is_no_draft(text: str) -> None:
    """Rules, stops and white space are left out."""
    assert texts(text) == []


def test_a_sentence_is_given_when_the_next_begins() -> None:
    """It does not wait for the next to end, and is not given while a marker may follow."""
    drafting = Drafting()
    assert drafting.feed("Leave is 16 weeks. ") == []
    assert drafting.feed("[") == []
    assert drafting.feed("1] ") == []
    assert [draft.text for draft in drafting.feed("I")] == ["Leave is 16 weeks. [1]"]
    assert [draft.text for draft in drafting.close()] == ["I"]


PIECES = st.lists(
    st.sampled_from(
        [
            "Leave is long", ". ", "[1]", "[2", "] ", "\n", "\n\n", "- ", "1. ", "| a | b |", "|---|", "`", "```",
            "e.g. ", "Inc. ", "The ", "the ", "U.S.", "3.5", "。", "[1, 2].", "(", "**", "?", "a) ", "  ", "\r\n",
            "【1†a】", "# x", ",",
        ]
    )
    | st.text(max_size=6),
    max_size=30,
)  # fmt: skip


@given(pieces=PIECES, cuts=st.sets(st.integers(0, 120), max_size=20))
@example(pieces=["Leave is long. [1", "] The\n| a |\n|--", "-|\nb"], cuts=set[int]())
def test_the_drafts_do_not_depend_on_how_the_text_came(pieces: list[str], cuts: set[int]) -> None:
    """Whole, in pieces or character by character: the same drafts, each where it says it stands."""
    text = "".join(pieces)
    edges = [0, *sorted(cut for cut in cuts if cut < len(text)), len(text)]
    whole = drafts([text])
    assert drafts(text[a:b] for a, b in pairwise(edges)) == whole
    assert drafts(text) == whole
    for draft in whole:
        written = text[draft.start : draft.end]
        assert draft.text in (written, written.replace("\r", " ").replace("\n", " "))
    assert all(first.end <= second.start for first, second in pairwise(whole))
    kept = "".join(draft.text for draft in whole)
    assert sum(map(str.isalnum, kept)) == sum(map(str.isalnum, text))
