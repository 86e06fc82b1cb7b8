"""How long the command line takes to be there: `import bot.cli` and `footnote --help`, in new processes."""

from __future__ import annotations

import argparse
import sys

from tests.bench.measuring import FOOTNOTE, run, spread, where

HEAVY = ("numpy", "onnxruntime", "aiohttp", "slack_bolt", "redis", "tokenizers")


def main() -> None:
    """Print the medians, and which heavy packages the import brought along (none should)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=15)
    arguments = parser.parse_args()
    print(where())
    bare = [run(sys.executable, "-c", "pass").seconds for _ in range(arguments.runs)]
    imported = [run(sys.executable, "-c", "import bot.cli").seconds for _ in range(arguments.runs)]
    helped = [run(FOOTNOTE, "--help").seconds for _ in range(arguments.runs)]
    print(f"python alone     {spread(bare)}")
    print(f"import bot.cli   {spread(imported)}, the interpreter's start included")
    print(f"footnote --help  {spread(helped)}")
    loaded = run(
        sys.executable, "-c", f"import bot.cli, sys; print(*[m for m in {HEAVY!r} if m in sys.modules])"
    ).output
    print(f"heavy packages imported: {loaded.strip() or 'none'}")


if __name__ == "__main__":
    main()
