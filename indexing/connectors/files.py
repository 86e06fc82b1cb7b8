"""A folder, or a single file, as a source: nothing outside it is ever opened."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, quote_from_bytes

from bot.errors import BadRequest, Unreadable
from indexing.parse.cleaning import word_set
from indexing.ports import Item, Listing, Skipped

LARGEST = 10 * 1000 * 1000
"""Bytes of a file that is still read."""
DEEPEST = 64
"""Folders within folders that are still entered."""
_PASSED_OVER = word_set("node_modules __pycache__ CVS lost+found")
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff\U000e0000-\U000e0fff]"
)

_NOT_IN_NAME = re.compile(r"[^\w.-]+")


class FolderFiles:
    """The files under `root`, or `root` alone when it is a file.

    Links are never followed, hidden files and folders are passed over. `within` keeps to a part of the folder (given
    relative to it); `apart` are folders and files in it that other sources own. Links into documents are `file:` URIs,
    or addresses under `base_url` where the same tree is published.
    """

    def __init__(
        self,
        root: Path,
        *,
        within: str = "",
        apart: tuple[str, ...] = (),
        largest: int = LARGEST,
        base_url: str | None = None,
    ) -> None:
        self.root = Path(os.path.realpath(root))
        self._folder = self.root if not self.root.is_file() else self.root.parent
        self._within = within if self._folder == self.root else self.root.name
        self._apart = frozenset(apart)
        self._largest = largest
        self._base_url = base_url
        self._source = source_name(self.root)

    @property
    def source(self) -> str:
        """The folder's name with a short hash of where it lies."""
        return self._source

    async def list(self) -> Listing:
        """Every file, ordered by path. Raises `BadRequest` when the folder is not there or cannot be opened."""
        return await asyncio.to_thread(self._list)

    async def read(self, item: Item) -> bytes | None:
        """The file's content. No link is followed on the way, and nothing but a regular file is opened."""
        return await asyncio.to_thread(self._read, item)

    def url(self, item: Item, anchor: str) -> str:
        """A link to the file, with the anchor as its fragment."""
        fragment = f"#{quote(anchor, safe='')}" if anchor else ""
        if self._base_url is not None:
            return f"{self._base_url.rstrip('/')}/{quote_from_bytes(os.fsencode(item.key))}{fragment}"
        return f"file://{quote_from_bytes(os.fsencode(self._folder / item.key))}{fragment}"

    # --- listing --------------------------------------------------------------------------------------------------

    def _list(self) -> Listing:
        walk = _Walk(self._folder, self._apart, self._largest)
        try:
            walk.enter(self._within)
        except OSError as error:
            raise BadRequest(f"{printable(str(self.root))} cannot be opened: {_why(error)}") from error
        return Listing(
            items=tuple(sorted(_distinct(walk.items, walk.skipped), key=lambda item: item.path)),
            skipped=tuple(sorted(walk.skipped, key=lambda skipped: skipped.path)),
            hidden=walk.hidden,
        )

    # --- reading --------------------------------------------------------------------------------------------------

    def _read(self, item: Item) -> bytes | None:
        try:
            handle = _opened_beneath(self._folder, item.key)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Unreadable(_why(error)) from error
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise Unreadable("not a regular file")
            try:
                data = file.read(self._largest + 1)
            except OSError as error:
                raise Unreadable(_why(error)) from error
        if len(data) > self._largest:
            raise Unreadable(_too_large(self._largest))
        return data


