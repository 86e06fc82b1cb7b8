"""How long a hybrid search takes over a synthetic index of 10,000 and 100,000 chunks, unfiltered and filtered.

    make bench ARGS='search [--home FOLDER] [--chunks 10000 100000] [--queries 200]'

The words of a text follow Zipf's law (Zipf 1949), vectors lie in clusters, and every hundredth document is readable by
one group alone: the filter that 1 % of the chunks pass. FOLDER keeps the indexes for a second run.
Printed beside each other: this index, and SQLite's own FTS5 with bm25() for the words alone.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from bot.adapters.local.index import LocalIndex
from bot.models import EVERYONE, Audience, Chunk, Document, Embedding, Principal, Query
from bot.words import words
from tests.bench.measuring import where

DIMENSION = 384
VOCABULARY = 60_000
WORDS = 110
PER_DOCUMENT = 8
UNITS = 6
LAB = Principal("group", "lab")
ALL = Audience.of((EVERYONE, LAB))
FEW = Audience.of((LAB,))
LIMIT = 50


def main() -> None:
    """Build what is missing, then measure."""
    parser = argparse.ArgumentParser(prog="search", description=__doc__.splitlines()[0])
    parser.add_argument("--home", type=Path, help="keep the indexes here")
    parser.add_argument("--chunks", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--queries", type=int, default=200)
    arguments = parser.parse_args()
    print(where())
    with tempfile.TemporaryDirectory() as temporary:
        for chunks in arguments.chunks:
            asyncio.run(measure((arguments.home or Path(temporary)) / str(chunks), chunks, arguments.queries))


async def measure(home: Path, chunks: int, queries: int) -> None:
    """One size: build, then search."""
    if not (home / "index").exists():
        await build(home, chunks)
    generator = np.random.default_rng(7)
    asked = [question(generator, clusters()) for _ in range(queries)]
    started = time.perf_counter()
    async with LocalIndex.open(home, model="synthetic", dimension=DIMENSION) as index:
        print(f"\n{chunks:,} chunks; opened in {1e3 * (time.perf_counter() - started):.1f} ms")
        started = time.perf_counter()
        await index.search(asked[0], visible_to=ALL, limit=LIMIT)
        print(f"first search {1e3 * (time.perf_counter() - started):.1f} ms")
        limit = 5 if chunks <= 10_000 else 20
        for name, audience in (("unfiltered", ALL), ("1 % readable", FEW)):
            taken = [await timed(index, query, audience) for query in asked]
            report(f"hybrid, {name}", taken, limit)
        words_only = [Query(query.text, None) for query in asked]
        report("words alone", [await timed(index, query, ALL) for query in words_only], limit)
    report("FTS5 bm25(), words alone", list(full_text_search(home, asked)), limit)
    size = sum(path.stat().st_size for path in (home / "index").rglob("*") if path.is_file())
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"on disk {size / 1e6:.0f} MB, of it scanned {scanned(home) / 1e6:.0f} MB; peak memory {memory:.0f} MB")


async def timed(index: LocalIndex, query: Query, audience: Audience) -> float:
    """Seconds for one search."""
    started = time.perf_counter()
    hits = await index.search(query, visible_to=audience, limit=LIMIT)
    taken = time.perf_counter() - started
    assert hits
    return taken


def report(name: str, seconds: list[float], limit: float) -> None:
    """One line: median, 95th percentile, and the median's share of the limit."""
    median, high = 1e3 * np.median(seconds), 1e3 * np.quantile(seconds, 0.95)
    print(f"{name:28} p50 {median:7.2f} ms   p95 {high:7.2f} ms   {median / limit:5.2f} of {limit:g} ms")


def scanned(home: Path) -> int:
    """Bytes of the files that follow from the database."""
    return sum(path.stat().st_size for path in (home / "index").rglob("*.*") if path.parent.name.startswith("scan-"))


# --- the corpus -----------------------------------------------------------------------------------------------------


def clusters() -> np.ndarray:
    """Directions around which vectors lie."""
    return np.random.default_rng(3).standard_normal((200, DIMENSION)).astype(np.float32)


def unit(vectors: np.ndarray) -> np.ndarray:
    """Rows of unit length."""
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def drawn(generator: np.random.Generator, number: int) -> np.ndarray:
    """Word numbers by Zipf's law."""
    chances = 1 / np.arange(3, VOCABULARY + 3) ** 1.05
    return generator.choice(VOCABULARY, number, p=chances / chances.sum())


