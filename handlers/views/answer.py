"""An answer in a thread: what is said, its numbered sources, and how it was made."""

from collections.abc import Iterator
from datetime import datetime

from bot.gate import gated, label
from bot.models import Answer
from handlers.views.blocks import LONGEST_FALLBACK, Block, Message, body, escaped, remark, small
from handlers.views.sources import linked, place, source_line

MOST_SOURCES = 20
"""Sources that are listed; with them a message stays far below Slack's 50 blocks."""
MOST_CLOSEST = 3
"""Passages that are named where the documents do not say."""
LONGEST_QUERY = 300
"""Characters of what was understood."""

QUOTED = "Quoted from the docs automatically"
WRITTEN = "Written from the docs automatically"


def answer_message(answer: Answer, *, now: datetime) -> Message:
    """The message that shows an answer, or that the documents do not say."""
    return Message(text=_fallback(answer), blocks=(body(answer.text or " "), *_below(answer, now)))


def plain_message(text: str) -> Message:
    """A message that says one thing."""
    said = gated(text, sources=0)
    return Message(text=escaped(said, limit=LONGEST_FALLBACK), blocks=(body(said or " "),))


def _below(answer: Answer, now: datetime) -> Iterator[Block]:
    for citation in answer.citations[:MOST_SOURCES]:
        yield small(source_line(citation, now=now))
    if answer.closest:
        yield small("Closest:", *(f"{linked(citation)} [{citation.n}]" for citation in answer.closest[:MOST_CLOSEST]))
    if answer.rewritten:
        yield remark(f"Understood as: {label(answer.standalone_query, limit=LONGEST_QUERY)}")
    if answer.answered:
        yield remark(_made(answer))


def _made(answer: Answer) -> str:
    words = QUOTED if answer.backends.get("generator") == "quotes" else WRITTEN
    total = answer.timings_ms.get("total")
    return words if total is None else f"{words} · {total / 1000:.1f} s"


def _fallback(answer: Answer) -> str:
    listed = "; ".join(f"{citation.n} {place(citation)}" for citation in answer.citations[:MOST_SOURCES])
    return escaped(f"{answer.text}\nSources: {listed}" if listed else answer.text, limit=LONGEST_FALLBACK)
