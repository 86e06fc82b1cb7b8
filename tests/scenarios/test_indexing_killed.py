"""An indexer that is killed at any moment leaves an index that is whole, and the next run finishes its work."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from tests.unit.indexing.indexing_rig import opened
from tests.waiting import wait_until

DOCUMENTS = 24
"""With their four parts fewer chunks than a search ranks."""
CHILD = """
import asyncio, sys
from pathlib import Path
from tests.unit.indexing.indexing_rig import opened

async def main():
    home, docs, marks = map(Path, sys.argv[1:4])
    async with opened(home) as rig:
        rig.embedder.before = lambda: open(marks, "a").write("x")
        await rig.index(docs, batch=3)

asyncio.run(main())
"""


def _write(docs: Path, version: str) -> None:
    """Every document says its version in each of its sections."""
    for number in range(DOCUMENTS):
        sections = [f"# Part {part}\nDocument {number} is in {version}." for part in range(4)]
        (docs / f"page{number}.md").write_text("\n\n".join(sections))


async def _killed(home: Path, docs: Path, marks: Path, *, after: int) -> None:
    """Run an indexer in a process of its own, and kill it when it has embedded `after` batches."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", CHILD, str(home), str(docs), str(marks)), cwd=Path(__file__).parents[2]
    )
    try:
        await wait_until(lambda: child.returncode is not None or _size(marks) >= after)
    finally:
        child.send_signal(signal.SIGKILL)
        assert await child.wait() == -signal.SIGKILL


def _size(marks: Path) -> int:
    return marks.stat().st_size if marks.exists() else 0


@pytest.mark.parametrize("after", [1, 15])
async def test_killed_and_run_again(tmp_path: Path, after: int) -> None:
    """After kill -9 each document is wholly old or wholly new; what was stored is not embedded again; none is twice."""
    home, docs = tmp_path / "home", tmp_path / "docs"
    home.mkdir()
    docs.mkdir()
    _write(docs, "oldversion")
    async with opened(home) as rig:
        assert (await rig.index(docs)).updated == DOCUMENTS
    _write(docs, "newversion")
    await _killed(home, docs, tmp_path / "marks", after=after)
    async with opened(home) as rig:
        versions: dict[str, list[str]] = defaultdict(list)
        for hit in await rig.find("document"):
            versions[hit.chunk.path].append(hit.chunk.text.split()[-1])
        assert len(versions) == DOCUMENTS
        assert all(len(set(words)) == 1 and len(words) == 4 for words in versions.values())
        done = sum(words[0] == "newversion." for words in versions.values())
        report = await rig.index(docs)
        assert (report.unchanged, report.updated) == (done, DOCUMENTS - done)
        assert await rig.find("oldversion") == []
        assert len(await rig.find("newversion")) == 4 * DOCUMENTS


async def test_the_lock_dies_with_its_holder(tmp_path: Path) -> None:
    """A killed indexer does not keep the next one out."""
    home, docs = tmp_path / "home", tmp_path / "docs"
    home.mkdir()
    docs.mkdir()
    _write(docs, "newversion")
    await _killed(home, docs, tmp_path / "marks", after=1)
    assert (home / "indexing.lock").read_text() not in ("", str(os.getpid()))
    async with opened(home) as rig:
        assert (await rig.index(docs)).documents == DOCUMENTS
