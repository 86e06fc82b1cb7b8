"""The edge alone, reached over the wire: a Slack on loopback in front, ports in memory behind."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp

from bot.app import build_app, run_http, run_socket_mode
from bot.playground import Playground
from handlers.calls import open_client
from handlers.tokens import check_tokens
from tests.unit.handlers.stand_ins import Jobs, Stores, Talks, now

AT_ONCE = (0.0, 0.0, 0.0)
"""Delays before Slack's three further attempts, without the waiting."""


@dataclass
class Edge:
    """What a test holds on to."""

    slack: Playground
    stores: Stores = field(default_factory=Stores)
    url: str = ""

    @property
    def jobs(self) -> Jobs:
        return self.stores.jobs

    @property
    def talks(self) -> Talks:
        return self.stores.talks

    @property
    def asked(self) -> list[str]:
        return [question.text for question in self.jobs.questions]

    async def settled(self) -> None:
        """Return once every event so far was acknowledged or given up."""
        await self.slack.wait_until(lambda: all(one.acknowledged or one.given_up for one in self.slack.deliveries))


@asynccontextmanager
async def socket_edge(*, retry_delays: Sequence[float] = AT_ONCE, ack_within: float = 1.0) -> AsyncGenerator[Edge]:
    async with (
        Playground(retry_delays=retry_delays, ack_within=ack_within) as slack,
        open_client(bot_token=slack.bot_token, api_url=slack.api_url) as client,
    ):
        edge = Edge(slack)
        identity = await check_tokens(client, transport="socket", app_token=slack.app_token)
        app = build_app(client=client, identity=identity, ports=edge.stores.ports, now=now)
        async with run_socket_mode(app, app_token=slack.app_token):
            yield edge


@asynccontextmanager
async def http_edge(*, retry_delays: Sequence[float] = AT_ONCE) -> AsyncGenerator[Edge]:
    async with (
        Playground(retry_delays=retry_delays) as slack,
        open_client(bot_token=slack.bot_token, api_url=slack.api_url) as client,
    ):
        secret = slack.signing_secret
        edge = Edge(slack)
        identity = await check_tokens(client, transport="http", signing_secret=secret)
        app = build_app(client=client, identity=identity, ports=edge.stores.ports, now=now, signing_secret=secret)
        async with run_http(app, signing_secret=secret, host="127.0.0.1", port=0) as address:
            edge.url = slack.http_events_url = f"{address}/slack/events"
            yield edge


async def post(url: str, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
    """Status and text of what the edge answers to a request of anybody."""
    async with aiohttp.ClientSession() as session, session.post(url, data=body, headers=headers) as response:
        return response.status, await response.text()
