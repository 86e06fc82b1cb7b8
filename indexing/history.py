"""What the last run over each source did, kept in a small file for those who ask how fresh the documents are."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import structlog
from pydantic import AwareDatetime, BaseModel, ValidationError
from pydantic import TypeAdapter as Adapter
from structlog.typing import FilteringBoundLogger

from indexing.durable import write_durably
from indexing.parse.cleaning import one_line

NAME = "syncs.json"
KEPT = 20
"""Skipped documents of a source that are remembered by name."""
LONGEST = 500
"""Characters of a reason that are kept."""

log: FilteringBoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Synced:
    """The last run over a source, named as its chunks name it.

    `documents` are those of the source that were indexed when a run last went well; `skipped` are paths with reasons,
    at most `KEPT`. `failed` is a sentence for an operator, empty when the last run went well.
    """

    source: str
    at: datetime
    documents: int
    skipped: tuple[tuple[str, str], ...] = ()
    failed: str = ""


class _Skip(BaseModel):
    path: str
    reason: str


class _Entry(BaseModel):
    at: AwareDatetime
    documents: int
    skipped: tuple[_Skip, ...] = ()
    failed: str = ""


def read_syncs(home: Path) -> Mapping[str, Synced]:
    """The last run over each source, by source; none when nothing was remembered, or what was cannot be read."""
    path = home / NAME
    try:
        entries = Adapter(dict[str, _Entry]).validate_json(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValidationError) as error:
        log.warning("history_unreadable", path=str(path), error=type(error).__name__)
        return {}
    return {
        source: Synced(
            source, entry.at, entry.documents, tuple((skip.path, skip.reason) for skip in entry.skipped), entry.failed
        )
        for source, entry in entries.items()
    }


def remember(home: Path, synced: Synced) -> None:
    """Keep what a run did, durably, in place of the run before. Call it while holding the indexer's lock."""
    _write(home, {**read_syncs(home), synced.source: synced})


def remember_failure(home: Path, source: str, *, at: datetime, why: str) -> None:
    """Keep why a run failed; what the run before it had indexed stays. Call it while holding the indexer's lock."""
    before = read_syncs(home).get(source, Synced(source, at, 0))
    remember(home, replace(before, at=at, failed=one_line(why)[:LONGEST]))


def keep_only(home: Path, sources: Collection[str]) -> None:
    """Forget every source but these. Call it while holding the indexer's lock."""
    syncs = read_syncs(home)
    if not syncs.keys() <= set(sources):
        _write(home, {source: synced for source, synced in syncs.items() if source in sources})


def _write(home: Path, syncs: Mapping[str, Synced]) -> None:
    entries = {
        synced.source: {
            "at": synced.at.isoformat(),
            "documents": synced.documents,
            "skipped": [{"path": path, "reason": reason} for path, reason in synced.skipped[:KEPT]],
            "failed": synced.failed,
        }
        for synced in syncs.values()
    }
    write_durably(home / NAME, json.dumps(entries, indent=1))
