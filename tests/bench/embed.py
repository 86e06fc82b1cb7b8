"""How fast the local embedder loads, answers a query and reads passages, and what memory it takes.

    make bench ARGS='embed [--passages 600] [--threads 2]'

Passages are made of common words, 128 tokens each, and of 16 to 256 tokens mixed, as a handbook's chunks are.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from bot.adapters.local.embedder import LocalEmbedder
from bot.models import EVERYONE, Chunk
from tests.bench.measuring import spread, where

COMMON = """
the of and to in is for that on with are this be as you at it by from we can team work time people project page help
leave travel health office review manager laptop access request policy question document security
"""
QUERIES = ("how long does parental leave last", "where do I find the travel policy?", "who approves a new laptop")


def main() -> None:
    """Measure in this order: a fresh process, queries, passages, memory."""
    parser = argparse.ArgumentParser(prog="embed", description=__doc__.splitlines()[0])
    parser.add_argument("--passages", type=int, default=600)
    parser.add_argument("--threads", type=int, default=None)
    arguments = parser.parse_args()
    print(where())
    with tempfile.TemporaryDirectory() as temporary:
        stamp = Path(temporary, "stamp")
        asyncio.run(measure(stamp, arguments.passages, arguments.threads))
        print(f"a fresh process until its first query's vector: {spread([fresh(stamp) for _ in range(7)])}")
    print(f"peak memory of this process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


async def measure(stamp: Path, passages: int, threads: int | None) -> None:
    """One embedder through everything."""
    embedder = LocalEmbedder(stamp=stamp, threads=threads)
    started = time.perf_counter()
    await embedder.load()
    print(f"loaded, weights hashed once: {time.perf_counter() - started:.2f} s")
    again = LocalEmbedder(stamp=stamp, threads=threads)
    started = time.perf_counter()
    await again.load()
    print(f"loaded a second time: {time.perf_counter() - started:.2f} s")
    again.close()
    taken = [await timed(embedder, QUERIES[number % len(QUERIES)]) for number in range(200)]
    print(f"a query: {spread([1e3 * one for one in taken[20:]], 'ms', 2)}   (issue 3 measured 2.5)")
    generator = np.random.default_rng(5)
    alike = [passage(generator, 126, number) for number in range(passages)]
    mixed = [passage(generator, int(generator.integers(14, 255)), number) for number in range(passages)]
    await report(embedder, "passages of 128 tokens", alike, 48)
    await report(embedder, "passages of 16 to 256 tokens", mixed, 48)
    embedder.close()


async def timed(embedder: LocalEmbedder, text: str) -> float:
    """Seconds for one query."""
    started = time.perf_counter()
    await embedder.embed_queries([text])
    return time.perf_counter() - started


async def report(embedder: LocalEmbedder, name: str, chunks: list[Chunk], known: float) -> None:
    """Three times all of them; the units are pooled too."""
    rates: list[float] = []
    for _ in range(3):
        started = time.perf_counter()
        await embedder.embed_chunks(chunks)
        rates.append(len(chunks) / (time.perf_counter() - started))
    middle = statistics.median(rates)
    print(f"{name}: {spread(rates, 'a second', 1)}   {middle / known:.2f} of the {known:g} that issue 3 measured")


def passage(generator: np.random.Generator, tokens: int, number: int) -> Chunk:
    """So many common words, each one token, in five units."""
    text = " ".join(generator.choice(COMMON.split(), tokens))
    fifth = max(1, len(text) // 5)
    return Chunk(
        id=f"made#{number}",
        document_id="made",
        source="made",
        path="made.md",
        title="",
        heading_path=(),
        text=text,
        position=number,
        lines=(1, 1),
        url="",
        updated=None,
        revision="1",
        readable_by=(EVERYONE,),
        units=tuple((first, first + fifth) for first in range(0, 5 * fifth, fifth)),
    )


def fresh(stamp: Path) -> float:
    """Seconds for a whole Python process that embeds one query."""
    code = (
        "import asyncio, sys; from pathlib import Path; from bot.adapters.local.embedder import LocalEmbedder; "
        "asyncio.run(LocalEmbedder(stamp=Path(sys.argv[1])).embed_queries(['when is lunch']))"
    )
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code, stamp], check=True)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
