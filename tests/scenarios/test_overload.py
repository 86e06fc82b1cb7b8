"""Slow answers hold up no click, no deletion and nobody else; who has to wait for long is told so, alone."""

from __future__ import annotations

import asyncio

import pytest

from bot.composition import Bot, now
from bot.settings.tree import Work
from bot.worker import Greeter
from bot.worker.greeter import busy
from handlers.buttons import Seal
from handlers.notices import SlackNotices
from tests.scenarios.company import LEAVE, LUNCH, PIN, VPN, Dictated
from tests.scenarios.whole import PATIENCE, Whole
from tests.waiting import wait_until


async def test_with_answers_hanging_the_rest_goes_on(company: Whole) -> None:
    """Home is shown, questions that wait are taken back, and another person's question is begun."""
    slack, generator = company.slack, Dictated(["At last."], ["It is done."])
    company.settings = company.settings.model_copy(update={"work": Work(answers=2)})
    async with company.running(generator=generator) as footnote:
        first = await slack.say("ana", "it-help", f"@Footnote {LEAVE}")
        await wait_until(lambda: generator.begun == 1)
        flood = [await slack.say("ana", "it-help", f"@Footnote {text}") for text in (LUNCH, VPN, PIN)]
        slack.open_home("ana")
        await slack.wait_until(lambda: company.home_tab("ana"), timeout=PATIENCE)
        for ts in flood:
            await slack.delete("ana", "it-help", ts)
        other = await slack.say("ben", "it-help", f"@Footnote {LEAVE}")
        await wait_until(lambda: generator.begun == 2)
        slack.open_home("ben")
        await slack.wait_until(lambda: company.home_tab("ben"), timeout=PATIENCE)
        generator.released.set()
        await company.settled(footnote)
    assert [len(company.by_bot("it-help", root)) for root in (first, other)] == [1, 1]
    assert [company.by_bot("it-help", root) for root in flood] == [[], [], []]
    assert generator.begun == 2


async def test_who_waits_behind_others_is_told_once_where_they_asked(company: Whole) -> None:
    """A line for the asker alone, in their thread and for a command, says how many are ahead; then comes the answer.

    Whoever goes on in a thread whose question waits comes behind all that wait now.
    """
    slack = company.slack
    async with company.running(work=False) as footnote:
        notices = SlackNotices(
            footnote.calls, bot_id=footnote.identity.bot_id, seal=Seal.of(footnote.client.token or ""), now=now
        )
        greeter = Greeter(jobs=footnote.memory.jobs, notices=notices, room=lambda _: True, ahead=1)
        root = await slack.say("ana", "it-help", f"@Footnote {LUNCH}")
        await until_queued(footnote, 1)
        await slack.say("ana", "it-help", f"@Footnote {LEAVE}")
        await until_queued(footnote, 2)
        await slack.say("ben", "it-help", f"@Footnote {VPN}", thread_ts=root)
        await until_queued(footnote, 3)
        await slack.command("ben", "general", "/ask", VPN)
        await until_queued(footnote, 4)
        for _ in range(3):
            await greeter.look()
    async with company.running() as footnote:
        await company.settled(footnote)
    assert [line.visible_text for line in company.private("ben", "it-help", root)] == [busy(3)]
    lines = [line.visible_text for line in company.private("ben", "general")]
    assert lines.count(busy(2)) == 1
    assert "portal" in lines[-1]


async def test_who_waits_while_there_is_no_worker_at_all_is_told_by_the_edge(company: Whole) -> None:
    """Nobody is there to answer; when somebody is again, the answer comes."""
    settings, slack = company.settings, company.slack
    company.settings = settings.model_copy(update={"work": Work(forgotten=4)})
    async with company.running(work=False):
        root = await slack.say("ana", "it-help", f"@Footnote {LUNCH}")
        await company.told("ana", "it-help", busy(0))
    async with company.running() as footnote:
        await company.settled(footnote)
    assert len(company.by_bot("it-help", root)) == 1


async def until_queued(footnote: Bot, count: int) -> None:
    """Return when so many jobs stand in line."""
    for _ in range(2_000):
        if await footnote.memory.jobs.depth() >= count:
            return
        await asyncio.sleep(0.01)
    pytest.fail(f"there are fewer than {count}")
