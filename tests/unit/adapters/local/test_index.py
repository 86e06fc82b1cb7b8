"""What the laptop's index promises beyond its ports: exact scores, one truth, many processes, any death."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Generator
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, TypeAlias

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.adapters.local import database, scan
from bot.adapters.local.fusion import Tuning
from bot.adapters.local.index import LocalIndex
from bot.adapters.local.writer import LocalIndexWriter
from bot.errors import BadRequest, IndexMismatch, IndexUnavailable, NothingIndexed
from bot.models import EVERYONE, Audience, Document, Embedding, Lent, Principal, Query
from tests.nouns import a_document
from tests.unit.adapters.local import plain_search

DIMENSION = 8
MEMBERS = Audience.of((EVERYONE,))
STAFF = Principal("group", "staff")
MODEL = "model-1"
KILLS = 8
"""In every run of the suite; once and again it was run with a hundred."""
Kept: TypeAlias = dict[str, tuple[Document, list[Embedding]]]
Step: TypeAlias = tuple[Any, ...]
Question: TypeAlias = tuple[str, bool, bool, str]


def made(document: Document, seed: int) -> list[Embedding]:
    """Vectors drawn anew for every seed."""
    drawn = np.random.default_rng(seed).standard_normal((len(document.chunks), DIMENSION)).astype(np.float32)
    drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
    return [Embedding(row.astype(np.float32)) for row in drawn]


def opened(home: Path, tuning: Tuning | None = None) -> AbstractAsyncContextManager[LocalIndex]:
    return LocalIndex.open(home, model=MODEL, dimension=DIMENSION, tuning=tuning)


def writing(home: Path) -> AbstractAsyncContextManager[LocalIndexWriter]:
    return LocalIndex.create(home, model=MODEL, dimension=DIMENSION, durable=False)


async def add(writer: LocalIndexWriter, *documents: Document) -> None:
    for seed, document in enumerate(documents):
        await writer.upsert(document, made(document, seed), fingerprint="1")


async def found(index: LocalIndex, text: str = "", *, near: bool = True) -> list[str]:
    """Texts of all chunks by falling score."""
    vector = np.eye(DIMENSION, dtype=np.float32)[0] if near else None
    return [hit.chunk.text for hit in await index.search(Query(text, vector), visible_to=MEMBERS, limit=1000)]


def scans(home: Path) -> list[Path]:
    return sorted((home / "index").glob("*scan-*"))


# --- exactness ------------------------------------------------------------------------------------------------------

texts = st.lists(st.sampled_from(["lunch", "soup", "noon", "vpn", "token", "the", "soup soup"]), max_size=6).map(
    " ".join
)
uploads = st.tuples(st.just("put"), st.integers(0, 5), st.lists(texts, max_size=4), st.sampled_from([EVERYONE, STAFF]))
removals = st.tuples(st.just("delete"), st.integers(0, 5))
grants = st.tuples(st.just("grant"), st.integers(0, 5), st.sampled_from([EVERYONE, STAFF]))
others = st.tuples(st.sampled_from(["publish", "reopen"]))
questions = st.tuples(texts, st.booleans(), st.booleans(), texts)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    steps=st.lists(st.tuples(st.one_of(uploads, removals, grants, others), questions), min_size=1, max_size=10),
    settled=st.lists(st.lists(texts, min_size=1, max_size=3), max_size=3),
    leg=st.sampled_from([3, 100]),
    place=st.sampled_from([1.0, 2.5]),
)
async def test_every_search_equals_its_definition(
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[tuple[Step, Question]],
    settled: list[list[str]],
    leg: int,
    place: float,
) -> None:
    """Whatever was written, removed, granted, published before: as if computed from nothing over what is there now."""
    home, tuning = tmp_path_factory.mktemp("home"), Tuning(leg=leg, place=place)
    kept: Kept = {}
    index, writer = await _fresh(home, tuning)
    for number, lines in enumerate(settled):
        await _apply(writer, kept, ("put", number, lines, EVERYONE), 100 + number)
    await writer.publish()
    for seed, (step, question) in enumerate(steps):
        await _apply(writer, kept, step, seed)
        if step[0] == "reopen":
            await _closed(index, writer)
            index, writer = await _fresh(home, tuning)
        await _compare(index, kept, question, tuning)
    await _closed(index, writer)


async def _fresh(home: Path, tuning: Tuning) -> tuple[LocalIndex, LocalIndexWriter]:
    path = home / "index" / database.FILE
    writer = LocalIndexWriter(path, model=MODEL, dimension=DIMENSION, durable=False)
    await writer.begin()
    return LocalIndex(home, model=MODEL, dimension=DIMENSION, tuning=tuning), writer


async def _closed(index: LocalIndex, writer: LocalIndexWriter) -> None:
    index.close()
    await writer.close()


async def _apply(writer: LocalIndexWriter, kept: Kept, step: Step, seed: int) -> None:
    match step:
        case ("put", number, lines, who):
            document = a_document(f"{number}.md", lines, readable_by=(who,), source=source_of(number))
            kept[document.id] = (document, made(document, seed))
            await writer.upsert(*kept[document.id], fingerprint="1")
        case ("delete", number):
            name = f"{source_of(number)}:{number}.md"
            gone = kept.pop(name, None)
            assert await writer.delete([name]) == (gone is not None)
        case ("grant", number, who):
            name = f"{source_of(number)}:{number}.md"
            await writer.touch(name, fingerprint="2", readable_by=(who,))
            if name in kept:
                document, vectors = kept[name]
                chunks = tuple(replace(chunk, readable_by=(who,)) for chunk in document.chunks)
                kept[name] = (replace(document, readable_by=(who,), chunks=chunks), vectors)
        case ("publish",):
            await writer.publish()
        case _:
            pass


def source_of(number: int) -> str:
    return "wiki" if number % 3 == 1 else "handbook"


async def _compare(index: LocalIndex, kept: Kept, question: Question, tuning: Tuning) -> None:
    for within in (frozenset[str](), frozenset({"wiki"})):
        await _compare_within(index, kept, question, tuning, within)


async def _compare_within(
    index: LocalIndex, kept: Kept, question: Question, tuning: Tuning, within: frozenset[str]
) -> None:
    text, with_vector, staff, lent = question
    vector = np.random.default_rng(len(text)).standard_normal(DIMENSION).astype(np.float32) if with_vector else None
    query = Query(text, vector, lent=(Lent(lent, 0.5),))
    audience = Audience.of((EVERYONE, STAFF)) if staff else MEMBERS
    expected = plain_search.search(kept, query, audience, tuning, within=within)
    hits = await index.search(query, visible_to=audience, limit=1000, within=within)
    chunks = {chunk.id: chunk for document, _ in kept.values() for chunk in document.chunks}
    assert {hit.chunk.id: hit.chunk for hit in hits} == {name: chunks[name] for name in expected}
    for hit in hits:
        scores = expected[hit.chunk.id]
        assert (hit.score, hit.bm25, hit.cosine) == pytest.approx((scores.score, scores.bm25, scores.cosine), abs=1e-5)
    assert hits == sorted(hits, key=lambda hit: (-hit.score, hit.chunk.id))


async def test_among_many_chunks_the_best_are_found(tmp_path: Path) -> None:
    """With far more chunks than a leg takes, filtered or not, legs and order are still those of the definition."""
    generator, tuning = np.random.default_rng(2), Tuning(leg=4)
    kept: Kept = {}
    async with writing(tmp_path) as writer, opened(tmp_path, tuning) as index:
        for number in range(20):
            lines = [" ".join(generator.choice(["lunch", "soup", "noon", "vpn"], 6)) for _ in range(60)]
            await _apply(writer, kept, ("put", number, lines, STAFF if number % 3 else EVERYONE), number)
            if number == 10:
                await writer.publish()
        for question in (("lunch soup", True, True, ""), ("lunch", True, False, "vpn"), ("soup", False, True, "")):
            await _compare(index, kept, question, tuning)


# --- one truth ------------------------------------------------------------------------------------------------------


async def test_without_its_scan_the_index_answers_the_same(tmp_path: Path) -> None:
    """The published files are only derived: with them removed or cut short, the database alone tells it all."""
    async with writing(tmp_path) as writer:
        await add(writer, *(a_document(f"{n}.md", [f"lunch {n}", "soup"]) for n in range(9)))
    async with opened(tmp_path) as index:
        expected = await found(index, "lunch 4")
    (published,) = scans(tmp_path)
    for length in (90, 0):
        for file in published.iterdir():
            kept = file.read_bytes()
            file.write_bytes(kept[:length])
            async with opened(tmp_path) as index:
                assert await found(index, "lunch 4") == expected, file.name
            file.write_bytes(kept)


async def test_only_the_newest_scan_stays_on_disk(tmp_path: Path) -> None:
    """Each published scan takes the place of the one before, and what a killed writer left is swept up."""
    for turn in range(3):
        async with writing(tmp_path) as writer:
            await add(writer, a_document("a.md", [f"turn {turn}"]))
        assert len(scans(tmp_path)) == 1
        (tmp_path / "index" / f"{scan.UNFINISHED}left").mkdir()
    async with writing(tmp_path) as writer:
        assert len(scans(tmp_path)) == 1
        await writer.delete(["handbook:a.md"])
    assert scans(tmp_path) == []


async def test_nothing_new_publishes_nothing(tmp_path: Path) -> None:
    """A run that changes no document leaves the scan as it is."""
    async with writing(tmp_path) as writer:
        await add(writer, a_document())
    before = scans(tmp_path)
    async with writing(tmp_path) as writer:
        await writer.touch("handbook:canteen.md", fingerprint="2")
    assert scans(tmp_path) == before


async def test_words_of_what_is_gone_weigh_nothing(tmp_path: Path) -> None:
    """A published document that was deleted since makes its words no more common than they are."""
    kept = [a_document(f"{n}.md", [f"lunch {n}", "soup at noon"]) for n in range(3)]
    gone = [a_document(f"gone{n}.md", ["lunch lunch lunch", "soup"]) for n in range(4)]
    query = Query("lunch soup", None)
    async with writing(tmp_path / "one") as writer, writing(tmp_path / "two") as other:
        await add(writer, *gone, *kept)
        await add(other, *kept)
        await writer.publish()
        await writer.delete([document.id for document in gone])
        async with opened(tmp_path / "one") as index, opened(tmp_path / "two") as expected:
            hits = await index.search(query, visible_to=MEMBERS, limit=99)
            same = await expected.search(query, visible_to=MEMBERS, limit=99)
    assert [(hit.chunk.id, hit.bm25) for hit in hits] == [(hit.chunk.id, hit.bm25) for hit in same]


async def test_a_reader_that_slept_misses_nothing(tmp_path: Path) -> None:
    """After several publications between two of its searches, a reader neither sees what went nor lacks what came."""
    async with writing(tmp_path) as writer:
        await add(writer, *(a_document(f"{n}.md", [f"page {n}"]) for n in range(5)))
        await writer.publish()
        async with opened(tmp_path) as index:
            assert len(await found(index)) == 5
            for number in range(3):
                await writer.delete([f"handbook:{number}.md"])
                await writer.publish()
            await add(writer, a_document("new.md", ["page new"]))
            assert sorted(await found(index)) == ["page 3", "page 4", "page new"]


async def test_deleted_text_is_nowhere_on_disk(tmp_path: Path) -> None:
    """After the run that deletes it, no file of the index holds a byte of a document or its vectors."""
    secret = a_document("secret.md", ["zanzibar marmalade"], readable_by=(Principal("user", "U0SECRET"),))
    async with writing(tmp_path) as writer:
        await add(writer, *(a_document(f"{n}.md", [f"lunch {n}"]) for n in range(20)))
        await add(writer, secret)
        vector = made(secret, 0)[0].vector.tobytes()
        assert b"zanzibar" in _bytes(tmp_path)
        await writer.publish()
        assert vector in _bytes(tmp_path)
        await writer.delete([secret.id])
    kept = _bytes(tmp_path)
    for trace in (b"zanzibar", b"marmalade", b"U0SECRET", b"secret.md"):
        assert trace not in kept


def _bytes(home: Path) -> bytes:
    return b"".join(file.read_bytes() for file in home.rglob("*") if file.is_file())


async def test_a_reader_follows_an_index_made_anew(tmp_path: Path) -> None:
    """An open reader notices that the file was removed, and that there is another one."""
    async with writing(tmp_path) as writer:
        await add(writer, a_document("a.md", ["old"]))
    async with opened(tmp_path) as index:
        assert await found(index) == ["old"]
        for file in (tmp_path / "index").glob("index.sqlite*"):
            file.unlink()
        with pytest.raises(NothingIndexed):
            await found(index)
        async with writing(tmp_path) as writer:
            await add(writer, a_document("a.md", ["new"]))
            assert await found(index) == ["new"]


async def test_a_restored_backup_is_believed(tmp_path: Path) -> None:
    """The database put back as it was earlier answers as it did then, though a later scan lies beside it."""
    file = tmp_path / "index" / database.FILE
    async with writing(tmp_path) as writer:
        await add(writer, a_document("a.md", ["then"]))
    backup = file.read_bytes()
    async with opened(tmp_path) as running:
        async with writing(tmp_path) as writer:
            await add(writer, a_document("a.md", ["now"]), a_document("b.md", ["now too"]))
        assert sorted(await found(running)) == ["now", "now too"]
        restored = file.with_name("restored")
        restored.write_bytes(backup)
        restored.rename(file)
        for left in (tmp_path / "index").glob("index.sqlite-*"):
            left.unlink()
        assert await found(running) == ["then"]
    async with opened(tmp_path) as index:
        assert await found(index) == ["then"]
    async with writing(tmp_path) as writer:
        await add(writer, a_document("c.md", ["since"]))
    async with opened(tmp_path) as index:
        assert sorted(await found(index)) == ["since", "then"]


async def test_a_generation_that_went_back_is_another_history(tmp_path: Path) -> None:
    """A reader that knows a later generation than the file has starts anew from the file, and does not wait for it."""
    async with writing(tmp_path) as writer, opened(tmp_path) as index:
        await add(writer, a_document("a.md", ["one"]), a_document("b.md", ["two"]))
        assert sorted(await found(index)) == ["one", "two"]
        with sqlite3.connect(tmp_path / "index" / database.FILE) as connection:
            connection.execute("UPDATE state SET generation = 1")
            connection.execute("DELETE FROM document WHERE path = 'b.md'")
        connection.close()
        assert await found(index) == ["one"]


# --- refusals -------------------------------------------------------------------------------------------------------


async def test_a_newer_index_is_left_alone(tmp_path: Path) -> None:
    """An older program neither reads nor writes what a newer one made, and says what to do."""
    async with writing(tmp_path) as writer:
        await add(writer, a_document())
    with sqlite3.connect(tmp_path / "index" / database.FILE) as connection:
        connection.execute(f"PRAGMA user_version = {database.SCHEMA + 1}")
    connection.close()
    for side in (opened, writing):
        with pytest.raises(IndexMismatch, match=r"newer version of Footnote .*upgrade"):
            async with side(tmp_path):
                pass


async def test_an_older_index_is_converted_by_the_writer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader asks for it, the writer does it in one transaction, and then both go on."""
    async with writing(tmp_path) as writer:
        await add(writer, a_document(texts=["lunch"]))
    monkeypatch.setattr(database, "SCHEMA", database.SCHEMA + 1)

    def convert(connection: sqlite3.Connection) -> None:
        connection.execute("UPDATE chunk SET text = 'converted'")

    monkeypatch.setattr(database, "MIGRATIONS", {database.SCHEMA - 1: convert})
    with pytest.raises(IndexMismatch, match="older version"):
        async with opened(tmp_path):
            pass
    async with writing(tmp_path), opened(tmp_path) as index:
        assert await found(index, "lunch") == ["converted"]


