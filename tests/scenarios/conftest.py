"""Nouns of the stories."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.scenarios.company import SECRETS, Shelf
from tests.scenarios.whole import Whole, whole


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """The company's documents."""
    place = tmp_path_factory.mktemp("shelf")
    return Shelf(place / "home", place / "folders")


@pytest.fixture
async def company(tmp_path: Path, shelf: Shelf) -> AsyncGenerator[Whole]:
    """A company whose help channel is #it-help; at the end, nobody was told what they may not read."""
    async with whole(tmp_path, help_channel="C07ITHELP01") as built:
        await shelf.give(built)
        yield built
        for words, people in SECRETS.items():
            built.eyes.must_not_leak(words, to=people)
