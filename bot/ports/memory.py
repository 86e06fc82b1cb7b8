"""What is remembered: conversations, the trace of each answer, what people said of it, and how channels are set."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.budgets import Exceeded, Limits, Today
from bot.channels import Change, ChannelSettings
from bot.conversations import Conversation, Turn
from bot.feedback import Escalation, Feedback
from bot.models import ConversationKey, Question
from bot.ports.queue import DeadLetters, JobQueue
from bot.records import AnswerRecord


class Conversations(Protocol):
    """The recent turns of each conversation."""

    async def read(self, key: ConversationKey) -> Conversation:
        """The turns kept for `key`, oldest first; empty when there are none. Raises `MemoryUnavailable`."""
        ...

    async def remember(self, key: ConversationKey, turn: Turn) -> None:
        """Keep one turn per question, the latest; the last 40 of them, until 7 days after the last."""
        ...

    async def forget(self, key: ConversationKey) -> None:
        """Remove the conversation."""
        ...

    async def join(self, key: ConversationKey) -> None:
        """Note that the bot takes part in this thread, from the mention on, for 7 days; again starts the days anew."""
        ...

    async def leave(self, key: ConversationKey) -> None:
        """Take that back: the talk has turned to somebody else."""
        ...

    async def joined(self, key: ConversationKey) -> bool:
        """Whether the bot takes part, in one cheap look-up. Raises `MemoryUnavailable`."""
        ...


class AnswerRecords(Protocol):
    """One record per question, kept 30 days: the job's state and the audit line."""

    async def read(self, question_id: str, *, fence: int | None = None) -> AnswerRecord | None:
        """The record, or None before the first write.

        Raises `MemoryUnavailable`, also for a record that a newer Footnote wrote in a way that this one cannot read.
        A worker reads with its `fence`: from then on writes with a lower one are refused, so that nothing changes
        between its reading and its first write.
        """
        ...

    async def write(self, record: AnswerRecord, *, fence: int) -> None:
        """Store the record. Raises `LeaseLost` when a write with a higher `fence` was seen for this question."""
        ...

    async def unended(self, *, before: datetime, limit: int) -> list[AnswerRecord]:
        """Records that are not at rest and that nobody has written since `before`, oldest first."""
        ...

    async def of_person(self, workspace: str, person: str, *, limit: int) -> list[AnswerRecord]:
        """The person's last questions, newest first."""
        ...

    async def since(self, workspace: str, moment: datetime, *, limit: int) -> list[AnswerRecord]:
        """What a workspace asked from `moment` on, newest first, at most `limit`."""
        ...


class FeedbackBook(Protocol):
    """Ratings, and questions that people were asked to answer; kept 180 days. All raise `MemoryUnavailable`."""

    async def rate(self, feedback: Feedback) -> None:
        """Keep the person's rating of an answer, in place of an earlier one of theirs."""
        ...

    async def ratings(self, question_id: str) -> list[Feedback]:
        """Every rating of an answer, oldest first."""
        ...

    async def since(self, moment: datetime) -> list[Feedback]:
        """Every rating given from `moment` on, oldest first."""
        ...

    async def escalate(self, escalation: Escalation) -> bool:
        """Open an escalation; False, and nothing changes, when its question has one already."""
        ...

    async def escalation(self, question_id: str) -> Escalation | None:
        """The escalation of a question, open or closed."""
        ...

    async def update(self, escalation: Escalation) -> None:
        """Replace an escalation: with its message, or closed."""
        ...

    async def escalations(self, moment: datetime) -> list[Escalation]:
        """Every escalation opened from `moment` on, oldest first."""
        ...

    async def once(self, what: str, *, seconds: float) -> bool:
        """True for the first who asks this within so many seconds: `outdated/DOCUMENT/DAY`, for instance."""
        ...


class Channels(Protocol):
    """Settings of channels, with an audit line for every change."""

    async def read(self, workspace: str, channel: str) -> ChannelSettings:
        """How the bot behaves there; the defaults where nobody decided. Raises `MemoryUnavailable`."""
        ...

    async def all(self, workspace: str) -> Mapping[str, ChannelSettings]:
        """Every channel that somebody decided about, by id."""
        ...

    async def write(
        self, workspace: str, channel: str, settings: ChannelSettings, *, person: str, at: datetime
    ) -> tuple[Change, ...]:
        """Store the settings and one audit line per field that changed, in one step; the lines. Kept without end."""
        ...

    async def changes(self, workspace: str, *, limit: int) -> list[Change]:
        """The last changes, newest first."""
        ...

    async def looks_at(self, workspace: str, person: str, channel: str) -> None:
        """Note for an hour which channel a person has before them."""
        ...

    async def looked_at(self, workspace: str, person: str) -> str:
        """The channel that a person has before them, empty when that is not known."""
        ...


class Stops(Protocol):
    """Wishes to stop an answer that is being made, from whichever process hears them, to whichever works on it."""

    async def ask(self, question_id: str, *, seconds: float = 600.0) -> None:
        """Wish that the answer be stopped; the wish is kept for ten minutes, or as said. Raises `MemoryUnavailable`."""
        ...

    async def asked(self, question_ids: Collection[str]) -> frozenset[str]:
        """Which of these are to be stopped, in one cheap look-up."""
        ...

    async def clear(self, question_id: str) -> None:
        """The wish was heard."""
        ...

    async def working(self, key: ConversationKey, question_id: str | None) -> None:
        """Note which question is being answered in a conversation, None for none; kept for ten minutes."""
        ...

    async def worked(self, key: ConversationKey, question_ids: Collection[str]) -> frozenset[str]:
        """Note that none is, and in the same trip: which of these are to be stopped."""
        ...

    async def being_answered(self, key: ConversationKey) -> str | None:
        """The question that is being answered in a conversation."""
        ...


class Budgets(Protocol):
    """What was asked and spent of late: by person, channel and workspace, by the server's clock.

    All raise `MemoryUnavailable`.
    """

    async def take(self, question: Question, *, limits: Limits) -> Exceeded | None:
        """Count the question, or say what it exceeds: then it does not count, but among those turned away.

        Once however often it is tried: for a day the same question, in the same version, gets the same answer. The
        limits are gone through in the order of `Scope`; that of the channel is not for direct messages. What nobody
        asked us is turned away without a line.
        """
        ...

    async def spend(self, question: Question, *, dollars: float) -> None:
        """Add what a try of the question has cost, whatever became of it; each try is billed."""
        ...

    async def today(self, workspace: str) -> Today:
        """What the day has cost so far, and what was turned away."""
        ...


class Cache(Protocol):
    """Bytes that can be had again at a price, shared by all processes. It may forget any of them at any time.

    Nothing is raised: a cache that cannot be reached is empty, and keeps nobody waiting for long.
    """

    async def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        """What is kept, in the order of `keys`; None where nothing is."""
        ...

    async def put_many(self, values: Mapping[str, bytes]) -> None:
        """Keep them for a while."""
        ...


@dataclass(frozen=True, slots=True)
class Memory:
    """All that is kept, the queue with it."""

    jobs: JobQueue
    conversations: Conversations
    records: AnswerRecords
    feedback: FeedbackBook
    channels: Channels
    stops: Stops
    budgets: Budgets
    dead_letters: DeadLetters
