"""`footnote ask` as a whole process on an indexed handbook, nothing warm but the disk."""

from __future__ import annotations

import argparse
import itertools
import json
from pathlib import Path

from tests.bench.measuring import FOOTNOTE, p, run, spread, where


def main() -> None:
    """Index the handbook into a home folder, then ask one question per process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="the folder with handbooks/ and questions/")
    parser.add_argument("--home", type=Path, required=True, help="a folder for the index; kept, and used again")
    parser.add_argument("--runs", type=int, default=20)
    arguments = parser.parse_args()
    print(where())
    print(
        run(FOOTNOTE, "index", arguments.data / "handbooks/18f-handbook", "--json", home=arguments.home).output.strip()
    )
    lines = (arguments.data / "questions/18f/questions.jsonl").read_text(encoding="utf-8").splitlines()
    questions = itertools.islice(itertools.cycle(json.loads(line)["question"] for line in lines), arguments.runs)
    runs = [run(FOOTNOTE, "ask", question, "--json", home=arguments.home) for question in questions]
    answered = sum(json.loads(one.output)["answered"] for one in runs)
    seconds = [one.seconds for one in runs]
    print(f"footnote ask     {spread(seconds)}, p95 {p(seconds, 0.95):.3f} s, {answered} of {len(runs)} answered")
    print(f"peak memory      {max(one.peak_mb for one in runs):.0f} MB")


if __name__ == "__main__":
    main()
