"""The job worker: leases jobs, runs them in order and within limits, and brings each to an end, whatever fails."""

from __future__ import annotations

import asyncio
import time
import traceback
from collections import deque
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass

import structlog
from structlog.contextvars import bind_contextvars
from structlog.typing import FilteringBoundLogger

from bot.errors import FootnoteError, IndexUnavailable, LeaseLost, MemoryUnavailable, SlackUnavailable, Unavailable
from bot.jobs import AnswerQuestion
from bot.kill_points import passing
from bot.ports.queue import Claim, JobQueue

log: FilteringBoundLogger = structlog.get_logger(__name__)

AGAIN = 0.2
"""Seconds after which a task that was cancelled is cancelled again, at the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much at once, how often and for how long; times in seconds."""

    answers: int = 8
    """Jobs that run at the same time."""
    held: int = 200
    """Jobs leased at the same time: those that run, and those that wait for one of their lane."""
    deliveries: int = 5
    """Tries of a job."""
    farewells: int = 20
    """Tries, after that, to tell the person that there will be no answer."""
    deadline: float = 60.0
    """For one try."""
    farewell: float = 15.0
    """For one try to tell."""
    drain: float = 25.0
    """For what runs when the worker is asked to stop."""
    unwind: float = 2.0
    """For a cancelled job to let go."""
    poll: float = 1.0
    """Longest wait in one look for jobs, and so for a stop while idle."""
    patience: float = 1800.0
    """Age of a job until which being asked to wait is no failure."""
    outage: float = 600.0
    """Age of a question until which it is no failure that nobody can search: its person was told to wait for it."""
    between: float = 3.0
    """Before another try of such a question, or as long as the index is left in peace."""
    backoff: tuple[float, ...] = (1.0, 4.0, 15.0, 30.0)
    """Before the second try, the third, and so on; the last one stays."""
    unreachable: tuple[float, ...] = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
    """Between calls to a queue that does not answer; the last one stays."""


@dataclass(slots=True, eq=False)
class _Held:
    """A leased job: when its lease last began, by our clock at the latest, and the task while it runs."""

    claim: Claim
    since: float
    task: asyncio.Task[None] | None = None


