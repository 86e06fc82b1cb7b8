"""What is typed becomes what Slack would store."""

from __future__ import annotations

import pytest

from bot.playground.composing import Composer

COMPOSER = Composer({"bot": "U07FOOTNOTE", "footnote": "U07FOOTNOTE", "ana": "U07ANARBRO1"}, {"general": "C07GENERAL1"})
TYPED = [
    ("@Footnote how many?", "<@U07FOOTNOTE> how many?"),
    ("@footnote, @ana.", "<@U07FOOTNOTE>, <@U07ANARBRO1>."),
    ("<@bot> hi", "<@U07FOOTNOTE> hi"),
    ("in <#general>", "in <#C07GENERAL1>"),
    ("@nobody <@nobody> <#nowhere>", "@nobody &lt;@nobody&gt; &lt;#nowhere&gt;"),
    ("mail ana@footnote.example", "mail ana@footnote.example"),
    ("1 < 2 & <b>", "1 &lt; 2 &amp; &lt;b&gt;"),
    ("see https://example.com/a?b=1&c=2.", "see <https://example.com/a?b=1&amp;c=2>."),
    ("<!channel> <https://evil.example|x>", "&lt;!channel&gt; &lt;<https://evil.example>|x&gt;"),
    ("two\nlines", "two\nlines"),
]


@pytest.mark.parametrize(("typed", "stored"), TYPED)
def test_typing_is_stored_as_slack_stores_it(typed: str, stored: str) -> None:
    """Known names become mentions, addresses links, and everything else is escaped."""
    assert COMPOSER.compose(typed).text == stored


def test_the_rich_text_says_the_same() -> None:
    """The block beside the text holds the same words, unescaped, and the mention as an element."""
    composed = COMPOSER.compose("@Footnote 1 < 2?")
    (section,) = composed.blocks[0]["elements"]
    assert section["elements"] == [
        {"type": "user", "user_id": "U07FOOTNOTE"},
        {"type": "text", "text": " 1 < 2?"},
    ]
    assert composed.mentions == {"U07FOOTNOTE"}


@pytest.mark.parametrize(("typed", "stored"), TYPED)
def test_what_is_stored_can_be_edited(typed: str, stored: str) -> None:
    """A message given back to its author for editing becomes the same message when nothing is changed."""
    del typed
    assert COMPOSER.compose(COMPOSER.typed(stored)).text == stored


def test_editing_starts_from_what_a_person_would_type() -> None:
    """Names, not ids; signs, not entities."""
    assert COMPOSER.typed("<@U07FOOTNOTE> in <#C07GENERAL1>: 1 &lt; 2") == "@footnote in <#general>: 1 < 2"
