"""Rows 4, 12 and 13: calls of Slack that are done and not confirmed, that come too often, and that are refused."""

from __future__ import annotations

import asyncio

from bot.adapters.redis.channels import RedisChannels
from bot.channels import ChannelSettings
from bot.composition import now
from bot.records import ENDED
from tests.kills.rig import PRODUCTION, Rig, Setup
from tests.kills.rows import Cycle, row
from tests.kills.slack_side import Asked
from tests.kills.tally import Tally

STATUS, START, APPEND, STOP = "assistant.threads.setStatus", "chat.startStream", "chat.appendStream", "chat.stopStream"
POST, UPDATE, ALONE = "chat.postMessage", "chat.update", "chat.postEphemeral"
CUT = (POST, START, UPDATE, STOP, ALONE)
"""No answer here is long enough to be appended to; tests/contracts/test_growing.py cuts that method."""
STREAMED = frozenset({START, STOP})


async def calm(rig: Rig, *, streams: bool) -> None:
    """Nothing fails; answers are streamed, or a placeholder becomes them.

    A worker remembers for ten minutes what Slack refused, and then begins no stream: for streams there is a fresh one.
    """
    rig.forget()
    await rig.heal()
    rig.cohere.slow(first_token=1.2 if streams else 0.02, between=0.05 if streams else 0.0)
    if streams:
        await rig.worker.replace()
    else:
        rig.slack.fail(STATUS, "not_allowed_token_type", times=1_000)


# --- row 4 ----------------------------------------------------------------------------------------------------------


@row(
    "4",
    "Slack takes a call and the connection is cut before it says so: five methods",
    reach="0 twice, all answered, of 200 cuts; a line to one person alone at most once",
    cycles=25,
    quick=1,
    tries=3,
)
async def taken_and_cut(rig: Rig, cycle: Cycle) -> Tally:
    """Some questions; the wire to Slack breaks when the answer to a call of one method begins, as many times."""
    method = CUT[cycle.number % len(CUT)]
    streams = method in STREAMED
    await calm(rig, streams=streams)
    if method == ALONE:
        return await _offered(rig, cycle)
    wire, count = rig.wires["worker-slack"], 6 if streams else 10
    wire.cut(b"/api/%s " % method.encode(), times=count)
    asked = await rig.ask(count, label=cycle.label)
    await rig.answered(asked)
    tally = await rig.verdict(asked)
    tally.count("cuts", count - wire.cuts)
    tally.count(f"at {method}", count - wire.cuts)
    tally.count("missed", wire.cuts == count)
    return tally


async def _offered(rig: Rig, cycle: Cycle) -> Tally:
    """Follow-ups in channels that want an offer first: the offer is a line to the writer alone."""
    roots = await rig.ask(10, label=cycle.label)
    await rig.answered(roots)
    for one in roots:
        await _set(rig, one.channel, ChannelSettings(mode="offer"))
    await asyncio.sleep(11)  # settings of channels are believed for ten seconds
    wire = rig.wires["worker-slack"]
    wire.cut(b"/api/%s " % ALONE.encode(), times=10)
    for one in roots:
        await rig.slack.say(one.person, one.channel, one.fact.question, thread_ts=one.ts)
    await asyncio.sleep(1)
    await rig.settled()
    tally = await rig.verdict(roots)
    tally.count("cuts", 10 - wire.cuts)
    tally.count(f"at {ALONE}", 10 - wire.cuts)
    for one in roots:
        lines = len(rig.slack.alone(one))
        tally.count("lines_alone", lines)
        if lines > 1:
            tally.fault("twice", f"{one.canary}: {lines} offers to one person")
        await _set(rig, one.channel, ChannelSettings())
    await asyncio.sleep(11)
    return tally


async def _set(rig: Rig, channel: str, settings: ChannelSettings) -> None:
    await RedisChannels(rig.link).write(rig.slack.team_id, channel, settings, person="U0", at=now())


# --- row 12 ---------------------------------------------------------------------------------------------------------

