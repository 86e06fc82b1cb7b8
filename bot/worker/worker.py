"""The worker itself: takes jobs, runs those whose turn it is, and stops when it is asked to."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from functools import partial
from typing import Any

import structlog
from structlog.typing import FilteringBoundLogger

from bot.errors import FootnoteError, MemoryUnavailable
from bot.holding import unstopping
from bot.ports.queue import Claim, JobQueue
from bot.ports.watch import Unwatched, Watch
from bot.worker.attempts import Attempts, where
from bot.worker.hand import Hand, Held
from bot.worker.heartbeat import Heartbeat
from bot.worker.limits import Limits, at

log: FilteringBoundLogger = structlog.get_logger(__name__)

AGAIN = 0.2
"""Seconds after which a task that was cancelled is cancelled again, at the end."""


class Worker:
    """Runs the jobs of a queue until it is stopped.

    `handle` does a job; `give_up` tells the person that it will not be done, and for what reason, before the job is
    buried. Both may run again after a crash at any point. Jobs of one lane (a conversation, say) run one after another,
    the oldest first; which of several run, `Hand` says. A job whose lease is lost is cancelled. Whatever is `beside`
    runs until the worker is asked to stop; should it fail, the jobs go on without it.
    """

    def __init__(
        self,
        jobs: JobQueue,
        *,
        handle: Callable[[Claim], Awaitable[None]],
        give_up: Callable[[Claim, str], Awaitable[None]],
        limits: Limits | None = None,
        clock: Callable[[], float] = unstopping,
        watch: Watch | None = None,
        beside: Sequence[Callable[[], Coroutine[Any, Any, None]]] = (),
    ) -> None:
        self._jobs = jobs
        self._limits = limits or Limits()
        self._clock = clock
        self._watch = watch or Unwatched()
        self._beside = beside
        self._hand = Hand(self._limits, now=clock())
        self._heartbeat = Heartbeat(jobs, self._hand, clock)
        self._attempts = Attempts(
            jobs=jobs, handle=handle, give_up=give_up, limits=self._limits, clock=clock, watch=self._watch
        )
        self._stops = 0
        self._changed = asyncio.Event()

    def stop(self) -> None:
        """Take no more jobs, and return from `run` when those that run are done; called again, return at once."""
        self._stops += 1
        self._changed.set()

    async def run(self) -> None:
        """Work until stopped. Jobs that are not done by then are given back."""
        async with asyncio.TaskGroup() as group:
            heartbeat = group.create_task(self._heartbeat.beat())
            beside = [asyncio.create_task(each()) for each in self._beside]
            for task in beside:
                task.add_done_callback(heard)
            try:
                await self._work()
                for task in beside:
                    task.cancel()
                await self._drain()
            finally:
                for task in (heartbeat, *beside):
                    task.cancel()
                await self._hand_back()

    # --- taking jobs -------------------------------------------------------------------------------------------------

    async def _work(self) -> None:
        while not self._stops:
            await self._give_back(self._hand.stuck(now=self._clock()))
            room = self._hand.room(now=self._clock())
            if room > 0:
                await self._take(room)
            else:
                await self._change(within=self._limits.rest)

    async def _take(self, room: int) -> None:
        await self._give_back(self._hand.outlived())
        asked = self._clock()
        try:
            claims = await self._jobs.claim(limit=room, wait=min(self._limits.poll, self._jobs.lease / 4))
        except MemoryUnavailable as error:
            await self._await_queue(error)
            return
        now = self._clock()
        for claim in claims:
            self._watch.delivered(type(claim.job).__name__, deliveries=claim.deliveries, waited=claim.age)
            self._hand.add(Held(claim, since=asked, queued=now - claim.age))
        await self._give_back(self._hand.aside())
        if not self._stops:
            self._begin()

    async def _await_queue(self, error: MemoryUnavailable) -> None:
        """Wait until the queue answers again, or until the worker is stopped."""
        log.warning("queue_unreachable", reason=str(error))
        tries = 0
        while not self._stops:
            await self._change(within=at(self._limits.unreachable, tries))
            tries += 1
            try:
                await self._jobs.depth()
            except MemoryUnavailable:
                continue
            log.info("queue_back", tries=tries)
            return

    async def _change(self, *, within: float | None = None) -> None:
        """Return when a job ended, the worker was stopped, or `within` seconds have passed."""
        self._changed.clear()
        try:
            async with asyncio.timeout(within):
                await self._changed.wait()
        except TimeoutError:
            return

    # --- running them ------------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        for held in self._hand.begin(now=self._clock()):
            attempt = self._attempts.run(held.claim, holds=partial(self._heartbeat.holds, held))
            held.task = asyncio.create_task(attempt)
            held.task.add_done_callback(partial(self._over, held))

    def _over(self, held: Held, task: asyncio.Task[None]) -> None:
        """Hold the job no longer. If the task did not bring it to an end, its lease runs out and it comes back."""
        error = None if task.cancelled() else task.exception()
        if error:
            log.error("job_dropped", job=held.claim.id, error=type(error).__name__, where=where(error))
        self._hand.over(held, now=self._clock())
        self._begin()
        self._changed.set()

    # --- stopping ----------------------------------------------------------------------------------------------------

    async def _drain(self) -> None:
        """Let end what runs, and in its turn what comes after it in its lane; the rest is for others at once."""
        end = self._clock() + self._limits.drain
        await self._give_back(self._hand.idle())
        while self._hand.running and self._stops == 1 and (left := end - self._clock()) > 0:
            await self._change(within=left)

    async def _hand_back(self) -> None:
        """Cancel what still runs, then give back every job that is not done."""
        kept = self._hand.close()
        tasks = {held.task for held in self._hand.running if held.task}
        end = self._clock() + self._limits.unwind
        while tasks and self._clock() < end:
            for task in tasks:
                task.cancel()
            _, tasks = await asyncio.wait(tasks, timeout=AGAIN)
        await self._give_back(held for held in kept if not held.ended)

    async def _give_back(self, some: Iterable[Held]) -> None:
        """Let other workers have these jobs at once; where that fails, when their leases run out."""
        releases = [self._release(held.claim) for held in some]
        if releases:
            try:
                async with asyncio.timeout(self._limits.unwind):
                    await asyncio.gather(*releases)
            except TimeoutError:
                log.warning("jobs_not_released")

    async def _release(self, claim: Claim) -> None:
        try:
            await self._jobs.release(claim)
        except FootnoteError as error:
            log.warning("job_not_released", job=claim.id, error=type(error).__name__)


def heard(task: asyncio.Task[None]) -> None:
    """Say that something beside the jobs has failed: nobody waits for it."""
    if not task.cancelled() and (error := task.exception()):
        log.error("beside_failed", error=type(error).__name__, where=where(error))
