"""What admins see: the week in numbers, what the documents do not answer, and what is wrong."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.budgets import OVER_BUDGET, Limits, Today
from bot.desk.earlier import LONGEST, outcome, was_asked
from bot.desk.sources import Synced, Syncs
from bot.feedback import Escalation, Feedback
from bot.gate import label
from bot.models import EVERYONE, Principal
from bot.ports.memory import AnswerRecords, Budgets, Channels, FeedbackBook
from bot.records import AnswerRecord
from bot.screens import Desk, Week
from bot.words.counting import counted

WEEK = timedelta(days=7)
MOST = 5_000
"""Records of a week that are read."""
TOP = 10
WAITING = timedelta(days=2)
"""After which a question that people were asked has waited too long."""
LOOKED_BACK = timedelta(days=30)
"""For open questions: as long as their records are kept."""
LONGEST_REASON = 200
CHANGES = 5
"""Lines of the audit that are shown."""

_UNANSWERED = frozenset({"not in the docs", "failed"})
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Overview:
    """Puts the desk of an admin together from what is remembered."""

    records: AnswerRecords
    book: FeedbackBook
    channels: Channels
    budgets: Budgets
    limits: Limits
    syncs: Syncs
    now: Callable[[], datetime]

    async def read(self, workspace: str) -> Desk:
        """The desk as it is now. Raises `MemoryUnavailable`."""
        now = self.now()
        recent = await self.records.since(workspace, now - WEEK, limit=MOST)
        asked = [record for record in recent if was_asked(record) and outcome(record) != OVER_BUDGET]
        ratings = [one for one in await self.book.since(now - WEEK) if _of(workspace, one.question_id)]
        since, today = now - LOOKED_BACK, await self.budgets.today(workspace)
        escalations = [one for one in await self.book.escalations(since) if _of(workspace, one.question_id)]
        waiting = [one for one in escalations if not one.resolved_by]
        return Desk(
            week=_week(asked, ratings),
            unanswered=_unanswered(asked, waiting),
            problems=(*_used_up(today, self.limits), *_failures(self.syncs()), *_overdue(waiting, now)),
            channels=await self.channels.all(workspace),
            changes=tuple(await self.channels.changes(workspace, limit=CHANGES)),
            today=today,
            limits=self.limits,
        )


def _of(workspace: str, question_id: str) -> bool:
    return question_id.startswith(f"{workspace}/")


def _week(asked: Sequence[AnswerRecord], ratings: Sequence[Feedback]) -> Week:
    rated = Counter(rating.rating for rating in ratings)
    return Week(
        questions=len(asked),
        answered=sum(outcome(record) == "answered" for record in asked),
        people=len({record.question.asker for record in asked}),
        good=rated["good"],
        bad=rated["bad"],
        cost=sum(record.answer.cost for record in asked if record.answer),
    )


def _unanswered(asked: Sequence[AnswerRecord], waiting: Sequence[Escalation]) -> tuple[tuple[str, int], ...]:
    """What was asked where any member could read it and is open, most often first, in the latest wording.

    An admin who is not in a private channel is not told what was asked there.
    """
    people_asked = {escalation.question_id for escalation in waiting}
    texts = [
        record.question.text
        for record in asked
        if _is_public(record) and (outcome(record) in _UNANSWERED or record.question.id in people_asked)
    ]
    times = Counter(_normal(text) for text in texts)
    wording = {_normal(text): text for text in reversed(texts)}
    return tuple((label(wording[same], limit=LONGEST), count) for same, count in times.most_common(TOP) if same)


def _is_public(record: AnswerRecord) -> bool:
    """Whether it was asked in a public channel: there, one reader stands for every member."""
    readers = record.audience.readers if record.audience else frozenset[frozenset[Principal]]()
    return not record.question.private and frozenset({EVERYONE}) in readers


def _normal(text: str) -> str:
    return " ".join(_WORD.findall(text.casefold()))


def _failures(syncs: Mapping[str, Synced]) -> list[str]:
    """A sentence for each source that could not be read, or not all of it."""
    problems: list[str] = []
    for name, run in sorted(syncs.items()):
        source = label(name, limit=LONGEST)
        if run.failed:
            problems.append(f"{source} could not be read: {label(run.failed, limit=LONGEST_REASON)}")
        elif skipped := len(run.skipped):
            problems.append(
                f"{counted(skipped, 'document')} of {source} could not be read and {_were(skipped)} skipped."
            )
    return problems


def _used_up(today: Today, limits: Limits) -> list[str]:
    if not 0 < limits.workspace_cost <= today.dollars:
        return []
    return [f"Today's budget of ${limits.workspace_cost:,.2f} is used up: nobody gets an answer before midnight, UTC."]


def _overdue(waiting: Sequence[Escalation], now: datetime) -> list[str]:
    late = sum(now - escalation.at > WAITING for escalation in waiting)
    return (
        [f"{counted(late, 'question')} {_were(late)} put to people more than 2 days ago and not resolved."]
        if late
        else []
    )


def _were(n: int) -> str:
    return "was" if n == 1 else "were"
