"""The documents say what is: the tree, the settings, the commands and the links in them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.cli import COMMANDS
from tests.architecture import generated
from tests.architecture.sources import ROOT, name_of

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
NOT_SHOWN = {"__pycache__", "__init__.py"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the README's tree."""

    path: Path
    folder: bool


def _drawn() -> list[Entry]:
    tree = generated.block("tree", generated.README.read_text(encoding="utf-8"))
    entries: list[Entry] = []
    above: list[tuple[int, Path]] = []
    for line in tree.splitlines():
        match = re.match(r"( *)([\w.\-/]+)(?: {2,}|$)", line)
        if not match or len(match[1]) >= 20:  # a description that goes on
            continue
        indent, name = len(match[1]), match[2]
        above = [(depth, path) for depth, path in above if depth < indent]
        path = (above[-1][1] if above else ROOT) / name.rstrip("/")
        entries.append(Entry(path, name.endswith("/")))
        above.append((indent, path))
    return entries


def test_everything_drawn_is_there() -> None:
    """Each file and folder in the README's tree exists."""
    drawn = _drawn()
    assert len(drawn) > 30
    assert [
        name_of(entry.path) for entry in drawn if not (entry.path.is_dir() if entry.folder else entry.path.is_file())
    ] == []


def test_nothing_there_is_left_out() -> None:
    """Where the README draws what is in a folder, it draws all of it."""
    drawn = {entry.path for entry in _drawn()}
    opened = {path.parent for path in drawn} - {ROOT}
    there = {child for folder in opened for child in folder.iterdir() if child.name not in NOT_SHOWN}
    assert sorted(name_of(path) for path in there - drawn) == []


def test_settings_table_is_generated() -> None:
    """The README's table of settings is the one that the settings make (`python -m tests.architecture.generated`)."""
    assert generated.block("settings", generated.README.read_text(encoding="utf-8")) == generated.settings_table()


def test_environment_example_is_generated() -> None:
    """`.env.example` is the one that the settings make (`python -m tests.architecture.generated`)."""
    assert generated.EXAMPLE.read_text(encoding="utf-8") == generated.environment_example()


def test_every_setting_is_explained_to_operators() -> None:
    """The guide's pages on configuration and on backends name every setting."""
    pages = ("docs/guide/configuration.md", "docs/guide/backends.md")
    page = "".join((ROOT / name).read_text(encoding="utf-8") for name in pages)
    assert [variable.name for variable in generated.VARIABLES if f"`{variable.name}`" not in page] == []


def test_every_scope_is_explained_to_operators() -> None:
    """The guide gives a reason for each scope that the manifest asks for, and for no other."""
    page = (ROOT / "docs/guide/slack-setup.md").read_text(encoding="utf-8")
    table = page.partition("| scope | why |")[2].partition("\n\n")[0]
    explained = set(re.findall(r"`([a-z_]+(?::[a-z.]+)?)`", "".join(re.findall(r"^\|([^|]+)\|", table, re.MULTILINE))))
    manifest = json.loads((ROOT / "manifest.json").read_text(encoding="utf-8"))
    assert explained == set(manifest["oauth_config"]["scopes"]["bot"])


def test_notice_names_what_was_learned_from() -> None:
    """NOTICE gives the terms of every data set that the shipped numbers were learned from."""
    numbers = json.loads((ROOT / "bot/adapters/local/ranker.json").read_text(encoding="utf-8"))
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    assert [name for name in numbers["trained_on"] if f"  {name} " not in notice] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_commands_in_documents_exist(page: Path) -> None:
    """Each `footnote …` and `make …` that a document shows can be typed."""
    text = page.read_text(encoding="utf-8")
    shown = "\n".join(_code(text))
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"^(?:\$ )?(?:\.venv/bin/)?footnote ([a-z]+)", shown, re.MULTILINE)) <= set(COMMANDS)
    assert set(re.findall(r"^(?:\$ )?make ([a-z]+)", shown, re.MULTILINE)) <= targets


def _code(text: str) -> list[str]:
    fenced = re.findall(r"```\w*\n(.*?)```", text, re.DOTALL)
    return [*fenced, *re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_places_in_documents_exist(page: Path) -> None:
    """Each file or folder of ours that a document names is there."""
    named = re.findall(r"`((?:bot|handlers|indexing|tests|docs)/[\w./-]*)`", page.read_text(encoding="utf-8"))
    assert [name for name in named if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    """Each relative link in a document leads to a file, and to a heading in it where it names one."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    broken = [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link and not _leads(page, link)]
    assert broken == []


def _leads(page: Path, link: str) -> bool:
    target, _, anchor = link.partition("#")
    path = (page.parent / target).resolve() if target else page
    if not path.exists() or not anchor:
        return path.exists()
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return anchor in {_slug(heading) for heading in headings}


def _slug(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
