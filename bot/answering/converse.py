"""Asking in a terminal: with a conversation the answer is remembered, without one it is not."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from bot.answering.pipeline import Answered, Pipeline
from bot.answering.recall import recall, remembered
from bot.models import Audience, ConversationKey
from bot.ports.memory import Conversations


@dataclass(frozen=True, slots=True)
class Alone:
    """Asks each question as the first."""

    pipeline: Pipeline

    async def __call__(self, question: str, *, audience: Audience) -> Answered:
        """The answer for `audience`."""
        return await self.pipeline.answer(question, (), audience=audience)


@dataclass(frozen=True, slots=True)
class Conversing:
    """Asks each question with what was said before under the same key."""

    key: ConversationKey
    pipeline: Pipeline
    conversations: Conversations
    now: Callable[[], datetime]

    async def __call__(self, question: str, *, audience: Audience) -> Answered:
        """The answer for `audience`; the conversation remembers it. Raises `MemoryUnavailable`."""
        history = await recall(self.key, conversations=self.conversations, index=self.pipeline.index, audience=audience)
        answered = await self.pipeline.answer(question, history, audience=audience)
        asked_at = self.now()
        turn_id = sha256(f"{self.key}{asked_at.isoformat()}{question}".encode()).hexdigest()
        await self.conversations.remember(self.key, remembered(answered.answer, asked_at=asked_at, question_id=turn_id))
        return answered
