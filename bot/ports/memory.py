"""What is remembered: conversations, and the one trace of each answer."""

from __future__ import annotations

from typing import Protocol

from bot.conversations import Conversation, Turn
from bot.models import ConversationKey
from bot.records import AnswerRecord


class Conversations(Protocol):
    """The recent turns of each conversation."""

    async def read(self, key: ConversationKey) -> Conversation:
        """The turns kept for `key`, oldest first; empty when there are none. Raises `MemoryUnavailable`."""
        ...

    async def remember(self, key: ConversationKey, turn: Turn, *, question_id: str) -> None:
        """Append a turn once per `question_id`, keep the last 40, forget the conversation 7 days after its last."""
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
