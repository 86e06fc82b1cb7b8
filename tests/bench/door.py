"""How soon the HTTP door acknowledges: events at a steady pace while the indexer runs.

The edge is `footnote serve --http` as an operator starts it, with its worker in one process or apart; the indexer is
another; each event is signed, unlike any other, and sent when its time has come, whatever became of those
before it. The time is from sending to the 200.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import tempfile
import time
from collections import Counter
from pathlib import Path

import aiohttp

from bot.playground import Playground
from tests.bench.crowd import NO_BUDGETS, asker, crowded
from tests.bench.measuring import FOOTNOTE, p, run, where

Reached = tuple[float, int]
"""Milliseconds until the answer, and its status; 0 for none."""


async def event(slack: Playground, number: int) -> str:
    """A mention that stands in the channel, as Slack would send it."""
    ts = await slack.say(asker(number), "general", f"<@bot> how do I set up the VPN, number {number}?")
    return json.dumps(
        {
            "token": "t", "team_id": slack.team_id, "api_app_id": "A07FOOTNOTE", "type": "event_callback",
            "event_id": f"Ev{number:08d}", "event_time": int(time.time()),
            "event": {
                "type": "app_mention", "user": slack.id_of(asker(number)), "channel": slack.id_of("general"),
                "text": f"<@{slack.bot_user_id}> how do I set up the VPN, number {number}?",
                "ts": ts, "event_ts": ts, "team": slack.team_id,
            },
        }
    )  # fmt: skip


async def sent(session: aiohttp.ClientSession, url: str, slack: Playground, number: int) -> Reached:
    """One event."""
    body = await event(slack, number)
    started = time.perf_counter()
    try:
        async with session.post(url, data=body, headers=slack.sign(body)) as response:
            await response.read()
            return (time.perf_counter() - started) * 1e3, response.status
    except (aiohttp.ClientError, TimeoutError):
        return (time.perf_counter() - started) * 1e3, 0


async def shower(url: str, slack: Playground, *, pace: float, seconds: float) -> list[Reached]:
    """So many events a second, each at its time."""
    start = time.perf_counter()
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
        tasks: list[asyncio.Task[Reached]] = []
        for number in range(round(pace * seconds)):
            await asyncio.sleep(max(0.0, start + number / pace - time.perf_counter()))
            tasks.append(asyncio.create_task(sent(session, url, slack, number)))
        return await asyncio.gather(*tasks)


async def indexing(docs: Path, home: Path) -> None:
    """Index the documents into a new home again and again, until cancelled."""
    round_ = 0
    while True:
        round_ += 1
        command = ("index", str(docs), "--home", f"{home}-{round_}", "--json")
        process = await asyncio.create_subprocess_exec(
            str(FOOTNOTE), *command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
        )
        try:
            await process.wait()
        except asyncio.CancelledError:
            process.kill()
            raise


async def listening(port: int) -> None:
    """Return once the edge takes connections."""
    for _ in range(300):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.1)
        else:
            writer.close()
            return
    raise SystemExit("the edge does not answer")


async def measure(arguments: argparse.Namespace, home: Path) -> list[Reached]:
    """Start the edge and the indexer, then let it rain."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("FOOTNOTE_", "SLACK_"))}
    async with Playground(events=(), **crowded()) as slack:  # which sends nothing by itself
        environment |= {
            "FOOTNOTE_HOME": str(home), "FOOTNOTE_LOG_LEVEL": "error", "SLACK_API_URL": slack.api_url,
            "SLACK_BOT_TOKEN": slack.bot_token, "SLACK_SIGNING_SECRET": slack.signing_secret,
            "FOOTNOTE_HTTP_PORT": str(arguments.port), **NO_BUDGETS,
        }  # fmt: skip
        apart = [["work"]] if arguments.apart else []
        serve = ["serve", "--http", *(["--edge-only"] if arguments.apart else [])]
        processes = [
            await asyncio.create_subprocess_exec(str(FOOTNOTE), *command, env=environment)
            for command in (serve, *apart)
        ]
        beside = asyncio.create_task(indexing(arguments.docs, home)) if not arguments.idle else None
        url = f"http://127.0.0.1:{arguments.port}/slack/events"
        try:
            await listening(arguments.port)
            return await shower(url, slack, pace=arguments.pace, seconds=arguments.seconds)
        finally:
            if beside:
                beside.cancel()
                await asyncio.gather(beside, return_exceptions=True)
            for process in processes:
                process.kill()
                await process.wait()


def main() -> None:
    """Print the acknowledgement's percentiles and what was answered."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("docs", type=Path, help="the documents that are indexed meanwhile")
    parser.add_argument("--pace", type=float, default=50.0, help="events a second")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--port", type=int, default=3123)
    parser.add_argument("--apart", action="store_true", help="edge and worker as two processes, as the Procfile has it")
    parser.add_argument("--idle", action="store_true", help="without the indexer")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        run(FOOTNOTE, "index", "docs/guide", "--home", home)
        reached = asyncio.run(measure(arguments, home))
    taken = [milliseconds for milliseconds, _ in reached]
    print(f"{where()}; {arguments.pace:g} events/s for {arguments.seconds:g} s")
    print(
        f"p50 {p(taken, 0.5):.1f} ms, p95 {p(taken, 0.95):.1f} ms, p99 {p(taken, 0.99):.1f} ms, max {max(taken):.1f} ms"
    )
    print(f"answered: {dict(Counter(status for _, status in reached))}")


if __name__ == "__main__":
    main()
