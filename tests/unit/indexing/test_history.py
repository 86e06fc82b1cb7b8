"""What is remembered of the last run over each source."""

from __future__ import annotations

import json
import shutil
from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.errors import BadRequest, Unavailable
from bot.models import EVERYONE, Audience, Principal
from indexing.connectors.files import source_name
from indexing.history import KEPT, NAME, Synced, read_syncs, remember
from indexing.lock import only_indexer
from tests.nouns import NOON
from tests.unit.indexing.indexing_rig import Rig, opened

HR = (Principal("group", "hr"),)


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncGenerator[Rig]:
    """An indexer with a home of its own."""
    (tmp_path / "home").mkdir()
    async with opened(tmp_path / "home") as rig:
        yield rig


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """A folder of two documents, one of them in a folder within it, and one that is skipped."""
    root = (tmp_path / "docs").resolve()
    (root / "hr").mkdir(parents=True)
    (root / "lunch.md").write_text("Lunch is at noon.")
    (root / "hr" / "pay.md").write_text("Salaries arrive on Friday.")
    (root / "scan.pdf").write_bytes(b"%PDF")
    return root


async def test_a_run_is_remembered_by_source(rig: Rig, docs: Path) -> None:
    """When it was, how many documents there are now, and what was skipped, under the name that chunks carry."""
    await rig.index(docs)
    (hit,) = await rig.find("lunch")
    skipped = (("scan.pdf", "not a kind of file I read (.pdf)"),)
    assert read_syncs(rig.home) == {hit.chunk.source: Synced(hit.chunk.source, NOON, 2, skipped)}
    rig.now.advance(60)
    (docs / "scan.pdf").unlink()
    (docs / "lunch.md").unlink()
    await rig.index(docs)
    assert read_syncs(rig.home) == {
        hit.chunk.source: Synced(hit.chunk.source, NOON + timedelta(minutes=1), 1),
    }


async def test_a_part_counts_as_the_whole_source(rig: Rig, docs: Path) -> None:
    """Bringing one folder of a source up to date says how many documents the source has."""
    await rig.index(docs)
    await rig.index(docs / "hr")
    assert [synced.documents for synced in read_syncs(rig.home).values()] == [2]


async def test_why_a_run_failed_is_remembered(rig: Rig, docs: Path) -> None:
    """The sentence and the time are new, the documents stay; the next good run takes the sentence away."""
    await rig.index(docs)
    (docs / "lunch.md").write_text("Lunch is at one.")
    calls = iter([True, False])

    def fail_once() -> None:
        if next(calls):
            raise Unavailable("the model\nis away")

    rig.embedder.before = fail_once
    rig.now.advance(60)
    with pytest.raises(Unavailable):
        await rig.index(docs)
    (synced,) = read_syncs(rig.home).values()
    assert (synced.failed, synced.at) == ("the model is away", rig.now())
    assert (synced.documents, len(synced.skipped)) == (2, 1)
    await rig.index(docs)
    assert [synced.failed for synced in read_syncs(rig.home).values()] == [""]


async def test_a_folder_that_is_not_there_has_failed(rig: Rig, docs: Path, tmp_path: Path) -> None:
    """A known source says that its folder is missing; of what was never a source nothing is remembered."""
    await rig.index(docs)
    shutil.move(docs, tmp_path / "elsewhere")
    for path in (docs, tmp_path / "nowhere"):
        with pytest.raises(BadRequest):
            await rig.index(path)
    (synced,) = read_syncs(rig.home).values()
    assert synced.source == source_name(docs)
    assert "docs is not there" in synced.failed
    assert synced.documents == 2


async def test_one_source_failing_leaves_the_others(rig: Rig, docs: Path, tmp_path: Path) -> None:
    """Of two sources in one run, the one that was brought up to date says so."""
    (tmp_path / "wiki").mkdir()
    (tmp_path / "wiki" / "a.md").write_text("Wiki.")
    await rig.index(docs, tmp_path / "wiki")
    for number in range(30):
        (tmp_path / "wiki" / f"{number}.md").write_text(f"Page {number}.")
    await rig.index(tmp_path / "wiki")
    for page in (tmp_path / "wiki").iterdir():
        page.unlink()
    with pytest.raises(BadRequest):
        await rig.index(docs, tmp_path / "wiki")
    failed = {source: synced.failed for source, synced in read_syncs(rig.home).items()}
    assert failed[source_name(docs)] == ""
    assert "31 of 31 documents are gone" in failed[source_name((tmp_path / "wiki").resolve())]


async def test_another_indexer_at_work_is_no_failure(rig: Rig, docs: Path) -> None:
    """The source is being brought up to date by somebody else; that is not what its last run said."""
    await rig.index(docs)
    before = read_syncs(rig.home)
    with only_indexer(rig.home), pytest.raises(BadRequest):
        await rig.index(docs)
    assert read_syncs(rig.home) == before


async def test_a_source_that_is_no_more_is_forgotten(rig: Rig, docs: Path) -> None:
    """When an outer folder takes an inner one in, only the outer one is a source."""
    await rig.index(docs / "hr")
    await rig.index(docs)
    assert set(read_syncs(rig.home)) == {source_name(docs)}


async def test_sources_with_other_readers_are_apart(rig: Rig, docs: Path) -> None:
    """Each is remembered with its own documents."""
    await rig.index(docs)
    await rig.index(docs / "hr", readable_by=HR)
    await rig.index(docs)
    counted = {source: synced.documents for source, synced in read_syncs(rig.home).items()}
    assert counted == {source_name(docs): 1, source_name(docs / "hr"): 1}
    assert len(await rig.find("salaries", visible_to=Audience.of((EVERYONE, *HR)))) == 1


def test_few_skipped_documents_are_named(tmp_path: Path) -> None:
    """The file stays small, however many were skipped, and says what was agreed."""
    skipped = tuple((f"{number}.pdf", "a “reason”") for number in range(100))
    remember(tmp_path, Synced("docs", NOON, 3, skipped, "why"))
    assert read_syncs(tmp_path)["docs"].skipped == skipped[:KEPT]
    (entry,) = json.loads((tmp_path / NAME).read_text()).values()
    assert set(entry) == {"at", "documents", "skipped", "failed"}
    assert entry["skipped"][0] == {"path": "0.pdf", "reason": "a “reason”"}


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"docs": 3}', '{"docs": {"at": "noon", "documents": 1}}', "\0"])
def test_a_damaged_history_is_empty(tmp_path: Path, damage: str) -> None:
    """Nothing depends on it but what is shown: one warning, and the next run begins it anew."""
    (tmp_path / NAME).write_text(damage)
    with capture_logs() as logs:
        assert read_syncs(tmp_path) == {}
    assert [line["event"] for line in logs] == ["history_unreadable"]
    remember(tmp_path, Synced("docs", NOON, 3))
    assert read_syncs(tmp_path) == {"docs": Synced("docs", NOON, 3)}


def test_nothing_remembered_is_nothing_wrong(tmp_path: Path) -> None:
    """A home without a history is an empty one, without a warning."""
    with capture_logs() as logs:
        assert read_syncs(tmp_path) == {}
    assert logs == []
