"""Rules that keep a promise by construction: who may catch everything, who may search, what a name may be."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.sources import PACKAGES, ROOT, name_of, python_files, tracked_files, tree_of

CATCH_ALL = {"handlers/apologies.py", "bot/worker/attempts.py"}
SEARCHES = {"bot/answering/retrieve.py", "bot/adapters/wrappers/guarded.py", "bot/evaluation/within.py"}
READS_ENVIRONMENT = {"bot/cli.py", "bot/commands/options.py", "bot/adapters/local/minilm.py"}
NO_ROOM = {"manager", "helper", "helpers", "utils", "util", "service", "services", "engine", "base", "core", "common"}

# Spelled in pieces, so that this file does not name what it forbids.
FORBIDDEN = {
    "a path of somebody's machine": re.compile(
        r"(?<![\w.~])/(?:" + "|".join(("wo" + "rk", "ro" + "ot", "fa" + "rm")) + r")/"
    ),
    "a home folder": re.compile(r"/(?:ho" + r"me|Us" + r"ers)/(?!user/|me/|ada/|you/)\w+"),
    "a registry's host": re.compile(
        "|".join(("pypi" + r"\.org", "pythonhosted" + r"\.org", "npmjs" + r"\.(?:org|com)"))
    ),
}


def _modules() -> Iterator[tuple[str, ast.Module]]:
    for path in python_files(*PACKAGES):
        yield name_of(path), tree_of(path)


def _catches_everything(node: ast.AST) -> bool:
    broad = {"Exception", "BaseException"}
    if isinstance(node, ast.ExceptHandler):
        if isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None:
            return False  # it only undoes something on the way out
        named = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
        return any(kind is None or (isinstance(kind, ast.Name) and kind.id in broad) for kind in named)
    if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("suppress"):
        return any(isinstance(argument, ast.Name) and argument.id in broad for argument in node.args)
    return False


def test_everything_is_caught_in_two_places_only() -> None:
    """A broad except stands at the Slack edge and around a job, and nowhere else."""
    found = {name for name, tree in _modules() for node in ast.walk(tree) if _catches_everything(node)}
    assert found <= CATCH_ALL


def test_only_retrieve_searches() -> None:
    """One module calls `SearchIndex.search`, and two hand it on: one place decides what an audience may see."""
    found = {
        name
        for name, tree in _modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "search"
        and any(keyword.arg == "visible_to" for keyword in node.keywords)
    }
    assert found <= SEARCHES


def test_only_settings_read_the_environment() -> None:
    """No module but those that fill the settings looks at `os.environ`; one tells a library there to be silent."""
    found = {
        name
        for name, tree in _modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node) in ("os.environ", "os.getenv")
    }
    assert found <= READS_ENVIRONMENT


def test_no_room_is_called_after_nothing() -> None:
    """No module or package is called manager, helper, utils, service, engine, base or core."""
    parts = {part for path in python_files(*PACKAGES, "tests") for part in (path.stem, path.parent.name)}
    assert not parts & NO_ROOM


def test_every_module_says_what_it_is() -> None:
    """Each module that holds anything opens with a sentence."""
    spoken = ((name_of(path), tree_of(path)) for path in python_files(*PACKAGES, "tests"))
    assert [name for name, tree in spoken if tree.body and not ast.get_docstring(tree)] == []


def test_every_test_says_what_must_hold() -> None:
    """Each test has a docstring that ends like a sentence."""
    silent = [
        f"{name_of(path)}:{node.name}"
        for path in python_files("tests")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and not (ast.get_docstring(node) or "").endswith(".")
    ]
    assert silent == []


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


@pytest.mark.parametrize("what", FORBIDDEN)
def test_nothing_tracked_names_a_machine(what: str) -> None:
    """No tracked file carries a path of somebody's machine or the host of a package registry."""
    found = [
        f"{name_of(path)}: {match[0]}" for path in tracked_files() for match in FORBIDDEN[what].finditer(_text(path))
    ]
    assert found == []


def test_locks_carry_no_address() -> None:
    """The locks name packages and hashes, never where they were fetched from."""
    locks = sorted(ROOT.glob("requirements*.lock"))
    assert len(locks) == 4
    assert [lock.name for lock in locks if "://" in lock.read_text(encoding="utf-8")] == []


def test_nothing_tracked_is_large() -> None:
    """No tracked file is over a megabyte: weights and data come from packages."""
    assert [name_of(path) for path in tracked_files() if path.stat().st_size > 1 << 20] == []
