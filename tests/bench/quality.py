"""Every judged set, one after another, by `footnote evaluate`: the rows of docs/benchmarks.md. Takes about an hour.

Each set is embedded anew for each way of rewriting, so that every figure is what a person would get who types the
command.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tests.bench.measuring import FOOTNOTE, run, where

RUNS = (
    ("questions/18f", "--docs", "handbooks/18f-handbook"),
    ("labelled/anthropic_code",),
    ("labelled/scifact",),
    *(
        (f"multiturn/{name}", "--rewrite", how)
        for name in ("mtrag_clapnq", "mtrag_fiqa")
        for how in ("gold", "none", "auto")
    ),
)


def main() -> None:
    """Run the sets whose name holds `--only`, and save each run for `footnote evaluate --compare`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="the folder with questions/, labelled/, multiturn/ and handbooks/")
    parser.add_argument("--only", default="", metavar="WORD", help="only the sets whose name holds WORD")
    parser.add_argument("--save", type=Path, metavar="DIR", help="save each run here")
    arguments = parser.parse_args()
    print(where())
    for name, *options in RUNS:
        if arguments.only not in name:
            continue
        paths = [arguments.data / part if "/" in part else part for part in options]
        if arguments.save:
            arguments.save.mkdir(parents=True, exist_ok=True)
            paths += [
                "--save",
                arguments.save / ("-".join((Path(name).name, *options[1:2])).replace("/", "_") + ".json"),
            ]
        done = run(FOOTNOTE, "evaluate", arguments.data / name, *paths)
        print(f"\n{name} {' '.join(options)}, {done.seconds:.0f} s\n{done.output}", flush=True)


if __name__ == "__main__":
    main()
