"""What every Connector promises, and what the one for folders does with odd files."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from bot.errors import BadRequest, Unreadable
from indexing.connectors.files import DEEPEST, FolderFiles
from indexing.ports import Connector, Listing

CANARY = "nobody may read this"
as_somebody = pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not bind root")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with three documents."""
    root = tmp_path / "docs"
    (root / "guides").mkdir(parents=True)
    (root / "a.md").write_text("# A")
    (root / "guides" / "b.html").write_text("<p>B</p>")
    (root / "guides" / "c d.txt").write_text("C")
    (tmp_path / "outside.md").write_text(CANARY)
    return root


@pytest.fixture(params=[FolderFiles])
def connector(request: pytest.FixtureRequest, folder: Path) -> Connector:
    """Each connector in turn, over the same three documents."""
    make: Callable[[Path], Connector] = request.param
    return make(folder)


def _reasons(listing: Listing) -> dict[str, str]:
    return {skipped.path: skipped.reason for skipped in listing.skipped}


# --- every connector ------------------------------------------------------------------------------------------------


async def test_lists_every_document_in_order(connector: Connector) -> None:
    """Paths are relative, with forward slashes, in order, and the same each time, and so is the source's name."""
    first, second = await connector.list(), await connector.list()
    assert [item.path for item in first.items] == ["a.md", "guides/b.html", "guides/c d.txt"]
    assert first == second
    assert connector.source == connector.source


async def test_reads_what_it_lists(connector: Connector) -> None:
    """The content is what was stored."""
    listing = await connector.list()
    assert [await connector.read(item) for item in listing.items] == [b"# A", b"<p>B</p>", b"C"]


async def test_links_open_a_document_at_a_place(connector: Connector) -> None:
    """Every item has an address, with the anchor as its fragment."""
    item = (await connector.list()).items[2]
    assert urlsplit(connector.url(item, "")).fragment == ""
    assert unquote(urlsplit(connector.url(item, "über uns")).fragment) == "über uns"
    assert unquote(urlsplit(connector.url(item, "")).path).endswith("/guides/c d.txt")


# --- folders of files -----------------------------------------------------------------------------------------------


async def test_a_changed_file_has_another_stamp(folder: Path) -> None:
    """Other content, or another date, is another stamp; nothing else is."""
    before = {item.path: item.stamp for item in (await FolderFiles(folder).list()).items}
    (folder / "a.md").write_text("# B")
    os.utime(folder / "guides" / "b.html", (1, 1))
    after = {item.path: item.stamp for item in (await FolderFiles(folder).list()).items}
    assert {path for path in before if before[path] != after[path]} == {"a.md", "guides/b.html"}


async def test_a_single_file_is_a_source(folder: Path) -> None:
    """Its path is its name, and its neighbours are not read."""
    files = FolderFiles(folder / "guides" / "b.html")
    listing = await files.list()
    assert [item.path for item in listing.items] == ["b.html"]
    assert await files.read(listing.items[0]) == b"<p>B</p>"
    assert files.url(listing.items[0], "x") == (folder / "guides" / "b.html").as_uri() + "#x"


async def test_a_part_of_a_folder(folder: Path) -> None:
    """`within` keeps to a part with the paths of the whole, `apart` leaves a part out."""
    paths = [item.path for item in (await FolderFiles(folder, within="guides").list()).items]
    assert paths == ["guides/b.html", "guides/c d.txt"]
    assert [item.path for item in (await FolderFiles(folder, within="guides/b.html").list()).items] == ["guides/b.html"]
    assert [item.path for item in (await FolderFiles(folder, apart=("guides",)).list()).items] == ["a.md"]


async def test_published_documents_link_to_where_they_are_published(folder: Path) -> None:
    """With a base address links lead there."""
    files = FolderFiles(folder, base_url="https://handbook.example/docs/")
    item = (await files.list()).items[2]
    assert files.url(item, "x") == "https://handbook.example/docs/guides/c%20d.txt#x"


async def test_what_is_not_a_document_is_skipped_by_name(folder: Path) -> None:
    """Empty and oversized files, pipes and sockets are named with the reason; hidden ones are only counted."""
    (folder / "empty.md").touch()
    (folder / "large.md").write_bytes(b"x" * 2_000_001)
    os.mkfifo(folder / "pipe.md")
    (folder / ".git").mkdir()
    (folder / ".git" / "x.md").write_text("x")
    (folder / "node_modules").mkdir()
    (folder / ".hidden.md").write_text("x")
    listing = await FolderFiles(folder, largest=2_000_000).list()
    assert _reasons(listing) == {"empty.md": "empty", "large.md": "larger than 2 MB", "pipe.md": "not a regular file"}
    assert [skipped.path for skipped in listing.skipped if skipped.stays] == ["large.md"]
    assert listing.hidden == 3
    assert len(listing.items) == 3


