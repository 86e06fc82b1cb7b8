"""What it costs an answer that nothing of it can be lost: how much later it stands because Redis was written to.

One question after another, over the laptop default's own server, which syncs every write to the disk before it confirms
it. From a person's message to its finished answer, every instant counts in which a write is on its way (the append, the
lease, each step of the record) and neither the generator nor Slack is at work; two at once count once. The same for all
calls of Redis, reads among them, stands beside it.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.playground import Playground
from tests.bench.flight import indexed, slow_bot
from tests.bench.measuring import p, where
from tests.bench.overhead import Span, asked, ours

WARM = 10
"""Answers that are not counted."""
QUIET = 0.1
"""Seconds between an answer and the next question: what is still written about the one does not delay the other."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Milliseconds per answer, and how many calls of Redis an answer makes."""

    writes: list[float]
    redis: list[float]
    whole: list[float]
    calls: float


def within(whole: Span, spans: Sequence[Span], theirs: Sequence[Span]) -> float:
    """Milliseconds of `whole` that `spans` cover and `theirs` do not."""
    return (ours(whole, theirs) - ours(whole, [*theirs, *spans])) * 1e3


async def measure(home: Path, count: int) -> Measured:
    """Ask, and look at what was on its way when."""
    busy: dict[str, list[Span]] = {}
    options = ("--seconds", "0.2", "--characters", "600", "--memory")
    async with Playground() as slack, slow_bot(slack, home, *options, busy=busy):
        spans: list[Span] = []
        for number in range(count + WARM):
            spans.append(await asked(slack, number))
            await asyncio.sleep(QUIET)
        spans = spans[WARM:]
    theirs = [*busy["generator"], *busy["slack"]]
    begun, ended = spans[0][0], spans[-1][1]
    calls = [one for one in busy["redis"] if begun <= one[0] <= ended]
    return Measured(
        writes=[within(span, busy["writes"], theirs) for span in spans],
        redis=[within(span, busy["redis"], theirs) for span in spans],
        whole=[(end - start) * 1e3 for start, end in spans],
        calls=len(calls) / len(spans),
    )


def main() -> None:
    """Index a small handbook, ask, and print milliseconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(measure(indexed(Path(folder)), arguments.count))
    print(f"{where()}; generator 0.2 s; {found.calls:.1f} calls of Redis an answer (n {len(found.whole)})")
    for name, values in (("writes", found.writes), ("all of Redis", found.redis), ("the answer", found.whole)):
        print(f"{name:12} p50 {p(values, 0.5):6.1f} ms, p95 {p(values, 0.95):6.1f} ms")


if __name__ == "__main__":
    main()
