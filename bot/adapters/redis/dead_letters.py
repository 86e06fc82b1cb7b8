"""Jobs that were buried: a stream beside the queue, whose entries know why."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import get_args

from bot.adapters.redis.lines import lines, named, whose, word
from bot.adapters.redis.link import Link, Script
from bot.adapters.redis.stored import Damaged, Newer, OneOf
from bot.jobs import Job
from bot.ports.queue import DeadLetter


class RedisDeadLetters:
    """The `DeadLetters` port. A letter's id is that of its entry, which says when it was written."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._dead = link.key("dead")
        self._stored: OneOf[Job] = OneOf(get_args(Job))
        self._revive = Script.load("line_up", "revive")

    async def list(self, *, limit: int) -> Sequence[DeadLetter]:
        """The last ones, newest first; see the port."""
        found = await self._link.call("XREVRANGE", self._dead, "+", "-", "COUNT", limit)
        return [self._letter(id_, named(fields)) for id_, fields in found]

    async def find(self, id_: str) -> DeadLetter | None:
        """The one of this id; see the port."""
        if not _is_id(id_):
            return None
        found = await self._link.call("XRANGE", self._dead, id_, id_)
        return self._letter(found[0][0], named(found[0][1])) if found else None

    async def revive(self, id_: str, job: Job) -> bool:
        """Append `job` and drop the letter, in one step; see the port."""
        if not _is_id(id_):
            return False
        words = (id_, self._stored.dump(job), *whose(job), word(job.id))
        return bool(await self._link.run(self._revive, (*lines(self._link), self._dead), words))

    async def drop(self, id_: str) -> bool:
        """Forget the letter; see the port."""
        return _is_id(id_) and bool(await self._link.call("XDEL", self._dead, id_))

    def _letter(self, id_: bytes, fields: dict[bytes, bytes]) -> DeadLetter:
        milliseconds, _, _ = id_.partition(b"-")
        return DeadLetter(
            id=id_.decode(),
            job=self._job(fields.get(b"job", b"")),
            reason=fields.get(b"reason", b"").decode(errors="replace"),
            deliveries=int(fields.get(b"deliveries", 0)),
            age=int(fields.get(b"age_ms", 0)) / 1000,
            buried_at=datetime.fromtimestamp(int(milliseconds) / 1000, tz=UTC),
        )

    def _job(self, payload: bytes) -> Job | None:
        with suppress(Newer, Damaged):
            return self._stored.load(payload)
        return None


def _is_id(text: str) -> bool:
    """Whether an entry can have this id: the server takes others for a range, or refuses them."""
    return re.fullmatch(r"[0-9]{1,19}-[0-9]{1,19}", text) is not None
