"""Slash commands and shortcuts: asking for the bot by its name in a menu."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.playground.cast import Person
from bot.playground.delivery import Deliveries, NotAcknowledged
from bot.playground.interactions import channel_name, head
from bot.playground.messages import Message
from bot.playground.refusals import Refusal
from bot.playground.response_urls import ResponseUrls
from bot.playground.shapes import Shapes
from bot.playground.triggers import Triggers
from bot.playground.wire import Json
from bot.playground.workspace import Change, Room, Workspace

TIMED_OUT = ("timeout", "http_timeout")


@dataclass(frozen=True, slots=True)
class Acked:
    """What became of a command: the body of its acknowledgement and the line that was made of it, None for none.

    `failure` is the error that Slack names when the bot does not acknowledge.
    """

    body: Json | None = None
    ts: str | None = None
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Invocations:
    """Commands and shortcuts, as far as the app has them."""

    workspace: Workspace
    shapes: Shapes
    deliveries: Deliveries
    triggers: Triggers
    response_urls: ResponseUrls

    # --- commands ---------------------------------------------------------------------------------------------------

    async def command(self, person: Person, room: Room, command: str, text: str) -> Acked:
        """Send a command; what the acknowledgement carries is shown. Raises `LookupError` for an unknown command."""
        if command not in self.workspace.cast.commands or "commands" not in self.workspace.cast.scopes:
            raise LookupError(f"{command} is not a valid command")
        try:
            body = await self.deliveries.interact(self._form(person, room, command, text), "slash_commands")
        except NotAcknowledged as failure:
            code = "operation_timeout" if failure.reason in TIMED_OUT else "dispatch_failed"
            self._say_trouble(person, f'{command} failed with the error "{code}"')
            return Acked(failure=code)
        return self._acked(person, room, command, body)

    def _acked(self, person: Person, room: Room, command: str, body: Json | None) -> Acked:
        if not body:
            return Acked()
        try:
            return Acked(body, self.response_urls.answer(room, person, body).ts)
        except Refusal:
            code = "dispatch_failed"
            self._say_trouble(person, f'{command} failed with the error "{code}"')
            return Acked(body, failure=code)

    def _form(self, person: Person, room: Room, command: str, text: str) -> Json:
        cast = self.workspace.cast
        return {
            "token": "playground-verification-token",
            "team_id": cast.team_id,
            "team_domain": cast.team_name.lower(),
            "channel_id": room.id,
            "channel_name": channel_name(room),
            "user_id": person.id,
            "user_name": person.name,
            "command": command,
            "text": text.strip(),
            "api_app_id": cast.app_id,
            "is_enterprise_install": "false",
            "response_url": self.response_urls.issue(room, person),
            "trigger_id": self.triggers.issue(person.id),
        }

    # --- shortcuts --------------------------------------------------------------------------------------------------

    async def message_shortcut(self, person: Person, message: Message, callback_id: str) -> None:
        """Choose a shortcut from a message's menu. Raises `LookupError` for an unknown one."""
        self._known("message", callback_id)
        room = self.workspace.rooms[message.channel]
        await self._send(
            person,
            {
                "type": "message_action",
                "callback_id": callback_id,
                "message_ts": message.ts,
                "channel": {"id": room.id, "name": channel_name(room)},
                "message": self.shapes.message(message, metadata=True),
                "response_url": self.response_urls.issue(room, person),
            },
        )

    async def global_shortcut(self, person: Person, callback_id: str) -> None:
        """Choose a shortcut from Slack's own menu: there is neither a conversation nor a `response_url`."""
        self._known("global", callback_id)
        await self._send(person, {"type": "shortcut", "callback_id": callback_id})

    def _known(self, kind: Literal["message", "global"], callback_id: str) -> None:
        cast = self.workspace.cast
        if (kind, callback_id) not in cast.shortcuts or "commands" not in cast.scopes:
            raise LookupError(f"no {kind} shortcut is called {callback_id!r}")

    async def _send(self, person: Person, payload: Json) -> None:
        said = {**head(self.workspace, self.triggers, person), "action_ts": self.workspace.timestamps.next()}
        try:
            await self.deliveries.interact({**said, **payload})
        except NotAcknowledged:
            self._say_trouble(person, "Footnote did not react to that shortcut.")

    def _say_trouble(self, person: Person, words: str) -> None:
        self.workspace.announce(Change("trouble", (person.id, words)))
