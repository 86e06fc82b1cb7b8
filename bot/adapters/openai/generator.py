"""The Generator port over a model that marks its sentences with the numbers of passages; each mark is verified."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Final

from bot.adapters.openai.chat import Chat
from bot.adapters.openai.client import OpenAIClient
from bot.adapters.openai.passages import asked
from bot.answering import prompts
from bot.answering.drafting import Drafting
from bot.answering.verify import NEAR, Verifying
from bot.errors import Unavailable
from bot.models import Hit, Query, Statement
from bot.ports.search import Embedder

FIRST_SECONDS: Final = 20.0
IDLE_SECONDS: Final = 10.0
LONGEST: Final = 12_000
"""Characters of an answer: a model that goes on for ever is stopped there, and what it wrote is no answer."""


class OpenAIGenerator:
    """Writes with `model`, and shows of it what the passages say (`bot.answering.verify`).

    With an `embedder`, a sentence in other words than its passage's may stand if its vector is at least `near` to it.
    The first words come within `first` seconds, later ones within `idle` of those before.
    """

    def __init__(
        self,
        client: OpenAIClient,
        *,
        model: str,
        embedder: Embedder | None = None,
        near: float = NEAR,
        first: float = FIRST_SECONDS,
        idle: float = IDLE_SECONDS,
    ) -> None:
        self._chat = Chat(client, model)
        self._embedder = embedder
        self._near = near
        self._first = first
        self._idle = idle

    @property
    def name(self) -> str:
        """What `backends` in an answer calls it."""
        return self._chat.model

    async def generate(self, query: Query, passages: Sequence[Hit]) -> AsyncGenerator[Statement]:
        """The sentences that a passage says, in the model's order, each as soon as it is written and verified.

        Raises `Unavailable` when the server cannot be reached, or the answer is not finished in good order.
        """
        given = [hit for hit in passages if hit.chunk.text.strip()]
        if not given:
            return
        verifying = Verifying(given, embedder=self._embedder, near=self._near)
        messages = (
            {"role": "system", "content": f"{prompts.ANSWER}\n\n{prompts.MARKED}"},
            {"role": "user", "content": asked(query.text, given)},
        )
        drafting, length = Drafting(), 0
        async with aclosing(self._chat.written(messages, first=self._first, idle=self._idle)) as pieces:
            async for piece in pieces:
                length += len(piece)
                if length > LONGEST:
                    raise Unavailable(f"the answer does not end (write with {self.name})")
                for draft in drafting.feed(piece):
                    statement = await verifying.statement(draft)
                    if statement is not None:
                        yield statement
        for draft in drafting.close():
            statement = await verifying.statement(draft)
            if statement is not None:
                yield statement
