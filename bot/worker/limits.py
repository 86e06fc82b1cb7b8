"""How much at once, how often and for how long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Room = Literal["answers", "gestures", "deletions"]
"""Jobs of one room never take a place of another's: a bulkhead."""
SWEEPS = 3
"""Times that a forgotten question is taken up within a day; at the last, the asker is told that there is no answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a worker keeps to; times in seconds."""

    answers: int = 8
    """Questions that are answered at the same time."""
    gestures: int = 4
    """Clicks, commands and Home tabs that are served at the same time, whatever the answers do."""
    deletions: int = 4
    """Answers that are taken back at the same time."""
    surplus: int = 16
    """Jobs leased beyond those that run: what waits behind them may have a place."""
    handful: int = 4
    """Jobs of the surplus that are leased in one go, so that workers who are all busy share what there is."""
    held: int = 200
    """Jobs leased at the same time: those that run, and those that wait here."""
    keep: float = 2.0
    """How long the surplus is kept while no place becomes free: another worker may have one."""
    rest: float = 1.5
    """Before it is leased again: longer than an idle worker takes to look for what was given back."""
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
    unwind: float = 1.5
    """For cancelled jobs to let go, and again for all that is not done to be given back."""
    poll: float = 1.0
    """Longest wait in one look for jobs, and so for a stop while idle; a quarter of the lease where that is less."""
    patience: float = 1800.0
    """Age of a job until which being asked to wait is no failure."""
    outage: float = 600.0
    """Age of a question until which it is no failure that nobody can search: its person was told to wait for it."""
    between: float = 3.0
    """Before another try of such a question, or as long as the index is left in peace."""
    backoff: tuple[float, ...] = (1.0, 4.0, 15.0, 30.0)
    """Before the second try, the third, and so on; the last one stays. The queue waits one lease at most."""
    unreachable: tuple[float, ...] = (0.1, 0.2, 0.5, 1.0)
    """Between calls to a queue that does not answer; the last one stays."""

    @property
    def each(self) -> int:
        """Answers of one person at the same time: half of the places, so that nobody has all."""
        return max(1, -(-self.answers // 2))

    def places(self, room: Room) -> int:
        """How many jobs of a room run at the same time."""
        return {"answers": self.answers, "gestures": self.gestures, "deletions": self.deletions}[room]


def at(steps: Sequence[float], index: int) -> float:
    """The step at `index`, or the last one."""
    return steps[min(index, len(steps) - 1)]
