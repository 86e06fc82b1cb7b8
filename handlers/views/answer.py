"""An answer: what is said, its numbered sources, how it was made, and what the reader may do about it."""

from collections.abc import Iterator
from datetime import datetime

from bot.gate import gated, label
from bot.models import Answer, Citation, Question
from handlers.buttons import Action, Seal
from handlers.views.blocks import LONGEST_ELEMENT, LONGEST_FALLBACK, Block, Message, body, escaped, remark, small
from handlers.views.body import markdown_blocks
from handlers.views.making import is_quoted, made, simpler
from handlers.views.pieces import LONGEST_VALUE, actions, button, markup, plain, section
from handlers.views.quoted import quoted_blocks
from handlers.views.sources import linked, place, source_line

MOST_SOURCES = 20
"""Sources that are listed; with them a message stays below Slack's 50 blocks."""
MOST_CLOSEST = 3
"""Passages that are named where the documents do not say."""
LONGEST_QUERY = 300
"""Characters of what was understood."""

SHORTEST = 100
"""Milliseconds that are counted."""

SEARCHING = "Searching the docs…"
"""The sign of life, as a status or as a message."""


def answer_message(answer: Answer, *, question: Question, seal: Seal, now: datetime) -> Message:
    """The message that shows an answer, or that the documents do not say."""
    below = beneath(answer, question=question, seal=seal, now=now)
    return Message(text=_fallback(answer), blocks=(*_said(answer), *below))


def beneath(answer: Answer, *, question: Question, seal: Seal, now: datetime) -> tuple[Block, ...]:
    """All that stands below an answer's text."""
    return (
        *_sources(answer, question, seal, now),
        *_closest(answer),
        *_made(answer),
        *((_rating(question, seal),) if answer.answered or answer.closest else ()),
        actions(*_deeds(answer, question, seal)),
    )


def growing_message(text: str, *, question: Question, seal: Seal) -> Message:
    """A message that is not finished: the sign of life, or as much of the answer as there is; it can be stopped."""
    stop = button("Stop", Action.STOP, seal.close(Action.STOP, question.id))
    return Message(text=escaped(text, limit=LONGEST_FALLBACK), blocks=(*markdown_blocks(text), actions(stop)))


def plain_message(text: str, *, below: tuple[Block, ...] = ()) -> Message:
    """A message that says one thing."""
    said = gated(text, sources=0)
    return Message(text=escaped(said, limit=LONGEST_FALLBACK), blocks=(body(said or " "), *below))


def ended_message(text: str, *, question: Question, seal: Seal) -> Message:
    """A message that says why there is no answer, with a button to ask again."""
    words = "Answer anyway" if text.startswith("Stopped") else "Try again"
    again = button(words, Action.AGAIN, seal.close(Action.AGAIN, question.id))
    return plain_message(text, below=(actions(again),))


# --- the text -------------------------------------------------------------------------------------------------------


def _said(answer: Answer) -> tuple[Block, ...]:
    """A quotation is shown character for character; what a model wrote is Markdown."""
    return quoted_blocks(answer.text) if is_quoted(answer) else markdown_blocks(answer.text)


def _fallback(answer: Answer) -> str:
    listed = "; ".join(f"{citation.n} {place(citation)}" for citation in answer.citations[:MOST_SOURCES])
    return escaped(f"{answer.text}\nSources: {listed}" if listed else answer.text, limit=LONGEST_FALLBACK)


# --- below it -------------------------------------------------------------------------------------------------------


def _sources(answer: Answer, question: Question, seal: Seal, now: datetime) -> Iterator[Block]:
    if answer.citations:
        yield remark("Sources")
    for citation in answer.citations[:MOST_SOURCES]:
        line = source_line(citation, now=now, first=answer.citations[0])
        yield section(markup(line), beside=_outdated(citation, question, seal))


def _outdated(citation: Citation, question: Question, seal: Seal) -> Block | None:
    """A button to doubt a source; none where its ids do not fit on a button."""
    value = seal.close(Action.OUTDATED, question.id, citation.chunk_id)
    spoken = f"Source {citation.n} is outdated"
    return button("Outdated?", Action.OUTDATED, value, spoken=spoken) if len(value) <= LONGEST_VALUE else None


def _closest(answer: Answer) -> Iterator[Block]:
    if answer.closest:
        named = [f"{linked(citation)} [{citation.n}]" for citation in answer.closest[:MOST_CLOSEST]]
        line = f"Closest: {' · '.join(named)}"
        yield small(line) if len(line) <= LONGEST_ELEMENT else small("Closest:", *named)


def _made(answer: Answer) -> Iterator[Block]:
    """What was understood or searched for, and how the answer was made."""
    query = label(answer.standalone_query, limit=LONGEST_QUERY)
    if answer.rewritten:
        yield remark(f"Understood as: {query}")
    elif answer.closest and query:
        yield remark(f"Searched for: {query}")
    if answer.answered:
        words = made(answer)
        total = answer.timings_ms.get("total")
        yield remark(words if total is None else f"{words} · {_seconds(total)}")
    if simpler(answer):
        yield remark(simpler(answer))


def _seconds(milliseconds: float) -> str:
    return f"{milliseconds / 1000:.1f} s" if milliseconds >= SHORTEST else "under 0.1 s"


def _rating(question: Question, seal: Seal) -> Block:
    """Slack's own two thumbs."""
    sides = {
        f"{side}_button": {
            "text": plain(words, limit=75),
            "value": seal.close(Action.RATE, rating, question.id),
            "accessibility_label": f"This answer was {words.lower()}",
        }
        for side, words, rating in (("positive", "Helpful", "good"), ("negative", "Not helpful", "bad"))
    }
    return {
        "type": "context_actions",
        "elements": [{"type": "feedback_buttons", "action_id": str(Action.RATE), **sides}],
    }


def _deeds(answer: Answer, question: Question, seal: Seal) -> Iterator[Block]:
    """What the reader may do; a private answer can be shared, and followed up, for a command has no thread."""
    if answer.unwritten or answer.without:
        yield _button("Try again", Action.AGAIN, question, seal)
    if question.reply_url and answer.answered:
        yield _button("Share here", Action.SHARE, question, seal)
    if question.reply_url:
        yield _button("Ask follow-up", Action.FOLLOW_UP, question, seal)
    if answer.answered:
        yield _button("Why this answer?", Action.WHY, question, seal)
    asking = _button("Ask a person", Action.ASK_PERSON, question, seal)
    yield {**asking, "confirm": _ASKING_IS_PUBLIC} if question.private else asking


def _button(text: str, action: Action, question: Question, seal: Seal) -> Block:
    return button(text, action, seal.close(action, question.id))


_ASKING_IS_PUBLIC: Block = {
    "title": plain("Ask a person?", limit=100),
    "text": plain("Your question and your name go to the help channel, where others see them.", limit=300),
    "confirm": plain("Ask", limit=30),
    "deny": plain("Cancel", limit=30),
}
