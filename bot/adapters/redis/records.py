"""Answer records as one hash per question: the record as JSON, and the highest fence that was seen."""

from __future__ import annotations

from bot.adapters.redis.client import Link, Script
from bot.adapters.redis.stored import Damaged, Newer, Stored
from bot.errors import LeaseLost, MemoryUnavailable
from bot.records import AnswerRecord

KEPT_FOR = 30 * 24 * 3600
"""Seconds after the last write."""


class RedisAnswerRecords:
    """The `AnswerRecords` port.

    A record that cannot be read (a newer process wrote it) counts as out of reach, not as missing: taking it for
    missing would answer its question twice.
    """

    def __init__(self, link: Link) -> None:
        self._link = link
        self._stored = Stored(AnswerRecord)
        self._read, self._write = Script.load("read_record"), Script.load("write_record")

    async def read(self, question_id: str, *, fence: int | None = None) -> AnswerRecord | None:
        """The record, or None before the first write; see the port."""
        raw = await self._link.run(self._read, [self._where(question_id)], (fence or 0, KEPT_FOR))
        if raw is None:
            return None
        try:
            return self._stored.load(raw)
        except (Newer, Damaged) as error:
            raise MemoryUnavailable(f"the record of question {question_id}: {error}") from error

    async def write(self, record: AnswerRecord, *, fence: int) -> None:
        """Store the record unless a higher fence was seen; see the port."""
        question_id = record.question.id
        words = (fence, self._stored.dump(record), KEPT_FOR)
        if not await self._link.run(self._write, [self._where(question_id)], words):
            raise LeaseLost(f"question {question_id} is in the hands of another worker")

    def _where(self, question_id: str) -> str:
        return self._link.key("record", question_id)
