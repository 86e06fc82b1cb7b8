"""Dead letters that a test puts there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.jobs import Job
from bot.ports.queue import DeadLetter


@dataclass
class Graves:
    """The DeadLetters port in memory; what was revived is kept aside."""

    letters: dict[str, DeadLetter] = field(default_factory=dict[str, DeadLetter])
    revived: list[Job] = field(default_factory=list[Job])

    async def list(self, *, limit: int) -> Sequence[DeadLetter]:
        return [*reversed(self.letters.values())][:limit]

    async def find(self, id_: str) -> DeadLetter | None:
        return self.letters.get(id_)

    async def revive(self, id_: str, job: Job) -> bool:
        if not await self.drop(id_):
            return False
        self.revived.append(job)
        return True

    async def drop(self, id_: str) -> bool:
        return self.letters.pop(id_, None) is not None