@dataclass(slots=True)
class _Walk:
    """Goes through a folder and sorts what it finds into files to read, things skipped, and things passed over."""

    folder: Path
    apart: frozenset[str]
    largest: int
    items: list[Item] = field(default_factory=list[Item])
    skipped: list[Skipped] = field(default_factory=list[Skipped])
    hidden: int = 0

    def enter(self, within: str) -> None:
        """Take in the folder `within`, or the file of that name. Raises `OSError` when it cannot be opened."""
        place = self.folder / within
        if place.is_dir():
            self._folder_of(within)
        else:
            self._file(within, place.stat(follow_symlinks=False))

    def _folder_of(self, relative: str) -> None:
        """A folder and all beneath it; the outermost raises, others are skipped by name."""
        waiting = [relative]
        while waiting:
            current = waiting.pop()
            try:
                entries = sorted(os.scandir(self.folder / current), key=lambda entry: entry.name)
            except OSError as error:
                if current == relative:
                    raise
                self._skip(current, _why(error), stays=not isinstance(error, FileNotFoundError))
                continue
            waiting.extend(self._entries(current, entries))

    def _entries(self, parent: str, entries: list[os.DirEntry[str]]) -> Iterator[str]:
        """Sort the entries of one folder; gives the folders among them that are to be entered."""
        for entry in entries:
            relative = f"{parent}/{entry.name}" if parent else entry.name
            if relative in self.apart:
                continue
            if entry.name.startswith(".") or entry.name in _PASSED_OVER:
                self.hidden += 1
            elif entry.is_symlink():
                self._link(relative)
            elif entry.is_dir(follow_symlinks=False):
                if relative.count("/") < DEEPEST:
                    yield relative
                else:
                    self._skip(relative, f"more than {DEEPEST} folders deep")
            else:
                self._entry(relative, entry)

    def _entry(self, relative: str, entry: os.DirEntry[str]) -> None:
        try:
            self._file(relative, entry.stat(follow_symlinks=False))
        except FileNotFoundError:
            return
        except OSError as error:
            self._skip(relative, _why(error), stays=True)

    def _file(self, relative: str, status: os.stat_result) -> None:
        if not stat.S_ISREG(status.st_mode):
            self._skip(relative, "not a regular file")
        elif status.st_size > self.largest:
            self._skip(relative, _too_large(self.largest), stays=True)
        elif not status.st_size:
            self._skip(relative, "empty")
        else:
            stamp = f"{status.st_size}:{status.st_mtime_ns}:{status.st_ctime_ns}"
            updated = datetime.fromtimestamp(max(0, status.st_mtime), tz=UTC)
            self.items.append(Item(printable(relative), stamp, updated, relative))

    def _link(self, relative: str) -> None:
        target = os.path.realpath(self.folder / relative)
        inside = os.path.commonpath([target, self.folder]) == str(self.folder)
        self._skip(relative, "a link to another place in the folder" if inside else "points outside the folder")

    def _skip(self, relative: str, reason: str, *, stays: bool = False) -> None:
        self.skipped.append(Skipped(printable(relative), reason, stays))


def source_name(root: Path) -> str:
    """A name for what lies at the absolute path `root`, the same as long as it lies there."""
    place = hashlib.sha256(os.fsencode(root)).hexdigest()[:8]
    return f"{_NOT_IN_NAME.sub('-', root.name)[:60] or 'root'}-{place}"


def printable(path: str) -> str:
    r"""`path` with forward slashes, and every character that cannot be shown or stored written out (\n, \xff)."""
    return _UNPRINTABLE.sub(_written_out, path.replace(os.sep, "/"))


def _written_out(found: re.Match[str]) -> str:
    code = ord(found.group())
    if 0xDC80 <= code <= 0xDCFF:  # noqa: PLR2004 - how Python carries a byte that is not UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return found.group().encode("unicode_escape").decode("ascii")


def _distinct(items: list[Item], skipped: list[Skipped]) -> Iterator[Item]:
    """Items without those whose printable path another one has already."""
    seen: set[str] = set()
    for item in items:
        if item.path in seen:
            skipped.append(Skipped(item.path, "another file has the same name once it is made printable"))
        else:
            seen.add(item.path)
            yield item


def _opened_beneath(root: Path, relative: str) -> int:
    """A handle on a file under `root`, reached without following a link at any step."""
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    *parents, name = relative.split("/")
    try:
        for parent in parents:
            inner = os.open(parent, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
            os.close(folder)
            folder = inner
        return os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    finally:
        os.close(folder)


def _why(error: OSError) -> str:
    if isinstance(error, PermissionError):
        return "no permission to read it"
    if error.errno in (errno.ELOOP, errno.EMLINK):
        return "points outside the folder"
    return (error.strerror or type(error).__name__).lower()


def _too_large(largest: int) -> str:
    return f"larger than {largest / 1_000_000:g} MB"
