"""The small handbook, indexed once for every suite that ranks or quotes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from bot.adapters.local.embedder import LocalEmbedder
from bot.adapters.local.index import LocalIndex
from tests.searching import Library, every_page, fill


@pytest.fixture(scope="session")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalEmbedder]:
    """The real embedder, loaded once."""
    local = LocalEmbedder(stamp=tmp_path_factory.mktemp("weights") / "checked.json", threads=2)
    yield local
    local.close()


@pytest.fixture
async def library(reader: LocalEmbedder, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Library]:
    """The handbook behind the real index."""
    home = tmp_path_factory.mktemp("library")
    await fill(home, reader, every_page())
    async with LocalIndex.open(home, model=reader.model, dimension=reader.dimension) as index:
        yield Library(index, reader)