ON_ITS_WAY = 0.3
"""Seconds in which a call may arrive that was sent before another's refusal was heard."""
WAITS = (1, 2, 3, 5, 8, 12, 17, 20, 25, 30)


@row(
    "12",
    "429 with Retry-After 1 to 30 s, for five methods",
    reach="never a call before Retry-After is over; all answered in full",
    cycles=len(WAITS) * 2,
    quick=0,
    setup=Setup(silent=PRODUCTION.silent),
    tries=3,
)
async def too_often(rig: Rig, cycle: Cycle) -> Tally:
    """Ten questions in ten channels; some calls of each method are told to come later."""
    seconds, streams = WAITS[cycle.number // 2], bool(cycle.number % 2)
    await calm(rig, streams=streams)
    methods = (START, APPEND, STOP) if streams else (POST, UPDATE)
    for method in methods:
        rig.slack.fail(method, "ratelimited", times=cycle.random.randint(1, 3), retry_after=seconds)
    asked = await rig.ask(10, label=cycle.label)
    await rig.answered(asked, within=90 + 3 * seconds)
    tally = await rig.verdict(asked)
    refused = sum(call.status == 429 for call in rig.slack.calls)
    tally.count("refused_429", refused)
    tally.count("missed", not refused)
    refusals = [call for call in rig.slack.calls if call.retry_after is not None]
    for call in rig.slack.too_early():
        last = max(one.at for one in refusals if one.method == call.method and one.at <= call.at)
        if call.at - last < ON_ITS_WAY:
            tally.count("on_their_way_when_refused")
        else:
            tally.fault("too_early", f"{call.method}, {call.at - last:.1f} s after a Retry-After of {seconds} s")
    return tally


# --- row 13 ---------------------------------------------------------------------------------------------------------

ERRORS = (
    "channel_not_found", "is_archived", "token_revoked", "msg_too_long", "not_in_channel", "restricted_action",
    "thread_not_found", "invalid_blocks", "account_inactive", "internal_error", "missing_scope", "fatal_error",
)  # fmt: skip
MOST_CALLS = 55
"""Of one method, for one question whose every call of it is refused: five tries and twenty farewells, two each."""
ENDED_WITHIN = 150.0
"""Seconds in which those come to their end."""


@row(
    "13",
    "ok: false for good, 12 errors on five methods (every error Slack documents: tests/scenarios/test_slack_errors.py)",
    reach="each question comes to an end of its own, without endless tries",
    cycles=len(ERRORS) * 2,
    quick=1,
)
async def refused(rig: Rig, cycle: Cycle) -> Tally:
    """Five questions for each method, of which every call is refused while they are asked; then all is well again."""
    error, streams = ERRORS[cycle.number // 2], bool(cycle.number % 2)
    tally = Tally()
    for method in (START, APPEND, STOP) if streams else (POST, UPDATE):
        await calm(rig, streams=streams)
        rig.slack.fail(method, error, times=100_000)
        asked = await rig.ask(5, label=f"{cycle.label}{method[5:8]}")
        await asyncio.sleep(0.5)
        if not await rig.settled(within=ENDED_WITHIN):
            tally.fault("endless", f"{method} refused with {error}: the queue is not empty after {ENDED_WITHIN:g} s")
        tally.add(await _ends(rig, asked, method=method, error=error))
    return tally


async def _ends(rig: Rig, asked: list[Asked], *, method: str, error: str) -> Tally:
    tally = Tally()
    records = {record.question.message: record for record in await rig.records(limit=200)}
    calls = sum(call.method == method for call in rig.slack.calls)
    tally.count("calls_refused", calls)
    if calls > MOST_CALLS * len(asked):
        tally.fault("endless", f"{method} refused with {error}: {calls} calls for {len(asked)} questions")
    for one in asked:
        record, posts = records.get(one.ts), len(one.posts)
        tally.count("asked")
        tally.count("visible_end" if one.ended_at else "no_visible_end")
        if record is None or (record.state not in ENDED and record.failure is None):
            tally.count("unended_record")
        if posts > 1:
            tally.fault("twice", f"{one.canary}: {posts} messages while {method} was refused with {error}")
    return tally
