"""The embedded server is started once, shared, survives any one process, and is stopped by the last."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from bot.adapters.redis import server as server_module
from bot.adapters.redis.server import EmbeddedServer, embedded
from bot.errors import MemoryUnavailable, Misconfigured
from tests.waiting import wait_until

ROOT = Path(__file__).parents[4]


@pytest.fixture
def home(tmp_path: Path) -> Generator[Path]:
    """A home folder, under which no server is left running, and of which no socket is left behind."""
    home = tmp_path / "a home"
    yield home
    if (home / "redis").is_dir() and EmbeddedServer(home).alive():
        os.kill(_process(home), signal.SIGKILL)
    assert not (home / "redis" / "address").exists()


@contextmanager
def _guest(home: Path) -> Generator[subprocess.Popen[str]]:
    """Another process that uses the server; its address is the first line of its output."""
    command = [sys.executable, "-m", "tests.unit.adapters.redis.guest", str(home)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def _said(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def _bid_farewell(process: subprocess.Popen[str]) -> None:
    assert process.stdin
    process.stdin.close()
    assert process.wait(30) == 0


def _process(home: Path) -> int:
    return int((home / "redis" / "valkey.pid").read_text())


def _ask(url: str, *words: str) -> str:
    """The server's reply to one command, as it stands on the wire."""
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as line:
        line.settimeout(10)
        line.connect(unquote(urlsplit(url).path))
        line.sendall((" ".join(words) + "\r\n").encode())
        return line.recv(65536).decode()


def _setting(url: str, name: str) -> str:
    return _ask(url, "CONFIG", "GET", name).splitlines()[-1]


def test_an_append_is_on_disk_when_confirmed_and_nothing_is_evicted(home: Path) -> None:
    """The server syncs each write, never evicts, keeps no snapshots, and listens on no port."""
    server = EmbeddedServer(home)
    url = server.join()
    wanted = {"appendonly": "yes", "appendfsync": "always", "maxmemory-policy": "noeviction", "save": "", "port": "0"}
    assert {name: _setting(url, name) for name in wanted} == wanted
    server.leave()


def test_only_we_may_reach_the_server(home: Path) -> None:
    """The folders of socket and data, and the socket, are closed to everybody else."""
    server = EmbeddedServer(home)
    address = Path(unquote(urlsplit(server.join()).path))
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (home, home / "redis", address.parent, address)]
    assert modes == [0o700] * 4
    server.leave()


def test_the_last_one_out_stops_it(home: Path) -> None:
    """The server runs while anybody uses it; afterwards neither process nor socket is left."""
    first, second = EmbeddedServer(home), EmbeddedServer(home)
    url = first.join()
    assert second.join() == url
    first.leave()
    assert _ask(url, "PING") == "+PONG\r\n"
    second.leave()
    assert not first.alive()
    assert not Path(urlsplit(url).path).parent.exists()


def test_what_was_written_is_there_next_time(home: Path) -> None:
    """Stopping and starting again loses nothing."""
    server = EmbeddedServer(home)
    _ask(server.join(), "SET", "kept", "yes")
    server.leave()
    assert _ask(server.join(), "GET", "kept").splitlines()[-1] == "yes"
    server.leave()


def test_leaving_twice_or_without_joining_is_fine(home: Path) -> None:
    """Only the first of two leavings counts, and nothing is stopped by one who never joined."""
    user, stranger = EmbeddedServer(home), EmbeddedServer(home)
    url = user.join()
    stranger.leave()
    assert _ask(url, "PING") == "+PONG\r\n"
    user.leave()
    user.leave()
    assert not user.alive()


def test_the_server_outlives_the_process_that_started_it(home: Path) -> None:
    """Kill -9 of the starter leaves the server to the others, and the last of them stops it."""
    other = EmbeddedServer(home)
    with _guest(home) as starter:
        url = _said(starter)
        assert other.join() == url
        starter.kill()
        starter.wait(30)
    assert _ask(url, "PING") == "+PONG\r\n"
    other.leave()
    assert not other.alive()


def test_an_orphaned_server_is_joined_and_then_stopped(home: Path) -> None:
    """When every user was killed, the next one finds the same server and takes it down at the end."""
    with _guest(home) as starter:
        url = _said(starter)
        starter.kill()
        starter.wait(30)
    process = _process(home)
    server = EmbeddedServer(home)
    assert server.join() == url
    assert _process(home) == process
    server.leave()
    assert not server.alive()


