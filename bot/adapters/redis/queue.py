"""The durable queue: a stream with a consumer group, where one script per step keeps each step whole.

At most ten unfinished jobs of one person stand in the stream, and one of each conversation; what there is besides
waits in a line of its own, from which a script appends it as those end (`line_up.lua`). So nobody waits behind all that
one person asked, and what is asked in a conversation is answered in its order, whoever answers.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, get_args
from uuid import uuid4

import structlog
from structlog.typing import FilteringBoundLogger

from bot.adapters.redis.lines import GROUP, ONCE, Lines, lines, named, whose, word
from bot.adapters.redis.link import Link, Script
from bot.adapters.redis.stored import Damaged, Newer, OneOf
from bot.errors import FootnoteError, LeaseLost, MemoryUnavailable
from bot.jobs import Job
from bot.kill_points import passing
from bot.ports.queue import Claim, Load, Waiting

log: FilteringBoundLogger = structlog.get_logger(__name__)

NOBODY, ORPHAN = "0", "orphan"
"""Who holds a job that was given back, and one whose last holder but one vanished with it."""
ACKNOWLEDGE = 0.5
"""Seconds that an append may take: Slack waits three for its acknowledgement."""
GLANCE = 1.0
"""Seconds between two looks at leases that may have run out, while waiting for new jobs."""
DEAD = 1_000
"""Dead letters kept."""
DEAD_FOR = 30 * 24 * 3600
"""Seconds that a dead letter is kept."""
NEWER_FOR = 600
"""Seconds that a job which only a newer process can read waits for one, before it is buried."""


@dataclass(frozen=True, slots=True)
class _Entry:
    id: str
    payload: bytes
    deliveries: int
    fence: int
    age: float
    orphaned: bool


class RedisJobQueue:
    """The `JobQueue` port. Time is the server's; the token of a lease is its `fence`, whoever the worker is."""

    def __init__(self, link: Link, *, lease: float = 30.0, acknowledge: float = ACKNOWLEDGE) -> None:
        self._link = link
        self._lease = lease
        self._acknowledge = acknowledge
        self._jobs, self._leases, self._fence, self._dead = map(link.key, ("jobs", "leases", "fence", "dead"))
        self._keys = lines(link)
        self._stored: OneOf[Job] = OneOf(get_args(Job))
        lined = ("enqueue", "claim", "complete", "give_back", "bury")
        self._scripts = {"renew": Script.load("renew"), **{name: Script.load("line_up", name) for name in lined}}
        self._line = Lines(link, self._stored, lease=lease)
        self._last_fence, self._went_back = 0, float("-inf")
        self._name, self._claims, self._unheard = uuid4().hex, 0, None
        self._claiming = asyncio.Lock()

    @property
    def lease(self) -> float:
        """Seconds that a claim lasts unless it is renewed."""
        return self._lease

    async def enqueue(self, job: Job, *, once: Sequence[str]) -> bool:
        """Append the job unless a key of `once` was used; see the port."""
        keys = [*self._keys, *(self._link.key("once", key) for key in dict.fromkeys(once))]
        words = (self._stored.dump(job), ONCE, *whose(job), word(job.id))
        passing("before_append")
        new = bool(await self._link.run(self._scripts["enqueue"], keys, words, within=self._acknowledge))
        passing("after_append")
        return new

    async def claim(self, *, limit: int, wait: float) -> list[Claim]:
        """Lease up to `limit` jobs; see the port."""
        loop = asyncio.get_running_loop()
        end = loop.time() + wait
        while True:
            entries, last = await self._leased(limit)
            claims = [claim for entry in entries if (claim := await self._read(entry))]
            left = end - loop.time()
            if claims or left <= 0:
                return claims
            if last:  # else something was leased that cannot be read, and there may be more
                await self._arrival(last, within=min(left, GLANCE, self._lease / 2))

    async def renew(self, claim: Claim) -> None:
        """Begin the lease anew; see the port."""
        self._held(await self._step("renew", claim), claim)

    async def complete(self, claim: Claim) -> None:
        """Remove the job; see the port. Doing it twice is fine."""
        passing("before_complete")
        self._held(await self._step("complete", claim, *whose(claim.job)), claim)

    async def release(self, claim: Claim) -> None:
        """Give the job back at once, uncounted; see the port."""
        await self._give_back(claim, after=0, deliveries=claim.deliveries - 1)

    async def retry(self, claim: Claim, *, after: float, counted: bool = True) -> None:
        """Give the job back, to be delivered again after `after` seconds, one lease at most; see the port."""
        goes_on = "" if counted else whose(claim.job)[1]
        deliveries = claim.deliveries - (not counted)
        await self._give_back(claim, after=after, deliveries=deliveries, tried=True, goes_on=goes_on)

    async def bury(self, claim: Claim, *, reason: str) -> None:
        """Move the job to the dead letters; see the port. Doing it twice is fine."""
        await self._bury(claim, reason=reason, waits_in=whose(claim.job))

    async def depth(self) -> int:
        """Jobs that are not ended; see the port."""
        return await self._line.depth()

    async def load(self) -> Load:
        """How much there is to do; see the port."""
        return await self._line.load()

    async def overdue(self, *, ahead: int, age: float, limit: int) -> list[Waiting]:
        """Questions that wait long, each named once; see the port."""
        return await self._line.overdue(ahead=ahead, age=age, limit=limit)

    async def unfinished(self, question_ids: Collection[str]) -> frozenset[str]:
        """Which of these questions some job is still about; see the port."""
        return await self._line.unfinished(question_ids)

    # --- steps -------------------------------------------------------------------------------------------------------

    async def _leased(self, limit: int) -> tuple[list[_Entry], bytes | None]:
        """One look for jobs; what was lent to an earlier one of which nothing was heard is told again."""
        async with self._claiming:
            self._claims += 1
            self._unheard, unheard = self._unheard or self._claims, self._unheard
            found = await self._asked_for(limit, unheard)
            self._unheard = None
            return found

    async def _asked_for(self, limit: int, unheard: int | None) -> tuple[list[_Entry], bytes | None]:
        keys = (*self._keys, self._leases, self._fence, self._dead)
        who = (self._name, self._claims, unheard or "")
        words = (GROUP, _milliseconds(self._lease), limit, _milliseconds(DEAD_FOR), *who)
        # What is lent unheard is nobody's for a lease, and counts as a delivery: so the reply is waited for.
        within = max(self._link.timeout, self._lease / 6)
        claiming = self._link.run(self._scripts["claim"], keys, words, within=within, patient=True)
        asking = asyncio.ensure_future(claiming)
        try:
            entries, last = await asyncio.shield(asking)
        except asyncio.CancelledError:
            await self._unlease(asking)
            raise
        return [_entry(*parts) for parts in entries], last

    async def _unlease(self, asking: asyncio.Future[Any]) -> None:
        """Give back what the server lends to a caller that is gone."""
        with suppress(MemoryUnavailable, LeaseLost):  # then the lease has to run out, unless we ask again
            entries, _ = await asking
            self._unheard = None
            for entry in (_entry(*parts) for parts in entries):
                await self._give_back(entry, after=0, deliveries=entry.deliveries - 1)

    async def _arrival(self, last: bytes, *, within: float) -> None:
        """Return when a job is there that nobody leased yet. Nothing is taken, so being cancelled loses nothing."""
        await self._link.wait(
            "XREAD", "COUNT", 1, "BLOCK", max(1, _milliseconds(within)), "STREAMS", self._jobs, last, within=within
        )

    async def _read(self, entry: _Entry) -> Claim | None:
        """The entry as a claim; one that cannot be read is buried, or left to a newer process for a while."""
        try:
            job, doubtful = self._stored.load(entry.payload), self._has_forgotten_since(entry)
            return Claim(entry.id, job, entry.deliveries, entry.fence, entry.age, doubtful, entry.orphaned)
        except Newer as error:
            await self._put_away(entry, reason=str(error), bury=entry.age > NEWER_FOR)
        except Damaged as error:
            await self._put_away(entry, reason=str(error), bury=True)
        return None

    def _has_forgotten_since(self, entry: _Entry) -> bool:
        """Whether the server lost writes after this was appended: then a fence comes again, or an earlier one."""
        moment = time.monotonic()
        if entry.fence <= self._last_fence:
            log.warning("memory_went_back", job=entry.id, fence=entry.fence, last=self._last_fence)
            self._went_back = moment
        self._last_fence = entry.fence
        return entry.age >= moment - self._went_back

    async def _put_away(self, entry: _Entry, *, reason: str, bury: bool) -> None:
        log.error("job_unreadable", job=entry.id, reason=reason, buried=bury)
        try:
            if bury:
                await self._bury(entry, reason=reason)
            else:
                await self._give_back(entry, after=self._lease, deliveries=entry.deliveries - 1)
        except FootnoteError as error:  # the others of this claim matter more; this one comes back by itself
            log.warning("job_not_put_away", job=entry.id, reason=type(error).__name__)

    async def _give_back(
        self, held: Claim | _Entry, *, after: float, deliveries: int, tried: bool = False, goes_on: str = ""
    ) -> None:
        """What was not `tried` may still be what its last holder died of; the conversation `goes_on` without it."""
        mark = ORPHAN if held.orphaned and not tried else NOBODY
        elapsed = _milliseconds(max(0.0, self._lease - max(0.0, after)))
        self._held(await self._step("give_back", held, elapsed, deliveries, mark, goes_on), held)

    async def _bury(self, held: Claim | _Entry, *, reason: str, waits_in: tuple[str, str] = ("", "")) -> None:
        words = (*waits_in, reason, held.deliveries, DEAD, _milliseconds(DEAD_FOR))
        self._held(await self._step("bury", held, *words, keys=(self._dead,)), held)

    async def _step(self, name: str, held: Claim | _Entry, *words: str | int, keys: Sequence[str] = ()) -> int:
        """One script about a held job."""
        where = (*self._keys, self._leases, *keys)
        return int(await self._link.run(self._scripts[name], where, (GROUP, held.id, held.fence, *words)))

    @staticmethod
    def _held(ours: int, held: Claim | _Entry) -> None:
        if not ours:
            raise LeaseLost(f"job {held.id} was leased again since")


def _entry(id_: bytes, fields: list[bytes], *numbers: int) -> _Entry:
    deliveries, fence, age_ms, orphaned = numbers
    return _Entry(id_.decode(), named(fields).get(b"job", b""), deliveries, fence, age_ms / 1000, bool(orphaned))


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