async def test_an_index_without_owners_is_converted(tmp_path: Path) -> None:
    """What schema 1 holds answers as before, with owners empty, and takes documents that have one."""
    old = a_document("old.md", ["lunch at noon"])
    async with writing(tmp_path) as writer:
        await add(writer, old)
    with sqlite3.connect(tmp_path / "index" / database.FILE) as connection:
        connection.execute("ALTER TABLE document DROP COLUMN owner")
        connection.execute("PRAGMA user_version = 1")
    connection.close()
    new = a_document("new.md", ["lunch at one"], owner="People Ops")
    async with writing(tmp_path) as writer, opened(tmp_path) as index:
        found = [hit.chunk for hit in await index.search(Query("noon", None), visible_to=MEMBERS, limit=9)]
        assert found == list(old.chunks)
        await add(writer, new)
        both = await index.chunks([old.chunks[0].id, new.chunks[0].id], visible_to=MEMBERS)
        assert {chunk.path: chunk.owner for chunk in both.values()} == {"old.md": "", "new.md": "People Ops"}


async def test_words_cut_by_older_rules_are_counted_again(tmp_path: Path) -> None:
    """A reader that would look for other words than are counted says so; the next writer counts them again."""
    document = a_document("a.md", ["DMs are private", "lunch"])
    async with writing(tmp_path) as writer:
        await add(writer, document, a_document("b.md", ["noon"]))
    with sqlite3.connect(tmp_path / "index" / database.FILE) as connection:
        connection.execute("UPDATE state SET words = 1")
        connection.execute("UPDATE embedding SET terms = x''")
    connection.close()
    with pytest.raises(IndexMismatch, match="older version of Footnote; run"):
        async with opened(tmp_path):
            pass
    async with writing(tmp_path), opened(tmp_path) as index:
        assert await found(index, "dm", near=False) == ["DMs are private"]
    async with opened(tmp_path) as index:
        assert await found(index, "canteen", near=False) == ["lunch", "noon", "DMs are private"]
    assert len(scans(tmp_path)) == 1


