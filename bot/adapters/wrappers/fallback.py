"""A rewriter with another one behind it, which needs no network.

The other steps degrade where they stand: `bot.answering` keeps the fused order without a reranker, searches by words
without an embedder, and quotes passages without a model that writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog
from structlog.typing import FilteringBoundLogger

from bot.adapters.wrappers.seldom import Seldom
from bot.conversations import Turn
from bot.errors import Unavailable
from bot.ports.generation import Rewriter, Rewritten

log: FilteringBoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class FallbackRewriter:
    """Asks `first`, and `spare` when that is unavailable, refuses, or the question may make no more calls."""

    first: Rewriter
    spare: Rewriter
    seldom: Seldom = field(default_factory=Seldom)

    @property
    def name(self) -> str:
        """The first one's."""
        return self.first.name

    async def rewrite(self, question: str, history: Sequence[Turn]) -> Rewritten:
        """See the port. Raises what `spare` raises."""
        try:
            return await self.first.rewrite(question, history)
        except Unavailable as error:
            if self.seldom():
                log.warning("rewriter_down", spare=self.spare.name, error=type(error).__name__)
            return await self.spare.rewrite(question, history)
