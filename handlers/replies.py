"""The Replies port over Slack's Web API: a sign of life, which then becomes the answer."""

from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.models import Answer, Question
from handlers.calls import Calls
from handlers.views.answer import answer_message, plain_message
from handlers.views.blocks import Message

SIGN_OF_LIFE = "Searching the docs…"
MARK = "footnote_answer"
"""Type of the metadata by which a reply is known again."""
PAGE = 200
"""Messages asked for at a time."""

_INERT = {"parse": "none", "link_names": False}
_NO_PREVIEWS = {"unfurl_links": False, "unfurl_media": False}
"""Known to chat.postMessage alone; a message that begins without previews stays without."""


@dataclass(frozen=True, slots=True)
class SlackReplies:
    """Posts one message per question and only ever edits it; `bot_id` is whose messages count as ours."""

    call: Calls
    bot_id: str
    now: Callable[[], datetime]

    async def sign_of_life(self, question: Question) -> str:
        """Post the message that becomes the answer, marked with the question's id. Never posts twice by itself."""
        return await self._post(question, plain_message(SIGN_OF_LIFE))

    async def find(self, question: Question) -> str | None:
        """The message of ours in the thread that carries the question's mark."""
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
                    if self._is_ours(message, question):
                        return message["ts"]
        return None

    async def answer(self, question: Question, answer: Answer, *, at: str) -> None:
        """Turn the message `at` into the answer with its sources."""
        await self._update(question, answer_message(answer, now=self.now()), at=at)

    async def tell(self, question: Question, text: str, *, at: str | None) -> None:
        """Turn the message `at` into one line; without `at` tell the asker, in a message that only they see."""
        message = plain_message(text)
        if at is not None:
            await self._update(question, message, at=at)
        elif question.private:
            await self._post(question, message)
        else:
            await self._whisper(question, message)

    async def _post(self, question: Question, message: Message) -> str:
        posted = await self.call(
            "chat.postMessage",
            repeatable=False,
            channel=question.conversation.channel,
            thread_ts=question.conversation.thread,
            metadata=_mark(question),
            **_shown(message),
            **_NO_PREVIEWS,
        )
        return posted["ts"]

    async def _update(self, question: Question, message: Message, *, at: str) -> None:
        await self.call(
            "chat.update",
            repeatable=True,
            channel=question.conversation.channel,
            ts=at,
            metadata=_mark(question),
            **_shown(message),
        )

    async def _whisper(self, question: Question, message: Message) -> None:
        await self.call(
            "chat.postEphemeral",
            repeatable=False,
            channel=question.conversation.channel,
            user=question.asker,
            **_where_it_shows(question),
            **_shown(message),
        )

    def _is_ours(self, message: Mapping[str, Any], question: Question) -> bool:
        """Whether we posted this for the question: metadata alone proves nothing, any app may write ours."""
        metadata: Mapping[str, Any] = message.get("metadata") or {}
        payload: Mapping[str, Any] = metadata.get("event_payload") or {}
        ours = message.get("bot_id") == self.bot_id and metadata.get("event_type") == MARK
        return ours and payload.get("question_id") == question.id


def _mark(question: Question) -> dict[str, Any]:
    return {"event_type": MARK, "event_payload": {"question_id": question.id}}


def _where_it_shows(question: Question) -> dict[str, str]:
    """Slack shows an ephemeral message in a thread only where the thread has begun, otherwise nowhere."""
    thread = question.conversation.thread
    return {} if thread == question.message else {"thread_ts": thread}


def _shown(message: Message) -> dict[str, Any]:
    return {"text": message.text, "blocks": list(message.blocks), **_INERT}
