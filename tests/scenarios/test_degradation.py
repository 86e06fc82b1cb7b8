"""Slack or the model says no, or nothing at all: every question still ends in one visible message."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field

import pytest

from bot.errors import Unavailable
from bot.models import Hit, Query, Statement
from tests.scenarios.company import LEAVE, LUNCH, UNKNOWN, Dictated
from tests.scenarios.whole import PATIENCE, Whole

FIRST, LAST = "Here is what the handbook says.", "That is all that it says."


@dataclass
class Failing(Dictated):
    """A generator that fails before it says anything, as often as there are `failures`."""

    failures: list[Exception] = field(default_factory=list[Exception])

    async def generate(self, query: Query, passages: Sequence[Hit]) -> AsyncGenerator[Statement]:
        """Fail, or say what was dictated."""
        if self.failures:
            raise self.failures.pop(0)
        async for statement in super().generate(query, passages):
            yield statement


class TestLostReplies:
    """Slack took a call, and the connection broke before it could say so: nothing is said twice."""

    async def test_of_what_everybody_sees(self, company: Whole) -> None:
        """A stream's start, its end, an edit and a post: each question has one message in the end, and it is whole."""
        slack, generator = company.slack, Dictated([FIRST], [LAST])
        async with company.running(generator=generator) as footnote:
            slack.cut("chat.startStream")
            begun = await slack.say("ana", "general", f"@Footnote {LEAVE}")
            await slack.wait_until(lambda: company.by_bot("general", begun), timeout=PATIENCE)
            ended = await slack.say("ana", "it-help", f"@Footnote {LEAVE}")
            await slack.wait_until(lambda: company.by_bot("it-help", ended), timeout=PATIENCE)
            slack.cut("chat.stopStream")
            slack.cut("chat.update")
            slack.cut("chat.postMessage")
            posted = await slack.say("ben", "dm-ben", LEAVE)
            generator.released.set()
            for channel, root in (("general", begun), ("it-help", ended), ("dm-ben", posted)):
                await slack.wait_until(
                    lambda: any(LAST in one.visible_text for one in company.by_bot(channel, root)),  # noqa: B023
                    timeout=PATIENCE,
                )
            await company.settled(footnote)
        for channel, root in (("general", begun), ("it-help", ended), ("dm-ben", posted)):
            [answer] = company.by_bot(channel, root)
            assert answer.visible_text.count(FIRST) == 1
            assert answer.visible_text.count(LAST) == 1
            assert "why" in answer.buttons
            assert not answer.is_streaming

    async def test_of_what_one_person_sees(self, company: Whole) -> None:
        """A private line is never sent again, and can be shared; what was shared already is found."""
        slack = company.slack
        async with company.running() as footnote:
            slack.cut("response_url")
            await slack.command("ana", "general", "/ask", LEAVE)
            await company.settled(footnote)
            alone = [line for line in company.private("ana", "general") if "240 hours" in line.visible_text]
            assert len(alone) == 1
            slack.cut("chat.postMessage")
            await slack.click("ana", "general", alone[0].ts, "share")
            await company.settled(footnote)
            shared = [one for one in slack.messages("general") if one.ephemeral_to is None]
        assert len(shared) == 1
        assert "Asked by" in shared[0].visible_text


async def test_what_slack_refuses_is_done_another_way(company: Whole) -> None:
    """Blocks that it does not take are sent as words, a call too many waits, and no other question suffers."""
    slack = company.slack
    async with company.running() as footnote:
        slack.fail("chat.postMessage", "invalid_blocks")
        words = await company.asked("ana", "general", f"@Footnote {LEAVE}")
        slack.fail("chat.postMessage", retry_after=1)
        waited = await company.asked("ana", "general", f"@Footnote {LUNCH}")
        slack.fail("chat.postMessage", "is_archived", times=2)
        lost = await slack.say("ana", "general", f"@Footnote {LEAVE}")
        await company.settled(footnote)
        after = await company.asked("ana", "general", f"@Footnote {LUNCH}")
    assert "240 hours" in words.visible_text
    assert "Leave › Annual leave" in words.visible_text
    assert "noon" in waited.visible_text
    assert "noon" in after.visible_text
    assert slack.too_early() == []
    assert company.by_bot("general", lost) == []


async def test_a_modal_that_does_not_open_is_apologised_for(company: Whole) -> None:
    """The clicker alone is told to press again; then it opens."""
    slack = company.slack
    async with company.running():
        answer = await company.asked("ana", "general", f"@Footnote {LEAVE}")
        slack.fail("views.open", "expired_trigger_id")
        await slack.click("ben", "general", answer.ts, "why")
        await company.told("ben", "general", "Slack didn't open that in time", root=answer.root_ts)
        await slack.click("ben", "general", answer.ts, "why")
        await slack.wait_until(lambda: "Understood as" in company.modal("ben"))


@pytest.mark.parametrize("method", ["conversations.members", "conversations.info", "usergroups.list"])
async def test_an_audience_that_is_unknown_hears_nothing(company: Whole, method: str) -> None:
    """What Slack will not tell of a channel counts against it: nothing restricted is shown, and it is said plainly."""
    slack = company.slack
    async with company.running():
        slack.fail(method, "missing_scope", times=3)
        answer = await company.asked("ana", "people-ops", "@Footnote how much does band four earn?")
    assert "don't say" in answer.visible_text
    assert "Quillfeather" not in answer.visible_text


async def test_a_model_that_is_down_is_asked_again(company: Whole) -> None:
    """The person is told that another try follows, and the same message becomes the answer."""
    generator = Failing([FIRST], failures=[Unavailable("down")])
    generator.released.set()
    async with company.running(generator=generator):
        ts = await company.slack.say("ana", "general", f"@Footnote {LEAVE}")
        said = await company.answered("general", ts)
        await company.slack.wait_until(lambda: FIRST in company.by_bot("general", ts)[0].visible_text, timeout=PATIENCE)
    [answer] = company.by_bot("general", ts)
    assert "try again" in said.visible_text
    assert answer.ts == said.ts


async def test_a_failure_of_ours_ends_in_a_line_with_a_way_on(company: Whole) -> None:
    """One sentence with a short name for admins, nothing of the error; *Try again* brings the answer in its place."""
    generator = Failing([FIRST], failures=[RuntimeError("a secret of ours")])
    generator.released.set()
    async with company.running(generator=generator) as footnote:
        line = await company.asked("ana", "general", f"@Footnote {LEAVE}")
        await company.slack.command("ben", "general", "/ask", UNKNOWN)
        await company.slack.click("ben", "general", line.ts, "again")
        await company.slack.wait_until(
            lambda: FIRST in company.by_bot("general", line.root_ts)[0].visible_text, timeout=PATIENCE
        )
        await company.settled(footnote)
    assert "It's logged as Q-" in line.visible_text
    assert "Try again" in line.visible_text
    assert "secret" not in line.visible_text
    assert [one.ts for one in company.by_bot("general", line.root_ts)] == [line.ts]
