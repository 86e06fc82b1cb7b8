"""Passages that match what somebody searched for, without an answer: place, age and words, and a button for more."""

from collections.abc import Iterator
from datetime import datetime

from bot.screens import PassagePage
from handlers.buttons import Action, Seal
from handlers.views.blocks import LONGEST_FALLBACK, Block, Message, escaped, remark
from handlers.views.pieces import actions, button, carried, line, quote, rich, row, source, words
from handlers.views.sources import place

MOST = 20
"""Passages on a page: with them the message stays far below Slack's 50 blocks."""
LONGEST_WORDS = 150
"""Characters of what was searched for."""


def passages_message(page: PassagePage, *, seal: Seal, now: datetime) -> Message:
    """The message that shows one page."""
    title = _title(page)
    listed = "; ".join(f"{citation.n} {place(citation)}" for citation in page.passages[:MOST])
    return Message(
        text=escaped(f"{title}\n{listed}" if listed else title, limit=LONGEST_FALLBACK),
        blocks=tuple(_parts(page, title, seal, now)),
    )


def _title(page: PassagePage) -> str:
    searched = f"“{line(page.words, limit=LONGEST_WORDS)}”"
    if page.passages:
        return f"Passages for {searched}" + (f", page {page.page + 1}" if page.page else "")
    return f"No more passages for {searched}." if page.page else f"No passage here matches {searched}."


def _parts(page: PassagePage, title: str, seal: Seal, now: datetime) -> Iterator[Block]:
    yield rich(row(*words(title, bold=bool(page.passages))))
    for citation in page.passages[:MOST]:
        quoted = (quote(citation.quote),) if citation.quote.strip() else ()
        yield rich(source(citation, now=now), *quoted)
    if page.more:
        value = carried(seal, Action.MORE_PASSAGES, page.words, str(page.page + 1))
        yield actions(button("More", Action.MORE_PASSAGES, value, spoken="More passages"))
    elif not page.passages and not page.page:
        yield remark("Try fewer words, or other ones. I search the docs that you can read.")
