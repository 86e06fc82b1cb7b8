"""A sound installation, whose index is made once, and a server that a test may set up wrongly."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from bot.adapters.redis.client import connect
from bot.adapters.redis.link import Link
from bot.adapters.redis.server import EmbeddedServer
from tests.unit.doctor.installation import Installation, indexed, installed


@pytest.fixture(scope="session")
def indexed_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a small index; to be looked at only."""
    place = tmp_path_factory.mktemp("doctor")
    return indexed(place / "home", place / "handbook").home


@pytest.fixture
async def sound(indexed_home: Path, valkey_url: str) -> AsyncGenerator[Installation]:
    """An installation in which nothing is wrong."""
    async with installed(indexed_home, valkey_url) as installation:
        yield installation


@pytest.fixture
async def own(tmp_path: Path) -> AsyncGenerator[Link]:
    """A link to a Valkey of the test's own."""
    server = EmbeddedServer(tmp_path / "valkey")
    try:
        async with connect(server.join()) as link:
            yield link
            await link.call("CONFIG", "SET", "requirepass", "")
    finally:
        server.leave()
