"""What the bot does, told to whoever counts it: numbers and kinds, never what anybody asked, wrote or read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from bot.ports.queue import Load

Accepted = Literal["queued", "spooled", "refused"]
"""What became of an envelope: 200 with Redis, 200 with the spool, or no acknowledgement."""
Outcome = Literal["done", "retried", "buried", "lost"]
"""What became of one delivery of a job; lost: its lease was."""
Part = Literal["edge", "worker"]
"""Which of the two a process is; it may be both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """How things stood when they were last looked at; None where that is not known."""

    load: Load | None = None
    spooled: int | None = None
    """Envelopes that wait on this machine's disk."""
    spent: float | None = None
    """Dollars that the workspace has cost today."""
    limit: float | None = None
    """Dollars that it may cost in a day."""
    ready: tuple[tuple[Part, bool], ...] = ()
    """Whether each part of this process can do its work."""
    lag: float = 0.0
    """The longest that this process was busy with one thing in the last half minute, in seconds."""
    tasks: int | None = None
    """What goes on in this process, by the count of asyncio: as many at rest as the last time it was at rest."""


class Watch(Protocol):
    """Told of what happens, in seconds; never raises, never waits."""

    def accepted(self, outcome: Accepted, *, seconds: float) -> None:
        """An envelope of Slack's was taken, or not."""
        ...

    def delivered(self, kind: str, *, deliveries: int, waited: float) -> None:
        """A job of this kind (its class) was leased for the so-manieth time, so long after it was queued."""
        ...

    def ended(self, kind: str, outcome: Outcome, *, seconds: float) -> None:
        """One delivery of a job ended."""
        ...

    def signed(self, *, seconds: float) -> None:
        """A question got its first sign of life, so long after it was asked."""
        ...

    def answered(self, *, seconds: float, answered: bool) -> None:
        """A question got its answer, or was told that the documents do not say; so long after it was asked."""
        ...

    def turned_away(self, scope: str) -> None:
        """A question exceeded a budget."""
        ...

    def swept(self) -> None:
        """A message that nobody worked on any more was taken up again."""
        ...


class Unwatched:
    """Nobody counts."""

    def accepted(self, outcome: Accepted, *, seconds: float) -> None:
        """Nothing."""

    def delivered(self, kind: str, *, deliveries: int, waited: float) -> None:
        """Nothing."""

    def ended(self, kind: str, outcome: Outcome, *, seconds: float) -> None:
        """Nothing."""

    def signed(self, *, seconds: float) -> None:
        """Nothing."""

    def answered(self, *, seconds: float, answered: bool) -> None:
        """Nothing."""

    def turned_away(self, scope: str) -> None:
        """Nothing."""

    def swept(self) -> None:
        """Nothing."""
