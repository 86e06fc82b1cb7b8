"""Writing: follow-up to standalone query, passages to statements."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.conversations import Said, Turn
from bot.models import Hit, Lent, Query, Statement


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A question made whole: `text` stands alone for a reader, `lent` weighs what earlier turns add for the index.

    `changed` is False when the question already stood alone; then `text` is the question itself. `searched` is what the
    index is asked where that is not `text`: a question with its lent words beside it, instead of within it.
    """

    text: str
    lent: tuple[Lent, ...] = ()
    changed: bool = False
    searched: str | None = None


class Rewriter(Protocol):
    """Makes a follow-up whole."""

    @property
    def name(self) -> str:
        """What `backends` in an answer calls it."""
        ...

    async def rewrite(self, question: str, history: Sequence[Turn]) -> Rewritten:
        """A query that stands alone. A question without history comes back unchanged."""
        ...


class Generator(Protocol):
    """Writes an answer from passages."""

    @property
    def name(self) -> str:
        """What `backends` in an answer calls it."""
        ...

    def generate(self, query: Query, passages: Sequence[Hit]) -> AsyncGenerator[Statement]:
        """Statements in the order they should be read, each with the chunks it rests on; none when nothing answers.

        Raises `Unavailable` when the model cannot be reached, or stops, before its answer is complete. Closed before
        its end, it lets go of the model.
        """
        ...


class Summariser(Protocol):
    """Says shortly what a thread says at length."""

    @property
    def name(self) -> str:
        """What the summary calls it."""
        ...

    async def summarise(self, said: Sequence[Said], *, limit: int) -> list[Statement]:
        """At most `limit` statements in the order of the thread, each with the ids of the messages it rests on.

        Raises `Unavailable` when the model cannot be reached.
        """
        ...