class Worker:
    """Runs the jobs of a queue until it is stopped.

    `handle` does a job; `give_up` tells the person that it will not be done, and for what reason, before the job is
    buried. Both may run again after a crash at any point. Jobs of one lane (a conversation, say) run one after another,
    in the order in which they were leased. A job whose lease is lost is cancelled.
    """

    def __init__(
        self,
        jobs: JobQueue,
        *,
        handle: Callable[[Claim], Awaitable[None]],
        give_up: Callable[[Claim, str], Awaitable[None]],
        limits: Limits | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._jobs = jobs
        self._handle = handle
        self._give_up = give_up
        self._limits = limits or Limits()
        self._clock = clock
        self._held: dict[int, _Held] = {}
        """By fence, which no two deliveries share."""
        self._lanes: dict[Hashable, deque[_Held]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._leaving: set[asyncio.Task[None]] = set()
        """Cancelled tasks that still run: a cancellation may be swallowed (by Python 3.11's `wait_for`, for one)."""
        self._stops = 0
        self._changed = asyncio.Event()

    def stop(self) -> None:
        """Take no more jobs, and return from `run` when those that run are done; called again, return at once."""
        self._stops += 1
        self._changed.set()

    async def run(self) -> None:
        """Work until stopped. Jobs that are not done by then are given back."""
        async with asyncio.TaskGroup() as group:
            heartbeat = group.create_task(self._beat())
            try:
                await self._work()
                await self._drain()
            finally:
                heartbeat.cancel()
                await self._hand_back()

    # --- taking jobs -------------------------------------------------------------------------------------------------

    async def _work(self) -> None:
        while not self._stops:
            room = min(self._limits.answers - len(self._lanes), self._limits.held - len(self._held))
            if room > 0:
                await self._take(room)
            else:
                await self._change()

    async def _take(self, room: int) -> None:
        asked = self._clock()
        try:
            claims = await self._jobs.claim(limit=room, wait=self._limits.poll)
        except MemoryUnavailable as error:
            await self._await_queue(error)
            return
        for claim in claims:
            if self._stops:
                await self._give_back(claim)
            else:
                self._line_up(_Held(claim, since=asked))

    async def _await_queue(self, error: MemoryUnavailable) -> None:
        """Wait until the queue answers again, or until the worker is stopped."""
        log.warning("queue_unreachable", reason=str(error))
        tries = 0
        while not self._stops:
            await self._change(within=_at(self._limits.unreachable, tries))
            tries += 1
            try:
                await self._jobs.depth()
            except MemoryUnavailable:
                continue
            log.info("queue_back", tries=tries)
            return

    def _line_up(self, held: _Held) -> None:
        self._held[held.claim.fence] = held
        key = held.claim.job.lane
        if key in self._lanes:
            self._lanes[key].append(held)
            return
        self._lanes[key] = deque([held])
        task = asyncio.create_task(self._lane(key))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _lane(self, key: Hashable) -> None:
        """Run the jobs of one lane, one after another, until none is left."""
        lane = self._lanes[key]
        try:
            while lane:
                held = lane.popleft()
                if held.claim.fence in self._held:
                    held.task = asyncio.create_task(self._attempt(held.claim))
                    await asyncio.wait({held.task})
                    self._finished(held, held.task)
        finally:
            del self._lanes[key]
            self._changed.set()

    def _finished(self, held: _Held, task: asyncio.Task[None]) -> None:
        """Hold the job no longer. If the task did not bring it to an end, its lease runs out and it comes back."""
        kept = self._held.pop(held.claim.fence, None)
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        if kept and error:
            log.error("job_dropped", job=held.claim.id, error=type(error).__name__, where=_where(error))

    async def _change(self, *, within: float | None = None) -> None:
        """Return when a lane ended, the worker was stopped, or `within` seconds have passed."""
        self._changed.clear()
        try:
            async with asyncio.timeout(within):
                await self._changed.wait()
        except TimeoutError:
            return

    # --- one job -----------------------------------------------------------------------------------------------------

    async def _attempt(self, claim: Claim) -> None:
        bind_contextvars(job=claim.id, question=claim.job.id, delivery=claim.deliveries)
        try:
            if claim.deliveries > self._limits.deliveries:
                await self._end(claim, f"not done after {claim.deliveries - 1} deliveries")
            else:
                await self._settle(claim, await self._outcome(claim))
        except LeaseLost:
            log.warning("lease_lost")

    async def _outcome(self, claim: Claim) -> Exception | None:
        """What went wrong, if anything."""
        started = self._clock()
        passing("claimed")
        try:
            async with asyncio.timeout(self._limits.deadline):
                await self._handle(claim)
        except Exception as error:  # noqa: BLE001  (whatever fails, the person hears of it and the worker goes on)
            return error
        log.info("job_done", seconds=round(self._clock() - started, 3))
        return None

    async def _settle(self, claim: Claim, error: Exception | None) -> None:
        if error is None:
            await self._insist(lambda: self._jobs.complete(claim))
        elif isinstance(error, LeaseLost):
            raise error
        elif self._is_no_failure(claim, error) or (
            _worth_another_try(error) and claim.deliveries < self._limits.deliveries
        ):
            await self._retry(claim, error)
        else:
            log.error("job_failed", error=type(error).__name__, where=_where(error))
            await self._end(claim, f"{type(error).__name__} at delivery {claim.deliveries}")

    def _is_no_failure(self, claim: Claim, error: Exception) -> bool:
        """Whether this try does not count: Slack asks to wait, or a question waits until somebody can search again."""
        if isinstance(error, IndexUnavailable):
            return isinstance(claim.job, AnswerQuestion) and claim.age < self._limits.outage
        asked = isinstance(error, SlackUnavailable) and error.retry_after is not None
        return asked and claim.age < self._limits.patience

    async def _retry(self, claim: Claim, error: Exception) -> None:
        counted = not self._is_no_failure(claim, error)
        backoff = _at(self._limits.backoff, claim.deliveries - 1)
        if isinstance(error, IndexUnavailable) and not counted:
            backoff = self._limits.between
        wished = error.retry_after if isinstance(error, Unavailable) and not counted else None
        after = max(backoff, wished or 0.0)
        log.warning("job_retried", error=type(error).__name__, where=_where(error), after=after)
        await self._insist(lambda: self._jobs.retry(claim, after=after, counted=counted))

    async def _end(self, claim: Claim, reason: str) -> None:
        """Tell the person, then bury the job; a person who cannot be told now is told at a later delivery."""
        error = await self._untold(claim, reason)
        if error is None:
            log.error("job_buried", reason=reason)
            await self._insist(lambda: self._jobs.bury(claim, reason=reason))
        elif _worth_another_try(error) and claim.deliveries < self._limits.deliveries + self._limits.farewells:
            await self._retry(claim, error)
        else:
            log.error("job_buried_untold", reason=reason, error=type(error).__name__, where=_where(error))
            await self._insist(lambda: self._jobs.bury(claim, reason=f"{reason}; nobody was told"))

    async def _untold(self, claim: Claim, reason: str) -> Exception | None:
        """Why the person could not be told, if so. Raises `LeaseLost`."""
        try:
            async with asyncio.timeout(self._limits.farewell):
                await self._give_up(claim, reason)
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
                await asyncio.sleep(_at(self._limits.unreachable, tries))
                tries += 1

    # --- leases ------------------------------------------------------------------------------------------------------

    async def _beat(self) -> None:
        """Renew every lease each third of its time, more often while the queue does not answer."""
        reachable = True
        while True:
            await asyncio.sleep(self._jobs.lease / (3 if reachable else 10))
            for task in self._leaving:
                task.cancel()
            reachable = await self._renew_all()
            for held in list(self._held.values()):
                if self._clock() - held.since > 0.9 * self._jobs.lease:
                    self._lose(held)

    async def _renew_all(self) -> bool:
        """Whether the queue answered. What turns out to be lost is stopped together, so that none begins meanwhile."""
        lost: list[_Held] = []
        try:
            for held in sorted(self._held.values(), key=lambda held: held.since):
                if not await self._renewed(held):
                    lost.append(held)  # noqa: PERF401  (those found before an error count too)
        except MemoryUnavailable:
            return False
        finally:
            for held in lost:
                self._lose(held)
        return True

    async def _renewed(self, held: _Held) -> bool:
        asked = self._clock()
        try:
            await self._jobs.renew(held.claim)
        except LeaseLost:
            return False
        held.since = asked
        return True

    def _lose(self, held: _Held) -> None:
        """Stop a job that may be another worker's by now."""
        if self._held.pop(held.claim.fence, None):
            log.warning("lease_lost", job=held.claim.id, question=held.claim.job.id)
            if held.task:
                held.task.cancel()
                self._leaving.add(held.task)
                held.task.add_done_callback(self._leaving.discard)

    # --- stopping ----------------------------------------------------------------------------------------------------

    async def _drain(self) -> None:
        end = self._clock() + self._limits.drain
        while self._lanes and self._stops == 1 and (left := end - self._clock()) > 0:
            await self._change(within=left)

    async def _hand_back(self) -> None:
        """Cancel what still runs, then give back every job that is not done."""
        tasks = {*self._tasks, *self._leaving, *(held.task for held in self._held.values() if held.task)}
        end = self._clock() + self._limits.unwind
        while tasks and self._clock() < end:
            for task in tasks:
                task.cancel()
            _, tasks = await asyncio.wait(tasks, timeout=AGAIN)
        for held in list(self._held.values()):
            await self._give_back(held.claim)

    async def _give_back(self, claim: Claim) -> None:
        """Let another worker have the job at once; where that fails, when its lease runs out."""
        try:
            await self._jobs.release(claim)
        except FootnoteError as error:
            log.warning("job_not_released", job=claim.id, error=type(error).__name__)


def _worth_another_try(error: Exception) -> bool:
    return isinstance(error, TimeoutError) or (isinstance(error, FootnoteError) and error.retryable)


def _at(steps: tuple[float, ...], index: int) -> float:
    return steps[min(index, len(steps) - 1)]


def _where(error: BaseException) -> str:
    """The innermost places that an error came through, without its words: they may quote a person."""
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    return " > ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames)
