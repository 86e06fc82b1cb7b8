"""Where envelopes wait on this machine's own disk while the queue cannot be reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

Sort = Literal["event", "command", "interaction"]


@dataclass(frozen=True, slots=True)
class Kept:
    """One envelope that waits: its place in the order, what it is called, what Slack sent, and since when.

    `since` is in seconds of the epoch. `replays` counts those that were begun, this one with them.
    """

    number: int
    name: str
    sort: Sort
    body: Mapping[str, Any]
    since: float
    replays: int


class Spool(Protocol):
    """Envelopes in the order of their arrival, on disk before anybody is told that they are kept.

    Several processes may use one at the same time. All methods raise `SpoolUnavailable` where the disk refuses, or
    does not answer within a second: then nobody knows whether it was done, and doing it again is safe.
    """

    async def keep(self, sort: Sort, body: Mapping[str, Any], *, name: str) -> bool:
        """Keep an envelope, flushed to the disk; False when one of this `name` waits, or was moved on today."""
        ...

    async def take(self) -> Kept | None:
        """The envelope that has waited longest, lent to the caller; None when none waits, or another process moves.

        One process moves envelopes on at a time, so that their order stays. It has the turn for a few seconds from each
        call, until it finds none waiting or gives the turn back.
        """
        ...

    async def done(self, kept: Kept) -> None:
        """The envelope has been moved on; its name is remembered for a day, so that it is not kept again."""
        ...

    async def put_back(self, kept: Kept, *, counted: bool) -> None:
        """It stays where it is; `counted` says whether this replay counts. The turn is given back."""
        ...

    async def count(self) -> int:
        """How many wait."""
        ...
