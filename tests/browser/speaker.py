"""A bot, made with Bolt, that plays every surface Slack has: commands, shortcuts, forms, Home, sessions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground import Playground
from tests.browser import pieces

Block = dict[str, Any]
EVENTS = ("app_mention", "app_home_opened", "app_context_changed", "message", "member_joined_channel")
PUSHES = ("outdated", "more", "trash", "person", "forget", "tone", "open", "rate", "general-mode", "ask-1", "ask-2")


@dataclass
class Speaker:
    """Keeps what it hears in `heard`, as (what, value); `go` lets what it holds back go on."""

    slack: Playground
    heard: list[tuple[str, Any]] = field(default_factory=list[tuple[str, Any]])
    go: asyncio.Event = field(default_factory=asyncio.Event)
    client: Any = None

    @asynccontextmanager
    async def connected(self) -> AsyncGenerator[Speaker]:
        """Connected over Socket Mode."""
        self.client = AsyncWebClient(token=self.slack.bot_token, base_url=self.slack.api_url)
        handler = AsyncSocketModeHandler(self.app(), self.slack.app_token)
        await handler.connect_async()
        await self.slack.wait_until(lambda: self.slack.connections)
        try:
            yield self
        finally:
            self.go.set()
            await handler.close_async()

    def app(self) -> Any:
        """Every listener."""
        app: Any = AsyncApp(client=self.client)
        for event in EVENTS:
            app.event(event)(self.on_event)
        app.event("agent_session_stopped")(self.on_stop)
        for command in ("/ask", "/search"):
            app.command(command)(self.on_command)
        for callback_id in ("answer_this", "summarise_thread"):
            app.shortcut(callback_id)(self.on_shortcut)
        for action_id in PUSHES:
            app.action(action_id)(self.on_press)
        for action_id, listener in (("share", self.on_share), ("drop", self.on_drop), ("follow", self.on_follow)):
            app.action(action_id)(listener)
        app.action("why")(self.on_why)
        app.action("report")(self.on_report)
        app.view("form")(self.on_form)
        return app

    def values(self, what: str) -> list[Any]:
        """What was heard of one kind."""
        return [value for kind, value in self.heard if kind == what]

    async def on_event(self, event: Block) -> None:
        self.heard.append((event["type"], event))
        if event["type"] == "app_home_opened" and event["tab"] == "home":
            await self.client.views_publish(user_id=event["user"], view={"type": "home", "blocks": pieces.HOME})

    async def on_stop(self, event: Block) -> None:
        """Say so, and let the session rest."""
        self.heard.append(("stop", event["thread_ts"]))
        where = {"channel": event["channel"], "thread_ts": event["thread_ts"]}
        await self.client.chat_postMessage(**where, text="Stopped.")
        await self.client.agents_sessions_setStatus(
            channel_id=event["channel"], thread_ts=event["thread_ts"], status="active"
        )

    async def on_command(self, ack: Any, command: Block, respond: Any) -> None:
        self.heard.append((command["command"], command["text"]))
        await ack()
        await respond(text="240 hours", blocks=pieces.PRIVATE)

    async def on_shortcut(self, ack: Any, shortcut: Block, respond: Any) -> None:
        await ack()
        message = shortcut["message"]
        self.heard.append((shortcut["callback_id"], message["ts"]))
        await respond(text="Only for you.", thread_ts=message.get("thread_ts") or message["ts"])

    async def on_press(self, ack: Any, action: Block) -> None:
        await ack()
        several: list[Block] = action.get("selected_options", [])
        chosen: Block = action.get("selected_option") or {"value": [option["value"] for option in several]}
        self.heard.append((action["action_id"], action.get("value") or chosen["value"]))

    async def on_share(self, ack: Any, respond: Any) -> None:
        await ack()
        await respond(text="At most 240 hours, shared by Ana.", response_type="in_channel", replace_original=False)
        await respond(text="Shared.", replace_original=True)

    async def on_drop(self, ack: Any, respond: Any) -> None:
        await ack()
        await respond(delete_original=True)

    async def on_follow(self, ack: Any, body: Block) -> None:
        await ack()
        await self.client.views_open(trigger_id=body["trigger_id"], view=pieces.FORM)

    async def on_why(self, ack: Any, body: Block) -> None:
        """A form that loads until it may go on."""
        await ack()
        opened = await self.client.views_open(trigger_id=body["trigger_id"], view=pieces.LOADING)
        await self.go.wait()
        await self.client.views_update(view_id=opened["view"]["id"], view=pieces.WHY)

    async def on_report(self, ack: Any, body: Block) -> None:
        await ack()
        await self.client.views_push(trigger_id=body["trigger_id"], view=pieces.REPORT)

    async def on_form(self, ack: Any, view: Block) -> None:
        """Refuse what is in capitals, thank for a report, take everything else."""
        state = {key: entry for block in view["state"]["values"].values() for key, entry in block.items()}
        words = state["words"]["value"]
        if words.isupper():
            await ack(response_action="errors", errors={"words": "No need to shout."})
            return
        self.heard.append(("form", state))
        if view["title"]["text"] == "Report a problem":
            await ack(response_action="update", view=pieces.THANKS)
        else:
            await ack()