def test_many_that_come_and_go_at_once_share_one_server(home: Path) -> None:
    """Processes that start together agree on one server; it is gone when all have left, killed or not."""
    with _guest(home) as one, _guest(home) as two, _guest(home) as three:
        assert len({_said(one), _said(two), _said(three)}) == 1
        one.kill()
        _bid_farewell(two)
        assert EmbeddedServer(home).alive()
        _bid_farewell(three)
    assert not EmbeddedServer(home).alive()


def test_ctrl_c_in_our_terminal_does_not_reach_the_server(home: Path) -> None:
    """The server is in a session of its own."""
    server = EmbeddedServer(home)
    server.join()
    assert os.getsid(_process(home)) != os.getsid(0)
    server.leave()


def test_a_dead_server_is_replaced(home: Path) -> None:
    """A killed server is started again by the next to come, with all that was confirmed, at its old address."""
    before, after = EmbeddedServer(home), EmbeddedServer(home)
    url = before.join()
    _ask(url, "SET", "kept", "yes")
    os.kill(_process(home), signal.SIGKILL)
    assert after.join() == url
    assert _ask(url, "GET", "kept").splitlines()[-1] == "yes"
    before.leave()
    assert after.alive()
    after.leave()


def test_a_server_that_cannot_come_back_yet_keeps_its_address(home: Path) -> None:
    """When a revival fails for a while, the next one brings the server back to where its users look for it."""
    server = EmbeddedServer(home)
    url = server.join()
    os.kill(_process(home), signal.SIGKILL)
    while server.alive():  # the kernel takes a moment to bury it
        pass
    manifest = home / "redis" / "appendonlydir" / "appendonly.aof.manifest"
    sound = manifest.read_bytes()
    manifest.write_bytes(b"nonsense\n")
    with pytest.raises(MemoryUnavailable, match="did not start"):
        server.revive()
    manifest.write_bytes(sound)
    server.revive()
    assert _ask(url, "PING") == "+PONG\r\n"
    server.leave()


