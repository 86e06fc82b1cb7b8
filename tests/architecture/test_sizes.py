"""Functions fit a screen and modules a sitting; what does not is listed in sizes.toml and may only shrink."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.architecture.sources import PACKAGES, ROOT, name_of, python_files, tree_of

FUNCTION = 35
FILE, TEST_FILE = 500, 600
LISTED = tomllib.loads((ROOT / "tests/architecture/sizes.toml").read_text(encoding="utf-8"))


def _modules() -> Iterator[Path]:
    return (path for path in python_files(*PACKAGES, "tests") if "bench" not in path.parts)


def _functions() -> Iterator[tuple[str, int]]:
    for path in _modules():
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{name_of(path)}:{node.name}", (node.end_lineno or node.lineno) - node.lineno + 1


def test_functions_fit_a_screen() -> None:
    """No function is longer than 35 lines but those listed, and none is longer than listed."""
    assert _grown({name: lines for name, lines in _functions() if lines > FUNCTION}, LISTED["functions"]) == {}


def test_modules_fit_a_sitting() -> None:
    """No module is longer than 500 lines (600 in tests) but those listed, and none is longer than listed."""
    assert _grown(_long_modules(), LISTED["files"]) == {}


def test_what_fits_is_not_listed() -> None:
    """An entry goes when what it names has become short enough, or is gone."""
    long_functions = {name for name, lines in _functions() if lines > FUNCTION}
    assert set(LISTED["functions"]) <= long_functions
    assert set(LISTED["files"]) <= set(_long_modules())


def _long_modules() -> dict[str, int]:
    lengths = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in _modules()}
    return {name: n for name, n in lengths.items() if n > (TEST_FILE if name.startswith("tests/") else FILE)}


def _grown(found: Mapping[str, int], listed: Mapping[str, int]) -> dict[str, int]:
    return {name: lines for name, lines in found.items() if lines > listed.get(name, 0)}
