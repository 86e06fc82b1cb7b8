"""Lists the benchmarks, or runs one: `make bench ARGS='ask DATA'`, where DATA is the folder with the data sets."""

from __future__ import annotations

import ast
import os
import sys
from pathlib import Path

HERE = Path(__file__).parent
NOT_ONE = {"__main__", "__init__", "crowd", "measuring", "peers_rig", "slow_bot"}


def main() -> int:
    """Run the named benchmark in place of this process, or say which there are."""
    scripts = {path.stem: path for path in sorted(HERE.glob("*.py")) if path.stem not in NOT_ONE}
    if len(sys.argv) > 1 and sys.argv[1] in scripts:
        os.chdir(HERE.parents[1])
        module = f"tests.bench.{sys.argv[1]}"
        os.execv(sys.executable, [sys.executable, "-m", module, *sys.argv[2:]])  # noqa: S606 - a script of ours
    for name, path in scripts.items():
        said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        print(f"{name:12} {said.splitlines()[0] if said else ''}")
    print("\nRun one:  make bench ARGS='NAME --help'")
    return 0 if len(sys.argv) == 1 else 2


if __name__ == "__main__":
    sys.exit(main())
