"""The Generator port over Cohere: it writes from the passages, each sentence shown with the citations of the API."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Final, Literal

from bot.adapters.cohere.client import CohereClient
from bot.adapters.cohere.events import Citation, End, Event, Text, Units, events
from bot.adapters.cohere.grounds import Grounded, Grounds
from bot.allowance import patiently
from bot.answering.prompts import ANSWER
from bot.answering.support import best_quote
from bot.errors import Unavailable
from bot.models import Chunk, Hit, Query, Statement, Support
from bot.words.sendable import sendable

FIRST_SECONDS: Final = 20.0
IDLE_SECONDS: Final = 10.0
"""How long the first event may take, and each further one."""
TEMPERATURE: Final = 0.2
TOKENS: Final = 2_048
"""The most that an answer may have; one that is cut there is none."""
LONGEST: Final = 24_000
"""Characters of an answer, many more than `TOKENS` make: a server that goes on for ever is left there."""
A_CITATION: Final = 20
"""Characters that a citation counts as in that."""
LEAST_OVERLAP: Final = 0.1
"""The share of a sentence's words that a cited passage must have: low, because the API has grounded the sentence, and
one of several passages may say a small part of it. Below that a quote would show a reader nothing."""
LONGEST_QUESTION: Final = 4_000
LONGEST_PASSAGE: Final = 8_000
A_TOKEN: Final = 4
"""Characters of a token, nearly enough for an answer that is left, or breaks off, before its cost is told."""
COMPLETE: Final = "COMPLETE"

_REASONS = re.compile(r"command-a-(?:plus|reasoning)\b")


class CohereGenerator:
    """Writes with `model`. `citations` FAST come in the midst of the text, ACCURATE ones at its end, all at once then.

    A model that reasons, by its name, is told not to do so at length.
    """

    def __init__(
        self,
        client: CohereClient,
        *,
        model: str,
        citations: Literal["FAST", "ACCURATE"] = "FAST",
        first: float = FIRST_SECONDS,
        idle: float = IDLE_SECONDS,
    ) -> None:
        self._client = client
        self._model = model
        self._citations = citations
        self._first = first
        self._idle = idle

    @property
    def name(self) -> str:
        """What `backends` in an answer calls it."""
        return f"cohere {self._model}"

    async def generate(self, query: Query, passages: Sequence[Hit]) -> AsyncGenerator[Statement]:
        """Sentences with at least one citation, each as soon as it is complete and its citations are in.

        Raises `Unavailable`, or `OutOfAllowance`, when the answer does not end as complete, after what was given of it.
        Closed before its end, it closes the connection.
        """
        given = {f"p{n}": hit for n, hit in enumerate(passages, 1) if hit.chunk.text.strip()}
        if not given:
            return
        grounds, length = Grounds(), 0
        async with aclosing(self._events(self._body(query, given))) as heard:
            async for event in heard:
                length += len(event.text or "") if isinstance(event, Text) else A_CITATION
                if length > LONGEST:
                    raise Unavailable("Cohere's answer does not end")
                for grounded in _taken(event, grounds):
                    statement = _statement(grounded, given)
                    if statement is not None:
                        yield statement
                if isinstance(event, End):
                    return
        raise Unavailable("Cohere's answer ended without its end")

    async def _events(self, body: Mapping[str, Any]) -> AsyncGenerator[Event]:
        """The events in time, up to the end, which is `COMPLETE`."""
        what = f"chat with {self._model}"
        async with (
            aclosing(self._client.stream(body, what=what)) as pieces,
            aclosing(events(pieces, what=what)) as told,
            aclosing(patiently(told, first=self._first, idle=self._idle, what="Cohere")) as heard,
        ):
            spent = Spending(body)
            try:
                async for event in heard:
                    spent.hear(event)
                    if isinstance(event, End) and event.finish_reason != COMPLETE:
                        raise Unavailable("Cohere ended its answer before it was complete")
                    yield event
            finally:
                if spent.begun:
                    self._client.used(self._model, "chat", spent.billed, spent.tokens)

    def _body(self, query: Query, given: Mapping[str, Hit]) -> Mapping[str, Any]:
        body: dict[str, Any] = {
            "model": self._model,
            "messages": [
                {"role": "system", "content": ANSWER},
                {"role": "user", "content": sendable(query.text, most=LONGEST_QUESTION)},
            ],
            "documents": [{"id": name, "data": _data(hit.chunk)} for name, hit in given.items()],
            "citation_options": {"mode": self._citations},
            "temperature": TEMPERATURE,
            "max_tokens": TOKENS,
        }
        return {**body, "thinking": {"type": "disabled"}} if _REASONS.match(self._model) else body


class Spending:
    """What an answer costs: Cohere tells it at the end alone, so without one it is counted in characters."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        self.begun = False
        self.billed: Units | None = None
        self.tokens: Units | None = None
        self._sent = sum(len(str(part)) for part in (*body["messages"], *body["documents"]))
        self._heard = 0

    def hear(self, event: Event) -> None:
        """Count an event."""
        self.begun = True
        if isinstance(event, End):
            self.billed, self.tokens = event.usage.billed_units, event.usage.tokens
            return
        if isinstance(event, Text):
            self._heard += len(event.text or "")
        self.tokens = Units(input_tokens=self._sent / A_TOKEN, output_tokens=self._heard / A_TOKEN)


def _taken(event: Event, grounds: Grounds) -> list[Grounded]:
    """What is known to be grounded after this event."""
    if isinstance(event, Text):
        return grounds.write(event.text or "", block=event.index)
    if isinstance(event, Citation):
        grounds.cite(event)
        return []
    return grounds.close()


def _data(chunk: Chunk) -> Mapping[str, str]:
    """What of a chunk the model reads: its names and ids are nobody's business."""
    data = {"title": chunk.title, "section": " › ".join(chunk.heading_path), "snippet": chunk.text}
    return {name: sendable(text, most=LONGEST_PASSAGE) for name, text in data.items() if text.strip()}


def _statement(grounded: Grounded, given: Mapping[str, Hit]) -> Statement | None:
    """The sentence with its quotes; None when no passage that it cites was given, or has words of it."""
    draft = grounded.draft
    hits = [given[name] for name in grounded.documents if name in given]
    quotes = [(hit.chunk.id, best_quote(draft.text, hit.chunk, spans=hit.spans)) for hit in hits]
    supports = tuple(
        Support(chunk_id, quoted.quote)
        for chunk_id, quoted in quotes
        if quoted is not None and quoted.overlap >= LEAST_OVERLAP
    )
    return Statement(draft.text, supports, draft.joint) if supports else None
