"""Bringing an index up to date: what is new goes in, what is gone goes out, and nothing else is touched."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bot.errors import BadRequest, Unavailable
from bot.models import EVERYONE, Addition, Audience, Document, Embedding, Principal
from bot.ports.search import IndexWriter, Known
from indexing.lock import only_indexer
from indexing.progress import Report
from tests.unit.indexing.indexing_rig import Rig, opened

HR = (Principal("group", "hr"),)
TEAM = Audience.of((EVERYONE, *HR))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture
async def rig(home: Path) -> AsyncGenerator[Rig]:
    async with opened(home) as rig:
        yield rig


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """A folder of three documents."""
    root = tmp_path / "docs"
    (root / "hr").mkdir(parents=True)
    (root / "lunch.md").write_text("# Lunch\nThe canteen opens at noon.\n\n## Prices\nSoup costs three euros.")
    (root / "rooms.txt").write_text("The blue room seats twelve people.")
    (root / "hr" / "pay.html").write_text("<title>Pay</title><p>Salaries arrive on the last Friday.")
    return root


def _word(number: int) -> str:
    """A word that stands for a number and shares no part with another."""
    return "zu" + "".join("abcdefghij"[int(digit)] for digit in str(number)) + "x"


def _counts(report: Report) -> tuple[int, int, int, int]:
    return report.documents, report.unchanged, report.updated, report.removed


# --- what goes in ---------------------------------------------------------------------------------------------------


async def test_a_folder_is_indexed(rig: Rig, docs: Path) -> None:
    """Every document can be found, with where it stands."""
    report = await rig.index(docs)
    assert _counts(report) == (3, 0, 3, 0)
    assert report.chunks == 4
    assert report.skipped == ()
    (hit, *_) = await rig.find("soup euros")
    assert (hit.chunk.path, hit.chunk.title, hit.chunk.heading_path) == ("lunch.md", "Lunch", ("Lunch", "Prices"))
    assert (hit.chunk.lines, hit.chunk.url) == ((5, 5), (docs / "lunch.md").as_uri() + "#prices")
    assert hit.chunk.updated is not None
    assert abs(hit.chunk.updated.timestamp() - (docs / "lunch.md").stat().st_mtime) < 1


async def test_the_report_as_json(rig: Rig, docs: Path) -> None:
    """Programs read these names, and of what was skipped the path and the reason."""
    (docs / "empty.md").touch()
    report = (await rig.index(docs)).as_json()
    assert list(report) == ["documents", "chunks", "unchanged", "updated", "removed", "skipped", "seconds"]
    assert report["skipped"] == [{"path": "empty.md", "reason": "empty"}]


async def test_what_has_not_changed_is_not_read(rig: Rig, docs: Path) -> None:
    """A second run embeds nothing and opens no file."""
    await rig.index(docs)
    rig.embedder.batches.clear()
    rig.seen.clear()
    report = await rig.index(docs)
    assert _counts(report) == (3, 3, 0, 0)
    assert report.chunks == 4
    assert (rig.embedder.batches, rig.seen) == ([], [])


async def test_a_new_date_is_only_remembered(rig: Rig, docs: Path) -> None:
    """A file that was touched is read once, not embedded, and not read again."""
    await rig.index(docs)
    rig.embedder.batches.clear()
    os.utime(docs / "lunch.md", (1, 1))
    assert _counts(await rig.index(docs)) == (3, 3, 0, 0)
    assert rig.embedder.batches == []
    rig.seen.clear()
    assert _counts(await rig.index(docs)) == (3, 3, 0, 0)
    assert rig.seen == []


async def test_only_what_changed_is_embedded(rig: Rig, docs: Path) -> None:
    """A changed document is replaced as a whole, the others stay."""
    await rig.index(docs)
    rig.embedder.batches.clear()
    (docs / "rooms.txt").write_text("The red room seats six people.")
    assert _counts(await rig.index(docs)) == (3, 2, 1, 0)
    assert rig.embedder.texts == ["The red room seats six people."]
    assert await rig.paths("blue") == []
    assert await rig.paths("red") == ["rooms.txt"]


async def test_a_changed_owner_is_shown(rig: Rig, docs: Path) -> None:
    """Who answers for a page stands in every chunk of it, and follows the page when nothing else in it changes."""
    page = "---\nowner: {}\n---\n# Desks\nBook a desk.\n\n## Moving\nAsk about moving a desk."
    for owner in ("People Ops", "Facilities", ""):
        (docs / "desks.md").write_text(page.format(owner))
        await rig.index(docs)
        assert [hit.chunk.owner for hit in await rig.find("desk")] == [owner, owner]


async def test_documents_are_stored_before_the_run_is_over(rig: Rig, docs: Path) -> None:
    """Work that was done survives an error: the next run goes on behind it."""
    calls = iter(range(10))

    def fail_the_third_time() -> None:
        if next(calls) == 2:
            raise Unavailable("the model is away")

    rig.embedder.before = fail_the_third_time
    with pytest.raises(Unavailable):
        await rig.index(docs, batch=1)
    rig.embedder.before = lambda: None
    rig.embedder.batches.clear()
    report = await rig.index(docs, batch=1)
    assert report.documents == 3
    assert report.unchanged >= 1
    assert len(rig.embedder.texts) < 4


async def test_long_documents_cross_batches(rig: Rig, docs: Path) -> None:
    """A document is stored whole, with every vector in its place, whatever the size of the batches."""
    sections = [f"# Section {n}\nThis is about {_word(n)} only." for n in range(25)]
    (docs / "long.md").write_text("\n".join(sections))
    for batch in (1, 7, 1000):
        (docs / "long.md").write_text("\n".join([*sections, f"Batch {batch}."]))
        report = await rig.index(docs, batch=batch)
        assert report.chunks == 29
        assert {len(part) for part in rig.embedder.batches} <= set(range(1, batch + 1))
        (hit,) = await rig.find(_word(17))
        assert hit.chunk.heading == "Section 17"


async def test_progress_is_told(rig: Rig, docs: Path) -> None:
    """It counts up to what there is, and ends there."""
    await rig.index(docs, batch=2)
    last = rig.seen[-1]
    assert (last.read, last.documents, last.embedded, last.chunks) == (3, 3, 4, 4)
    assert [progress.read for progress in rig.seen] == sorted(progress.read for progress in rig.seen)
    assert last.seconds_left == 0


# --- what is skipped ------------------------------------------------------------------------------------------------


async def test_odd_files_are_skipped_by_name_and_the_rest_is_indexed(rig: Rig, docs: Path, tmp_path: Path) -> None:
    """Whatever lies in a folder, the good documents are indexed and every other one is named with a reason."""
    (tmp_path / "outside.md").write_text("canary outside")
    (docs / "scan.pdf").write_bytes(b"%PDF-1.7")
    (docs / "Makefile").write_text("all:")
    (docs / "picture.md").write_bytes(b"\x89PNG\0\0\0")
    (docs / "only-title.md").write_text("---\ntitle: Moved\n---\n")
    (docs / "link.md").symlink_to(tmp_path / "outside.md")
    (docs / "large.md").write_bytes(b"word " * 50_000)
    (docs / "bomb.html").write_text("<div>" * 20_000)
    (docs / "sp ace\n.md").write_text("Parking is behind the house.")
    (docs / os.fsdecode(b"caf\xe9.md")).write_bytes("Der Schlüssel hängt am Brett.".encode("cp1252"))
    report = await rig.index(docs, largest=200_000)
    assert {skipped.path: skipped.reason for skipped in report.skipped} == {
        "scan.pdf": "not a kind of file I read (.pdf)",
        "Makefile": "not a kind of file I read (no extension)",
        "picture.md": "not text",
        "only-title.md": "no text inside",
        "link.md": "points outside the folder",
        "large.md": "larger than 0.2 MB",
        "bomb.html": "its tags are nested too deeply to be read",
    }
    assert report.documents == 5
    assert await rig.paths("parking") == ["sp ace\\n.md"]
    assert await rig.paths("schlüssel") == ["caf\\xe9.md"]
    assert await rig.paths("canary") == []


async def test_a_file_that_vanishes_while_it_is_read(rig: Rig, docs: Path) -> None:
    """It is named, and removed if it was indexed; the rest goes on."""
    await rig.index(docs)
    (docs / "lunch.md").write_text("No lunch today.")
    (docs / "rooms.txt").write_text("The blue room is open.")
    rig.embedder.before = lambda: (docs / "rooms.txt").unlink(missing_ok=True)
    (docs / "hr" / "pay.html").write_text("<p>Changed.")
    report = await rig.index(docs, batch=1)
    assert [(skipped.path, skipped.reason) for skipped in report.skipped] == [
        ("rooms.txt", "vanished while it was read")
    ]
    assert _counts(report) == (2, 0, 2, 1)
    assert await rig.paths("blue") == []


async def test_an_unreadable_new_version_leaves_the_old_one(rig: Rig, docs: Path) -> None:
    """What cannot be parsed now is named, and what was indexed of it stays."""
    await rig.index(docs)
    (docs / "rooms.txt").write_bytes(b"\0\1\2\0\0")
    (docs / "lunch.md").write_bytes(b"x" * 300_000)
    report = await rig.index(docs, largest=200_000)
    assert {skipped.path for skipped in report.skipped} == {"rooms.txt", "lunch.md"}
    assert _counts(report) == (3, 1, 0, 0)
    assert await rig.paths("blue") == ["rooms.txt"]


async def test_an_emptied_document_is_gone(rig: Rig, docs: Path) -> None:
    """Its author has taken the words out, so they are not answered with any more."""
    await rig.index(docs)
    (docs / "rooms.txt").write_text("")
    (docs / "lunch.md").write_text("<!-- nothing -->")
    report = await rig.index(docs)
    assert _counts(report) == (1, 1, 0, 2)
    assert await rig.paths("blue") == []
    assert await rig.paths("soup") == []


# --- what goes out --------------------------------------------------------------------------------------------------


async def test_what_is_gone_is_removed(rig: Rig, docs: Path) -> None:
    """A deleted document cannot be found after the next run."""
    await rig.index(docs)
    (docs / "rooms.txt").unlink()
    assert _counts(await rig.index(docs)) == (2, 2, 0, 1)
    assert await rig.paths("blue") == []


async def test_a_missing_folder_is_an_error_not_a_deletion(rig: Rig, docs: Path) -> None:
    """A disk that is not mounted costs no documents."""
    await rig.index(docs)
    shutil.move(docs, f"{docs}.elsewhere")
    with pytest.raises(BadRequest, match="not there"):
        await rig.index(docs)
    assert await rig.paths("blue") == ["rooms.txt"]


async def test_much_that_is_gone_at_once_is_asked_about(rig: Rig, docs: Path) -> None:
    """When more than twenty documents and a third of a source have vanished, nothing changes until that is allowed."""
    for number in range(30):
        (docs / f"page{number}.md").write_text(f"Page number {number} is about {_word(number)}.")
    await rig.index(docs)
    for number in range(25):
        (docs / f"page{number}.md").unlink()
    (docs / "rooms.txt").write_text("The red room seats six people.")
    with pytest.raises(BadRequest, match=r"25 of 33 documents.*--allow-removals"):
        await rig.index(docs)
    assert await rig.paths(_word(7)) == ["page7.md"]
    assert await rig.paths("red") == []
    assert _counts(await rig.index(docs, allow_removals=True)) == (8, 7, 1, 25)


# --- who may read ---------------------------------------------------------------------------------------------------


async def test_readers_change_at_once_and_without_embedding(rig: Rig, docs: Path) -> None:
    """A narrower access list holds for every document, unchanged ones too, and costs no embedding."""
    await rig.index(docs)
    rig.embedder.batches.clear()
    report = await rig.index(docs, readable_by=HR)
    assert _counts(report) == (3, 3, 0, 0)
    assert report.readable_by == ((str(docs), HR),)
    assert rig.embedder.batches == []
    assert await rig.paths("blue") == []
    assert await rig.paths("blue", visible_to=TEAM) == ["rooms.txt"]
    await rig.index(docs)
    assert await rig.paths("blue") == []


async def test_readers_are_narrowed_before_anything_is_embedded(rig: Rig, docs: Path) -> None:
    """Even what cannot be embedded now is closed to those who may not read it any more."""
    await rig.index(docs)
    (docs / "rooms.txt").write_text("The blue room is closed.")

    def fail() -> None:
        raise Unavailable("the model is away")

    rig.embedder.before = fail
    with pytest.raises(Unavailable):
        await rig.index(docs, readable_by=HR)
    assert await rig.paths("blue") == []


async def test_a_part_with_other_readers_becomes_its_own(rig: Rig, docs: Path) -> None:
    """Nothing of it is left in the outer source, and indexing that again opens nothing."""
    await rig.index(docs)
    await rig.index(docs / "hr", readable_by=HR)
    assert await rig.paths("salaries") == []
    assert await rig.paths("salaries", visible_to=TEAM) == ["pay.html"]
    report = await rig.index(docs)
    assert await rig.paths("salaries") == []
    assert report.documents == 3
    assert dict(report.readable_by) == {str(docs): (EVERYONE,), str(docs / "hr"): HR}
    (docs / "hr" / "pay.html").write_text("<p>Salaries arrive on Monday.")
    await rig.index(docs)
    assert [hit.chunk.text for hit in await rig.find("salaries", visible_to=TEAM)] == ["Salaries arrive on Monday."]


async def test_a_part_of_a_source_is_brought_up_to_date_alone(rig: Rig, docs: Path) -> None:
    """No document comes twice, and what lies outside the part is left as it is."""
    await rig.index(docs)
    (docs / "rooms.txt").write_text("The red room seats six people.")
    (docs / "hr" / "pay.html").unlink()
    (docs / "hr" / "sick.md").write_text("Call before nine.")
    assert _counts(await rig.index(docs / "hr")) == (1, 0, 1, 1)
    assert await rig.paths("nine") == ["hr/sick.md"]
    assert await rig.paths("blue") == ["rooms.txt"]
    assert await rig.paths("salaries") == []


async def test_an_outer_folder_takes_over_an_inner_one(rig: Rig, docs: Path) -> None:
    """Its documents are then found once, under the path in the outer folder."""
    await rig.index(docs / "hr")
    assert await rig.paths("salaries") == ["pay.html"]
    assert _counts(await rig.index(docs)) == (3, 0, 3, 0)
    assert await rig.paths("salaries") == ["hr/pay.html"]


async def test_an_inner_source_that_vanished_is_removed(rig: Rig, docs: Path) -> None:
    """When the folder of a source inside another is deleted, the next run over the outer one forgets it."""
    await rig.index(docs / "hr", readable_by=HR)
    (docs / "hr" / "pay.html").unlink()
    (docs / "hr").rmdir()
    await rig.index(docs)
    assert await rig.paths("salaries", visible_to=TEAM) == []


async def test_two_folders_are_two_sources(rig: Rig, tmp_path: Path) -> None:
    """Documents of one name in two folders are two documents."""
    for name in ("x", "y"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.md").write_text(f"Written in {name}.")
    report = await rig.index(tmp_path / "x", tmp_path / "y")
    assert report.documents == 2
    assert len(await rig.find("written")) == 2


# --- one at a time --------------------------------------------------------------------------------------------------


async def test_one_indexer_at_a_time(rig: Rig, docs: Path) -> None:
    """A second run is refused by name of the first, and may begin when that has ended."""
    with only_indexer(rig.home), pytest.raises(BadRequest, match=str(os.getpid())):
        await rig.index(docs)
    await rig.index(docs)


# --- what the index refuses -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Picky:
    """The write side of an index that takes no document with the word poison in it."""

    writer: IndexWriter

    async def known(self, source: str) -> Mapping[str, Known]:
        return await self.writer.known(source)

    async def upsert(self, document: Document, embeddings: Sequence[Embedding], *, fingerprint: str) -> None:
        raise NotImplementedError

    async def upsert_many(self, additions: Sequence[Addition]) -> Mapping[str, str]:
        names = {one.document.id for one in additions if any("poison" in chunk.text for chunk in one.document.chunks)}
        await self.writer.upsert_many([one for one in additions if one.document.id not in names])
        return dict.fromkeys(names, "it is poison")

    async def touch(
        self, document_id: str, *, fingerprint: str, readable_by: tuple[Principal, ...] | None = None
    ) -> None:
        await self.writer.touch(document_id, fingerprint=fingerprint, readable_by=readable_by)

    async def delete(self, document_ids: Sequence[str]) -> int:
        return await self.writer.delete(document_ids)


async def test_a_refused_document_is_skipped_by_name_and_the_rest_goes_on(rig: Rig, docs: Path) -> None:
    """Its old version stays, the others are stored, and the next run tries it again."""
    await rig.index(docs)
    (docs / "lunch.md").write_text("A poison in the soup, some cress beside it.")
    (docs / "rooms.txt").write_text("The red room seats twenty people.")
    report = await replace(rig, writer=Picky(rig.writer)).index(docs)
    assert [(one.path, one.reason) for one in report.skipped] == [("lunch.md", "the index refuses it: it is poison")]
    assert _counts(report) == (3, 1, 1, 0)
    assert await rig.paths("euros") == ["lunch.md"]
    assert await rig.paths("twenty") == ["rooms.txt"]
    assert _counts(await rig.index(docs)) == (3, 2, 1, 0)
    assert await rig.paths("cress") == ["lunch.md"]
