"""The jobs that a worker has in hand: which of them runs next, and how many more it should lease; no waiting here."""

from __future__ import annotations

import asyncio
from bisect import insort
from collections import Counter
from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass, field

from bot.jobs import AnswerQuestion, Job, OfferAnswer, WithdrawQuestion
from bot.ports.queue import Claim
from bot.worker.limits import Limits, Room

ALONE = 2
"""The suspicion with which a job runs while nothing else does."""


@dataclass(slots=True, eq=False)
class Held:
    """A leased job: when its lease last began, by our clock at the latest; and when it was queued, by the same clock.

    `room` is whose place it takes, and `task` is there, once it runs; `ours` is False once its lease is lost.
    """

    claim: Claim
    since: float
    queued: float
    room: Room = "answers"
    task: asyncio.Task[None] | None = None
    ours: bool = True

    @property
    def ended(self) -> bool:
        """Whether it ran to its end, whatever that was."""
        return self.task is not None and self.task.done() and not self.task.cancelled()

    @property
    def suspicion(self) -> int:
        """0 for a job like any other, 1 for one whose holder vanished with it, 2 where that was not the first time."""
        return min(ALONE, self.claim.deliveries - 1) if self.claim.orphaned else 0

    @property
    def orders(self) -> set[Hashable]:
        """What it comes after: whoever has any of these and is older goes first."""
        job = self.claim.job
        if self.room == "gestures":
            return {job.lane}
        question = ("question", job.id)
        return {question} if self.room == "deletions" else {job.lane, question}


@dataclass(slots=True)
class _Taken:
    """What those that run, and those that stand before others, have taken."""

    orders: set[Hashable] = field(default_factory=set[Hashable])
    places: Counter[Room] = field(default_factory=Counter[Room])
    people: Counter[str] = field(default_factory=Counter[str])

    def add(self, held: Held) -> None:
        """It runs."""
        self.orders |= held.orders
        self.places[held.room] += 1
        self.people[held.claim.job.person] += held.room == "answers"


