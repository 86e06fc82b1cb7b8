"""The durable queue between the Slack edge and the worker."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.jobs import Job


@dataclass(frozen=True, slots=True)
class Claim:
    """A worker's lease on one job. `deliveries` counts from 1; `fence` grows with every delivery.

    `age` is how long ago the job was appended, in seconds by the queue's clock. `doubtful` says that the store has
    forgotten something since then, as a replica does that is promoted: more may be done than it knows of.
    """

    id: str
    job: Job
    deliveries: int
    fence: int
    age: float = 0.0
    doubtful: bool = False
    orphaned: bool = False
    """Whoever held it before neither ended it nor gave it back: that process may have died of it."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A job that nobody has leased yet: how many stand before it, and how long it waits, in seconds."""

    job: Job
    ahead: int
    age: float


@dataclass(frozen=True, slots=True)
class Load:
    """How much there is to do.

    Jobs that wait for their first delivery, jobs that are leased or wait to be tried again, jobs that are held back
    because their person has many before them or their conversation another, buried jobs; and how long the oldest one
    waits, in seconds.
    """

    waiting: int = 0
    leased: int = 0
    held_back: int = 0
    dead: int = 0
    oldest: float = 0.0


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A job that was buried: why, after how many deliveries, how old it was then (seconds), and when that was.

    `job` is None where it cannot be read as one; `id` is what the dead letters know it by.
    """

    id: str
    job: Job | None
    reason: str
    deliveries: int
    age: float
    buried_at: datetime


class JobQueue(Protocol):
    """Jobs that survive the death of every process: what was appended is delivered until it is completed or buried."""

    @property
    def lease(self) -> float:
        """Seconds that a claim lasts unless it is renewed."""
        ...

    async def enqueue(self, job: Job, *, once: Sequence[str]) -> bool:
        """Append the job unless any key of `once` was used in the last 24 hours; True when it was appended.

        Check, remembering the keys, and append are one atomic step, durable when this returns. Raises
        `MemoryUnavailable` when the store does not confirm in time: then the job may or may not be there, and a
        second call with the same keys is safe.
        """
        ...

    async def claim(self, *, limit: int, wait: float) -> list[Claim]:
        """Lease up to `limit` jobs: those whose lease ran out first, then new ones; waits up to `wait` seconds.

        No question is leased while an earlier one of its conversation is not done, whoever holds that.
        An entry that cannot be read as a job is buried, never returned. Being cancelled leaves no job leased.
        """
        ...

    async def renew(self, claim: Claim) -> None:
        """Extend the lease. Raises `LeaseLost` when another worker holds the job."""
        ...

    async def complete(self, claim: Claim) -> None:
        """The job is done; it is never delivered again. Raises `LeaseLost` when another worker holds it.

        Doing it twice is fine, and so is `bury` twice: after `MemoryUnavailable` a worker may not know.
        """
        ...

    async def release(self, claim: Claim) -> None:
        """Give the job back for immediate redelivery (shutdown); this delivery does not count."""
        ...

    async def retry(self, claim: Claim, *, after: float, counted: bool = True) -> None:
        """Give the job back: delivered again `after` seconds from now, or one lease if that is less.

        Not `counted`, this delivery was no failure: somebody only asked to wait. Its conversation goes on meanwhile.
        """
        ...

    async def bury(self, claim: Claim, *, reason: str) -> None:
        """Move the job to the dead letters, then complete it: in that order, so that it cannot vanish between."""
        ...

    async def depth(self) -> int:
        """Jobs that are not ended: waiting, leased, or held back."""
        ...

    async def load(self) -> Load:
        """How much there is to do. Raises `MemoryUnavailable`."""
        ...

    async def overdue(self, *, ahead: int, age: float, limit: int) -> list[Waiting]:
        """Questions that wait behind more than `ahead` jobs, or longer than `age` seconds: each is named once, ever.

        Nothing is leased by this. Raises `MemoryUnavailable`.
        """
        ...

    async def unfinished(self, question_ids: Collection[str]) -> frozenset[str]:
        """Which of these questions some job here is still about: waiting, leased, or held back."""
        ...


class DeadLetters(Protocol):
    """Jobs that were buried, kept for 30 days. All methods raise `MemoryUnavailable`."""

    async def list(self, *, limit: int) -> Sequence[DeadLetter]:
        """The last ones, newest first."""
        ...

    async def find(self, id_: str) -> DeadLetter | None:
        """The one of this id."""
        ...

    async def revive(self, id_: str, job: Job) -> bool:
        """Append `job` and drop the letter, in one step; False when the letter is gone."""
        ...

    async def drop(self, id_: str) -> bool:
        """Forget the letter; False when it is gone."""
        ...
