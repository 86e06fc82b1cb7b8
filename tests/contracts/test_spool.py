"""What the Spool port promises: kept means on the disk, in order, once, and shared by processes."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import structlog

from bot.adapters.spool import spool as module
from bot.adapters.spool.file import FILE
from bot.adapters.spool.spool import SqliteSpool, open_spool
from bot.errors import SpoolUnavailable
from bot.ports.spool import Kept
from tests.architecture.sources import ROOT

BODY = {"type": "event_callback", "event": {"text": "ﬁve \ud83d hours?", "ts": "1.2"}, "list": [1, None, True]}
SLOW = 20.0
"""Seconds that a call may take here: a busy machine is no failing disk."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "home" / "spool"


@pytest.fixture
async def spool(folder: Path) -> AsyncGenerator[SqliteSpool]:
    async with open_spool(folder, within=SLOW) as opened:
        yield opened


async def all_of(spool: SqliteSpool) -> list[Kept]:
    """Everything that waits, moved on in its order."""
    moved: list[Kept] = []
    while kept := await spool.take():
        moved.append(kept)
        await spool.done(kept)
    return moved


@contextmanager
def keeper(folder: Path, mark: str, *, largest: int = 0) -> Generator[subprocess.Popen[str]]:
    """A process that keeps envelopes until it is killed."""
    command = [sys.executable, "-m", "tests.contracts.keeper", str(folder), mark, str(largest)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def said(process: subprocess.Popen[str], lines: int) -> list[str]:
    assert process.stdout
    return [process.stdout.readline().strip() for _ in range(lines)]


class TestKeeping:
    """What is kept comes out as it went in."""

    async def test_whole_and_in_order(self, spool: SqliteSpool) -> None:
        """Every part of every body, the oldest first."""
        for number in range(5):
            assert await spool.keep("command", {**BODY, "number": number}, name=f"name {number}")
        assert await spool.count() == 5
        moved = await all_of(spool)
        assert [kept.body for kept in moved] == [{**BODY, "number": number} for number in range(5)]
        assert {(kept.sort, kept.replays) for kept in moved} == {("command", 1)}
        assert await spool.count() == 0

    async def test_a_name_is_kept_once(self, spool: SqliteSpool) -> None:
        """Neither beside the one that waits nor after that was moved on."""
        assert await spool.keep("event", BODY, name="one")
        assert not await spool.keep("event", {}, name="one")
        [kept] = await all_of(spool)
        assert kept.body == BODY
        assert not await spool.keep("event", BODY, name="one")
        assert await spool.count() == 0

    async def test_a_name_is_remembered_for_a_day(self, spool: SqliteSpool, folder: Path) -> None:
        """What was moved on longer ago than that may be kept again, and is forgotten with the next."""
        for name in ("old", "other"):
            await spool.keep("event", BODY, name=name)
        await all_of(spool)
        with closing(sqlite3.connect(folder / FILE)) as connection, connection:
            connection.execute("UPDATE moved SET at = at - ? WHERE name = 'old'", (module.REMEMBERED + 1,))
        assert await spool.keep("event", BODY, name="old")
        assert not await spool.keep("event", BODY, name="other")

    async def test_it_is_for_its_owner_alone(self, spool: SqliteSpool, folder: Path) -> None:
        """Nobody else on the machine can read what people asked."""
        await spool.keep("event", BODY, name="one")
        assert _modes(folder) == {"d": {0o700}, "-": {0o600}}

    async def test_what_was_moved_on_leaves_the_disk(self, spool: SqliteSpool, folder: Path) -> None:
        """No file holds the words any more once nothing waits."""
        await spool.keep("event", {"text": "canary"}, name="one")
        assert _holds(folder, b"canary")
        await all_of(spool)
        assert not _holds(folder, b"canary")


class TestMovingOn:
    """One process at a time, oldest first, and nothing is gone before it is done."""

    async def test_what_is_put_back_comes_first_again(self, spool: SqliteSpool) -> None:
        """A replay that does not count leaves no trace."""
        for name in ("one", "two"):
            await spool.keep("event", BODY, name=name)
        for counted, replays in ((False, 1), (True, 1), (True, 2), (False, 3)):
            kept = await spool.take()
            assert kept
            assert (kept.name, kept.replays) == ("one", replays)
            await spool.put_back(kept, counted=counted)
        assert [kept.name for kept in await all_of(spool)] == ["one", "two"]

    async def test_one_process_at_a_time(self, spool: SqliteSpool, folder: Path) -> None:
        """Another gets nothing until the turn is given back, or was silent for too long."""
        await spool.keep("event", BODY, name="one")
        async with open_spool(folder, within=SLOW) as other:
            kept = await spool.take()
            assert kept
            assert await other.take() is None
            await spool.put_back(kept, counted=False)
            assert await other.take() == kept
            assert await spool.take() is None
            with closing(sqlite3.connect(folder / FILE)) as connection, connection:
                connection.execute("UPDATE turn SET until = until - ?", (module.TURN,))
            again = await spool.take()
            assert again
            assert again.replays == 2  # nobody knows what became of the one before

    async def test_a_clock_that_was_set_back_holds_nobody_up(self, spool: SqliteSpool, folder: Path) -> None:
        """A turn that ends long from now was taken by another clock."""
        await spool.keep("event", BODY, name="one")
        async with open_spool(folder, within=SLOW) as other:
            assert await other.take()
            with closing(sqlite3.connect(folder / FILE)) as connection, connection:
                connection.execute("UPDATE turn SET until = until + 3600")
            assert await spool.take()

    async def test_a_garbled_row_stops_nobody(self, spool: SqliteSpool, folder: Path) -> None:
        """It is dropped by name, and the next one comes."""
        for name in ("one", "two"):
            await spool.keep("event", BODY, name=name)
        with closing(sqlite3.connect(folder / FILE)) as connection, connection:
            connection.execute("UPDATE waiting SET body = CAST(x'7bff' AS TEXT) WHERE name = 'one'")
        with structlog.testing.capture_logs() as logs:
            assert [kept.name for kept in await all_of(spool)] == ["two"]
        assert [(log["event"], log["name"]) for log in logs] == [("spool_row_unreadable", "one")]


class TestTrouble:
    """Processes die, disks are full, files are damaged."""

    @pytest.mark.parametrize("kept", [1, 30])
    async def test_what_a_killed_process_was_told_is_kept(self, spool: SqliteSpool, folder: Path, kept: int) -> None:
        """Every confirmed envelope is there after kill -9, in order."""
        with keeper(folder, "a") as process:
            names = said(process, kept)
            process.kill()
            process.wait()
        found = [one.name for one in await all_of(spool)]
        assert found[: len(names)] == names
        assert len(found) <= len(names) + 100

    async def test_two_processes_keep_into_one(self, spool: SqliteSpool, folder: Path) -> None:
        """Nothing of either is lost while a third moves on what they keep."""
        with keeper(folder, "a") as one, keeper(folder, "b") as other:
            first = [*said(one, 20), *said(other, 20)]
            kept = await spool.take()
            assert kept
            await spool.done(kept)
            later = [*said(one, 20), *said(other, 20)]
            for process in (one, other):
                process.kill()
                process.wait()
        moved = [kept.name, *(kept.name for kept in await all_of(spool))]
        assert set(first) | set(later) <= set(moved)
        for mark in "ab":
            numbers = [int(name[2:]) for name in moved if name.startswith(mark)]
            assert numbers == list(range(len(numbers)))

    async def test_a_full_disk_refuses_and_keeps_what_it_has(self, spool: SqliteSpool, folder: Path) -> None:
        """Once no file can grow, keeping raises; with room again it goes on."""
        with keeper(folder, "a", largest=200_000) as process:
            assert process.stdout
            lines = process.stdout.read().split()
        assert lines[-1] == "refused"
        assert len(lines) > 5
        assert await spool.keep("event", BODY, name="afterwards")
        names = [kept.name for kept in await all_of(spool)]
        assert set(lines[:-1]) <= set(names)
        assert names[-1] == "afterwards"

    async def test_a_folder_that_cannot_be_one_is_said_to_be(self, folder: Path) -> None:
        """Every method raises the one error, and works once there is a folder."""
        remove = _in_the_way(folder)
        async with open_spool(folder, within=SLOW) as spool:
            for call in (spool.keep("event", BODY, name="one"), spool.take(), spool.count()):
                with pytest.raises(SpoolUnavailable, match="spool"):
                    await call
            remove()
            assert await spool.keep("event", BODY, name="one")

    async def test_a_disk_that_does_not_answer_is_waited_for_no_longer(self, folder: Path) -> None:
        """Another process holds the file: the call ends in time, and what was not begun is not done later."""
        async with open_spool(folder, within=SLOW) as other:
            await other.count()
            with closing(sqlite3.connect(folder / FILE)) as connection:
                connection.execute("BEGIN EXCLUSIVE")
                async with open_spool(folder, within=0.05) as spool:
                    calls = (spool.keep("event", BODY, name=f"{number}") for number in range(3))
                    refusals = await asyncio.gather(*calls, return_exceptions=True)
                    assert all(isinstance(one, SpoolUnavailable) for one in refusals)
                connection.execute("COMMIT")
            assert await other.count() <= 1

    @pytest.mark.parametrize("damage", ["header", "middle"])
    async def test_a_damaged_file_is_set_aside(self, spool: SqliteSpool, folder: Path, damage: str) -> None:
        """A new one is begun, with all that can still be read; the old one stays for whoever wants to look."""
        async with open_spool(folder, within=SLOW) as before:
            for number in range(40):
                await before.keep("event", {"padding": "x" * 500}, name=f"{number:02}")
            await asyncio.to_thread(_scribble, folder, damage)
        with structlog.testing.capture_logs() as logs:
            for number in range(40, 50):
                await spool.keep("event", BODY, name=f"{number}")
            found = [kept.name for kept in await all_of(spool)]
        if damage == "header":
            assert [log["event"] for log in logs] == ["spool_damaged"]
            assert _aside(folder)
        assert found == sorted(found)
        assert set(found) >= {f"{number}" for number in range(40, 50)}

    async def test_who_has_a_file_open_that_was_set_aside_notices(self, spool: SqliteSpool, folder: Path) -> None:
        """What is kept from then on is in the file that lies there now."""
        await spool.keep("event", BODY, name="before")
        (folder / FILE).rename(folder / "elsewhere")
        assert await spool.keep("event", BODY, name="after")
        async with open_spool(folder, within=SLOW) as other:
            assert [kept.name for kept in await all_of(other)] == ["after"]

    async def test_a_newer_file_is_left_alone(self, folder: Path) -> None:
        """A version that we do not know is not written into."""
        async with open_spool(folder, within=SLOW) as spool:
            await spool.keep("event", BODY, name="one")
        with closing(sqlite3.connect(folder / FILE)) as connection:
            connection.execute("PRAGMA user_version = 99")
        async with open_spool(folder, within=SLOW) as spool:
            with pytest.raises(SpoolUnavailable, match="newer"):
                await spool.keep("event", BODY, name="two")


def _modes(folder: Path) -> dict[str, set[int]]:
    found = [path.stat().st_mode for path in (folder, *folder.iterdir())]
    return {kind: {stat.S_IMODE(mode) for mode in found if stat.filemode(mode)[0] == kind} for kind in "d-"}


def _holds(folder: Path, words: bytes) -> bool:
    return any(words in file.read_bytes() for file in folder.iterdir())


def _aside(folder: Path) -> list[Path]:
    return [path for path in folder.glob("broken-*.sqlite") if path.stat().st_size]


def _in_the_way(folder: Path) -> Callable[[], None]:
    """A file where the folder should be; what takes it away."""
    folder.parent.mkdir(parents=True)
    folder.write_text("in the way")
    return folder.unlink


def _scribble(folder: Path, where: str) -> None:
    """Write over a part of the file as a broken disk would, once everything is in it."""
    path = folder / FILE
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    with path.open("r+b") as file:
        file.seek(0 if where == "header" else 5 * 4096)
        file.write(b"\xff" * 4096)
