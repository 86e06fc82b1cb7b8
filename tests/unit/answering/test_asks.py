"""Telling a question from talk."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answering.asks import asks, only_chats


@pytest.mark.parametrize(
    "text",
    [
        "and on Fridays?",
        "is it twelve?",
        "sure?",
        "does that need approval?",
        "what about part-timers",
        "and for part-timers",
        "and if I am sick",
        "how do I reset it",
        "How's that counted",
        "when is the deadline",
        "where can I find the form",
        "why",
        "who approves it",
        "can I carry it over",
        "Could you check that again",
        "is there a form for this",
        "are the hours paid",
        "do we need approval",
        "does anyone know the deadline",
        "tell me about comp time",
        "explain the second point",
        "show me the form",
        "summarise the leave policy",
        "anyone know the wifi password",
        "I'd like to know how leave is counted",
        "ok, and how long does it take",
        "Thanks! What about sick leave",
        "hi all, quick question: can we park here",
        "so what’s the limit",
        "wie viel Urlaub habe ich?",
        "休暇は何日ありますか\uff1f",
        "كم يوم إجازة؟",
        "¿cuántos días tengo?",
        "The form says 240 hours. Is that per year?",
        "see https://wiki.acme.example/leave - is that current?",
    ],
)
def test_a_question_or_a_request_asks(text: str) -> None:
    """A question mark of any language, or an English opening that asks."""
    assert asks(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  \n ",
        "thanks",
        "Thanks!",
        "thank you",
        "ok",
        "ok?",
        "lol",
        "lol?",
        "haha",
        "?",
        "???",
        ":thinking_face:",
        ":question: :tada:",
        "❓",
        "👍",
        "got it, will do",
        "will do",
        "can do",
        "do it",
        "do the dishes",
        "have a nice evening",
        "did it yesterday",
        "what a day",
        "how nice",
        "when I was there it was closed",
        "where I live nobody does that",
        "which is what I did",
        "I think it is twelve",
        "I know how it works",
        "that is what I wanted to know",
        "the form is in the drawer",
        "however it goes, we will see",
        "see https://wiki.acme.example/leave?year=2026",
        "see <https://wiki.acme.example/leave?year=2026>",
        "`SELECT ?` works now",
        "```\nif (x ? y : z)\n``` works now",
        "> is it twelve?\nyes",
        "&gt; is it twelve?\nyes",
        "me",
    ],
)
def test_talk_asks_nothing(text: str) -> None:
    """Thanks, laughter, statements, orders, and question marks that belong to an address, to code or to others."""
    assert not asks(text)


@given(st.text(max_size=80))
def test_any_text_has_an_answer(text: str) -> None:
    """Nothing that anybody writes stops the edge, and a question mark behind a word always asks."""
    assert asks(text) in (True, False)
    assert asks("lunch is at noon?")


@given(st.text(alphabet="` \n<>&gt;:?ab", max_size=5_000))
def test_reading_takes_no_longer_than_the_text(text: str) -> None:
    """No broken markup, however often repeated, keeps the edge busy."""
    assert asks(text * 10) in (True, False)


@pytest.mark.parametrize("text", ["thanks!", "Great, thank you :tada:", "ok", "haha nice", "hello?"])
def test_thanks_and_laughter_only_chat(text: str) -> None:
    """Nobody waits for an answer to them."""
    assert only_chats(text)


@pytest.mark.parametrize("text", ["annual leave", "thanks, and sick leave?", "`E42`", ":tada:", "", "42"])
def test_all_else_may_be_meant_for_us(text: str) -> None:
    """Keywords, code and what holds no words are not chatter."""
    assert not only_chats(text)
