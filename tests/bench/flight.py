"""Answers in flight: how soon a first sign comes, what Footnote adds to an answer, and how many calls one takes.

The bot runs in one process with a generator that takes a fixed time; Slack is the playground, in this process. So many
are kept in flight by asking as often as the generator's time allows; what is added is what a message took to its
finished answer, less what the generator takes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from bot.playground import Message, Playground
from tests.bench.crowd import NO_BUDGETS, asker, crowded
from tests.bench.measuring import FOOTNOTE, p, run, where

CHANNEL = "general"
PATIENCE = 300.0
"""Seconds after which an answer is lost."""
ROUNDS = 3
"""Generator's times for which so many are kept in flight."""
TOO_MANY = 429
GLANCE = 0.01
"""Seconds between two looks at what stands in Slack."""
QUESTION = "<@bot> how many hours of annual leave can I carry over? ({n})"
HANDBOOK = """# Leave

## Annual leave

You can carry over at most 240 hours of annual leave into the next leave year. Hours above that are forfeited.

## Sick leave

Tell your supervisor before ten in the morning when you are ill. A certificate is needed from the third day on.
"""


@dataclass
class Flight:
    """One run: seconds until the first sign and until the finished answer, by message; calls of Slack by method."""

    signs: list[float] = field(default_factory=list[float])
    answers: list[float] = field(default_factory=list[float])
    calls: Counter[str] = field(default_factory=Counter[str])
    in_order: float = 1.0
    """Share of answers that were finished after that of the question before."""
    lost: int = 0