async def test_a_server_that_dies_meanwhile_comes_back(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While somebody uses it, a killed server is started again at the same address without their doing."""
    monkeypatch.setattr(server_module, "WATCH", 0.02)
    async with embedded(home) as url:
        before = _process(home)
        _ask(url, "SET", "kept", "yes")
        os.kill(before, signal.SIGKILL)
        await wait_until(lambda: _answers(url), because="the server answers again")
        assert _process(home) != before
        assert _ask(url, "GET", "kept").splitlines()[-1] == "yes"
    assert not EmbeddedServer(home).alive()


def _answers(url: str) -> bool:
    try:
        return _ask(url, "PING") == "+PONG\r\n"
    except OSError:
        return False


async def test_a_start_that_is_cancelled_leaves_nothing_running(home: Path) -> None:
    """Whoever is cancelled while the server starts has left, and stopped it, when the cancellation is over."""
    using = asyncio.create_task(_use(home))
    await wait_until((home / "redis" / "turn.lock").exists, because="it began to start")
    using.cancel()
    await asyncio.wait({using})
    assert using.cancelled()
    assert not EmbeddedServer(home).alive()


async def _use(home: Path) -> None:
    async with embedded(home):
        await asyncio.Event().wait()


def test_a_silent_server_that_nobody_uses_is_replaced(home: Path) -> None:
    """An orphan that hangs is ended, and its successor has what it had confirmed."""
    with _guest(home) as starter:
        _ask(_said(starter), "SET", "kept", "yes")
        starter.kill()
        starter.wait(30)
    silent = _process(home)
    os.kill(silent, signal.SIGSTOP)
    server = EmbeddedServer(home, patience=0.2)
    url = server.join()
    assert _process(home) != silent
    assert _ask(url, "GET", "kept").splitlines()[-1] == "yes"
    server.leave()


def test_a_silent_server_that_others_use_is_left_to_them(home: Path) -> None:
    """A hanging server with users is not ended; the newcomer is told what to do."""
    user = EmbeddedServer(home)
    user.join()
    os.kill(_process(home), signal.SIGSTOP)
    with pytest.raises(MemoryUnavailable, match="other processes use it: stop them, or set REDIS_URL"):
        EmbeddedServer(home, patience=0.2).join()
    os.kill(_process(home), signal.SIGCONT)
    assert user.alive()
    user.leave()
    assert not user.alive()


def test_a_server_that_does_not_start_says_why(home: Path) -> None:
    """What the server logged last is part of the error, and the way out too; afterwards nothing is held."""
    server = EmbeddedServer(home)
    _ask(server.join(), "SET", "kept", "yes")
    server.leave()
    manifest = home / "redis" / "appendonlydir" / "appendonly.aof.manifest"
    sound = manifest.read_bytes()
    manifest.write_bytes(b"nonsense\n")
    with pytest.raises(MemoryUnavailable, match=r"did not start: .*AOF.*valkey\.log.*set REDIS_URL"):
        server.join()
    assert not server.alive()
    manifest.write_bytes(sound)
    assert _ask(server.join(), "GET", "kept").splitlines()[-1] == "yes"
    server.leave()


@pytest.mark.parametrize("binary", ["absent", "folder", "false"])
def test_a_useless_binary_is_refused(home: Path, tmp_path: Path, binary: str) -> None:
    """A binary that is missing, no program, or fails at once gives one error, soon."""
    path = {"absent": tmp_path / "absent", "folder": tmp_path, "false": Path("/bin/false")}[binary]
    with pytest.raises(MemoryUnavailable, match="did not start"):
        EmbeddedServer(home, binary=path, patience=0.2).join()


def test_a_home_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    """A home that cannot hold data is an error with its path in it, not a crash."""
    (tmp_path / "home").write_text("a file")
    with pytest.raises(MemoryUnavailable, match="cannot be used"):
        EmbeddedServer(tmp_path / "home").join()


def test_a_long_runtime_folder_is_passed_over(home: Path, tmp_path: Path) -> None:
    """A socket's path must fit: a folder that is too long is not used, and leaves nothing behind."""
    deep = tmp_path / ("x" * 90)
    deep.mkdir()
    server = EmbeddedServer(home, runtime=deep)
    url = server.join()
    assert len(urlsplit(url).path) <= server_module.LONGEST_ADDRESS
    assert list(deep.iterdir()) == []
    server.leave()


def test_no_short_folder_at_all_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no folder is short enough, the setting to change is named."""
    monkeypatch.setattr(server_module, "LONGEST_ADDRESS", 10)
    with pytest.raises(Misconfigured, match="TMPDIR"):
        EmbeddedServer(tmp_path / "home").join()


def _swap_for_link(folder: Path, elsewhere: Path) -> None:
    folder.rmdir()
    folder.symlink_to(elsewhere)


def _open_up(folder: Path, _: Path) -> None:
    folder.chmod(0o777)


def _swap_for_file(folder: Path, _: Path) -> None:
    folder.rmdir()
    folder.touch(mode=0o700)


@pytest.mark.parametrize("tamper", [_swap_for_link, _swap_for_file, _open_up])
def test_a_socket_folder_that_others_may_have_made_is_not_used_again(
    home: Path, tmp_path: Path, tamper: Callable[[Path, Path], None]
) -> None:
    """After a crash the old folder is used again only while it is a real folder that we alone may enter."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    old = Path("/tmp", f"footnote-test-{os.getpid()}")  # noqa: S108  (short, and never used as it is)
    old.mkdir(mode=0o700)
    (home / "redis").mkdir(parents=True)
    (home / "redis" / "address").write_text(str(old / "valkey.sock"))
    tamper(old, elsewhere)
    server = EmbeddedServer(home)
    url = server.join()
    old.rmdir() if tamper is _open_up else old.unlink()
    assert Path(urlsplit(url).path).parent not in (old, elsewhere)
    assert list(elsewhere.iterdir()) == []
    server.leave()


def test_a_stale_socket_is_no_obstacle(home: Path, tmp_path: Path) -> None:
    """A socket file that a dead server left behind is replaced."""
    runtime = Path(tmp_path, "r")
    runtime.mkdir(mode=0o700)
    (home / "redis").mkdir(parents=True)
    server = EmbeddedServer(home)
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as stale:
        stale.bind(str(runtime / "valkey.sock"))
    (home / "redis" / "address").write_text(str(runtime / "valkey.sock"))
    assert _ask(server.join(), "PING") == "+PONG\r\n"
    server.leave()


def test_a_long_log_starts_anew(home: Path) -> None:
    """The server's log does not grow without end."""
    (home / "redis").mkdir(parents=True)
    log = home / "redis" / "valkey.log"
    log.write_bytes(b"x" * (server_module.LOG_LIMIT + 1))
    server = EmbeddedServer(home)
    server.join()
    assert log.stat().st_size < server_module.LOG_LIMIT
    server.leave()