class Hand:
    """Picks the oldest job whose turn it is in its lane, for whose kind there is a place, and whose person has room.

    A deletion waits for nothing but the question that it withdraws. That question, when it has not begun, is over at
    once, so it takes a deletion's place: neither waits for the answers of others.

    Workers have died with some jobs, and one of these may be what they died of. Such jobs run among themselves, once
    all else that is in hand here is done; those with which it happened twice run alone. So one that kills its worker
    each time takes few others with it, and those once or twice; and a worker that dies as soon as it has come up again
    has answered some of the others by then.
    """

    def __init__(self, limits: Limits, *, now: float) -> None:
        self._limits = limits
        self._waiting: list[Held] = []
        self._running: set[Held] = set()
        self._for_a_place: list[Held] = []
        """Those that wait for nobody before them in their lane."""
        self._moved = now
        """When an answer last began or ended."""
        self._resting_until = now
        self._closed = False
        self._outlived: list[Held] = []

    # --- what there is -----------------------------------------------------------------------------------------------

    @property
    def leased(self) -> list[Held]:
        """Those that are ours, the longest without a renewal first."""
        return sorted((held for held in (*self._running, *self._waiting) if held.ours), key=lambda held: held.since)

    @property
    def running(self) -> Collection[Held]:
        """Those that run, lost ones among them until they have let go."""
        return self._running

    # --- in and out --------------------------------------------------------------------------------------------------

    def add(self, held: Held) -> None:
        """Take a job in hand."""
        insort(self._waiting, held, key=lambda one: one.queued)

    def begin(self, *, now: float) -> list[Held]:
        """Those whose turn it is; they run from now on."""
        withdrawn = self._withdrawn()
        self._for_a_place = []
        for held in self._waiting:
            held.room = _room(held.claim.job, withdrawn)
        begun = [] if self._closed else self._next(suspects=False) or self._next(suspects=True)
        self._waiting = [held for held in self._waiting if held not in begun]
        self._running.update(begun)
        self._moved = now if begun else self._moved
        return begun

    def _next(self, *, suspects: bool) -> list[Held]:
        """Those whose turn it is of one kind. Whatever waits before a job of its lane keeps it from its turn."""
        begun, taken = list[Held](), self._taken()
        for held in self._waiting:
            if bool(held.suspicion) is suspects and _go_together(held, [*self._running, *begun]):
                turn = held.orders.isdisjoint(taken.orders)
                if turn and self._has_place(held, taken):
                    taken.add(held)
                    begun.append(held)
                    continue
                self._for_a_place += [held] if turn else []
            taken.orders |= held.orders
        return begun

    def over(self, held: Held, *, now: float) -> None:
        """A job has ended, in whatever way."""
        self._running.discard(held)
        self._moved = now

    def lose(self, held: Held, *, outlived: bool = False) -> None:
        """It is not ours any more; one that runs keeps its place until it has let go.

        `outlived`, its lease ran out because the queue was silent: this process lives, and has not died of it.
        """
        held.ours = False
        self._drop([held])
        self._outlived += [held] if outlived else []

    def outlived(self) -> list[Held]:
        """Those that have let go: to be given back before anything is leased, so that nobody suspects them."""
        gone = [held for held in self._outlived if held.task is None or held.task.done()]
        self._outlived = [held for held in self._outlived if held not in gone]
        return gone

    def close(self) -> list[Held]:
        """Begin no more; those that are still ours."""
        self._closed = True
        return self.leased

    # --- how many more -----------------------------------------------------------------------------------------------

    def room(self, *, now: float) -> int:
        """How many jobs to lease now: as many as there are places for answers, else a handful more than can run."""
        if self._suspects:
            return 0
        left = self._limits.held - len(self._running) - len(self._waiting)
        free = self._free_places()
        if free > 0:
            return min(free, left)
        if now < self._resting_until:
            return 0
        return max(0, min(self._limits.handful, self._limits.surplus - len(self._for_a_place), left))

    def stuck(self, *, now: float) -> list[Held]:
        """What waits here for a place while none becomes free: it is for others to have. Then rest for a while."""
        if self._free_places() > 0 or now - self._moved < self._limits.keep or not self._for_a_place:
            return []
        self._resting_until = now + self._limits.rest
        return self._drop(self._for_a_place)

    def aside(self) -> list[Held]:
        """What would die with others that a worker may die of: others have it meanwhile."""
        suspects = [held for held in (*self._running, *self._waiting) if held.suspicion]
        if not suspects:
            return []
        first = suspects[0]
        alone = first.suspicion == ALONE
        stay = [first] if alone else [held for held in suspects if held.suspicion == first.suspicion]
        return self._drop([held for held in self._waiting if held not in stay and not self._precedes(held, stay)])

    def _precedes(self, held: Held, suspects: Sequence[Held]) -> bool:
        """Whether it runs before these do: nobody suspects it, none of them runs, and it comes after none of them."""
        begun = not self._running.isdisjoint(suspects)
        return not (held.suspicion or begun or any(held.orders & one.orders for one in suspects))

    def idle(self) -> list[Held]:
        """What waits here behind nothing that runs: at the end another worker can begin it at once."""
        running = self._taken().orders
        return self._drop([held for held in self._waiting if held.orders.isdisjoint(running)])

    def _drop(self, some: list[Held]) -> list[Held]:
        self._for_a_place = [held for held in self._for_a_place if held not in some]
        self._waiting = [held for held in self._waiting if held not in some]
        return some

    @property
    def _suspects(self) -> bool:
        return any(held.suspicion for held in (*self._running, *self._waiting))

    def _free_places(self) -> int:
        return self._limits.answers - self._taken().places["answers"]

    def _taken(self) -> _Taken:
        taken = _Taken()
        for held in self._running:
            taken.add(held)
        return taken

    def _withdrawn(self) -> set[str]:
        """Questions whose deletion waits here."""
        return {held.claim.job.id for held in self._waiting if isinstance(held.claim.job, WithdrawQuestion)}

    def _has_place(self, held: Held, taken: _Taken) -> bool:
        if taken.places[held.room] >= self._limits.places(held.room):
            return False
        return held.room != "answers" or taken.people[held.claim.job.person] < self._limits.each


def _go_together(held: Held, running: Collection[Held]) -> bool:
    """Whether a job may run beside those that run."""
    return not running or (held.suspicion != ALONE and all(one.suspicion == held.suspicion for one in running))


def _room(job: Job, withdrawn: Collection[str]) -> Room:
    if isinstance(job, AnswerQuestion | OfferAnswer):
        return "deletions" if job.id in withdrawn else "answers"
    return "deletions" if isinstance(job, WithdrawQuestion) else "gestures"
