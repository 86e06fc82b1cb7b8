"""How far an indexing run has come, and what it did."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.models import Principal
from indexing.ports import Skipped


@dataclass(frozen=True, slots=True)
class Progress:
    """One moment of a run over one source.

    `documents` are those that are new or may have changed, `read` how many of them were read. `chunks` is an estimate
    until all are read. `rate` counts chunks per second; `seconds_left` is None while nothing can be said.
    """

    source: str
    read: int
    documents: int
    embedded: int
    chunks: int
    rate: float
    seconds_left: float | None


OnProgress = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Report:
    """What a run did. `documents` and `chunks` are those now indexed of the paths given; `hidden` were passed over."""

    documents: int = 0
    chunks: int = 0
    unchanged: int = 0
    updated: int = 0
    removed: int = 0
    hidden: int = 0
    skipped: tuple[Skipped, ...] = ()
    readable_by: tuple[tuple[str, tuple[Principal, ...]], ...] = ()
    seconds: float = 0.0

    def __add__(self, other: Report) -> Report:
        return Report(
            documents=self.documents + other.documents,
            chunks=self.chunks + other.chunks,
            unchanged=self.unchanged + other.unchanged,
            updated=self.updated + other.updated,
            removed=self.removed + other.removed,
            hidden=self.hidden + other.hidden,
            skipped=self.skipped + other.skipped,
            readable_by=self.readable_by + other.readable_by,
            seconds=self.seconds + other.seconds,
        )

    def as_json(self) -> dict[str, object]:
        """The report as `footnote index --json` prints it."""
        return {
            "documents": self.documents,
            "chunks": self.chunks,
            "unchanged": self.unchanged,
            "updated": self.updated,
            "removed": self.removed,
            "skipped": [{"path": skipped.path, "reason": skipped.reason} for skipped in self.skipped],
            "seconds": round(self.seconds, 3),
        }
