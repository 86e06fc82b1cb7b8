"""An open playground, the real Slack client against it, and a clock that stands still."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground import Channel, Playground
from bot.playground.cast import CHANNELS

MORE_CHANNELS = (
    *CHANNELS,
    Channel("random", "C07RANDOM01", ("ana", "ben")),
    Channel("secret", "C07SECRET01", ("ana",), kind="private"),
    Channel("old", "C07OLDOLD01", ("ana", "bot"), archived=True),
)


@dataclass
class Seconds:
    """A clock in seconds that stands still until it is told to move."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


Caller = Callable[..., Awaitable[dict[str, Any]]]
Client: TypeAlias = Any
"""Slack's own client, whose methods are only partly typed."""


def client_of(slack: Playground, **options: Any) -> Client:
    """Slack's own client as the bot uses it."""
    return AsyncWebClient(token=slack.bot_token, base_url=slack.api_url, **options)


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
async def slack(seconds: Seconds, request: pytest.FixtureRequest) -> AsyncIterator[Playground]:
    """Patient with a bot that the test has, quick to give up where there is none."""
    ack_within = 3.0 if "bot" in request.fixturenames else 0.05
    async with Playground(clock=seconds, channels=MORE_CHANNELS, ack_within=ack_within, retry_delays=()) as slack:
        yield slack


@pytest.fixture
def client(slack: Playground) -> Client:
    return client_of(slack)


@pytest.fixture
async def browser(slack: Playground) -> AsyncIterator[aiohttp.ClientSession]:
    """A session that has opened the page, as a browser has."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        async with session.get(slack.page_url) as page:
            assert page.status == 200
        yield session


@pytest.fixture
async def call(slack: Playground) -> AsyncIterator[Caller]:
    """Call a method with a JSON body, as the bot or with another token, and read the answer whatever it is."""
    async with aiohttp.ClientSession() as session:

        async def called(method: str, token: str | None = None, **arguments: Any) -> dict[str, Any]:
            headers = {"Authorization": f"Bearer {slack.bot_token if token is None else token}"}
            headers["Content-Type"] = "application/json; charset=utf-8"
            body = json.dumps(arguments)
            async with session.post(slack.api_url + method, data=body, headers=headers) as response:
                return await response.json()

        yield called


@pytest.fixture
async def look(slack: Playground) -> AsyncIterator[Caller]:
    """Call a method with a query string, as the client calls those that read."""
    async with aiohttp.ClientSession() as session:

        async def called(method: str, **arguments: str) -> dict[str, Any]:
            headers = {"Authorization": f"Bearer {slack.bot_token}"}
            async with session.get(slack.api_url + method, params=arguments, headers=headers) as response:
                return await response.json()

        yield called


def section(text: str = "hello") -> dict[str, Any]:
    """A section block."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def button(action_id: str = "go", **more: Any) -> dict[str, Any]:
    """A button."""
    return {"type": "button", "action_id": action_id, "text": {"type": "plain_text", "text": "Go"}, **more}
