"""`footnote index` again over 7,200 pages: nothing changed, one page changed."""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

from tests.bench.measuring import FOOTNOTE, run, spread, where


def main() -> None:
    """Copy the guide once, index it (minutes, the first time), then index it again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="the folder with scale/")
    parser.add_argument("--home", type=Path, required=True, help="a folder for index and pages; kept, and used again")
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    print(where())
    pages = arguments.home / "pages"
    if not pages.exists():
        shutil.copytree(arguments.data / "scale/aws-cloudformation-user-guide", pages, copy_function=shutil.copyfile)
        run("chmod", "-R", "u+w", pages)
    index = (FOOTNOTE, "index", pages, "--json")
    first = run(*index, home=arguments.home)
    print(f"first run        {first.seconds:.1f} s, peak {first.peak_mb:.0f} MB, {said(first.output)}")
    unchanged = [run(*index, home=arguments.home) for _ in range(arguments.runs)]
    print(f"unchanged        {spread([one.seconds for one in unchanged])}, {said(unchanged[-1].output)}")
    victim = sorted(pages.rglob("*.md"))[100]
    seconds: list[float] = []
    for number in range(arguments.runs):
        with victim.open("a", encoding="utf-8") as page:
            page.write(f"\nChanged for the {number}th time.\n")
        done = run(*index, home=arguments.home)
        seconds.append(done.seconds)
        assert json.loads(done.output)["updated"] == 1, done.output
    print(f"one page changed {spread(seconds)}")


def said(output: str) -> str:
    """The counts of a run."""
    counts = json.loads(output)
    return ", ".join(f"{counts[name]} {name}" for name in ("documents", "chunks", "unchanged", "updated", "removed"))


if __name__ == "__main__":
    main()
