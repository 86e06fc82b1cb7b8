"""What a client is told about where Slack is, and what stands in a log."""

import logging

import pytest

from handlers.calls import open_client


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
