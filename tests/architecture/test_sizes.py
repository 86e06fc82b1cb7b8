"""Functions fit a screen and modules a sitting; what does not is listed in sizes.toml and may only shrink."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.sources import PACKAGES, ROOT, name_of, python_files, tree_of

FUNCTION = 35
FILE = 400
LISTED = tomllib.loads((ROOT / "tests/architecture/sizes.toml").read_text(encoding="utf-8"))


def _modules() -> Iterator[Path]:
    return (path for path in python_files(*PACKAGES, "tests") if "bench" not in path.parts)


def _functions() -> Iterator[tuple[str, int]]:
    for path in _modules():
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{name_of(path)}:{node.name}", (node.end_lineno or node.lineno) - node.lineno + 1


def test_functions_fit_a_screen() -> None:
    """No function is longer than 35 lines but those listed, each at exactly its listed length."""
    assert {name: lines for name, lines in _functions() if lines > FUNCTION} == LISTED["functions"]


def test_modules_fit_a_sitting() -> None:
    """No module is longer than 400 lines but those listed, each at exactly its listed length."""
    lengths = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in _modules()}
    assert {name: lines for name, lines in lengths.items() if lines > FILE} == LISTED["files"]
