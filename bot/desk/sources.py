"""How the last sync of each source ended, as whoever syncs tells the desk."""

from collections.abc import Callable, Mapping, Sized
from datetime import datetime
from typing import Protocol, TypeAlias


class Synced(Protocol):
    """The last run over a source."""

    @property
    def at(self) -> datetime:
        """When it ended."""
        ...

    @property
    def skipped(self) -> Sized:
        """The documents that it could not read."""
        ...

    @property
    def failed(self) -> str:
        """Why it ended before it was done, in one line; empty when it did not."""
        ...


Syncs: TypeAlias = Callable[[], Mapping[str, Synced]]
"""The last run over each source by the source's name, as known now; waits for nothing."""


def synced_at(name: str, syncs: Mapping[str, Synced]) -> datetime | None:
    """When the source was last read as a whole, where that is known: a run that failed says nothing."""
    run = syncs.get(name)
    return run.at if run is not None and not run.failed else None
