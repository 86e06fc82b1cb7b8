"""What Footnote adds to an answer: the time in which neither its generator nor Slack is at work.

One question after another; the generator and each call of Slack take a fixed time. From the moment a person's message
is there until the finished answer is, every instant in which the generator works or a call of Slack is on its way
counts as theirs, and the rest as ours.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from bot.playground import Playground
from tests.bench.flight import CHANNEL, PATIENCE, QUESTION, indexed, slow_bot
from tests.bench.measuring import p, where

Span = tuple[float, float]


def ours(whole: Span, theirs: Iterable[Span]) -> float:
    """Seconds of `whole` that none of `theirs` covers."""
    start, end = whole
    free, reached = 0.0, start
    for began, ended in sorted(theirs):
        if ended > start and began < end:
            free += max(0.0, min(began, end) - reached)
            reached = max(reached, min(ended, end))
    return free + max(0.0, end - reached)


async def asked(slack: Playground, number: int) -> Span:
    """From a message to its finished answer."""
    started = time.perf_counter()
    ts = await slack.say("ana", CHANNEL, QUESTION.format(n=number))

    def finished() -> bool:
        said = [message for message in slack.thread(CHANNEL, ts) if message.author == "bot"]
        return bool(said) and not said[-1].is_streaming and "[1]" in said[-1].visible_text

    await slack.wait_until(finished, timeout=PATIENCE)
    return started, time.perf_counter()


async def measure(home: Path, options: Sequence[str], count: int) -> list[float]:
    """Milliseconds that are ours, per answer, after five that are not counted."""
    busy: dict[str, list[Span]] = {}
    async with Playground() as slack, slow_bot(slack, home, *options, busy=busy):
        spans = [await asked(slack, number) for number in range(count + 5)][5:]
    theirs = [(began, ended) for spans_of in busy.values() for began, ended in spans_of]
    return [ours(span, theirs) * 1e3 for span in spans]


def main() -> None:
    """Index a small handbook, ask, and print milliseconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", default="0.2", help="what the generator takes")
    parser.add_argument("--slack", default="0.05", help="seconds that each call of Slack takes besides")
    parser.add_argument("--count", type=int, default=60)
    arguments = parser.parse_args()
    options = ("--seconds", arguments.seconds, "--slack", arguments.slack, "--characters", "600")
    with tempfile.TemporaryDirectory() as folder:
        added = asyncio.run(measure(indexed(Path(folder)), options, arguments.count))
    print(f"{where()}; generator {arguments.seconds} s, each call of Slack {arguments.slack} s")
    print(f"added: p50 {p(added, 0.5):.1f} ms, p95 {p(added, 0.95):.1f} ms (n {len(added)})")


if __name__ == "__main__":
    main()
