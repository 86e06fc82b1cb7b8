"""An answer from a warm process: retrieve, rerank, extract, cite and gate, per step; and the process's peak memory."""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import statistics
from collections import defaultdict
from pathlib import Path

from bot.composition import answering
from bot.models import EVERYONE, Audience
from bot.settings import load
from tests.bench.measuring import FOOTNOTE, p, run, where


async def measure(home: Path, questions: list[str], rounds: int) -> dict[str, list[float]]:
    """Milliseconds of each step over every question, after one unmeasured round of ten."""
    steps: dict[str, list[float]] = defaultdict(list)
    audience = Audience.of([EVERYONE])
    async with answering(load({"FOOTNOTE_HOME": str(home)})) as pipeline:
        for question in questions[:10]:
            await pipeline.answer(question, (), audience=audience)
        for question in questions * rounds:
            answered = await pipeline.answer(question, (), audience=audience)
            for step, took in answered.answer.timings_ms.items():
                steps[step].append(took)
    return steps


def main() -> None:
    """Index the handbook, ask every judged question, and print what each step took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="the folder with handbooks/ and questions/")
    parser.add_argument("--home", type=Path, required=True, help="a folder for the index; kept, and used again")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    print(where())
    run(FOOTNOTE, "index", arguments.data / "handbooks/18f-handbook", "--json", home=arguments.home)
    lines = (arguments.data / "questions/18f/questions.jsonl").read_text(encoding="utf-8").splitlines()
    questions = [json.loads(line)["question"] for line in lines]
    steps = asyncio.run(measure(arguments.home, questions, arguments.rounds))
    for step, took in steps.items():
        print(f"{step:10} p50 {statistics.median(took):7.1f} ms   p95 {p(took, 0.95):7.1f} ms   n {len(took)}")
    print(f"peak memory while answering: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
