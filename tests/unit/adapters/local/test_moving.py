"""Two folders change places, and a switch of indexes that was cut off anywhere is ended by whoever comes next."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.adapters.local import moving
from bot.adapters.local.index import FOLDER, LocalIndex
from bot.adapters.local.moving import LEAVING, NEXT, PREVIOUS, LocalIndexes, exchange
from bot.errors import IndexMismatch
from tests.unit.indexing.indexing_rig import DIMENSION


async def an_index(home: Path, model: str) -> None:
    """An empty index of this model."""
    async with LocalIndex.create(home, model=model, dimension=DIMENSION, durable=False):
        pass


@pytest.fixture
async def home(tmp_path: Path) -> Path:
    """A home whose live index is of the old model, and whose next one is of the new model."""
    await an_index(tmp_path, "old")
    await an_index(tmp_path / NEXT, "new")
    return tmp_path


def indexes(home: Path) -> LocalIndexes:
    """For settings that name the new model."""
    return LocalIndexes(home, model="new", dimension=DIMENSION)


async def models(home: Path) -> tuple[str, str]:
    """The models of the live and the previous index."""
    live, previous = await indexes(home).live(), await indexes(home).previous()
    return live.model if live else "", previous.model if previous else ""


def test_two_folders_change_places(tmp_path: Path) -> None:
    """Each has what the other had, and there is nothing besides."""
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "said").write_text(name)
    exchange(tmp_path / "one", tmp_path / "other")
    assert {path.name: (path / "said").read_text() for path in tmp_path.iterdir()} == {"one": "other", "other": "one"}


async def test_a_switch_leaves_the_old_one_as_the_previous(home: Path) -> None:
    """There and back."""
    await indexes(home).switch(NEXT)
    assert await models(home) == ("new", "old")
    await indexes(home).switch(PREVIOUS)
    assert await models(home) == ("old", "new")


@pytest.mark.parametrize("moved", [1, 2])
async def test_a_switch_in_three_steps_is_ended(home: Path, moved: int) -> None:
    """Where two folders cannot be exchanged at once, whoever was killed in between has left what can be put right."""
    live, other = home / FOLDER, home / NEXT / FOLDER
    (home / NEXT / moving.SWITCHING).write_text(moving.mark(other))
    live.rename(home / NEXT / LEAVING)
    if moved > 1:
        other.rename(live)
    assert await models(home) == ("new", "old")


async def test_a_switch_that_was_only_announced_has_not_happened(home: Path) -> None:
    """What was killed before the exchange has changed nothing; the next one stays for the next try."""
    (home / NEXT / moving.SWITCHING).write_text(moving.mark(home / NEXT / FOLDER))
    assert await models(home) == ("old", "")
    async with indexes(home).filling() as new:
        assert new.stock.model == "new"


async def test_a_try_with_another_model_is_thrown_away(home: Path) -> None:
    """What was begun for settings of some other day is no beginning for these."""
    other = LocalIndexes(home, model="newer", dimension=DIMENSION)
    async with other.filling() as new:
        assert new.stock.model == "newer"
    assert await models(home) == ("old", "")


async def test_an_index_of_a_newer_version_is_left_alone(home: Path) -> None:
    """A program that does not know the index's shape says so, and moves nothing."""
    connection = moving.database.open_to_write(home / FOLDER / moving.database.FILE, durable=False)
    connection.execute(f"PRAGMA user_version = {moving.database.SCHEMA + 1}")
    connection.close()
    with pytest.raises(IndexMismatch, match="newer version"):
        await indexes(home).live()
