"""Checks of what answers are made from: the model, the index, and how fresh its sources are."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from bot.composition import answering, check_model
from bot.doctor.findings import Finding, error, named, of_error, ok, warning
from bot.errors import FootnoteError, NothingIndexed
from bot.models import EVERYONE, Audience
from bot.settings import Settings
from bot.words.counting import counted
from handlers.views.sources import age_in_words
from indexing.connectors.files import source_name
from indexing.history import Synced, read_syncs
from indexing.sources import Readers, read_sources

MODEL, INDEX, SOURCES = "Embedding model", "Index", "Sources"
OLD = timedelta(days=30)
INDEX_AGAIN = "footnote index"


async def model(settings: Settings) -> list[Finding]:
    """Whether the model's files are there and whole."""
    return ok(MODEL, f"{await asyncio.to_thread(check_model, settings)}, files as published")


async def index(settings: Settings) -> list[Finding]:
    """Whether there is an index, made with this model, that holds something."""
    try:
        readers = read_sources(settings.home).values()
        everybody = Audience.of({EVERYONE, *(principal for some in readers for principal in some)})
        async with answering(settings) as pipeline:
            held = await pipeline.index.counts(visible_to=everybody)
    except NothingIndexed:
        return error(INDEX, f"nothing is indexed under {settings.home}", f"{INDEX_AGAIN} PATH, once for each folder")
    except FootnoteError as why:
        return of_error(INDEX, why)
    if not held.documents:
        return error(INDEX, "it holds no document", f"{INDEX_AGAIN} PATH, and see what it skips, and why")
    return ok(INDEX, f"{counted(held.documents, 'document')}, {counted(held.chunks, 'passage')}")


async def sources(settings: Settings, *, now: datetime) -> list[Finding]:
    """Whether each folder is still there, and was read without trouble not long ago."""
    known, syncs = read_sources(settings.home), read_syncs(settings.home)
    return judged(known, syncs, now=now)


def judged(known: Mapping[Path, Readers], syncs: Mapping[str, Synced], *, now: datetime) -> list[Finding]:
    """A line for each source in trouble, or one for all."""
    found = [finding for root in known for finding in _source(root, syncs.get(source_name(root)), now=now)]
    if found or not known:
        return found
    oldest = min((synced.at for synced in syncs.values()), default=now)
    return ok(SOURCES, f"{counted(len(known), 'folder')}, read {age_in_words(oldest, now=now)}")


def _source(root: Path, synced: Synced | None, *, now: datetime) -> list[Finding]:
    again = f'{INDEX_AGAIN} "{root}"'
    if not root.exists():
        remedy = "mount it again, or index the folder where its documents are now"
        return error(SOURCES, f"{root} is gone; its documents can no longer be refreshed", remedy)
    if synced is None:
        return warning(SOURCES, f"{root} was never read to the end", again)
    age = age_in_words(synced.at, now=now)
    if synced.failed:
        return error(SOURCES, f"{root} failed {age}: {named(synced.failed)}", again)
    if now - synced.at > OLD:
        return warning(SOURCES, f"{root} was last read {age}", f"{again}, best every few minutes from cron")
    return []
