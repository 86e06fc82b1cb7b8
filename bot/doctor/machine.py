"""Checks of this machine: the home folder, the disk, and the port of `serve --http`."""

from __future__ import annotations

import asyncio
import errno
import shutil
import socket
import stat
from pathlib import Path
from tempfile import TemporaryFile

from aiohttp import ClientError, ClientSession, ClientTimeout

from bot.doctor.findings import Finding, error, ok, warning

HOME, DISK, PORT, SECRETS = "Home folder", "Disk", "HTTP port", "Secrets"
LOW, FULL = 1_000_000_000, 100_000_000
"""Bytes left on the disk below which that is a warning, and an error."""
_ELSEWHERE = "set FOOTNOTE_HOME to a folder that this account may write in"


def home(folder: Path) -> list[Finding]:
    """Whether the home folder, or the place where it will be made, can be written, and is private."""
    there = nearest(folder)
    if not there.is_dir():
        return error(HOME, f"{there} is not a folder", _ELSEWHERE)
    why = _unwritable(there)
    if why:
        return error(HOME, f"{there} cannot be written by this account ({why})", _ELSEWHERE)
    if there != folder:
        return ok(HOME, f"{folder}, made at first use")
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & 0o077:
        said = f"{folder} is open to others on this machine (mode {mode:o}): it holds documents and questions"
        return warning(HOME, said, f'chmod 700 "{folder}"')
    return ok(HOME, f"{folder}, private")


def _unwritable(folder: Path) -> str:
    """Why nothing can be written there; empty when a file without a name could be."""
    try:
        with TemporaryFile(dir=folder) as trial:
            trial.write(b"footnote")
    except OSError as why:
        return (why.strerror or type(why).__name__).lower()
    return ""


def secrets(file: Path) -> list[Finding]:
    """A warning when others on this machine may read the file that holds the secrets."""
    try:
        mode, text = stat.S_IMODE(file.stat().st_mode), file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    if not mode & 0o077 or not any(name in text for name in ("SLACK_", "REDIS_URL")):
        return []
    return warning(SECRETS, f"{file} can be read by others on this machine (mode {mode:o})", f"chmod 600 {file}")


def disk(folder: Path) -> list[Finding]:
    """Whether there is room where the home folder is."""
    return room(shutil.disk_usage(nearest(folder)).free)


def room(free: int) -> list[Finding]:
    """What so many free bytes mean."""
    said = f"{free / 1e9:.1f} GB free" if free >= LOW else f"{free / 1e6:.0f} MB free"
    remedy = "free space, or move the home folder to another disk (FOOTNOTE_HOME)"
    if free < FULL:
        return error(DISK, f"{said}: questions can soon no longer be stored", remedy)
    return warning(DISK, said, remedy) if free < LOW else ok(DISK, said)


async def port(host: str, number: int) -> list[Finding]:
    """Whether `serve --http` can listen there, or does already."""
    where = f"{host}:{number}"
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, number, type=socket.SOCK_STREAM)
        family, kind, protocol, _, address = found[0]
        with socket.socket(family, kind, protocol) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
            trial.listen()
    except OSError as why:
        if why.errno == errno.EADDRINUSE and await _serves(where):
            return ok(PORT, f"{where}, where a bot serves already")
        return error(PORT, f"{where} cannot be listened on: {(why.strerror or str(why)).lower()}", _mend(why, number))
    return ok(PORT, f"{where} is free")


def _mend(why: OSError, number: int) -> str:
    if why.errno == errno.EADDRINUSE:
        return f"stop what listens there (ss -ltnp 'sport = :{number}' names it), or set FOOTNOTE_HTTP_PORT"
    if why.errno == errno.EACCES:
        return "set FOOTNOTE_HTTP_PORT to a number from 1024 on"
    return "set FOOTNOTE_HTTP_HOST to an address of this machine, such as 127.0.0.1"


async def _serves(where: str) -> bool:
    """Whether what listens there answers as the bot's own health check does."""
    try:
        async with (
            ClientSession(timeout=ClientTimeout(total=1)) as session,
            session.get(f"http://{where}/health") as said,
        ):
            return said.ok and await said.text() == "ok"
    except (ClientError, TimeoutError, OSError, UnicodeDecodeError):
        return False


def nearest(folder: Path) -> Path:
    """The folder itself, or the innermost one around it that exists."""
    return next((place for place in (folder, *folder.absolute().parents) if place.exists()), Path("/"))
