"""An earlier answer, shown again."""

from collections.abc import Iterator
from datetime import datetime

from bot.screens import Reopened
from handlers.buttons import Action
from handlers.views.blocks import Block, body, remark
from handlers.views.body import markdown_blocks
from handlers.views.pieces import actions, address, button, divider, labelled, modal, quote, rich, source
from handlers.views.sources import age_in_words

TITLE = "An earlier answer"
GONE = "The words of this answer are gone: its sources changed since, or it is too old. Ask again for what holds now."
MOST_SOURCES = 20
"""Sources that are listed."""


def reopened_view(answer: Reopened, *, now: datetime) -> Block:
    """The modal, filled."""
    return modal(TITLE, _parts(answer, now))


def _parts(answer: Reopened, now: datetime) -> Iterator[Block]:
    yield rich(quote(answer.question))
    yield from markdown_blocks(answer.text) if answer.text.strip() else (body(GONE),)
    if answer.citations:
        yield divider()
        yield labelled("Sources", *(source(citation, now=now) for citation in answer.citations[:MOST_SOURCES]))
    yield remark(f"Asked {age_in_words(answer.asked_at, now=now)}")
    if link := address(answer.link):
        yield actions(button("Open in Slack", Action.OPEN_LINK, url=link))
