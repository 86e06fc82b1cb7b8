"""A session that is begun can be ended: its Stop button never stays because there was no room for the call."""

from __future__ import annotations

from dataclasses import replace

from bot.models import ConversationKey
from bot.playground import Playground
from handlers.calls import Calls, open_client
from handlers.pace import Pace, Tier
from handlers.posting import Posting
from handlers.sessions import KEPT, METHOD, Refusals, Session
from tests.nouns import a_question


async def test_no_session_is_begun_that_could_not_be_ended() -> None:
    """Each that is open keeps room for its end, besides what is kept for others."""
    async with Playground() as slack, open_client(bot_token=slack.bot_token, api_url=slack.api_url) as client:
        pace = Pace({METHOD: Tier(KEPT + 4)})
        calls, refusals = Calls(client, pace=pace), Refusals(pace.clock)
        sessions: list[Session] = []
        for _ in range(4):
            ts = await slack.say("ana", "general", "<@bot> how many hours?")
            key = ConversationKey(slack.team_id, slack.id_of("general"), ts)
            question = replace(a_question(message=ts), conversation=key)
            sessions.append(Session(Posting(calls, question), refusals, processing=False))
            await sessions[-1].begin()
        assert [session.processing for session in sessions] == [True, True, False, False]
        for session in sessions:
            await session.end()
        assert refusals.sessions == 0
        standing = [slack.session("general", session.posting.thread) for session in sessions]
        assert [one and one.status for one in standing] == ["active", "active", None, None]
