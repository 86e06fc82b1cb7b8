"""Lines and messages beside the replies: offers, hints, calls for a person, doubts, answers shared with everyone."""

import re
from datetime import datetime

from bot.feedback import Escalation
from bot.gate import gated
from bot.models import Question
from bot.screens import Doubt
from handlers.buttons import Action, Seal
from handlers.views.blocks import LONGEST_FALLBACK, Message, body, escaped, small
from handlers.views.pieces import (
    actions,
    button,
    channel,
    line,
    markup,
    person,
    quote,
    rich,
    row,
    section,
    source,
    words,
)
from handlers.views.sources import age_in_words, called, place

MOST_BLOCKS = 50
"""Blocks of a message."""

OFFER = "Shall I answer this from the docs?"
NEXT = "Once the page is changed I answer from the new text, after the next sync."
MORE = "There is more in documents only you can see."

_GROUP = re.compile(r"S[A-Z0-9]+")
_HALF_ENTITY = re.compile(r"&[a-z]{0,3}$")
_PERSON = re.compile(r"[UW][A-Z0-9]+")


def line_message(text: str) -> Message:
    """One plain line."""
    said = gated(text).strip() or "–"
    return Message(text=escaped(said, limit=LONGEST_FALLBACK), blocks=(body(said),))


def offer_message(question_id: str, *, seal: Seal) -> Message:
    """Whether to answer what somebody wrote."""
    answer = button("Answer", Action.ACCEPT_OFFER, seal.close(Action.ACCEPT_OFFER, question_id))
    return Message(text=OFFER, blocks=(rich(row(*words(OFFER))), actions(answer)))


def more_message(question_id: str, *, seal: Seal) -> Message:
    """That there is more for the asker alone: neither how much, nor what."""
    send = button("Send it to me", Action.SEND_REST, seal.close(Action.SEND_REST, question_id))
    return Message(text=MORE, blocks=(rich(row(*words(MORE))), actions(send)))


def shared_message(question: str, answer: Message, *, asker: str) -> Message:
    """An answer for everyone, below what was asked and by whom."""
    asked = f"Asked: {line(question)}\n"
    room = LONGEST_FALLBACK - len(escaped(asked))
    head = (small(f"Asked by {person(asker)}"), rich(quote(question)))
    return Message(text=escaped(asked) + _cut(answer.text, room), blocks=(*head, *answer.blocks)[:MOST_BLOCKS])


def help_message(question: Question, escalation: Escalation, *, humans: str, seal: Seal) -> Message:
    """A call for those who look after the channel: the one message of ours that is meant to ping somebody."""
    resolved = button("Resolved", Action.RESOLVED, seal.close(Action.RESOLVED, question.id))
    other = escalation.asked_by != question.asker
    return Message(
        text=escaped(f"Can you help? {line(question.text)}", limit=LONGEST_FALLBACK),
        blocks=(
            section(markup(f"{_called(humans)}, can you help? {person(question.asker)} asked:")),
            rich(quote(question.text)),
            *((small(f"Brought in by {person(escalation.asked_by)}"),) if other else ()),
            actions(resolved),
        ),
    )


def resolved_message(question: Question, escalation: Escalation) -> Message:
    """What becomes of a call for help: small print pings nobody a second time."""
    by = f"Resolved by {person(escalation.resolved_by)}" if escalation.resolved_by else "Resolved"
    return Message(
        text=escaped(f"Resolved: {line(question.text)}", limit=LONGEST_FALLBACK),
        blocks=(rich(quote(question.text)), small(by)),
    )


def doubt_message(doubt: Doubt, *, now: datetime) -> Message:
    """Which passage somebody doubts, for whoever answers for it."""
    citation = doubt.citation
    where = place(citation)
    age = f"It was last updated {age_in_words(citation.updated, now=now)}." if citation.updated else ""
    quoted = (quote(citation.quote),) if citation.quote.strip() else ()
    asked = [f"Asked: “{escaped(line(doubt.question), limit=1_500)}”"] if doubt.question.strip() else []
    owner = f"Owner: {escaped(line(called(doubt.owner)), limit=500)}" if doubt.owner.strip() else "No owner is named"
    return Message(
        text=escaped(f"Somebody says this may be outdated: {where}", limit=LONGEST_FALLBACK),
        blocks=(
            section(markup(f"{person(doubt.person)} says this may be outdated. {age}".strip())),
            rich(source(citation, number=False), *quoted),
            small(" · ".join([*asked, owner])),
            small(NEXT),
        ),
    )


def direct_message(question: Question) -> Message:
    """The root of a thread with one person, which says what it is about."""
    where = channel(question.conversation.channel)
    asked = f"You asked in {where}:" if where else "You asked:"
    return Message(
        text=escaped(f"You asked: {line(question.text)}", limit=LONGEST_FALLBACK),
        blocks=(small(asked), rich(quote(question.text))),
    )


def _called(humans: str) -> str:
    """The one real mention that may leave, of an id and nothing else."""
    if _GROUP.fullmatch(humans):
        return f"<!subteam^{humans}>"
    return f"<@{humans}>" if _PERSON.fullmatch(humans) else "Everyone here"


def _cut(text: str, room: int) -> str:
    """The beginning of a text that is escaped already: it may end in the middle of a word, never of an entity."""
    return text if len(text) <= room else f"{_HALF_ENTITY.sub('', text[: room - 1])}…"
