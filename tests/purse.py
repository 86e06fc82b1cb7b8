"""Budgets that say what a test tells them to."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.budgets import Exceeded, Limits, Today
from bot.errors import MemoryUnavailable
from bot.models import Question


@dataclass
class Purse:
    """The Budgets port: every question exceeds what `exceeded` says, none while that is None."""

    exceeded: Exceeded | None = None
    away: bool = False
    taken: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """Questions that were counted or turned away: id and version."""
    bills: list[float] = field(default_factory=list[float])
    known: Today = Today()  # noqa: RUF009  (nobody changes it)

    async def take(self, question: Question, *, limits: Limits) -> Exceeded | None:
        self._check()
        self.taken.append((question.id, question.version))
        return self.exceeded

    async def spend(self, question: Question, *, dollars: float) -> None:
        self._check()
        self.bills.append(dollars)

    async def today(self, workspace: str) -> Today:
        self._check()
        return self.known

    def _check(self) -> None:
        if self.away:
            raise MemoryUnavailable("away")
