"""What a client is told about where Slack is, what stands in a log, and what reply addresses are told."""

import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from bot.errors import LeaseLost, Refused, SlackUnavailable
from bot.holding import holding
from bot.playground import Playground
from handlers.calls import Calls, open_client
from handlers.pace import Pace, Tier
from tests.timing import Time


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:8000/api/", "http://localhost:8000/api/", "http://[::1]:8000/api/"]
)
async def test_a_slack_on_this_machine_is_reached_without_a_proxy(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The SDK sends every call through a proxy that the environment names, even one to loopback."""
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.acme.example:3128")
    async with open_client(bot_token="xoxb-1", api_url=address) as client:
        assert client.proxy is None


async def test_the_real_slack_is_reached_through_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A company that lets nothing out directly still reaches Slack."""
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.acme.example:3128")
    async with open_client(bot_token="xoxb-1") as client:
        assert client.proxy == "http://proxy.acme.example:3128"
        assert client.base_url == "https://slack.com/api/"


async def test_the_sdk_never_says_what_people_wrote() -> None:
    """At DEBUG it prints bodies and signatures; its logger stays above that, whatever the rest of the process logs."""
    async with open_client(bot_token="xoxb-1") as client:
        assert client.logger.getEffectiveLevel() == logging.INFO


async def test_nothing_is_tried_again_behind_our_back() -> None:
    """The SDK's own retry would post twice when a connection breaks after the post."""
    async with open_client(bot_token="xoxb-1") as client:
        assert client.retry_handlers == []


@pytest.mark.parametrize("repeatable", [True, False])
async def test_whoever_lost_the_job_calls_nothing(*, repeatable: bool) -> None:
    """Not even to edit: another worker's answer may stand there by now."""
    async with Playground() as slack, open_client(bot_token=slack.bot_token, api_url=slack.api_url) as client:
        with holding(lambda: False), pytest.raises(LeaseLost):
            await Calls(client)("chat.update", repeatable=repeatable, channel="C07GENERAL1", ts="1.000100", text="No.")
        assert not slack.calls


@pytest.mark.parametrize("lost_on_its_way", [False, True])
async def test_whoever_lost_the_job_takes_no_room_from_others(*, lost_on_its_way: bool) -> None:
    """Tries that lost their leases have called nothing: what the next ones have to end finds room."""
    async with Playground() as slack, open_client(bot_token=slack.bot_token, api_url=slack.api_url) as client:
        calls = Calls(client, pace=Pace({"auth.test": Tier(2)}))
        for _ in range(3):
            looks = iter([lost_on_its_way, False])
            with holding(looks.__next__), pytest.raises(LeaseLost):
                await calls("auth.test", repeatable=True)
        await calls("auth.test", repeatable=True, patience=0.0)
        assert calls.room_for("auth.test")
        assert len(slack.calls) == 1


# --- reply addresses ------------------------------------------------------------------------------------------------


@asynccontextmanager
async def listening(*answers: tuple[int, dict[str, str]]) -> AsyncGenerator[tuple[str, list[object]]]:
    """A reply address that answers with these, the last for ever; and what was sent there."""
    sent: list[object] = []
    waiting = list(answers)

    async def answer(request: web.Request) -> web.Response:
        sent.append(await request.json())
        status, headers = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        return web.Response(status=status, headers=headers)

    application = web.Application()
    application.add_routes([web.post("/reply", answer), web.post("/elsewhere", answer)])
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/reply", sent
    finally:
        await runner.cleanup()


@asynccontextmanager
async def calling(time: Time) -> AsyncGenerator[Calls]:
    async with open_client(bot_token="xoxb-1") as client:
        yield Calls(client, pace=Pace({}, clock=time, sleep=time.sleep))


async def test_a_reply_address_is_told_what_to_show() -> None:
    """As JSON, once."""
    async with listening((200, {})) as (address, sent), calling(Time()) as call:
        await call.reply(address, response_type="ephemeral", text="hi")
        assert sent == [{"response_type": "ephemeral", "text": "hi"}]


async def test_a_reply_address_that_asks_to_wait_is_waited_for() -> None:
    """It took nothing yet; beyond our patience the caller is told."""
    time = Time(hurried=True)
    async with listening((429, {"Retry-After": "3"}), (200, {})) as (address, sent), calling(time) as call:
        await call.reply(address, text="hi")
        assert (len(sent), time.slept) == (2, [3])
    async with listening((429, {"Retry-After": "30"})) as (address, sent), calling(time) as call:
        with pytest.raises(SlackUnavailable) as caught:
            await call.reply(address, text="hi")
        assert (len(sent), caught.value.retry_after) == (1, 30)


@pytest.mark.parametrize(("header", "pause"), [("0", 1), ("1", 1), ("soon", 5), ("-1", 5), ("", 5)])
async def test_whoever_is_told_to_wait_waits(header: str, pause: float) -> None:
    """A second at least: no seconds, or none that can be read, are no leave to come again at once."""
    time = Time(hurried=True)
    async with listening((429, {"Retry-After": header}), (200, {})) as (address, sent), calling(time) as call:
        await call.reply(address, text="hi")
        assert (len(sent), time.slept) == (2, [pause])


@pytest.mark.parametrize(
    ("status", "error"), [(404, Refused), (410, Refused), (500, SlackUnavailable), (503, SlackUnavailable)]
)
async def test_a_reply_address_is_asked_once(status: int, error: type[Exception]) -> None:
    """Nobody knows what a broken one did; one that is used up stays so. What was sent is in no error."""
    async with listening((status, {})) as (address, sent), calling(Time()) as call:
        with pytest.raises(error) as caught:
            await call.reply(address, text="a secret")
        assert (len(sent), str(caught.value)) == (1, f"reply address: {status}")


async def test_a_reply_address_leads_nowhere_else() -> None:
    """Words for one person do not follow wherever they are sent."""
    async with listening((302, {"Location": "/elsewhere"})) as (address, sent), calling(Time()) as call:
        with pytest.raises(Refused):
            await call.reply(address, text="hi")
        assert len(sent) == 1
