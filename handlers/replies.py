"""The Replies port over Slack's Web API: opens replies of every kind, and finds those that an earlier try began."""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.errors import Refused
from bot.holding import tried_before
from bot.models import Question
from bot.ports.slack import Note, Reply
from handlers.buttons import Seal
from handlers.calls import Calls
from handlers.growing import GrowingReply
from handlers.posting import MARK, Posting
from handlers.private_lines import Interjection, PrivateLine
from handlers.sessions import Refusals, Session
from handlers.streams import OpenStreams, Stream

PAGE = 200
"""Messages asked for at a time."""
WAITED = 2.0
"""Seconds after which a question may have had a try that died while Slack showed that we are at it."""


@dataclass(frozen=True, slots=True)
class SlackReplies:
    """One message per question, only ever edited; `bot_id` is whose messages count as ours."""

    call: Calls
    bot_id: str
    seal: Seal
    now: Callable[[], datetime]
    _streams: OpenStreams = field(default_factory=OpenStreams)
    _refused: Refusals = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_refused", Refusals(self.call.pace.clock))

    @asynccontextmanager
    async def open(self, question: Question, *, at: str | None, note: Note) -> AsyncGenerator[Reply]:
        """The reply to `question`; see the port."""
        posting = Posting(self.call, question)
        if question.reply_url:
            yield PrivateLine(self.call, question, self.seal, self.now, note)
        elif question.addressed == "overheard":
            yield Interjection(posting, self.seal, self.now, note, at)
        else:
            reply = self._growing(posting, at, note)
            self._streams.replies += 1
            reply.begin()
            try:
                yield reply
            finally:
                self._streams.replies -= 1
                await reply.close()

    def _growing(self, posting: Posting, at: str | None, note: Note) -> GrowingReply:
        return GrowingReply(
            posting,
            self.seal,
            self.now,
            note,
            Stream(posting, self._streams),
            Session(
                posting,
                self._refused,
                processing=at is not None or self._waited(posting.question),
                owed=tried_before(),
            ),
            self._refused,
            at,
        )

    def _waited(self, question: Question) -> bool:
        return (self.now() - question.asked_at).total_seconds() > WAITED

    async def find(self, question: Question, *, streaming: bool) -> str | None:
        """The message that an earlier try began; see the port. A private line can never be found."""
        if question.reply_url:
            return None
        try:
            return await self._found(question, streaming=streaming)
        except Refused as refusal:
            if refusal.code != "thread_not_found":  # its question was deleted
                raise
        return None

    async def _found(self, question: Question, *, streaming: bool) -> str | None:
        unclaimed: str | None = None
        pages = self.call.pages(
            "conversations.replies",
            channel=question.conversation.channel,
            ts=question.conversation.thread,
            oldest=question.message,
            include_all_metadata=True,
            limit=PAGE,
        )
        async with aclosing(pages):
            async for page in pages:
                for message in page["messages"]:
                    if not self._is_ours(message, question):
                        continue
                    if _carries_mark(message, question):
                        return message["ts"]
                    if unclaimed is None and not message.get("metadata"):
                        unclaimed = message["ts"]
        return unclaimed if streaming else None

    def _is_ours(self, message: Mapping[str, Any], question: Question) -> bool:
        """Whether we wrote this, after the question."""
        return message.get("bot_id") == self.bot_id and _moment(message["ts"]) > _moment(question.message)


def _carries_mark(message: Mapping[str, Any], question: Question) -> bool:
    metadata: Mapping[str, Any] = message.get("metadata") or {}
    payload: Mapping[str, Any] = metadata.get("event_payload") or {}
    return metadata.get("event_type") == MARK and payload.get("question_id") == question.id


def _moment(ts: str) -> tuple[int, int]:
    """A message's id as what it is: seconds and microseconds."""
    seconds, _, rest = ts.partition(".")
    return int(seconds or 0), int(rest or 0)
