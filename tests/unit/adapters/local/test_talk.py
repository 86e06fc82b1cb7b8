"""What a message says: its sentences word for word, and which of them greet, ask, decide and promise."""

from __future__ import annotations

import pytest

from bot.adapters.local.talk import asks, decides, is_small_talk, promises, sentences


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("No. 5 is fine. I said no. Then we left.", ["No. 5 is fine.", "I said no.", "Then we left."]),
        ("see e.g. the docs vs. the code. yes!", ["see e.g. the docs vs. the code.", "yes!"]),
        ("We meet on May 14. Bring Dr. No.", ["We meet on May 14.", "Bring Dr. No."]),
        ("1. do this\n2) do that. Then go\n• and rest", ["do this", "do that.", "Then go", "and rest"]),
        ('Really?! (Yes.) "So it is." ok', ["Really?!", "(Yes.)", '"So it is."', "ok"]),
        ("before ```x. y\nz``` after", ["before", "after"]),
        ("before ```never closed. at all", ["before"]),
        ("> quoted. twice\n&gt; and so\nanswered", ["answered"]),
        ("open https://a.example/b?c=d.e now", ["open https://a.example/b?c=d.e now"]),
        ("終わりました。次は？", ["終わりました。", "次は？"]),  # noqa: RUF001 - full-width stops are meant
        (":tada: :+1:\n<@U123>\n...", []),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    """They end where people end them, and stand in the message as they are."""
    assert list(sentences(text)) == expected
    assert all(sentence in text for sentence in expected)


@pytest.mark.parametrize(
    "sentence",
    ["Hi all!", "thanks @ann :pray:", "Thank you so much for the quick answer!", "Well done!", "LGTM", "ok, cool"],
)
def test_small_talk(sentence: str) -> None:
    """Greetings, thanks and nods say nothing."""
    assert is_small_talk(sentence)


@pytest.mark.parametrize(
    "sentence",
    ["Hey, the deploy is broken", "Thanks, that fixed it", "Thanks, but does it work on Windows?", "no, use VPN"],
)
def test_more_than_small_talk(sentence: str) -> None:
    """What also says something is no small talk, however it begins."""
    assert not is_small_talk(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "Done!",
        "Fixed.",
        "We decided to wait",
        "The answer is yes.",
        "it’s fixed now",
        "I can't see why, but it is fixed",
    ],
)
def test_decides(sentence: str) -> None:
    """It says that something is decided, found or done."""
    assert decides(sentence)


@pytest.mark.parametrize(
    "sentence",
    ["Is it fixed?", "it's not fixed yet", "nothing is decided", "hasn’t been decided", "tell me once it is done"],
)
def test_does_not_decide(sentence: str) -> None:
    """To ask for it, to deny it or to wait for it is not to say it."""
    assert not decides(sentence)


def test_promises_and_questions() -> None:
    """Who will do something has promised it; who will have a look has not; a question needs no mark."""
    assert promises("we'll move it to Friday")
    assert not promises("I'll have a look")
    assert not promises("will we'll ever know what I'll do?")
    assert asks("how do I reset my password")
    assert asks('he said "why?"')
    assert not asks("what a day")
