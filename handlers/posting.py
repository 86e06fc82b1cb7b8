"""Our messages in the thread of one question: posted once, marked, edited, taken away."""

from dataclasses import dataclass
from typing import Any

from bot.errors import Refused
from bot.kill_points import passing
from bot.models import Question
from handlers.calls import Calls
from handlers.views.blocks import Message

MARK = "footnote_answer"
"""Type of the metadata by which a reply is known again."""

_INERT = {"parse": "none", "link_names": False}
NO_PREVIEWS = {"unfurl_links": False, "unfurl_media": False}
"""Known to chat.postMessage alone; a message that begins without previews stays without."""
_BLOCKS_REFUSED = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_blocks_too_many"})


@dataclass(frozen=True, slots=True)
class Posting:
    """What is sent to the thread of `question`. Everything raises as a call does."""

    call: Calls
    question: Question

    @property
    def mark(self) -> dict[str, Any]:
        """What is written under a message so that it is found again."""
        return {"event_type": MARK, "event_payload": {"question_id": self.question.id}}

    @property
    def channel(self) -> str:
        """Where."""
        return self.question.conversation.channel

    @property
    def thread(self) -> str:
        """The message at the root."""
        return self.question.conversation.thread

    async def post(self, message: Message) -> str:
        """Post a message, never twice; its id."""
        try:
            return await self._post(shown(message))
        except Refused as refusal:
            if refusal.code not in _BLOCKS_REFUSED:
                raise
            return await self._post(worded(message))

    async def update(self, message: Message, *, at: str, patience: float | None = None) -> None:
        """Turn the message `at` into another; a stream that is still open is ended first."""
        body = shown(message)
        for _ in range(_REMEDIES):
            try:
                return await self._update(body, at, patience)
            except Refused as refusal:
                if refusal.code == "streaming_state_conflict":
                    await self.end(at)
                elif refusal.code in _BLOCKS_REFUSED:
                    body = worded(message)
                else:
                    raise
        return await self._update(body, at, patience)

    async def end(self, at: str, **last: Any) -> None:
        """End a stream; one that is over already is over. Raises `Refused` where `last` things to show are refused."""
        try:
            await self.call("chat.stopStream", repeatable=True, channel=self.channel, ts=at, **last)
        except Refused as refusal:
            if last or refusal.code != "message_not_in_streaming_state":
                raise

    async def delete(self, at: str) -> None:
        """Take a message away; one that is gone is gone."""
        try:
            await self.call("chat.delete", repeatable=True, channel=self.channel, ts=at)
        except Refused as refusal:
            if refusal.code != "message_not_found":
                raise

    async def status(self, words: str, *, patience: float) -> None:
        """Show that we are at it, in words; in none, that we are not: then a thread that is gone needs no more."""
        try:
            await self.call(
                "assistant.threads.setStatus",
                repeatable=True,
                patience=patience,
                channel_id=self.channel,
                thread_ts=self.thread,
                status=words,
            )
        except Refused:
            if words:
                raise

    async def _post(self, body: dict[str, Any]) -> str:
        passing("before_post")
        posted = await self.call(
            "chat.postMessage",
            repeatable=False,
            channel=self.channel,
            thread_ts=self.thread,
            metadata=self.mark,
            **body,
            **NO_PREVIEWS,
        )
        passing("after_post")
        return posted["ts"]

    async def _update(self, body: dict[str, Any], at: str, patience: float | None) -> None:
        passing("before_update")
        await self.call(
            "chat.update",
            repeatable=True,
            patience=patience,
            channel=self.channel,
            ts=at,
            metadata=self.mark,
            **body,
        )
        passing("after_update")


_REMEDIES = 2
"""Refusals that an update knows a remedy for: an open stream, blocks that this Slack does not take."""


def shown(message: Message) -> dict[str, Any]:
    """The arguments that show a message, with nothing in it that Slack would make alive."""
    return {"text": message.text, "blocks": list(message.blocks), **_INERT}


def worded(message: Message) -> dict[str, Any]:
    """The same in words alone."""
    return {"text": message.text or " ", "blocks": [], **_INERT}
