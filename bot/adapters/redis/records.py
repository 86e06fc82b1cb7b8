"""Answer records as one hash per question: the record as JSON, and the highest fence that was seen.

The lists by time are elsewhere in a cluster, so a question is listed before its record is written: a crash between the
two leaves an entry without a record, which is passed over, and never a record that nobody finds. For the same reason
no write takes a question off the list of those that have not come to their end: whoever reads that list does.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.adapters.redis.link import Link, Script, Step
from bot.adapters.redis.stored import Damaged, Newer, Stored
from bot.errors import LeaseLost, MemoryUnavailable
from bot.records import AT_REST, AnswerRecord

KEPT_FOR = 30 * 24 * 3600
"""Seconds after the last write."""
AT_ONCE = 200
"""Records read in one trip, so that an overview never holds the server up."""


class RedisAnswerRecords:
    """The `AnswerRecords` port.

    A record that cannot be read (a newer process wrote it) counts as out of reach, not as missing: taking it for
    missing would answer its question twice.
    """

    def __init__(self, link: Link) -> None:
        self._link = link
        self._stored = Stored(AnswerRecord)
        self._read, self._write = Script.load("read_record"), Script.load("write_record")
        self._enlist, self._delist = Script.load("enlist"), Script.load("delist")

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
        question = record.question
        workspace, at = question.conversation.workspace, question.asked_at.timestamp()
        lists = {self._asked(workspace, question.asker): at, self._asked(workspace): at}
        if record.state not in AT_REST:
            lists[self._unended] = (record.updated_at or question.asked_at).timestamp()
        steps = [self._enlist.step([one], ("GT", moment, question.id, KEPT_FOR)) for one, moment in lists.items()]
        write = self._write.step([self._where(question.id)], (fence, self._stored.dump(record), KEPT_FOR))
        *_, written = await self._link.all([*steps, write])
        if not written:
            raise LeaseLost(f"question {question.id} is in the hands of another worker")

    async def unended(self, *, before: datetime, limit: int) -> list[AnswerRecord]:
        """Records that nobody has written since `before` and that are not at rest; see the port."""
        found: list[AnswerRecord] = []
        passed = 0
        while len(found) < limit:
            words = ("-inf", f"({before.timestamp()!r}", "WITHSCORES", "LIMIT", passed, AT_ONCE)
            listed = await self._link.call("ZRANGEBYSCORE", self._unended, *words)
            if not listed:
                break
            open_, over = await self._sorted_out(listed)
            found += open_
            passed += len(listed) // 2 - over
        return found[:limit]

    async def of_person(self, workspace: str, person: str, *, limit: int) -> list[AnswerRecord]:
        """The person's last questions, newest first; see the port."""
        ids = await self._link.call("ZREVRANGE", self._asked(workspace, person), 0, limit - 1)
        return await self._several(ids)

    async def since(self, workspace: str, moment: datetime, *, limit: int) -> list[AnswerRecord]:
        """What a workspace asked from `moment` on, newest first; see the port."""
        words = ("+inf", moment.timestamp(), "LIMIT", 0, limit)
        return await self._several(await self._link.call("ZREVRANGEBYSCORE", self._asked(workspace), *words))

    async def _sorted_out(self, listed: Sequence[bytes]) -> tuple[list[AnswerRecord], int]:
        """The open records among ids with their scores, and how many left the list: at rest, or without one."""
        pairs = list(zip(listed[::2], listed[1::2], strict=True))
        raw = await self._link.all([Step(("HGET", self._where(id_.decode()), "json")) for id_, _ in pairs])
        found: list[AnswerRecord] = []
        over: list[bytes] = []
        for pair, one in zip(pairs, raw, strict=True):
            records = self._stored.readable([one])
            if one is None or any(record.state in AT_REST for record in records):
                over += pair
            else:
                found += records
        if over:
            await self._link.run(self._delist, [self._unended], (KEPT_FOR, *over))
        return found, len(over) // 2

    @property
    def _unended(self) -> str:
        return self._link.key(of=("unended",))

    async def _several(self, ids: Sequence[bytes]) -> list[AnswerRecord]:
        """The records that are there and can be read: an overview may leave one out."""
        found: list[AnswerRecord] = []
        for start in range(0, len(ids), AT_ONCE):
            steps = [Step(("HGET", self._where(one.decode()), "json")) for one in ids[start : start + AT_ONCE]]
            found += self._stored.readable(await self._link.all(steps))
        return found

    def _asked(self, *who: str) -> str:
        return self._link.key(of=("asked", *who))

    def _where(self, question_id: str) -> str:
        return self._link.key("record", of=("question", question_id))
