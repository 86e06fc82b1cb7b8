"""The Threads port over Slack's Web API: what was said in a thread, and where each message can be found."""

import asyncio
import re
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

from bot.conversations import Said
from bot.errors import Refused
from bot.models import ConversationKey
from handlers.calls import Calls
from handlers.directory import SlackDirectory
from handlers.payloads import from_person, plain

NEWEST = 500
"""Messages of a thread that are kept beside its root."""
PAGE = 200
"""Messages asked for at a time."""
AT_ONCE = 4
"""Addresses looked up at the same time."""

_MOMENT = re.compile(r"[0-9]+\.[0-9]+")

Written: TypeAlias = Mapping[str, Any]
"""A message as `conversations.replies` lists it."""


@dataclass(frozen=True, slots=True)
class SlackThreads:
    """Reads threads to their end; `bot_id` and `bot_user` are how Slack calls us."""

    call: Calls
    directory: SlackDirectory
    bot_id: str
    bot_user: str

    async def read(self, key: ConversationKey) -> tuple[Said, ...]:
        """Every message of members and of ours, oldest first; see the port."""
        if not _MOMENT.fullmatch(key.thread):
            return ()  # a command's conversation is called by another name: it has no thread
        try:
            written = [one for one in await self._written(key) if self._is_ours(one) or self._is_persons(one)]
        except Refused:
            return ()
        authors = {one["user"] for one in written if not self._is_ours(one)}
        members = await self.directory.members_among(authors)
        said = [self._said(one) for one in written if self._is_ours(one) or one["user"] in members]
        return tuple(one for one in said if one.text)

    async def links(self, channel: str, messages: Sequence[str]) -> Mapping[str, str]:
        """The address of each message that has one; see the port."""
        turns = asyncio.Semaphore(AT_ONCE)
        wanted = tuple(dict.fromkeys(messages))
        found = await asyncio.gather(*(self._link(channel, message, turns) for message in wanted))
        return {message: address for message, address in zip(wanted, found, strict=True) if address}

    async def _written(self, key: ConversationKey) -> list[Written]:
        """The root and the newest replies, whoever wrote them. Every page repeats the root."""
        root: list[Written] = []
        replies: deque[Written] = deque(maxlen=NEWEST)
        pages = self.call.pages("conversations.replies", channel=key.channel, ts=key.thread, limit=PAGE)
        async with aclosing(pages):
            async for page in pages:
                root = [message for message in page["messages"] if message["ts"] == key.thread] or root
                replies.extend(message for message in page["messages"] if message["ts"] != key.thread)
        return [*root, *replies]

    async def _link(self, channel: str, message: str, turns: asyncio.Semaphore) -> str | None:
        async with turns:
            try:
                said = await self.call("chat.getPermalink", repeatable=True, channel=channel, message_ts=message)
            except Refused:
                return None
        return said.get("permalink")

    def _is_ours(self, message: Written) -> bool:
        return message.get("bot_id") == self.bot_id and not message.get("hidden")

    def _is_persons(self, message: Written) -> bool:
        return from_person(message, bot_user=self.bot_user)

    def _said(self, message: Written) -> Said:
        return Said(
            id=message["ts"],
            author=message.get("user") or self.bot_user,
            text=plain(message.get("text") or "", bot_user=self.bot_user),
            at=datetime.fromtimestamp(float(message["ts"]), tz=UTC),
            ours=self._is_ours(message),
        )