async def test_words_cut_by_newer_rules_are_another_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When text was cut into words by rules that are not known here, queries would look for the wrong ones."""
    async with writing(tmp_path) as writer:
        await add(writer, a_document())
    monkeypatch.setattr(database.words, "VERSION", database.words.VERSION - 1)
    for side in (opened, writing):
        with pytest.raises(IndexMismatch, match="index again"):
            async with side(tmp_path):
                pass


@pytest.mark.parametrize("content", [b"", b"x" * 5000], ids=["empty", "rubbish"])
async def test_a_file_that_is_no_index_is_told(tmp_path: Path, content: bytes) -> None:
    """An empty file is as no index; another kind of file is not overwritten."""
    file = tmp_path / "index" / database.FILE
    file.parent.mkdir()
    file.write_bytes(content)
    with pytest.raises(IndexMismatch if content else NothingIndexed):
        async with opened(tmp_path):
            pass
    if content:
        with pytest.raises(IndexMismatch, match="damaged or no index"):
            async with writing(tmp_path):
                pass
        assert file.read_bytes() == content


async def test_one_writer_at_a_time(tmp_path: Path) -> None:
    """A second one is told to wait, and may write when the first has closed."""
    async with writing(tmp_path):
        with pytest.raises(BadRequest, match="another process is indexing"):
            async with writing(tmp_path):
                pass
    async with writing(tmp_path) as writer:
        await add(writer, a_document())


async def test_a_slow_disk_is_unavailable(tmp_path: Path) -> None:
    """Past its deadline a search gives up with an error that is worth another try."""
    async with writing(tmp_path) as writer:
        await add(writer, a_document())
    index = LocalIndex(tmp_path, model=MODEL, dimension=DIMENSION, deadline=0)
    with pytest.raises(IndexUnavailable):
        await found(index)
    index.close()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"title": "Other"}, "differ in title"),
        ({"readable_by": (STAFF,)}, "differ in readable_by"),
        ({"revision": "other"}, "differ in revision"),
        ({"owner": "other"}, "differ in owner"),
        ({"document_id": "handbook:other.md"}, "differ in document_id"),
    ],
)
async def test_a_chunk_that_contradicts_its_document_is_refused(
    tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    """The index keeps once what they share: above all, who may read."""
    document = a_document()
    document = replace(document, chunks=tuple(replace(chunk, **change) for chunk in document.chunks))
    async with writing(tmp_path) as writer:
        with pytest.raises(ValueError, match=message):
            await writer.upsert(document, made(document, 0), fingerprint="1")


async def test_vectors_that_are_no_vectors_are_refused(tmp_path: Path) -> None:
    """A wrong length or a value that is no number would spoil every ranking."""
    document = a_document(texts=["lunch"])
    bad = [np.ones(3, np.float32), np.full(DIMENSION, np.nan, np.float32)]
    async with writing(tmp_path) as writer:
        for vector in bad:
            with pytest.raises(ValueError, match="finite numbers"):
                await writer.upsert(document, [Embedding(vector)], fingerprint="1")
        good = made(document, 0)[0].vector
        with pytest.raises(ValueError, match="units"):
            await writer.upsert(document, [Embedding(good, np.ones((2, DIMENSION), np.float32))], fingerprint="1")


async def test_a_chunk_id_belongs_to_one_document(tmp_path: Path) -> None:
    """A second document with the same chunk id is refused as a whole."""
    first, second = a_document("a.md", ["one"]), a_document("b.md", ["two"])
    second = replace(second, chunks=(replace(second.chunks[0], id=first.chunks[0].id),))
    async with writing(tmp_path) as writer, opened(tmp_path) as index:
        await add(writer, first)
        with pytest.raises(ValueError, match="does not fit"):
            await add(writer, second)
        assert await found(index) == ["one"]
        assert set(await writer.known("handbook")) == {first.id}


async def test_the_folder_is_private(tmp_path: Path) -> None:
    """Nobody but the owner can look into the index."""
    async with writing(tmp_path / "new" / "home"):
        assert (tmp_path / "new" / "home" / "index").stat().st_mode & 0o777 == 0o700


# --- many processes, any death --------------------------------------------------------------------------------------


@contextmanager
def scribbler(home: Path) -> Generator[tuple[subprocess.Popen[str], IO[str]]]:
    """Another process that writes without end, and has begun; killed when the block ends."""
    command = [sys.executable, "-m", "tests.unit.adapters.local.scribbler", str(home)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            assert process.stdout.readline().startswith("writing")
            yield process, process.stdout
        finally:
            process.send_signal(signal.SIGKILL)


def rounds(documents: list[list[str]]) -> None:
    """Each document has all its parts, and they are of one round."""
    for parts in documents:
        assert len({text.split()[0] for text in parts}) == 1, parts
        assert sorted(text.split()[-1] for text in parts) == ["0", "1", "2"], parts


async def by_document(index: LocalIndex) -> list[list[str]]:
    hits = await index.search(Query("part", np.ones(DIMENSION, np.float32)), visible_to=MEMBERS, limit=1000)
    gathered: dict[str, list[str]] = {}
    for hit in hits:
        gathered.setdefault(hit.chunk.document_id, []).append(hit.chunk.text)
        assert hit.embedding is not None
    return list(gathered.values())


async def test_a_reader_beside_a_writing_process_sees_whole_documents(tmp_path: Path) -> None:
    """While another process writes, deletes and publishes, every search sees each document in one version."""
    with scribbler(tmp_path) as (_, output):
        async with opened(tmp_path) as index:
            seen: set[str] = set()
            while len(seen) < 10:
                documents = await by_document(index)
                rounds(documents)
                seen |= {text.split()[0] for parts in documents for text in parts}
            output.readline()
            counted = await index.counts(visible_to=MEMBERS)
            assert counted.chunks == 3 * counted.documents


async def test_searches_at_once_each_see_one_generation(tmp_path: Path) -> None:
    """Many searches in one process, beside its own writer, neither mix versions nor get in each other's way."""
    async with writing(tmp_path) as writer, opened(tmp_path) as index:
        documents: list[Document] = []
        for turn in range(12):
            documents = [a_document(f"{n}.md", [f"round{turn}{n} part {k}" for k in range(3)]) for n in range(4)]
            searches = [asyncio.create_task(by_document(index)) for _ in range(6)]
            await add(writer, *documents)
            for search in searches:
                rounds(await search)
        assert sorted(text for parts in await by_document(index) for text in parts) == sorted(
            chunk.text for document in documents for chunk in document.chunks
        )


