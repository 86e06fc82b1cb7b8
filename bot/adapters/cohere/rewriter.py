"""The Rewriter port over Cohere: a small model makes a follow-up whole, in JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from cohere import JsonObjectResponseFormatV2, SystemChatMessageV2, UserChatMessageV2, V2ChatResponse
from pydantic import BaseModel

from bot.adapters.cohere.client import CohereClient
from bot.adapters.cohere.refusals import malformed, reading
from bot.answering.prompts import AS_JSON, REWRITE, REWRITTEN, conversation
from bot.conversations import Turn
from bot.ports.generation import Rewritten
from bot.words.sendable import BLANK, sendable

SECONDS: Final = 5.0
TOKENS: Final = 300
TURNS: Final = 6
"""The latest turns that are sent."""
LONGEST_TURN: Final = 1_500
LONGEST_QUESTION: Final = 1_000
"""Characters. A longer question is left alone: it names what it is about."""
LONGEST_ANSWER: Final = 1_200
COMPLETE: Final = "COMPLETE"


class _Reply(BaseModel):
    question: str


class CohereRewriter:
    """Rewrites with `model`; reads no passages."""

    def __init__(self, client: CohereClient, *, model: str, seconds: float = SECONDS) -> None:
        self._client = client
        self._model = model
        self._seconds = seconds

    @property
    def name(self) -> str:
        """What `backends` in an answer calls it."""
        return f"cohere {self._model}"

    async def rewrite(self, question: str, history: Sequence[Turn]) -> Rewritten:
        """A query that stands alone. A question without history, or a long one, comes back unchanged.

        Raises `Unavailable` when the model cannot be reached or its answer is no question.
        """
        asked = sendable(question, most=LONGEST_QUESTION)
        if not history or asked == BLANK or len(question) > LONGEST_QUESTION:
            return Rewritten(text=question)
        reply = await self._reply(asked, [_short(turn) for turn in history[-TURNS:]])
        with reading(self._what):
            usage = reply.usage
            self._client.used(
                self._model, "chat", usage.billed_units if usage else None, usage.tokens if usage else None
            )
            whole = " ".join(_Reply.model_validate_json(_text(reply)).question.split())
        if not whole or len(whole) > LONGEST_ANSWER:
            raise malformed(self._what)
        changed = whole != " ".join(asked.split())
        return Rewritten(text=whole, changed=True) if changed else Rewritten(text=question)

    async def _reply(self, asked: str, history: Sequence[Turn]) -> V2ChatResponse:
        prompt = sendable(conversation(asked, history), most=TURNS * 3 * LONGEST_TURN)
        async with self._client.calling(self._what, most=self._seconds):
            return await self._client.sdk.chat(
                model=self._model,
                messages=[
                    SystemChatMessageV2(content=f"{REWRITE}\n\n{AS_JSON}"),
                    UserChatMessageV2(content=prompt),
                ],
                response_format=JsonObjectResponseFormatV2(json_schema=REWRITTEN),
                temperature=0.0,
                max_tokens=TOKENS,
            )

    @property
    def _what(self) -> str:
        return f"rewrite with {self._model}"


def _short(turn: Turn) -> Turn:
    return replace(turn, question=turn.question[:LONGEST_TURN], answer=turn.answer[:LONGEST_TURN])


def _text(reply: V2ChatResponse) -> str:
    """What the model wrote. Raises `ValueError` unless it is complete text."""
    if reply.finish_reason != COMPLETE:
        raise ValueError("the answer is not complete")
    return "".join(part.text for part in reply.message.content or () if part.type == "text")
