"""Row 10: Socket Mode under refreshes, half-open connections, and a network that is away."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from tests.kills.rig import Rig
from tests.kills.rows import Cycle, row
from tests.kills.tally import Tally

REFRESHES = 10
"""In one cycle."""
AWAY = 8.0
"""Seconds without a network: two minutes, fifteen times as fast."""
BACK_WITHIN = 15.0
"""Seconds until the bot is connected again."""
TROUBLES = ("none", "half-open", "no network")


@row(
    "10",
    "Socket Mode: 100 refreshes under traffic; connections left half-open; no network for 2 minutes (scaled)",
    reach="0 lost, 0 twice; connected again within 15 s",
    cycles=10,
    quick=1,
)
async def refreshed(rig: Rig, cycle: Cycle) -> Tally:
    """Twenty questions over five seconds while Slack asks for ten refreshes, and one trouble besides."""
    trouble = TROUBLES[cycle.number % len(TROUBLES)]
    rig.forget()
    tally = Tally()
    async with _over_sockets(rig):
        asking = asyncio.create_task(rig.ask(20, label=cycle.label, within=5.0))
        for _ in range(REFRESHES):
            await asyncio.sleep(cycle.random.uniform(0.2, 0.5))
            await rig.slack.disconnect("refresh_requested")
        if trouble == "half-open":
            rig.slack.freeze_connections()
        elif trouble == "no network":
            rig.slack.unplug()
            await asyncio.sleep(AWAY)
            rig.slack.plug_in()
            tally.sample("reconnected", await _connected(rig))
        asked = await asking
        await rig.answered(asked)
        tally.add(await rig.verdict(asked))
    tally.count("refreshes", REFRESHES)
    tally.count(trouble.replace(" ", "_"), trouble != "none")
    if max(tally.samples.get("reconnected", [0.0])) > BACK_WITHIN:
        tally.fault("disconnected", f"connected again only {max(tally.samples['reconnected']):.1f} s after the network")
    return tally


async def _connected(rig: Rig) -> float:
    """Seconds until a connection stands; the network came back just now."""
    began = time.monotonic()
    await rig.slack.wait_until(lambda: rig.slack.connections, timeout=60)
    return time.monotonic() - began


@asynccontextmanager
async def _over_sockets(rig: Rig) -> AsyncGenerator[None]:
    """The edge in Socket Mode instead of behind an address."""
    edge, there = rig.edge, rig.slack.http_events_url
    words, variables = edge.words, edge.variables
    edge.words = [words[0], "serve", "--edge-only"]
    edge.variables = lambda: {**variables(), "SLACK_APP_TOKEN": rig.slack.app_token}
    rig.slack.http_events_url = None
    try:
        await edge.replace()
        await rig.slack.wait_until(lambda: rig.slack.connections, timeout=30)
        yield
    finally:
        edge.words, edge.variables, rig.slack.http_events_url = words, variables, there
        await edge.replace()
