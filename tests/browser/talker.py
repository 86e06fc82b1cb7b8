"""A small bot, made with Bolt, that answers with everything a bot can put on the screen."""

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

Block = dict[str, Any]
STATUS = "Searching the docs…"


def plain_text(words: str) -> Block:
    """A plain text object."""
    return {"type": "plain_text", "text": words}


def answer(question: str) -> list[Block]:
    """An answer with its sources and buttons."""
    sources = (
        "*Sources*\n"
        "1  <https://handbook.example/leave#annual|Leave › Annual leave>  updated 3 weeks ago\n"
        "2  <file:///handbook/leave.md#use-or-lose|Leave › Use-or-lose>  updated 2 years ago"
    )
    side = {"text": plain_text("👍"), "value": "up", "accessibility_label": "Good answer"}
    other = {"text": plain_text("👎"), "value": "down", "accessibility_label": "Bad answer"}
    feedback = {"type": "feedback_buttons", "action_id": "rate", "positive_button": side, "negative_button": other}
    options = [{"text": plain_text(words), "value": words} for words in ("Outdated?", "Summarise")]
    why = {"type": "button", "action_id": "why", "text": plain_text("Why this answer?")}
    more = {"type": "overflow", "action_id": "more", "options": options}
    return [
        {"type": "section", "text": {"type": "mrkdwn", "text": f"You asked: {question}\nAt most *240 hours*. [1]"}},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": sources}]},
        {"type": "context_actions", "elements": [feedback]},
        {"type": "actions", "elements": [why, more]},
    ]


FORM: Block = {
    "type": "modal",
    "callback_id": "report",
    "title": plain_text("Why this answer?"),
    "submit": plain_text("Report"),
    "blocks": [
        {"type": "section", "text": plain_text("Used: Leave › Annual leave")},
        {
            "type": "input",
            "block_id": "what",
            "label": plain_text("What is wrong?"),
            "element": {"type": "plain_text_input", "action_id": "words"},
        },
    ],
}


@dataclass
class Talker:
    """Answers mentions, direct messages and follow-ups once `go` is set; a message for one may come along."""

    slack: Playground
    go: asyncio.Event = field(default_factory=asyncio.Event)
    pressed: list[str] = field(default_factory=list[str])
    client: Any = None
    handler: Any = None

    @asynccontextmanager
    async def connected(self) -> AsyncGenerator[Talker]:
        """Connected over Socket Mode; free to answer unless a test holds it."""
        self.go.set()
        self.client = AsyncWebClient(token=self.slack.bot_token, base_url=self.slack.api_url)
        app: Any = AsyncApp(client=self.client, process_before_response=True)
        app.event("app_mention")(self.on_mention)
        app.event("message")(self.on_message)
        app.event("app_home_opened")(self.on_home)
        app.action("why")(self.on_why)
        app.action("rate")(self.on_press)
        app.action("more")(self.on_press)
        app.view("report")(self.on_report)
        self.handler = AsyncSocketModeHandler(app, self.slack.app_token)
        await self.handler.connect_async()
        await self.slack.wait_until(lambda: self.slack.connections)
        try:
            yield self
        finally:
            self.go.set()
            await self.go_away()

    async def go_away(self) -> None:
        """Disconnect, once."""
        handler, self.handler = self.handler, None
        if handler:
            await handler.close_async()

    async def on_mention(self, event: Block) -> None:
        await self.reply(event)

    async def on_message(self, event: Block) -> None:
        asked = event["channel_type"] == "im" or "thread_ts" in event
        if asked and "bot_id" not in event and "subtype" not in event and "<@" not in event["text"]:
            await self.reply(event)

    async def on_home(self, event: Block) -> None:
        view = {"type": "home", "blocks": [{"type": "header", "text": plain_text("Ask anything")}]}
        await self.client.views_publish(user_id=event["user"], view=view)

    async def reply(self, event: Block) -> None:
        """Show a status, wait to be let go, answer."""
        where = {"channel": event["channel"], "thread_ts": event.get("thread_ts") or event["ts"]}
        status = {"channel_id": where["channel"], "thread_ts": where["thread_ts"], "status": STATUS}
        await self.client.assistant_threads_setStatus(**status)
        await self.go.wait()
        await self.client.chat_postMessage(**where, text="At most 240 hours.", blocks=answer(event["text"]))

    async def on_why(self, ack: Any, body: Block) -> None:
        await self.client.views_open(trigger_id=body["trigger_id"], view=FORM)
        await ack()

    async def on_press(self, ack: Any, body: Block) -> None:
        action = body["actions"][0]
        self.pressed.append(action.get("value") or action["selected_option"]["value"])
        await ack()

    async def on_report(self, ack: Any, body: Block) -> None:
        words = body["view"]["state"]["values"]["what"]["words"]["value"]
        if len(words) < len("wrong"):
            await ack(response_action="errors", errors={"what": "Say a little more."})
            return
        self.pressed.append(words)
        await ack()
