"""The edge alone, reached over the wire: a Slack on loopback in front, ports in memory behind."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from bot.app import build_app, run_http
from bot.playground import Playground
from bot.playground.workspace import View
from handlers.buttons import Action, Seal
from handlers.calls import Calls, open_client
from handlers.intake import Intake
from handlers.sockets import CONNECTIONS, run_socket_mode
from handlers.tokens import check_tokens
from handlers.views.blocks import Block
from tests.tray import Tray
from tests.unit.handlers.stand_ins import Stores, Talks, now
from tests.waiting import wait_until

AT_ONCE = (0.0, 0.0, 0.0)
"""Delays before Slack's three further attempts, without the waiting."""


@dataclass
class Edge:
    """What a test holds on to."""

    slack: Playground
    client: AsyncWebClient
    stores: Stores = field(default_factory=Stores)
    url: str = ""

    @property
    def jobs(self) -> Tray:
        return self.stores.jobs

    @property
    def talks(self) -> Talks:
        return self.stores.talks

    @property
    def asked(self) -> list[str]:
        return [question.text for question in self.jobs.questions]

    @property
    def call(self) -> Calls:
        return Calls(self.client)

    @property
    def seal(self) -> Seal:
        return Seal.of(self.slack.bot_token)

    async def post(self, channel: str, *elements: Block, thread_ts: str | None = None, to: str | None = None) -> str:
        """A message of the bot with buttons, for all or for one person alone; its timestamp."""
        posted = await self.call(
            "chat.postEphemeral" if to else "chat.postMessage",
            repeatable=False,
            channel=self.slack.id_of(channel),
            thread_ts=thread_ts,
            text="An answer.",
            blocks=[{"type": "actions", "elements": list(elements)}],
            user=self.slack.id_of(to) if to else None,
        )
        return str(posted.get("message_ts") or posted["ts"])

    async def press(self, person: str, action: Action, *parts: str, channel: str = "general", to: str = "") -> str:
        """Post a button, for all or for one person alone, and press it; the message that it stands on."""
        value = self.seal.close(action, *parts)
        ts = await self.post(channel, button(action, value), to=to or None)
        await self.slack.click(person, channel, ts, action)
        return ts

    def lines(self, person: str, channel: str = "general") -> list[str]:
        """What stands in a channel for one person alone, without what the test put there."""
        shown = [message for message in self.slack.messages(channel) if message.ephemeral_to == person]
        return [message.visible_text for message in shown if "An answer." not in (message.text, message.visible_text)]

    def form(self, person: str) -> View:
        """The modal that a person sees."""
        shown = self.slack.modal(person)
        assert shown is not None
        return shown

    async def settled(self) -> None:
        """Return once every event so far was acknowledged or given up."""
        await self.slack.wait_until(lambda: all(one.acknowledged or one.given_up for one in self.slack.deliveries))


@asynccontextmanager
async def socket_edge(*, retry_delays: Sequence[float] = AT_ONCE, ack_within: float = 1.0) -> AsyncGenerator[Edge]:
    async with (
        Playground(retry_delays=retry_delays, ack_within=ack_within) as slack,
        open_client(bot_token=slack.bot_token, api_url=slack.api_url) as client,
    ):
        edge = Edge(slack, client)
        identity = await check_tokens(client, transport="socket", app_token=slack.app_token)
        app = build_app(client=client, identity=identity, ports=edge.stores.ports, now=now)
        async with run_socket_mode(Intake(app), client=client, app_token=slack.app_token) as sockets:
            await wait_until(lambda: sockets.alive() == CONNECTIONS)
            yield edge


@asynccontextmanager
async def http_edge(*, retry_delays: Sequence[float] = AT_ONCE) -> AsyncGenerator[Edge]:
    async with (
        Playground(retry_delays=retry_delays) as slack,
        open_client(bot_token=slack.bot_token, api_url=slack.api_url) as client,
    ):
        secret = slack.signing_secret
        edge = Edge(slack, client)
        identity = await check_tokens(client, transport="http", signing_secret=secret)
        app = build_app(client=client, identity=identity, ports=edge.stores.ports, now=now, signing_secret=secret)
        async with run_http(Intake(app), signing_secret=secret, host="127.0.0.1", port=0) as address:
            edge.url = slack.http_events_url = f"{address}/slack/events"
            yield edge


def button(action: str, value: str) -> Block:
    return {"type": "button", "action_id": action, "text": {"type": "plain_text", "text": "Press"}, "value": value}


async def post(url: str, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
    """Status and text of what the edge answers to a request of anybody."""
    async with aiohttp.ClientSession() as session, session.post(url, data=body, headers=headers) as response:
        return response.status, await response.text()
