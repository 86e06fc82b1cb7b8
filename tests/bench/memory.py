"""Peak resident memory of whole processes: indexing the handbook, and answering every judged question over it."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.bench.measuring import FOOTNOTE, run, where


def main() -> None:
    """Index into an empty home, then answer from it in another process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="the folder with handbooks/ and questions/")
    arguments = parser.parse_args()
    print(where())
    with tempfile.TemporaryDirectory() as home:
        indexed = run(FOOTNOTE, "index", arguments.data / "handbooks/18f-handbook", "--json", home=Path(home))
        answered = run(sys.executable, "-m", "tests.bench.answer", arguments.data, "--home", home, "--rounds", "1")
        size = sum(path.stat().st_size for path in Path(home).rglob("*") if path.is_file()) / 2**20
    print(f"while indexing   {indexed.peak_mb:.0f} MB")
    print(f"while answering  {answered.peak_mb:.0f} MB")
    print(f"the home folder  {size:.0f} MB")


if __name__ == "__main__":
    main()
