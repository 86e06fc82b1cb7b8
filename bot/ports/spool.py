"""Where envelopes wait on this machine's own disk while the queue cannot be reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

Sort = Literal["event", "command", "interaction"]


@dataclass(frozen=True, slots=True)
class Kept:
    """One envelope that waits: its place in the order, what Slack sent, and since when, in seconds of the epoch."""

    number: int
    sort: Sort
    body: Mapping[str, Any]
    since: float


class Spool(Protocol):
    """Envelopes in the order of their arrival, on disk before anybody is told that they are kept.

    Several processes may use one at the same time. All methods raise `SpoolUnavailable` where the disk refuses.
    """

    async def keep(self, sort: Sort, body: Mapping[str, Any], *, name: str) -> bool:
        """Keep an envelope, flushed to the disk; False when one of this `name` is kept already."""
        ...

    async def oldest(self, *, limit: int) -> list[Kept]:
        """The envelopes that have waited longest, in their order."""
        ...

    async def done(self, number: int) -> None:
        """The envelope has been moved on; its name is remembered for a day, so that it is not kept again."""
        ...

    async def count(self) -> int:
        """How many wait."""
        ...
