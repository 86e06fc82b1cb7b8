"""Who may ask now: questions are counted against the budgets, and what their answers cost is added to them.

Whoever is over a budget is told so, alone, before a model or the index is asked. Every question counts as turned away,
and its record says so on the asker's Home tab. The line itself comes three times within a minute to one person in one
channel; the third says that it stands for what follows, and what follows within that minute ends without a line. So a
flood of 500 questions is three calls of Slack and not 500, which would take the room that lines to others need, and
nobody waits for a word that they were not told to expect: at the latest a minute on there is a line again.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import structlog
from structlog.typing import FilteringBoundLogger

from bot.allowance import Terms, allowing
from bot.budgets import Exceeded, Limits, in_words
from bot.errors import MemoryUnavailable
from bot.jobs import Click
from bot.models import Question
from bot.ports.memory import Budgets
from bot.ports.watch import Unwatched, Watch

log: FilteringBoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Admission:
    """Lets questions in as far as the budgets go; `whisper` tells one person something alone."""

    budgets: Budgets
    limits: Limits
    whisper: Callable[[Click, str], Awaitable[None]]
    watch: Watch = field(default_factory=Unwatched)

    async def exceeded(self, question: Question) -> Exceeded | None:
        """What the question exceeds, the same however often it is tried. Raises `MemoryUnavailable`."""
        return await self.budgets.take(question, limits=self.limits)

    def turned_away(self, question: Question, exceeded: Exceeded) -> None:
        """Count it among those that are not answered."""
        log.info("turned_away", question=question.id, scope=exceeded.scope, line=exceeded.line)
        self.watch.turned_away(exceeded.scope)

    def line(self, exceeded: Exceeded) -> str:
        """What the asker is told."""
        return in_words(exceeded, self.limits)

    async def tell(self, question: Question, exceeded: Exceeded) -> None:
        """Tell the asker alone, where they asked. Raises `SlackUnavailable` or `Refused`.

        Nobody can look whether such a line arrived. One that may not have is sent again: a person told twice that they
        have to wait is better off than one who was not told.
        """
        await self.whisper(Click.of(question), self.line(exceeded))

    @asynccontextmanager
    async def billed(self, question: Question, terms: Terms) -> AsyncGenerator[None]:
        """What models are paid inside counts for the day, also when nothing came of it."""
        with allowing(terms) as allowance:
            try:
                yield
            finally:
                await self._spend(question, allowance.dollars)

    async def _spend(self, question: Question, dollars: float) -> None:
        """Add to the day; an answer does not fail because its price could not be written down."""
        if dollars <= 0:
            return
        try:
            await self.budgets.spend(question, dollars=dollars)
        except MemoryUnavailable as error:
            log.warning("unbilled", question=question.id, dollars=dollars, reason=str(error))
