"""What is remembered obeys the index."""

from bot.conversations import Conversation, Turn, cited_documents
from tests.nouns import NOON


def _turn(question: str, cited: dict[str, str]) -> Turn:
    return Turn(question, f"{question} (about lunch)", "Lunch is at noon. [1]", cited, NOON)


def test_words_of_a_changed_document_are_forgotten() -> None:
    """A turn that cites an older revision keeps the person's question and loses the document's words."""
    kept = Conversation((_turn("When?", {"d": "1"}),)).still_readable({"d": "2"}).turns[0]
    assert (kept.question, kept.standalone_query, kept.answer, kept.cited) == ("When?", "When?", "", {})


def test_words_of_a_missing_document_are_forgotten() -> None:
    """A document that is gone, or not for these readers, is gone from memory too."""
    assert Conversation((_turn("When?", {"d": "1"}),)).still_readable({}).turns[0].answer == ""


def test_one_unreadable_document_is_enough() -> None:
    """An answer made of two documents goes when either of them does."""
    turns = (_turn("When?", {"d": "1", "e": "1"}),)
    assert Conversation(turns).still_readable({"d": "1"}).turns[0].answer == ""


def test_what_still_stands_is_kept() -> None:
    """Unchanged documents leave the conversation as it was."""
    conversation = Conversation((_turn("When?", {"d": "1"}),))
    assert conversation.still_readable({"d": "1", "other": "9"}) == conversation


def test_the_window_is_the_end_of_the_conversation() -> None:
    """A rewrite looks at the latest turns, oldest first."""
    turns = tuple(_turn(str(n), {}) for n in range(12))
    assert [turn.question for turn in Conversation(turns).window(3)] == ["9", "10", "11"]
    assert Conversation(turns).window(0) == ()


def test_cited_documents_are_named_once() -> None:
    """Two turns that cite one document ask for its revision once."""
    assert cited_documents([_turn("a", {"d": "1"}), _turn("b", {"d": "1", "e": "1"})]) == ["d", "e"]
