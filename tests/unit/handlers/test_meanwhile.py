"""What is said, and to whom, while an envelope waits on the disk."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

import pytest
import structlog

from bot.playground import Playground
from handlers.calls import Calls, open_client
from handlers.meanwhile import HAVE_QUESTION, LOST, Meanwhile
from tests.unit.handlers.stand_ins import envelope
from tests.waiting import wait_until


@dataclass
class Told:
    """A Slack, and who tells people there."""

    slack: Playground
    meanwhile: Meanwhile

    def mention(self, name: str = "app_mention") -> dict[str, Any]:
        """One of the payloads, by ana in #general."""
        slack, body = self.slack, envelope(name)
        return {**body, "event": {**body["event"], "user": slack.id_of("ana"), "channel": slack.id_of("general")}}

    def lines(self) -> list[str]:
        shown = self.slack.messages("general")
        return [message.visible_text for message in shown if message.ephemeral_to == "ana"]

    def tell(self, body: dict[str, Any], *, waits: bool = True) -> None:
        self.meanwhile.tell("event", body, waits=lambda: waits)


@pytest.fixture
async def told() -> AsyncGenerator[Told]:
    async with Playground() as slack, open_client(bot_token=slack.bot_token, api_url=slack.api_url) as client:
        meanwhile = Meanwhile(Calls(client), slack.bot_user_id, moment=0.0)
        yield Told(slack, meanwhile)
        await meanwhile.aclose()


async def test_whoever_mentions_us_reads_alone_that_it_waits(told: Told) -> None:
    """Once for each; nothing where the memory came back in the moment between, or where it may not be for us."""
    told.tell(told.mention(), waits=False)
    told.tell(told.mention("channel_message"))
    told.tell(told.mention())
    await wait_until(lambda: bool(told.lines()))
    assert told.lines() == [HAVE_QUESTION]
    assert [call.method for call in told.slack.calls] == ["chat.postEphemeral"]


async def test_a_line_that_cannot_be_said_is_only_logged(told: Told) -> None:
    """Slack's refusal stands in the log, in ids; nobody else hears of it."""
    told.slack.fail("chat.postEphemeral", "user_not_in_channel")
    with structlog.testing.capture_logs() as logs:
        told.tell(told.mention())
        await wait_until(lambda: bool(logs))
    assert [(log["event"], log["reason"]) for log in logs] == [
        ("wait_untold", "chat.postEphemeral: user_not_in_channel")
    ]
    assert "hours" not in str(logs)


async def test_whoever_asked_what_was_dropped_reads_that_it_is_lost(told: Told) -> None:
    """An envelope that could not be read though the memory was there: its person is not left waiting."""
    told.meanwhile.lost("event", told.mention())
    await wait_until(lambda: bool(told.lines()))
    assert told.lines() == [LOST]


async def test_nothing_is_said_after_the_end(told: Told) -> None:
    """What was about to be said is not."""
    slow = Meanwhile(told.meanwhile.call, told.slack.bot_user_id, moment=600.0)
    slow.tell("event", told.mention(), waits=lambda: True)
    await slow.aclose()
    assert told.slack.calls == []
