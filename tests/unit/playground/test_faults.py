"""Faults on order, and rate limits."""

from __future__ import annotations

from typing import Any, cast

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError

from bot.playground import Playground
from tests.unit.playground.conftest import Client, Seconds, client_of

GENERAL = "C07GENERAL1"


async def post(client: Client, text: str = "hi") -> None:
    """Post a message."""
    await client.chat_postMessage(channel=GENERAL, text=text)


async def test_a_rate_limit_says_how_long(slack: Playground, client: Client) -> None:
    """It is a 429 with `Retry-After`, as often as ordered, and nothing is posted meanwhile."""
    slack.fail("chat.postMessage", times=2, retry_after=7)
    for _ in range(2):
        with pytest.raises(SlackApiError, match="ratelimited") as refused:
            await post(client)
        response = cast("Any", refused.value).response
        assert (response.status_code, response.headers["Retry-After"]) == (429, "7")
    await post(client)
    assert len(slack.messages("general")) == 1


async def test_any_code_can_be_ordered(slack: Playground, client: Client) -> None:
    """For one method, and only that one."""
    slack.fail("chat.update", "msg_too_long")
    await post(client)
    with pytest.raises(SlackApiError, match="msg_too_long"):
        await client.chat_update(channel=GENERAL, ts=slack.messages("general")[0].ts, text="no")


async def test_a_broken_server_is_a_500(slack: Playground, client: Client) -> None:
    """The status is not 200."""
    slack.fail("auth.test", "internal_error", status=503)
    with pytest.raises(SlackApiError) as broken:
        await client.auth_test()
    assert cast("Any", broken.value).response.status_code == 503


@pytest.mark.parametrize("accept", [True, False])
async def test_a_cut_connection_leaves_the_caller_in_doubt(slack: Playground, accept: bool) -> None:  # noqa: FBT001  # the two sides of the doubt
    """The message may stand or not; the caller cannot tell, the test can."""
    client = client_of(slack, retry_handlers=[])
    slack.cut("chat.postMessage", accept=accept)
    with pytest.raises(aiohttp.ClientError):
        await post(client)
    assert len(slack.messages("general")) == (1 if accept else 0)
    assert (slack.calls[-1].answer, slack.calls[-1].ok) == (None, False)


async def test_a_silent_server_lets_the_caller_time_out(slack: Playground) -> None:
    """The call is carried out and never answered."""
    client = client_of(slack, timeout=1, retry_handlers=[])
    slack.hang("chat.postMessage")
    with pytest.raises(TimeoutError):
        await post(client)
    assert len(slack.messages("general")) == 1


async def test_tiers_are_kept(seconds: Seconds) -> None:
    """The twenty-first call of a tier 2 method within a minute is refused, the first of the next minute is not."""
    async with Playground(clock=seconds, rate_limits=True) as slack:
        client = client_of(slack)
        for _ in range(20):
            await client.usergroups_list()
        seconds.now += 13
        with pytest.raises(SlackApiError, match="ratelimited") as refused:
            await client.usergroups_list()
        assert cast("Any", refused.value).response.headers["Retry-After"] == "47"
        await client.users_info(user="U07ANARBRO1")
        seconds.now += 47
        await client.usergroups_list()


async def test_messages_are_limited_per_channel(seconds: Seconds) -> None:
    """About one a second, with short bursts; another channel is another matter."""
    async with Playground(clock=seconds, rate_limits=True) as slack:
        client = client_of(slack)
        for _ in range(5):
            await post(client)
        with pytest.raises(SlackApiError, match="ratelimited"):
            await post(client)
        await client.chat_postMessage(channel="C07PROJECTX", text="hi")
        seconds.now += 5
        await post(client)


@pytest.mark.parametrize(("method", "limit"), [("agents.sessions.setStatus", 50), ("views.push", 100)])
async def test_new_methods_have_tiers(seconds: Seconds, method: str, limit: int) -> None:
    """Refused calls count as well."""
    async with Playground(clock=seconds, rate_limits=True) as slack, aiohttp.ClientSession() as session:
        headers = {"Authorization": f"Bearer {slack.bot_token}"}
        for _ in range(limit + 1):
            async with session.post(slack.api_url + method, headers=headers):
                pass
    assert [call.status for call in slack.calls] == [200] * limit + [429]


async def test_whoever_does_not_wait_is_seen(slack: Playground, client: Client, seconds: Seconds) -> None:
    """Each call is kept with its time; one before `Retry-After` is over, in that channel, came too early."""
    slack.fail("chat.postMessage", times=2, retry_after=7)
    for wait in (0.0, 6.9):
        seconds.now += wait
        with pytest.raises(SlackApiError, match="ratelimited"):
            await post(client)
    await client.chat_postMessage(channel="C07PROJECTX", text="elsewhere")
    seconds.now += 7
    await post(client)
    assert [call.at for call in slack.too_early()] == [seconds.now - 7]
    assert [call.retry_after for call in slack.calls] == [7, 7, None, None]


async def test_slack_says_what_time_it_is(slack: Playground, seconds: Seconds) -> None:
    """By its own clock, whatever ours says."""
    seconds.now = 1_800_000_000.0
    async with aiohttp.ClientSession() as session, session.post(slack.api_url + "api.test") as response:
        assert response.headers["Date"] == "Fri, 15 Jan 2027 08:00:00 GMT"


async def test_without_the_option_there_are_no_limits(slack: Playground, client: Client) -> None:
    """A demo is not held up."""
    for number in range(8):
        await post(client, f"{number}")
    assert len(slack.messages("general")) == 8


async def test_waiting_says_what_happened_last(slack: Playground, client: Client) -> None:
    """A wait that fails shows the last calls."""
    await post(client)
    with pytest.raises(TimeoutError, match=r"chat\.postMessage"):
        await slack.wait_until(lambda: False, timeout=0.01)


async def test_a_page_instead_of_an_answer_is_nobodys_word(slack: Playground, client: Client) -> None:
    """A proxy that cannot reach Slack says so in HTML; nothing was carried out, and nothing of it has a code."""
    slack.misdirect("chat.postMessage", status=502)
    with pytest.raises(SlackApiError) as misdirected:
        await post(client)
    response = cast("Any", misdirected.value).response
    assert (response.status_code, response.data or None) == (502, None)
    assert slack.messages("general") == []
