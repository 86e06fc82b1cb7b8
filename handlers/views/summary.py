"""What a thread says: each statement, and who said it where."""

from collections.abc import Iterator
from datetime import datetime

from bot.screens import Point, Summary
from bot.words.counting import counted
from handlers.views.blocks import LONGEST_FALLBACK, Block, Message, escaped, small
from handlers.views.pieces import line, moment_in_words, person, rich, row, words
from handlers.views.sources import web_address

MOST = 20
"""Statements that are shown: two blocks each."""
LONGEST_POINT = 600
"""Characters of a statement."""
TITLE = "What this thread says"
NOTHING = "There is nothing to summarise in this thread yet."
UNREAD = "I found nothing to read in this thread. If I'm not in this channel, invite me first: /invite @Footnote"


def summary_message(summary: Summary, *, now: datetime) -> Message:
    """The message that shows a summary, or that there is nothing to summarise."""
    if not summary.points:
        nothing = NOTHING if summary.messages else UNREAD
        return Message(text=nothing, blocks=(rich(row(*words(nothing))),))
    points = [line(point.text, limit=LONGEST_POINT) or "–" for point in summary.points[:MOST]]
    fallback = escaped("\n".join([TITLE, *points]), limit=LONGEST_FALLBACK)
    return Message(text=fallback, blocks=tuple(_parts(summary, now)))


def _parts(summary: Summary, now: datetime) -> Iterator[Block]:
    yield rich(row(*words(TITLE, bold=True)))
    for point in summary.points[:MOST]:
        yield rich(row(*words(line(point.text, limit=LONGEST_POINT) or "–")))
        yield small(f"{person(point.author)} · {_when(point, now)}")
    more = len(summary.points) - MOST
    yield small(f"From {counted(summary.messages, 'message')}" + (f"; {more:,} more left out" if more > 0 else ""))


def _when(point: Point, now: datetime) -> str:
    """When it was said, as a link to the message where it has one."""
    said = escaped(moment_in_words(point.at, now=now))
    link = web_address(point.link)
    return f"<{link}|{said}>" if link else said
