"""Rows 4, 12 and 13: calls of Slack that are done and not confirmed, that come too often, and that are refused."""

from __future__ import annotations

import asyncio

from bot.adapters.redis.channels import RedisChannels
from bot.adapters.redis.dead_letters import RedisDeadLetters
from bot.answering.respond import code
from bot.channels import ChannelSettings
from bot.composition import now
from bot.jobs import AnswerQuestion
from bot.together import beside
from tests.kills.rig import PRODUCTION, Rig, Setup
from tests.kills.rows import Cycle, row
from tests.kills.slack_side import Asked, is_answer, is_finished
from tests.kills.standstill import Standstill
from tests.kills.tally import Tally

STATUS, START, STOP = "assistant.threads.setStatus", "chat.startStream", "chat.stopStream"
POST, UPDATE, ALONE = "chat.postMessage", "chat.update", "chat.postEphemeral"
CUT = (POST, START, UPDATE, STOP, ALONE)
"""No answer here is long enough to be appended to: chat.appendStream is cut in tests/contracts/test_growing.py, and
refused there and in tests/scenarios/test_slack_errors.py."""
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
    if wire.cuts == count:
        tally.count("missed")
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
"""Seconds in which a call may arrive that was sent before another's refusal was heard; the stand-in for Slack notes it
later by as long as the driver stood still between the two."""
WAITS = (1, 2, 3, 5, 8, 12, 17, 20, 25, 30)


@row(
    "12",
    "429 with Retry-After 1 to 30 s, for four methods",
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
    methods = (START, STOP) if streams else (POST, UPDATE)
    for method in methods:
        rig.slack.fail(method, "ratelimited", times=cycle.random.randint(1, 3), retry_after=seconds)
    stood = Standstill(rig.slack.workspace.clock)
    async with beside(stood.watch()):
        asked = await rig.ask(10, label=cycle.label)
        await rig.answered(asked, within=90 + 3 * seconds)
    tally = await rig.verdict(asked)
    refused = sum(call.status == 429 for call in rig.slack.calls)
    tally.count("refused_429", refused)
    if not refused:
        tally.count("missed")
    refusals = [call for call in rig.slack.calls if call.retry_after is not None]
    for call in rig.slack.too_early():
        last = max(one.at for one in refusals if one.method == call.method and one.at <= call.at)
        late = call.at - last - stood.between(last, call.at)
        tally.sample("on_its_way", late)
        if late < ON_ITS_WAY:
            tally.count("on_their_way_when_refused")
        else:
            tally.fault("too_early", f"{call.method}, {late:.2f} s after a Retry-After of {seconds} s")
    return tally


# --- row 13 ---------------------------------------------------------------------------------------------------------

ERRORS = (
    "channel_not_found", "is_archived", "token_revoked", "msg_too_long", "not_in_channel", "restricted_action",
    "thread_not_found", "invalid_blocks", "account_inactive", "internal_error", "missing_scope", "fatal_error",
)  # fmt: skip
PASSING = frozenset({"internal_error", "fatal_error"})
"""Errors after which another try may do."""
MOST_CALLS = 20
"""Of one method, for one question whose every call of it is refused: five tries and two farewells, two each, and room
for one that is swept up."""
UNTOLD, NONE = "a dead letter", "no end"
ENDED_WITHIN = 120.0
"""Seconds in which those come to their end, and somebody has been told: more would be silence."""


@row(
    "13",
    "ok: false for good, 12 errors on four methods (every error Slack documents: tests/scenarios/test_slack_errors.py)",
    reach="each ends within 120 s as defined: answered, or its person told in the thread, alone or directly; "
    "where Slack refuses every post, a dead letter",
    cycles=len(ERRORS) * 2,
    quick=1,
)
async def refused(rig: Rig, cycle: Cycle) -> Tally:
    """Five questions for each method, of which every call is refused until they have come to their end."""
    error, streams = ERRORS[cycle.number // 2], bool(cycle.number % 2)
    tally = Tally()
    for method in (START, STOP) if streams else (POST, UPDATE):
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
    calls = sum(call.method == method for call in rig.slack.calls)
    tally.count("calls_refused", calls)
    if calls > MOST_CALLS * len(asked):
        tally.fault("endless", f"{method} refused with {error}: {calls} calls for {len(asked)} questions")
    letters = await _buried(rig)
    for one in asked:
        tally.count("asked")
        end = _end(rig, one, dead=one.ts in letters)
        tally.count(end)
        if end == NONE or (end == UNTOLD and (method != POST or error in PASSING)):
            tally.fault("silent", f"{one.canary}: {end} while {method} was refused with {error}")
        if len(one.posts) > 1:
            tally.fault("twice", f"{one.canary}: {len(one.posts)} messages while {method} was refused with {error}")
        if not all(is_finished(message) for message in rig.slack.answers(one)):
            tally.fault("stuck", f"{one.canary}: what stands was left while {method} was refused with {error}")
    return tally


def _end(rig: Rig, one: Asked, *, dead: bool) -> str:
    """How a question ended, in words."""
    logged = code(f"{rig.slack.team_id}/{one.channel}/{one.ts}")
    if rig.slack.ended(one):
        return "answered" if any(is_answer(message) for message in rig.slack.answers(one)) else "told in the thread"
    if any(logged in line.visible_text for line in rig.slack.workspace.room(one.channel).ephemeral.values()):
        return "told alone"
    direct = rig.slack.workspace.direct_message(rig.slack.id_of(one.person))
    if direct is not None and any(logged in message.visible_text for message in direct.messages.values()):
        return "told directly"
    return UNTOLD if dead else NONE


async def _buried(rig: Rig) -> set[str]:
    """The questions of dead letters, by their timestamps."""
    jobs = [letter.job for letter in await RedisDeadLetters(rig.link).list(limit=500)]
    return {job.question.message for job in jobs if isinstance(job, AnswerQuestion)}
