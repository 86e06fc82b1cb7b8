"""One try of a job, and what becomes of the job after it: done, tried again later, or told to the person and buried."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog
from structlog.contextvars import bind_contextvars
from structlog.typing import FilteringBoundLogger

from bot.errors import FootnoteError, IndexUnavailable, LeaseLost, MemoryUnavailable, SlackUnavailable, Unavailable
from bot.holding import holding
from bot.jobs import AnswerQuestion
from bot.kill_points import passing
from bot.ports.queue import Claim, JobQueue
from bot.ports.watch import Outcome, Watch
from bot.worker.limits import SWEEPS, Limits, at

log: FilteringBoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """Tries jobs. `handle` does one; `give_up` tells the person that it will not be done, and for what reason."""

    jobs: JobQueue
    handle: Callable[[Claim], Awaitable[None]]
    give_up: Callable[[Claim, str], Awaitable[None]]
    limits: Limits
    clock: Callable[[], float]
    watch: Watch

    async def run(self, claim: Claim, *, holds: Callable[[], bool]) -> None:
        """Bring this delivery to its end; `holds` says whether the lease still does, whenever it is asked."""
        bind_contextvars(job=claim.id, question=claim.job.id, delivery=claim.deliveries)
        began, outcome = self.clock(), "lost"
        try:
            swept = isinstance(claim.job, AnswerQuestion) and claim.job.sweeps > 0
            with holding(holds, doubtful=claim.doubtful, again=claim.deliveries > 1 or swept):
                outcome = await self._ended(claim)
        except LeaseLost:
            log.warning("lease_lost")
        finally:
            self.watch.ended(type(claim.job).__name__, outcome, seconds=self.clock() - began)

    async def _ended(self, claim: Claim) -> Outcome:
        if claim.deliveries > self.limits.deliveries:
            return await self._end(claim, f"not done after {claim.deliveries - 1} deliveries")
        if isinstance(claim.job, AnswerQuestion) and claim.job.sweeps >= SWEEPS:
            return await self._end(claim, f"forgotten {claim.job.sweeps} times")
        return await self._settle(claim, await self._error(claim))

    async def _error(self, claim: Claim) -> Exception | None:
        """What went wrong, if anything."""
        started = self.clock()
        passing("claimed")
        try:
            async with asyncio.timeout(self.limits.deadline):
                await self.handle(claim)
        except Exception as error:  # noqa: BLE001  (whatever fails, the person hears of it and the worker goes on)
            return error
        log.info("job_done", seconds=round(self.clock() - started, 3))
        return None

    async def _settle(self, claim: Claim, error: Exception | None) -> Outcome:
        if error is None:
            await self._insist(lambda: self.jobs.complete(claim))
            return "done"
        if isinstance(error, LeaseLost):
            raise error
        if self._is_no_failure(claim, error) or (
            _worth_another_try(error) and claim.deliveries < self.limits.deliveries
        ):
            return await self._retry(claim, error)
        log.error("job_failed", error=type(error).__name__, where=where(error))
        return await self._end(claim, f"{type(error).__name__} at delivery {claim.deliveries}")

    def _is_no_failure(self, claim: Claim, error: Exception) -> bool:
        """Whether this try does not count: Slack asks to wait, or a question waits until somebody can search again."""
        if isinstance(error, IndexUnavailable):
            return isinstance(claim.job, AnswerQuestion) and claim.age < self.limits.outage
        asked = isinstance(error, SlackUnavailable) and error.retry_after is not None
        return asked and claim.age < self.limits.patience

    async def _retry(self, claim: Claim, error: Exception) -> Outcome:
        counted = not self._is_no_failure(claim, error)
        backoff = at(self.limits.backoff, claim.deliveries - 1)
        if isinstance(error, IndexUnavailable) and not counted:
            backoff = self.limits.between
        wished = error.retry_after if isinstance(error, Unavailable) and not counted else None
        after = max(backoff, wished or 0.0)
        log.warning("job_retried", error=type(error).__name__, where=where(error), after=after)
        await self._insist(lambda: self.jobs.retry(claim, after=after, counted=counted))
        return "retried"

    async def _end(self, claim: Claim, reason: str) -> Outcome:
        """Tell the person, then bury the job; a person who cannot be told now is told at a later delivery."""
        error = await self._untold(claim, reason)
        if error is None:
            log.error("job_buried", reason=reason)
            await self._insist(lambda: self.jobs.bury(claim, reason=reason))
        elif _worth_another_try(error) and claim.deliveries < self.limits.deliveries + self.limits.farewells:
            return await self._retry(claim, error)
        else:
            log.error("job_buried_untold", reason=reason, error=type(error).__name__, where=where(error))
            await self._insist(lambda: self.jobs.bury(claim, reason=f"{reason}; nobody was told"))
        return "buried"

    async def _untold(self, claim: Claim, reason: str) -> Exception | None:
        """Why the person could not be told, if so. Raises `LeaseLost`."""
        try:
            async with asyncio.timeout(self.limits.farewell):
                await self.give_up(claim, reason)
        except LeaseLost:
            raise
        except Exception as error:  # noqa: BLE001  (as for the job itself)
            return error
        return None

    async def _insist(self, step: Callable[[], Awaitable[None]]) -> None:
        """Do `step` until the queue confirms it. It ends: when the lease runs out meanwhile, this task is cancelled."""
        tries = 0
        while True:
            try:
                return await step()
            except MemoryUnavailable:
                await asyncio.sleep(at(self.limits.unreachable, tries))
                tries += 1


def _worth_another_try(error: Exception) -> bool:
    return isinstance(error, TimeoutError) or (isinstance(error, FootnoteError) and error.retryable)


def where(error: BaseException) -> str:
    """The innermost places that an error came through, without its words: they may quote a person."""
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    return " > ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames)