def spelled(numbers: np.ndarray) -> str:
    """Words that no stemmer touches."""
    return " ".join(f"w{number}q" for number in numbers)


def question(generator: np.random.Generator, centres: np.ndarray) -> Query:
    """Three to nine words, and a vector near a cluster."""
    text = spelled(drawn(generator, int(generator.integers(3, 10))))
    vector = centres[generator.integers(len(centres))] + generator.standard_normal(DIMENSION)
    return Query(text, unit(vector).astype(np.float32))


def documents(chunks: int) -> Iterator[tuple[Document, list[Embedding]]]:
    """Documents of eight chunks with their vectors; every hundredth is the lab's alone."""
    generator = np.random.default_rng(1)
    centres = clusters()
    for number in range(chunks // PER_DOCUMENT):
        readable_by = (LAB,) if number % 100 == 0 else (EVERYONE,)
        near = centres[generator.integers(len(centres))]
        vectors = unit(near + generator.standard_normal((PER_DOCUMENT, DIMENSION))).astype(np.float32)
        texts = [spelled(row) for row in drawn(generator, PER_DOCUMENT * WORDS).reshape(PER_DOCUMENT, WORDS)]
        embeddings = [Embedding(vector, np.repeat(vector[None], UNITS, axis=0)) for vector in vectors]
        yield document(number, texts, readable_by), embeddings


def document(number: int, texts: list[str], readable_by: tuple[Principal, ...]) -> Document:
    """One document of these texts."""
    shared = {"source": "made", "path": f"{number}.md", "title": f"w{number}q", "revision": "1"}
    when = datetime(2026, 3, 2, tzinfo=UTC)
    made = [
        Chunk(
            id=f"made:{number}.md#{position}",
            document_id=f"made:{number}.md",
            heading_path=(f"w{number}q", f"w{position}q"),
            text=text,
            position=position,
            lines=(1, 1),
            url=f"file:///made/{number}.md",
            updated=when,
            readable_by=readable_by,
            units=tuple((10 * unit, 10 * unit + 9) for unit in range(UNITS)),
            **shared,
        )
        for position, text in enumerate(texts)
    ]
    return Document(id=f"made:{number}.md", url="", updated=when, readable_by=readable_by, chunks=tuple(made), **shared)


async def build(home: Path, chunks: int) -> None:
    """The index and, for comparison, a full-text table of the same words."""
    started = time.perf_counter()
    async with LocalIndex.create(home, model="synthetic", dimension=DIMENSION, durable=False) as writer:
        for made, embeddings in documents(chunks):
            await writer.upsert(made, embeddings, fingerprint="1")
        closing = time.perf_counter()
    print(f"\nbuilt {chunks:,} chunks in {time.perf_counter() - started:.1f} s ", end="")
    print(f"(publishing the last scan {time.perf_counter() - closing:.2f} s)")
    started = time.perf_counter()
    async with LocalIndex.create(home, model="synthetic", dimension=DIMENSION) as writer:
        made, embeddings = next(documents(chunks))
        await writer.upsert(made, embeddings, fingerprint="2")
        await writer.delete(["made:1.md"])
    print(f"one document changed and one removed, opened to published: {time.perf_counter() - started:.2f} s")
    with sqlite3.connect(home / "words.sqlite") as connection:
        connection.execute("CREATE VIRTUAL TABLE words USING fts5 (text, content = '', detail = column)")
        rows = (
            (" ".join(words(f"{chunk.place} {chunk.text}")),) for made, _ in documents(chunks) for chunk in made.chunks
        )
        connection.executemany("INSERT INTO words VALUES (?)", rows)


def full_text_search(home: Path, asked: list[Query]) -> Iterator[float]:
    """Seconds per query for the best 100 by SQLite's own ranking."""
    with sqlite3.connect(home / "words.sqlite") as connection:
        for query in asked:
            match = " OR ".join(dict.fromkeys(words(query.text)))
            started = time.perf_counter()
            connection.execute(
                "SELECT rowid, bm25(words) AS score FROM words WHERE words MATCH ? ORDER BY score LIMIT 100", (match,)
            ).fetchall()
            yield time.perf_counter() - started


if __name__ == "__main__":
    main()
