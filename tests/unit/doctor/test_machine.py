"""This machine: who may look into the home folder, and how much room is left."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.doctor import machine


@pytest.mark.parametrize(
    ("free", "level", "said"),
    [
        (80_000_000_000, "ok", "80.0 GB free"),
        (1_000_000_000, "ok", "1.0 GB free"),
        (999_000_000, "warning", "999 MB free"),
        (100_000_000, "warning", "100 MB free"),
        (99_000_000, "error", "99 MB free: questions can soon no longer be stored"),
        (0, "error", "0 MB free: questions can soon no longer be stored"),
    ],
)
def test_room_on_the_disk_is_judged(free: int, level: str, said: str) -> None:
    """Below a gigabyte a warning, below a tenth of that an error."""
    (told,) = machine.room(free)
    assert (told.level, told.said) == (level, said)


def test_the_disk_of_a_home_that_is_not_there_yet_is_that_around_it(tmp_path: Path) -> None:
    """The figure is that of the disk where the folder will be made."""
    (told,) = machine.disk(tmp_path / "not" / "there")
    assert "free" in told.said


@pytest.mark.parametrize(("mode", "level"), [(0o700, "ok"), (0o750, "warning"), (0o755, "warning"), (0o777, "warning")])
def test_a_home_that_others_may_look_into_is_found(tmp_path: Path, mode: int, level: str) -> None:
    """It holds documents and questions: the line has the command that shuts it."""
    home = tmp_path / "home"
    home.mkdir()
    home.chmod(mode)
    (told,) = machine.home(home)
    assert told.level == level
    assert (told.remedy == f'chmod 700 "{home}"') is (level == "warning")
    assert home.stat().st_mode & 0o777 == mode
    assert list(home.iterdir()) == []


@pytest.mark.parametrize(
    ("mode", "text", "told"),
    [
        (0o600, "SLACK_BOT_TOKEN=x", False),
        (0o644, "SLACK_BOT_TOKEN=x", True),
        (0o640, "REDIS_URL=x", True),
        (0o644, "FOOTNOTE_ANSWERS=3", False),
    ],
)
def test_a_file_of_secrets_that_others_may_read_is_found(tmp_path: Path, mode: int, text: str, told: bool) -> None:  # noqa: FBT001  (a row)
    """Only where it holds one; the line has the command that shuts it, and nothing of what is in it."""
    file = tmp_path / ".env"
    file.write_text(text)
    file.chmod(mode)
    found = machine.secrets(file)
    assert [(one.level, one.remedy) for one in found] == ([("warning", f"chmod 600 {file}")] if told else [])


def test_no_file_of_secrets_is_nothing_to_tell(tmp_path: Path) -> None:
    """Variables may come from elsewhere."""
    assert machine.secrets(tmp_path / ".env") == []