@asynccontextmanager
async def slow_bot(
    slack: Playground,
    home: Path,
    *options: str,
    busy: dict[str, list[tuple[float, float]]],
    settings: Mapping[str, str] | None = None,
) -> AsyncGenerator[None]:
    """The bot as a process of its own; afterwards `busy` says when its generator and its calls were at work."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("FOOTNOTE_", "SLACK_"))}
    environment |= {
        "FOOTNOTE_HOME": str(home), "FOOTNOTE_ANSWERS": "256", "SLACK_API_URL": slack.api_url,
        "SLACK_BOT_TOKEN": slack.bot_token, "SLACK_APP_TOKEN": slack.app_token,
        **NO_BUDGETS, **(settings or {}),
    }  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.bench.slow_bot",
        *options,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        limit=64 * 1024 * 1024,
    )
    try:
        await slack.wait_until(slack.is_bot_online, timeout=60)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        said, _ = await process.communicate()
        busy.update(json.loads(said.splitlines()[-1]) if said.strip() else {})


def finished(message: Message) -> bool:
    """Whether this is an answer, as it will stand."""
    return not message.is_streaming and "[1]" in message.visible_text


async def ask(slack: Playground, asked: dict[str, float], count: int, *, tag: str, every: float) -> None:
    """Ask `count` questions, one every so many seconds, each in a thread of its own."""
    start = time.perf_counter()
    for n in range(count):
        await asyncio.sleep(max(0.0, start + n * every - time.perf_counter()))
        asked[await slack.say(asker(n), CHANNEL, QUESTION.format(n=f"{tag}{n}"))] = time.perf_counter()


async def fly(slack: Playground, count: int, *, tag: str, every: float = 0.0) -> Flight:
    """Ask `count` questions, at once or spread, and wait for every answer."""
    before = len(slack.calls)
    flight = Flight()
    asked: dict[str, float] = {}
    asking = asyncio.create_task(ask(slack, asked, count, tag=tag, every=every))
    signs: dict[str, float] = {}
    ends: dict[str, float] = {}
    deadline = time.perf_counter() + PATIENCE
    while len(ends) < count and time.perf_counter() < deadline:
        await asyncio.sleep(GLANCE)
        now = time.perf_counter()
        said = {message.root_ts: message for message in slack.workspace.room(CHANNEL).messages.values()
                if message.user == slack.bot_user_id}  # fmt: skip
        signs |= {ts: now for ts in asked if ts not in signs and (ts in said or slack.status(CHANNEL, ts))}
        ends |= {ts: now for ts in asked if ts not in ends and ts in said and finished(said[ts])}
    await asking
    flight.lost = count - len(ends)
    flight.signs = [signs[ts] - asked[ts] for ts in signs]
    flight.answers = [ends[ts] - asked[ts] for ts in ends]
    finished_at = [ends[ts] for ts in asked if ts in ends]
    pairs = list(pairwise(finished_at))
    flight.in_order = sum(before <= after for before, after in pairs) / len(pairs) if pairs else 1.0
    flight.calls = Counter(call.method for call in slack.calls[before:])
    return flight


def indexed(folder: Path) -> Path:
    """A home in which a small handbook is indexed."""
    docs = folder / "docs"
    docs.mkdir()
    (docs / "leave.md").write_text(HANDBOOK, encoding="utf-8")
    run(FOOTNOTE, "index", docs, "--home", folder / "home")
    return folder / "home"


def report(name: str, flight: Flight, seconds: float) -> None:
    """One row: first sign and what was added, in milliseconds."""
    added = [(taken - seconds) * 1e3 for taken in flight.answers] or [0.0]
    signs = [taken * 1e3 for taken in flight.signs] or [0.0]
    cells = [f"{p(signs, 0.5):.0f} / {p(signs, 0.95):.0f}", f"{p(added, 0.5):.0f} / {p(added, 0.95):.0f}"]
    calls = sum(flight.calls.values()) / max(1, len(flight.answers))
    print(f"| {name} | {' | '.join(cells)} | {calls:.1f} | {flight.lost} |")


async def measure(arguments: argparse.Namespace, home: Path) -> None:
    """Fly alone first, then in ever larger company."""
    print(f"{where()}; generator {arguments.seconds:g} s for {arguments.characters} characters; rate limits "
          f"{'on' if arguments.rate_limits else 'off'}\n")  # fmt: skip
    print(
        "| in flight | first sign ms p50 / p95 | added ms p50 / p95 | calls per answer | lost |\n|---|---|---|---|---|"
    )
    pace = ("--paced",) if arguments.rate_limits else ()
    options = (*pace, "--seconds", str(arguments.seconds), "--characters", str(arguments.characters))
    async with (
        Playground(rate_limits=arguments.rate_limits, **crowded()) as slack,
        slow_bot(slack, home, *options, busy={}),
    ):
        await fly(slack, 3, tag="warm")
        alone = Flight()
        for n in range(arguments.alone):
            one = await fly(slack, 1, tag=f"alone{n}.")
            alone.signs += one.signs
            alone.answers += one.answers
            alone.calls += one.calls
        report("1", alone, arguments.seconds)
        for count in arguments.in_flight:
            every = arguments.seconds / count
            spread = await fly(slack, count * ROUNDS, tag=f"spread{count}.", every=every)
            report(f"{count}, one every {every * 1e3:.0f} ms", spread, arguments.seconds)
        for count in arguments.burst:
            burst = await fly(slack, count, tag=f"burst{count}.")
            report(f"{count} at once", burst, arguments.seconds)
            refused = sum(call.status == TOO_MANY for call in slack.calls)
            print(f"\nthe last {count}: all finished after {max(burst.answers):.0f} s, {burst.in_order:.0%} in order; "
                  f"told to wait {refused} times, called too early {len(slack.too_early())} times\n")  # fmt: skip


def main() -> None:
    """Index a small handbook, then fly."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0, help="what the generator takes")
    parser.add_argument("--characters", type=int, default=1_500, help="what it writes")
    parser.add_argument("--alone", type=int, default=10, help="answers, one after another, before the crowd")
    parser.add_argument("--in-flight", type=int, nargs="*", default=[20, 200], metavar="N")
    parser.add_argument("--burst", type=int, nargs="*", default=[20], metavar="N", help="questions at one instant")
    parser.add_argument("--rate-limits", action="store_true", help="let Slack's rate limits apply")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(arguments, indexed(Path(folder))))


if __name__ == "__main__":
    main()
