"""The Home tab: how to ask, what was asked, what is known."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from bot.screens import Earlier, Home, SourceState
from bot.words.counting import counted
from handlers.buttons import Action, Seal
from handlers.views.blocks import Block, remark
from handlers.views.desk import desk_blocks
from handlers.views.pieces import (
    actions,
    bullets,
    button,
    carried,
    divider,
    heading,
    line,
    moment_in_words,
    plain,
    rich,
    row,
    section,
    source_names,
    words,
)
from handlers.views.sources import age_in_words

MOST_SUGGESTIONS, MOST_EARLIER, MOST_SOURCES = 3, 10, 20
"""What is listed, of each kind."""

HOW = (
    "Mention me in a channel, and I answer in the thread from the docs that everyone there can read.",
    "Write to me under Messages, or type /ask, and only you see the answer. /search shows passages alone.",
    "Every sentence names its source. Where the docs don’t say, I say so, and you can ask a person from there.",
)
NOTHING_YET = "There are no docs that you can read yet. An admin can add some."


def home_view(home: Home, *, seal: Seal, now: datetime) -> Block:
    """The tab as one person sees it."""
    blocks = [*_asking(home.suggestions, seal), *_asked(home.earlier, seal, now), *_known(home.sources, now)]
    if home.desk:
        blocks += desk_blocks(home.desk, now=now)
    return {"type": "home", "blocks": blocks}


def _asking(suggestions: Sequence[str], seal: Seal) -> Iterator[Block]:
    yield heading("Ask the docs")
    yield rich(bullets(row(*words(how)) for how in HOW))
    ask = button("Ask a question", Action.SUGGESTED, seal.close(Action.SUGGESTED, ""))
    yield {**actions({**ask, "style": "primary"}), "block_id": str(Action.SUGGESTED)}
    if shown := [question for question in suggestions[:MOST_SUGGESTIONS] if line(question)]:
        yield remark("For example:")
        for number, question in enumerate(shown):
            value = carried(seal, Action.SUGGESTED, question)
            element = button(line(question, limit=75), Action.SUGGESTED, value, spoken=f"Ask: {line(question)}")
            yield {**actions(element), "block_id": f"{Action.SUGGESTED}_{number}"}


def _asked(earlier: Sequence[Earlier], seal: Seal, now: datetime) -> Iterator[Block]:
    if not earlier:
        return
    yield divider()
    yield heading("Your last questions")
    for one in earlier[:MOST_EARLIER]:
        question = line(one.question)
        value = seal.close(Action.REOPEN, one.question_id)
        show = button("Show", Action.REOPEN, value, spoken=f"Show the answer to: {question}")
        yield section(plain(question, limit=300), beside=show)
        yield remark(f"{line(one.outcome, limit=40)} · {age_in_words(one.asked_at, now=now)}")


def _known(sources: Sequence[SourceState], now: datetime) -> Iterator[Block]:
    yield divider()
    yield heading("What I know")
    if not sources:
        yield rich(row(*words(NOTHING_YET)))
        return
    named = source_names(one.name for one in sources)
    yield rich(bullets(_source(one, named[one.name], now) for one in sources[:MOST_SOURCES]))
    if len(sources) > MOST_SOURCES:
        rest = sources[MOST_SOURCES:]
        documents = counted(sum(one.documents for one in rest), "document")
        yield remark(f"and {counted(len(rest), 'source')} more with {documents}")


def _source(one: SourceState, name: str, now: datetime) -> Block:
    synced = f"synced {moment_in_words(one.synced_at, now=now)}" if one.synced_at else "not synced yet"
    skipped = f" · {one.skipped:,} skipped" if one.skipped else ""
    failed = f" · ⚠ {line(one.failed)}" if one.failed else ""
    known = f" · {counted(one.documents, 'document')} · {synced}{skipped}{failed}"
    return row(*words(name or "–", bold=True), *words(known))
