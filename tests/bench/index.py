"""How fast `footnote index` is beside the bare embedder on the same chunks, in turns."""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

from bot.models import EVERYONE, Chunk
from tests.bench.measuring import FOOTNOTE, run, where
from tests.bench.peers import chunks_of


def bare(folder: Path) -> None:
    """Embed every chunk of the folder and nothing else; print chunks and seconds, the model's loading left out."""
    from bot.adapters.local.embedder import LocalEmbedder

    chunks = [
        Chunk(c["id"], c["document"], "bench", c["path"], c["title"], tuple(c["headings"]), c["text"], c["position"],
              (1, 1), "", None, "1", (EVERYONE,), tuple((a, b) for a, b in c["units"]))
        for c in chunks_of(folder)
    ]  # fmt: skip

    async def embed() -> float:
        embedder = LocalEmbedder(stamp=None)
        await embedder.load()
        start = time.perf_counter()
        await embedder.embed_chunks(chunks)
        return time.perf_counter() - start

    print(json.dumps({"chunks": len(chunks), "seconds": asyncio.run(embed())}))


def main() -> None:
    """Index into an empty home, embed the same chunks alone, again and again; print the ratio of the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="the folder with handbooks/")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--bare", action="store_true", help="only embed (what this script starts itself with)")
    arguments = parser.parse_args()
    folder = arguments.data / "handbooks/18f-handbook"
    if arguments.bare:
        bare(folder)
        return
    print(where())
    whole: list[float] = []
    alone: list[float] = []
    for _ in range(arguments.runs):
        with tempfile.TemporaryDirectory() as home:
            done = run(FOOTNOTE, "index", folder, "--json", home=Path(home))
        said = json.loads(done.output)
        embedded = json.loads(run(sys.executable, "-m", "tests.bench.index", arguments.data, "--bare").output)
        assert said["chunks"] == embedded["chunks"], (said, embedded)
        whole.append(said["chunks"] / said["seconds"])
        alone.append(embedded["chunks"] / embedded["seconds"])
        print(f"index {whole[-1]:.1f} chunks/s, peak {done.peak_mb:.0f} MB; bare embedder {alone[-1]:.1f} chunks/s")
    print(f"ratio of the medians: {statistics.median(whole) / statistics.median(alone):.3f}")


if __name__ == "__main__":
    main()
