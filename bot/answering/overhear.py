"""What a thread said before a question: what to make of it, and whether the question was put to us at all."""

from __future__ import annotations

from collections.abc import Sequence

from bot.answering.asks import asks
from bot.conversations import WINDOW, Said, Turn
from bot.models import Question


def before(said: Sequence[Said], question: Question) -> tuple[Said, ...]:
    """What was said before the question."""
    return tuple(one for one in said if float(one.id) < float(question.message))


def open_question(said: Sequence[Said]) -> str:
    """What a mention without words asks: the last question of a person that we have not answered, else how it began."""
    for one in reversed(said):
        if one.ours:
            break
        if asks(one.text):
            return one.text
    return next((one.text for one in said if not one.ours and one.text.strip()), "")


def among_themselves(said: Sequence[Said], question: Question) -> bool:
    """Whether people are talking to each other: the message before was another person's."""
    return bool(said) and not said[-1].ours and said[-1].author != question.asker


def in_order(turns: Sequence[Turn], said: Sequence[Said]) -> tuple[Turn, ...]:
    """Our turns and what else people said, oldest first: what they said is lent to a follow-up like a question.

    Every message counts as data with its author; the last few are kept, as of our own turns.
    """
    known = {turn.question_id.rpartition("/")[2] for turn in turns}
    others = (
        Turn(question=one.text, standalone_query=one.text, answer="", cited={}, asked_at=one.at, author=one.author)
        for one in said
        if not one.ours and one.id not in known and one.text.strip()
    )
    return tuple(sorted((*turns, *others), key=lambda turn: turn.asked_at))[-WINDOW:]