async def test_a_socket_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A socket is no document."""
    (tmp_path / "d").mkdir()
    monkeypatch.chdir(tmp_path / "d")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("s.md")
        assert _reasons(await FolderFiles(tmp_path / "d").list()) == {"s.md": "not a regular file"}


async def test_links_are_never_followed(folder: Path, tmp_path: Path) -> None:
    """Links out of the folder, into it, to nothing and in a circle are skipped by name, and nothing is read twice."""
    (folder / "out.md").symlink_to(tmp_path / "outside.md")
    (folder / "outdir").symlink_to(tmp_path)
    (folder / "in.md").symlink_to(folder / "a.md")
    (folder / "dangling.md").symlink_to(tmp_path / "nothing.md")
    (folder / "guides" / "up").symlink_to(folder)
    (folder / "self.md").symlink_to(folder / "self.md")
    listing = await FolderFiles(folder).list()
    assert len(listing.items) == 3
    reasons = _reasons(listing)
    assert {reasons[path] for path in ("out.md", "outdir", "dangling.md")} == {"points outside the folder"}
    assert {reasons[path] for path in ("in.md", "guides/up", "self.md")} == {"a link to another place in the folder"}


async def test_a_file_that_becomes_a_link_is_not_read(folder: Path, tmp_path: Path) -> None:
    """Between listing and reading a file, or a folder above it, may be swapped for a link: nothing outside is read."""
    files = FolderFiles(folder)
    listing = await files.list()
    (folder / "a.md").unlink()
    (folder / "a.md").symlink_to(tmp_path / "outside.md")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "b.html").write_text(CANARY)
    (folder / "guides").rename(tmp_path / "moved")
    (folder / "guides").symlink_to(tmp_path / "elsewhere")
    for item in listing.items[:2]:
        with pytest.raises(Unreadable):
            await files.read(item)


async def test_a_file_that_becomes_a_pipe_does_not_hang(folder: Path) -> None:
    """A pipe in the place of a file is refused at once."""
    files = FolderFiles(folder)
    item = (await files.list()).items[0]
    (folder / "a.md").unlink()
    os.mkfifo(folder / "a.md")
    with pytest.raises(Unreadable, match="regular"):
        await files.read(item)


async def test_a_file_that_vanished_or_grew(folder: Path) -> None:
    """One that is gone is None, one that has become too large is refused."""
    files = FolderFiles(folder, largest=10)
    listing = await files.list()
    (folder / "a.md").unlink()
    (folder / "guides" / "b.html").write_text("x" * 11)
    assert await files.read(listing.items[0]) is None
    with pytest.raises(Unreadable, match="larger"):
        await files.read(listing.items[1])


async def test_odd_names(tmp_path: Path) -> None:
    """Names with spaces, line ends, bytes that are no text and invisible characters are read and shown written out."""
    root = tmp_path / "docs"
    root.mkdir()
    names = [b"a b.md", b"line\nend.md", b"caf\xe9.md", "rtl\u202e.md".encode(), "über.md".encode(), b"#?%.md"]
    for name in names:
        (root / os.fsdecode(name)).write_bytes(name)
    files = FolderFiles(root)
    listing = await files.list()
    shown = {"a b.md", "line\\nend.md", "caf\\xe9.md", "rtl\\u202e.md", "über.md", "#?%.md"}
    assert {item.path for item in listing.items} == shown
    assert {await files.read(item) for item in listing.items} == set(names)
    assert all(files.url(item, "").isascii() for item in listing.items)
    assert all(item.path.encode() for item in listing.items)


async def test_two_names_that_look_the_same(tmp_path: Path) -> None:
    """Of two files with one printable name the second is skipped by name."""
    (tmp_path / "a\n.md").write_text("x")
    (tmp_path / "a\\n.md").write_text("y")
    listing = await FolderFiles(tmp_path).list()
    assert len(listing.items) == 1
    assert "same name" in listing.skipped[0].reason


async def test_very_deep_folders(tmp_path: Path) -> None:
    """Folders are entered to a depth that nobody reaches; what lies deeper is skipped by name."""
    deep = tmp_path
    for _ in range(DEEPEST + 10):
        deep = deep / "d"
    deep.mkdir(parents=True)
    (deep / "x.md").write_text("x")
    (tmp_path / "y.md").write_text("y")
    listing = await FolderFiles(tmp_path).list()
    assert [item.path for item in listing.items] == ["y.md"]
    assert [skipped.reason for skipped in listing.skipped] == [f"more than {DEEPEST} folders deep"]


@as_somebody
async def test_what_may_not_be_read_is_skipped_and_stays(folder: Path) -> None:
    """Without permission a file is refused and a folder skipped, and what was indexed of them stays."""
    (folder / "a.md").chmod(0)
    (folder / "guides").chmod(0)
    files = FolderFiles(folder)
    listing = await files.list()
    (folder / "guides").chmod(0o700)
    assert [(skipped.path, skipped.stays) for skipped in listing.skipped] == [("guides", True)]
    with pytest.raises(Unreadable, match="permission"):
        await files.read(listing.items[0])


async def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """A missing folder is never an empty one."""
    with pytest.raises(BadRequest, match="cannot be opened"):
        await FolderFiles(tmp_path / "gone").list()


async def test_sources_are_told_apart_by_where_they_lie(tmp_path: Path) -> None:
    """Two folders of one name are two sources; the name of a source holds nothing that could break an id."""
    for parent in ("x", "y"):
        (tmp_path / parent / "my: docs\n").mkdir(parents=True)
    names = {FolderFiles(tmp_path / parent / "my: docs\n").source for parent in ("x", "y")}
    assert len(names) == 2
    assert all(name.startswith("my-docs-") and ":" not in name for name in names)
