"""A sound installation as a fixture; its index is made once."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

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
