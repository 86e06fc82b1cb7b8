"""A session that is begun can be ended: its Stop button never stays because there was no room for the call."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from bot.errors import LeaseLost
from bot.holding import holding
from bot.models import ConversationKey
from bot.playground import Playground
from handlers.calls import Calls, open_client
from handlers.pace import Pace, Tier
from handlers.posting import Posting
from handlers.sessions import KEPT, METHOD, QUIET, Refusals, Session
from tests.nouns import a_question
from tests.timing import Time


@asynccontextmanager
async def limited(calls: int, seconds: float = 60.0) -> AsyncGenerator[tuple[Playground, Calls, Refusals, Time]]:
    """A Slack to which so many of these calls may go in so many seconds, by a time that jumps over every wait."""
    async with Playground() as slack, open_client(bot_token=slack.bot_token, api_url=slack.api_url) as client:
        time = Time(hurried=True)
        pace = Pace({METHOD: Tier(calls, seconds)}, clock=time, sleep=time.sleep)
        yield slack, Calls(client, pace=pace), Refusals(time), time


def a_posting(slack: Playground, calls: Calls, ts: str) -> Posting:
    """To the thread of the message that stands at `ts`."""
    key = ConversationKey(slack.team_id, slack.id_of("general"), ts)
    return Posting(calls, replace(a_question(message=ts), conversation=key))


async def test_a_session_of_a_try_that_lost_its_lease_is_ended_by_the_next() -> None:
    """However many tries lost theirs meanwhile: their calls never left, and take no room from this one."""
    async with limited(KEPT + 1) as (slack, calls, refusals, _):
        ts = await slack.say("ana", "general", "<@bot> how many hours?")
        posting = a_posting(slack, calls, ts)
        first = Session(posting, refusals, processing=False)
        await first.begin()
        for session in (first, *(Session(posting, refusals, processing=True) for _ in range(KEPT))):
            looks = iter((True, False))
            with holding(looks.__next__), pytest.raises(LeaseLost):
                await session.end()
        last = Session(posting, refusals, processing=True)
        await last.end()
        standing = slack.session("general", ts)
        assert standing is not None
        assert standing.status == "active"


async def test_a_session_that_a_try_here_left_is_worth_waiting_for() -> None:
    """Its end waits for room; one that nobody here began, and that needs none, does not."""
    async with limited(KEPT + 1, 10.0) as (slack, calls, refusals, _):
        ts, other = [await slack.say("ana", "general", "<@bot> how many hours?") for _ in range(2)]
        first = Session(a_posting(slack, calls, ts), refusals, processing=False)
        await first.begin()
        with holding(lambda: False), pytest.raises(LeaseLost):
            await first.end()
        for _ in range(KEPT):
            await calls.pace.turn(METHOD, patience=0.0)
        await Session(a_posting(slack, calls, other), refusals, processing=True).end()
        await Session(a_posting(slack, calls, ts), refusals, processing=True).end()
        standing = [slack.session("general", one) for one in (ts, other)]
        assert [one and one.status for one in standing] == ["active", None]
        assert not refusals.unended


async def test_what_a_try_that_vanished_began_is_worth_waiting_for() -> None:
    """Its process is gone, and nobody here knows of it; meanwhile no other session takes the room."""
    async with limited(KEPT + 2, 10.0) as (slack, calls, refusals, time):
        ts, other = [await slack.say("ana", "general", "<@bot> how many hours?") for _ in range(2)]
        await Session(a_posting(slack, calls, ts), Refusals(time), processing=False).begin()
        owed = Session(a_posting(slack, calls, ts), refusals, processing=False, owed=True)
        another = Session(a_posting(slack, calls, other), refusals, processing=False)
        await another.begin()
        for _ in range(KEPT + 1):
            await calls.pace.turn(METHOD, patience=0.0)
        await owed.end()
        standing = [slack.session("general", one) for one in (ts, other)]
        assert [one and one.status for one in standing] == ["active", None]
        assert (refusals.sessions, refusals.unended) == (0, {})
        time.now += QUIET
        await another.begin()
        assert another.processing


async def test_no_session_is_begun_that_could_not_be_ended() -> None:
    """Each that is open keeps room for its end, besides what is kept for others."""
    async with limited(KEPT + 4) as (slack, calls, refusals, _):
        sessions: list[Session] = []
        for _ in range(4):
            ts = await slack.say("ana", "general", "<@bot> how many hours?")
            sessions.append(Session(a_posting(slack, calls, ts), refusals, processing=False))
            await sessions[-1].begin()
        assert [session.processing for session in sessions] == [True, True, False, False]
        for session in sessions:
            await session.end()
        assert refusals.sessions == 0
        standing = [slack.session("general", session.posting.thread) for session in sessions]
        assert [one and one.status for one in standing] == ["active", "active", None, None]
