"""Small real bots, made with Bolt, that keep what they hear."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground import Playground


@dataclass
class Bot:
    """A Bolt app that answers mentions by echoing them in the thread, and keeps everything it hears.

    `reply` is what it acknowledges a command with, `view_reply` a form. `deaf` times it fails instead, so that Slack
    has to try again.
    """

    slack: Playground
    heard: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    retries: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    clicks: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    reply: Any = None
    view_reply: dict[str, Any] = field(default_factory=dict[str, Any])
    deaf: int = 0

    def app(self) -> Any:
        """The app; its acknowledgements leave after its listeners."""
        client = AsyncWebClient(token=self.slack.bot_token, base_url=self.slack.api_url)
        app: Any = AsyncApp(client=client, signing_secret=self.slack.signing_secret, process_before_response=True)
        app.event("app_mention")(self.on_mention)
        app.event("message")(self.on_message)
        app.action("go")(self.on_click)
        app.view("form")(self.on_view)
        app.command("/ask")(self.on_command)
        app.shortcut("answer_this")(self.on_click)
        app.shortcut("new_question")(self.on_click)
        app.view_closed("form")(self.on_click)
        app.event("agent_session_stopped")(self.on_message)
        return app

    async def on_mention(self, body: dict[str, Any], request: Any, client: Any) -> None:
        self.hear(body, request.headers)
        event = body["event"]
        await client.chat_postMessage(
            channel=event["channel"], thread_ts=event.get("thread_ts") or event["ts"], text=f"echo {event['text']}"
        )

    async def on_message(self, body: dict[str, Any], request: Any) -> None:
        self.hear(body, request.headers)

    async def on_click(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        self.clicks.append(body)
        await ack()

    async def on_command(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        self.hear(body, {})
        await ack(self.reply) if self.reply else await ack()

    async def on_view(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        self.clicks.append(body)
        if self.view_reply:
            await ack(**self.view_reply)
            return
        values = body["view"]["state"]["values"]["what"]["words"]["value"]
        await ack(response_action="errors", errors={"what": "Too short"}) if values == "no" else await ack()

    def hear(self, body: dict[str, Any], headers: dict[str, list[str]]) -> None:
        """Keep an event, or fail at it."""
        number, reason = headers.get("x-slack-retry-num", ["0"])[0], headers.get("x-slack-retry-reason", [""])[0]
        if number != "0":
            self.retries.append((number, reason))
        if self.deaf:
            self.deaf -= 1
            raise RuntimeError("deaf")
        self.heard.append(body)

    @asynccontextmanager
    async def over_socket_mode(self) -> AsyncGenerator[Bot]:
        """Connected by Slack's own Socket Mode client."""
        handler = AsyncSocketModeHandler(self.app(), self.slack.app_token)
        await handler.connect_async()
        try:
            await self.slack.wait_until(lambda: self.slack.connections)
            yield self
        finally:
            await handler.close_async()

    @asynccontextmanager
    async def over_http(self) -> AsyncGenerator[Bot]:
        """Reached at a request URL, through Bolt's own web application."""
        runner = web.AppRunner(self.app().web_app(path="/slack/events"), access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.slack.http_events_url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
        try:
            yield self
        finally:
            self.slack.http_events_url = None
            await runner.cleanup()
