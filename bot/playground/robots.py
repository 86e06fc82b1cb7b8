"""What happens without a person: other apps and workflows write, Slack itself does, links unfurl."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, TypeAlias

from bot.playground.cast import DEPLOYS, OTHER_APP, OTHER_BOT, SLACKBOT
from bot.playground.messages import Message
from bot.playground.refusals import Refusal
from bot.playground.shapes import EPOCH
from bot.playground.wire import Json
from bot.playground.workspace import Workspace

RobotKind: TypeAlias = Literal["webhook", "app", "workflow", "slackbot"]
HAPPENINGS = {
    "channel_join": "<@{user}> has joined the channel",
    "channel_leave": "<@{user}> has left the channel",
    "channel_topic": "<@{user}> set the channel topic: Ask <@{bot}>",
    "channel_purpose": "<@{user}> set the channel description: Ask <@{bot}>",
    "channel_name": "<@{user}> has renamed the channel",
    "channel_archive": "<@{user}> archived the channel",
    "pinned_item": "<@{user}> pinned a message to this channel.",
    "bot_add": "<@{user}> added an integration to this channel: <@{bot}>",
    "reminder_add": "<@{user}> set up a reminder in this channel",
}


class Robots:
    """Things that happen in a conversation and are no question to anybody. Each returns the message's timestamp."""

    workspace: Workspace

    async def bot_says(
        self, channel: str, text: str, *, thread_ts: str | None = None, kind: RobotKind = "webhook"
    ) -> str:
        """Another app's message: of a webhook or a workflow, a `bot_message` by nobody; of an app, by its bot user.

        `slackbot` answers as Slackbot does. `<@bot>` becomes a real mention. Raises `LookupError` for a wrong thread.
        """
        words = self.workspace.composer().compose(text).text
        subtypes = {"app": None, "slackbot": "slackbot_response"}
        author = SLACKBOT if kind == "slackbot" else DEPLOYS
        told = None if kind == "slackbot" else _other_app(kind, self.workspace.cast.team_id)
        named = replace(
            self._message(channel, author.id, words, subtypes.get(kind, "bot_message"), thread_ts=thread_ts),
            username=author.real_name,
            other_app=told,
        )
        return self.workspace.post(named).ts

    async def system_message(self, channel: str, subtype: str, *, person: str = "ana") -> str:
        """What Slack itself writes: `channel_join`, `channel_topic`, …; raises `LookupError` for an unknown subtype."""
        if subtype not in HAPPENINGS:
            raise LookupError(f"Slack writes no {subtype!r} here")
        who = self.workspace.person(person)
        words = HAPPENINGS[subtype].format(user=who.id, bot=self.workspace.cast.bot.id)
        return self.workspace.post(self._message(channel, who.id, words, subtype)).ts

    async def unfurl(self, channel: str, ts: str, *, url: str = "https://example.com/") -> None:
        """Slack shows what stands behind a link: the message changes, and nobody has edited it."""
        message = self.workspace.room(channel).messages.get(ts)
        if message is None:
            raise LookupError("that message is gone")
        shown = {"id": 1, "from_url": url, "original_url": url, "title": "Example", "fallback": "Example"}
        self.workspace.change(message, attachments=(*message.attachments, shown))

    def _message(
        self, channel: str, author: str, text: str, subtype: str | None, *, thread_ts: str | None = None
    ) -> Message:
        room = self.workspace.room(channel)
        try:
            root = self.workspace.thread_root(room, thread_ts)
        except Refusal as refusal:
            raise LookupError(refusal.code) from None
        return Message(
            room.id,
            self.workspace.timestamps.next(),
            author,
            self.workspace.author_name(author),
            text,
            thread_ts=root.ts if root else None,
            subtype=subtype,
        )


def _other_app(kind: RobotKind, team: str) -> Json:
    """What the message of another app says of its author."""
    profile: Json = {
        "id": OTHER_BOT,
        "app_id": OTHER_APP,
        "name": DEPLOYS.real_name,
        "icons": {},
        "deleted": False,
        "updated": EPOCH,
        "team_id": team,
    }
    known: Json = {"bot_id": OTHER_BOT, "app_id": OTHER_APP}
    if kind == "app":
        return {**known, "bot_profile": {**profile, "user_id": DEPLOYS.id}}
    workflow = {"is_workflow_bot": True} if kind == "workflow" else {}
    return {"subtype": "bot_message", "username": DEPLOYS.real_name, **known, "bot_profile": {**profile, **workflow}}
