"""A queue in memory that only takes jobs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from bot.errors import MemoryUnavailable
from bot.jobs import AnswerQuestion, Job
from bot.models import Question
from bot.ports.queue import Claim, Load, Waiting


@dataclass
class Tray:
    """The JobQueue port as an edge uses it: remembers what was appended, and can be down."""

    appended: list[Job] = field(default_factory=list[Job])
    keys: set[str] = field(default_factory=set[str])
    down: bool = False
    asked: int = 0
    lease: float = 30.0

    @property
    def questions(self) -> list[Question]:
        return [job.question for job in self.appended if isinstance(job, AnswerQuestion)]

    async def enqueue(self, job: Job, *, once: Sequence[str]) -> bool:
        self.asked += 1
        if self.down:
            raise MemoryUnavailable("the queue is down")
        new = self.keys.isdisjoint(once)
        self.keys.update(once)
        if new:
            self.appended.append(job)
        return new

    async def claim(self, *, limit: int, wait: float) -> list[Claim]:
        raise NotImplementedError

    async def renew(self, claim: Claim) -> None:
        raise NotImplementedError

    async def complete(self, claim: Claim) -> None:
        raise NotImplementedError

    async def release(self, claim: Claim) -> None:
        raise NotImplementedError

    async def retry(self, claim: Claim, *, after: float, counted: bool = True) -> None:
        raise NotImplementedError

    async def bury(self, claim: Claim, *, reason: str) -> None:
        raise NotImplementedError

    async def depth(self) -> int:
        return len(self.appended)

    async def load(self) -> Load:
        raise NotImplementedError

    async def overdue(self, *, ahead: int, age: float, limit: int) -> list[Waiting]:
        raise NotImplementedError

    async def unfinished(self, question_ids: Collection[str]) -> frozenset[str]:
        raise NotImplementedError