async def test_killed_at_any_moment_no_document_is_half_there(tmp_path: Path) -> None:
    """A writer killed while it writes, deletes or publishes leaves whole documents, and a folder for the next one."""
    for turn in range(KILLS):
        with scribbler(tmp_path) as (process, _):
            await asyncio.sleep(turn * 0.02)  # not a wait for something: another moment to die at each time
            process.send_signal(signal.SIGKILL)
            process.wait()
        async with opened(tmp_path) as index:
            documents = await by_document(index)
            rounds(documents)
            counted = await index.counts(visible_to=MEMBERS)
            assert (counted.documents, counted.chunks) == (len(documents), 3 * len(documents))
        _check_tables(tmp_path)


def _check_tables(home: Path) -> None:
    connection = sqlite3.connect(home / "index" / database.FILE)
    orphans = connection.execute(
        "SELECT (SELECT count(*) FROM chunk WHERE document NOT IN (SELECT key FROM document)),"
        " (SELECT count(*) FROM embedding WHERE chunk NOT IN (SELECT key FROM chunk)),"
        " (SELECT count(*) FROM chunk WHERE key NOT IN (SELECT chunk FROM embedding)),"
        " (SELECT count(*) FROM access WHERE id NOT IN (SELECT access FROM document))"
    ).fetchone()
    assert orphans == (0, 0, 0, 0)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
