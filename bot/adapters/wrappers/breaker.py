"""A breaker: a dependency that keeps failing is left in peace for a while, then tried by one call.

Our own because it needs a clock that tests can move, one probe at a time, and errors that open it at once. purgatory
3.0 has none of the three: it reads `time.time()`, lets everybody through half-open, and counts all failures alike.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

import structlog
from structlog.typing import FilteringBoundLogger

from bot.errors import FootnoteError, OutOfAllowance, Unavailable, Unusable

log: FilteringBoundLogger = structlog.get_logger(__name__)

State = Literal["closed", "half-open", "open"]

FAILURES = 5
"""In a row, after which a dependency is left in peace."""
REST = 15.0
"""Seconds of peace."""


@dataclass(slots=True, eq=False)
class Passage:
    """One call on its way. What comes of it counts only in the era it began in: a straggler decides nothing."""

    era: int


@dataclass(slots=True)
class Breaker:
    """Counts the failures of one dependency, and refuses calls while it rests.

    One for each thing that can fail alone: a provider's reranker may be over its limit while its models still answer.
    """

    dependency: str
    failures: int = FAILURES
    rest: float = REST
    clock: Callable[[], float] = time.monotonic
    _failed: int = field(default=0, init=False)
    _opened: float | None = field(default=None, init=False)
    _era: int = field(default=0, init=False)
    _probe: Passage | None = field(default=None, init=False)

    @property
    def state(self) -> State:
        """Closed: calls pass. Open: none does. Half-open: one at a time, to see."""
        if self._opened is None:
            return "closed"
        return "open" if self._rest_left > 0 else "half-open"

    @contextmanager
    def passing(self) -> Generator[Passage]:
        """One call. It ends well or badly; what is cancelled, or ran out of its own allowance, says nothing.

        Raises `Unavailable` at once, with the seconds of rest that are left, when no call may pass.
        """
        passage = self._admit()
        try:
            yield passage
        except OutOfAllowance:
            raise
        except Unavailable as error:
            self._blame(passage, at_once=isinstance(error, Unusable))
            raise
        except FootnoteError:
            self.answered(passage)
            raise
        else:
            self.answered(passage)
        finally:
            if self._probe is passage:
                self._probe = None

    def answered(self, passage: Passage) -> None:
        """The dependency is there: said when a call ends well, or earlier, with the first of a stream."""
        if passage.era != self._era:
            return
        self._failed = 0
        if self._opened is not None:
            log.info("circuit_closed", dependency=self.dependency)
            self._opened, self._probe = None, None
            self._era += 1
            passage.era = self._era

    @property
    def _rest_left(self) -> float:
        return 0.0 if self._opened is None else self._opened + self.rest - self.clock()

    def _admit(self) -> Passage:
        state, passage = self.state, Passage(self._era)
        if state == "open":
            raise Unavailable(f"{self.dependency} failed and is left in peace", retry_after=self._rest_left)
        if state == "half-open":
            if self._probe is not None:
                raise Unavailable(f"{self.dependency} failed and is being tried by another question")
            self._probe = passage
        return passage

    def _blame(self, passage: Passage, *, at_once: bool) -> None:
        if passage.era != self._era:
            return
        self._failed += 1
        if at_once or self._opened is not None or self._failed >= self.failures:
            log.warning("circuit_opened", dependency=self.dependency, failures=self._failed, seconds=self.rest)
            self._opened = self.clock()
            self._era += 1
