"""A person's last questions, and what became of each."""

from bot.budgets import OVER_BUDGET
from bot.gate import label
from bot.ports.memory import AnswerRecords
from bot.records import AnswerRecord, State
from bot.screens import Earlier

LAST = 10
LONGEST = 150
"""Characters of a question in a list."""

_ENDS = {State.FAILED: "failed", State.STOPPED: "stopped"}


async def earlier(records: AnswerRecords, workspace: str, person: str) -> tuple[Earlier, ...]:
    """The last ten, newest first; those that they did not ask (an offer left alone, a deleted message) left out."""
    asked = [record for record in await records.of_person(workspace, person, limit=2 * LAST) if was_asked(record)]
    return tuple(
        Earlier(
            record.question.id, label(record.question.text, limit=LONGEST), outcome(record), record.question.asked_at
        )
        for record in asked[:LAST]
    )


def was_asked(record: AnswerRecord) -> bool:
    """Whether somebody wanted an answer: nobody does while an offer stands, or when the question was taken back."""
    offered = record.state is State.RECEIVED and record.question.addressed != "named"
    return record.state is not State.WITHDRAWN and not offered


def outcome(record: AnswerRecord) -> str:
    """In a word or two: answered, not in the docs, not answered (refused), over budget, failed, stopped or pending."""
    if record.state is State.FAILED and (record.failure or "").startswith(OVER_BUDGET):
        return OVER_BUDGET
    if record.state in _ENDS:
        return _ENDS[record.state]
    if record.answer is None:
        return "not answered" if record.state is State.DELIVERED else "pending"
    return "answered" if record.answer.answered else "not in the docs"
