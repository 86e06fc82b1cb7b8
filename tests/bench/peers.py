"""Footnote, LlamaIndex and Haystack: one embedder, the same chunks, the same rig; prints ratios.

The peers live in an environment of their own, which also has what Footnote runs on:

    uv venv peers && uv pip install --python peers/bin/python --no-deps -r requirements.lock
    uv pip install --python peers/bin/python llama-index-core llama-index-retrievers-bm25 haystack-ai
    make bench ARGS='peers DATA --python peers/bin/python'

Each contender runs in a process of its own. It gets our embedder through its own extension point (LlamaIndex:
`BaseEmbedding`; Haystack: a custom component), indexes the chunks of the 18F handbook, and answers every judged
question by hybrid search: Footnote as shipped (on disk), the peers with the parts that they offer in memory (BM25
retriever, vector retriever, fusion of both).
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.bench.measuring import ROOT, run, where

CONTENDERS = ("footnote", "llamaindex", "haystack")


def chunks_of(folder: Path) -> Iterator[dict[str, Any]]:
    """Every chunk of the Markdown pages below `folder`, cut as Footnote cuts them, as plain JSON."""
    from bot.models import EVERYONE
    from indexing.chunk.headings import HeadingChunker
    from indexing.parse.markdown import MarkdownParser
    from indexing.ports import Origin

    parser, chunker = MarkdownParser(), HeadingChunker()
    for path in sorted(folder.rglob("*.md")):
        origin = Origin("peers", path.relative_to(folder).as_posix(), "1", None, (EVERYONE,))
        document = chunker.chunk(parser.parse(path.read_bytes()), origin, link=lambda anchor: f"#{anchor}")
        for chunk in document.chunks:
            yield {"document": document.id, "path": chunk.path, "title": chunk.title, "position": chunk.position,
                   "headings": chunk.heading_path, "text": chunk.text, "place": chunk.place, "units": chunk.units,
                   "id": chunk.id}  # fmt: skip


def main() -> None:
    """Cut the handbook once, run every contender in turns, and print the medians and the ratios to ours."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="the folder with handbooks/ and questions/")
    parser.add_argument("--python", type=Path, required=True, help="the interpreter of the peers' environment")
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    print(where())
    with tempfile.TemporaryDirectory() as folder:
        rig = Path(folder, "rig.json")
        lines = (arguments.data / "questions/18f/questions.jsonl").read_text(encoding="utf-8").splitlines()
        chunks = list(chunks_of(arguments.data / "handbooks/18f-handbook"))
        rig.write_text(json.dumps({"chunks": chunks, "questions": [json.loads(line)["question"] for line in lines]}))
        print(f"{len(chunks)} chunks, {len(lines)} questions, medians of {arguments.runs} runs")
        figures = {name: measure(arguments.python, name, rig, arguments.runs) for name in CONTENDERS}
    report(figures)


def measure(python: Path, name: str, rig: Path, runs: int) -> dict[str, float]:
    """Medians over `runs` processes of one contender."""
    command = (python.absolute(), "-m", "tests.bench.peers_rig", name, rig)
    found: list[dict[str, float]] = []
    for _ in range(runs):
        done = run("env", "-C", ROOT, *command)
        found.append({**json.loads(done.output.splitlines()[-1]), "peak RSS, MB": done.peak_mb})
    return {figure: statistics.median(one[figure] for one in found) for figure in found[0]}


def report(figures: dict[str, dict[str, float]]) -> None:
    """One line per figure: what each contender took, and how many times ours that is."""
    ours = figures["footnote"]
    print(f"{'':28}" + "".join(f"{name:>22}" for name in figures))
    for figure, mine in ours.items():
        cells = [f"{theirs[figure]:12.2f} ({theirs[figure] / mine:5.2f}x)" for theirs in figures.values()]
        print(f"{figure:28}" + "".join(f"{cell:>22}" for cell in cells))


if __name__ == "__main__":
    main()
