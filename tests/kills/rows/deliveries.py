"""Rows 6 to 9: what Slack tells twice, late, in parallel, under two names, or out of order."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace

import aiohttp
from aiohttp import web
from hypothesis import seed

from bot.playground.wire import Json
from tests.kills.rig import Rig, Setup
from tests.kills.rows import Cycle, row
from tests.kills.slack_side import Asked
from tests.kills.tally import Tally
from tests.scenarios.company import Shelf
from tests.scenarios.disorder import tell_stories

TIMES_OVER = 4
"""How often the same event comes."""
STORIES = 100
"""Of row 9, in one cycle."""


# --- row 6 ----------------------------------------------------------------------------------------------------------


@row(
    "6",
    "the same event four times in parallel, to two edge processes",
    reach="0 twice, all answered, of 500",
    cycles=25,
    quick=3,
    setup=Setup(edges=2),
)
async def four_times(rig: Rig, cycle: Cycle) -> Tally:
    """Twenty questions; what Slack tells of each comes by its own way and three times more, to both edges at once."""
    await _calm(rig)
    asked: list[Asked] = []
    events = 0
    async with aiohttp.ClientSession() as session:
        for _ in range(20):
            before = len(rig.slack.deliveries)
            asked += await rig.ask(1, label=cycle.label)
            fresh = [one.payload for one in rig.slack.deliveries[before:]]
            events += TIMES_OVER * len(fresh)
            ports = [*rig.wires["slack-edge"].targets, cycle.random.choice(rig.wires["slack-edge"].targets)]
            told = [_tell(session, rig, port, payload) for payload in fresh for port in ports]
            cycle.random.shuffle(told)
            await asyncio.gather(*told)
    await rig.answered(asked)
    tally = await rig.verdict(asked)
    tally.count("events", events)
    return tally


async def _tell(session: aiohttp.ClientSession, rig: Rig, port: int, payload: Json) -> None:
    body = json.dumps(payload)
    async with session.post(f"http://127.0.0.1:{port}/slack/events", data=body, headers=rig.slack.sign(body)):
        pass


# --- row 7 ----------------------------------------------------------------------------------------------------------

FATES = ("lost on the way", "answered with 503", "never answered", "taken, and its acknowledgement lost")


@row(
    "7",
    "the first delivery is lost, refused with 503, not answered, or taken and its acknowledgement lost",
    reach="all answered, 0 twice, of 200",
    cycles=20,
    quick=6,
)
async def only_again(rig: Rig, cycle: Cycle) -> Tally:
    """Ten questions of whose events only a further delivery comes through as it should."""
    await _calm(rig)
    fate = FATES[cycle.number % len(FATES)]
    before = len(rig.slack.deliveries)
    async with _front(rig, fate):
        asked = await rig.ask(10, label=cycle.label)
        await rig.answered(asked)
        tally = await rig.verdict(asked)
    tally.count(fate.replace(" ", "_").replace(",", ""), sum(one.attempts > 1 for one in rig.slack.deliveries[before:]))
    return tally


@asynccontextmanager
async def _front(rig: Rig, fate: str) -> AsyncGenerator[None]:
    """Something between Slack and the edge in which the first delivery of each event meets its fate."""
    there = rig.slack.http_events_url
    assert there

    async def passed_on(request: web.Request, session: aiohttp.ClientSession) -> web.Response:
        headers = {name: value for name, value in request.headers.items() if name.lower() != "host"}
        async with session.post(there, data=await request.read(), headers=headers) as response:
            return web.Response(status=response.status, body=await response.read())

    async def met(request: web.Request) -> web.Response:
        if "x-slack-retry-num" in request.headers:
            return await passed_on(request, session)
        if fate == FATES[1]:
            return web.Response(status=503)
        if fate == FATES[2]:
            await asyncio.sleep(10)
        if fate == FATES[3]:
            await passed_on(request, session)
        if request.transport:
            request.transport.abort()
        return web.Response(status=500)

    application = web.Application()
    application.add_routes([web.post("/slack/events", met)])
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    async with aiohttp.ClientSession() as session:
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            rig.slack.http_events_url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
            yield
        finally:
            rig.slack.http_events_url = there
            await runner.cleanup()


# --- row 8 ----------------------------------------------------------------------------------------------------------

SHAPES = ("a mention and a message", "a mention again at another ts", "a direct message again at another ts")


@row(
    "8",
    "one gesture, told as mention and message, or at two timestamps with one client_msg_id",
    reach="0 twice, all answered, of 3 shapes x 50",
    cycles=15,
    quick=6,
)
async def one_gesture(rig: Rig, cycle: Cycle) -> Tally:
    """Ten gestures of one shape: what is seen of each in all places together must be one answer."""
    await _calm(rig)
    shape = cycle.number % len(SHAPES)
    asked: list[Asked] = []
    twins: list[Asked] = []
    for number in range(10):
        if shape < len(SHAPES) - 1:
            asked += await rig.ask(1, label=cycle.label)
        else:
            person = f"p{number:02d}"
            asked.append(await rig.slack.ask(f"{cycle.label}d{number}", person=person, channel=f"dm-{person}"))
        if shape:
            twins.append(_twin(rig, asked[-1]))
    await rig.slack.wait_until(
        lambda: all(one.ended_at or twin.ended_at for one, twin in zip(asked, twins or asked, strict=True)),
        timeout=90,
    )
    await rig.settled()
    for one, twin in zip(asked, twins, strict=False):
        _merge(one, twin)
    tally = await rig.verdict(asked)
    tally.count(SHAPES[shape].replace(" ", "_"), len(asked))
    return tally


def _twin(rig: Rig, asked: Asked) -> Asked:
    """The same gesture at another timestamp: a message that Slack tells of with the sender's own id of the first."""
    workspace = rig.slack.workspace
    message = workspace.room(asked.channel).messages[asked.ts]
    ts = workspace.timestamps.next()
    twin = replace(asked, ts=ts, posts=set())
    rig.slack.asked[asked.channel, ts] = twin
    workspace.post(replace(message, ts=ts))
    return twin


def _merge(one: Asked, twin: Asked) -> None:
    """Count what stands beside the twin as if it stood beside the first."""
    if not one.posts and twin.posts:
        one.ts, one.first_at, one.ended_at = twin.ts, twin.first_at, twin.ended_at
    one.posts |= twin.posts


# --- row 9 ----------------------------------------------------------------------------------------------------------


@row(
    "9",
    "edits and deletions out of order, twice, late, by two edges (hypothesis; the edges and the worker in one process)",
    reach="the final state equals that of the order in which they were made, of 500",
    cycles=5,
    quick=1,
    setup=Setup(model=False),
)
async def out_of_order(rig: Rig, cycle: Cycle) -> Tally:
    """A hundred stories over the rig's own server; the smallest that ends wrongly is told."""
    tally = Tally()
    home = rig.folder / cycle.label
    await rig.worker.stop()  # else it would take the jobs of these bots, which stand in the same server

    def told() -> None:
        shelf = Shelf(home / "shelf", home / "folders")
        memory = f"redis://127.0.0.1:{rig.valkey.port}/0"
        tell_stories(home, shelf, memory, examples=STORIES, also=seed(cycle.random.randrange(2**32)))

    try:
        await asyncio.to_thread(told)
    except AssertionError as error:
        tally.fault("disorder", " ".join(["".join(str(error).split("\n")[:1]), *getattr(error, "__notes__", [])]))
    finally:
        await rig.worker.start()
    tally.count("stories", STORIES)
    return tally


async def _calm(rig: Rig) -> None:
    rig.forget()
    await rig.heal()
