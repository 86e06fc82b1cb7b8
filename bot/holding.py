"""Whether the job at hand is still ours: asked right before anything is done that cannot be done twice.

A process can be stopped for minutes (a laptop's lid, a paused virtual machine) and go on in the middle of a line, when
its lease ran out long ago and another worker has answered. The store refuses what it writes then, by its fence; Slack
knows no fence. So the worker notes here until when the lease holds, and the call looks at the clock itself.

It travels beside the calls, as the allowance does. Work that no job asked for holds nothing, and is never stopped here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar

from bot.errors import LeaseLost

_HELD: ContextVar[Callable[[], bool] | None] = ContextVar("held", default=None)
_DOUBTFUL: ContextVar[bool] = ContextVar("doubtful", default=False)
_AGAIN: ContextVar[bool] = ContextVar("again", default=False)
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""The one that goes on while a machine sleeps: on Linux the first, elsewhere the second."""


def unstopping() -> float:
    """Seconds since some moment: also those for which this process stood still, or the machine slept."""
    return time.clock_gettime(_CLOCK)


@contextmanager
def holding(held: Callable[[], bool], *, doubtful: bool = False, again: bool = False) -> Generator[None]:
    """What is done inside is done under a lease; `held` says whether it still holds, by `unstopping`.

    `doubtful` is as for a claim; `again` says that it was tried before.
    """
    token, doubt, tried = _HELD.set(held), _DOUBTFUL.set(doubtful), _AGAIN.set(again)
    try:
        yield
    finally:
        _AGAIN.reset(tried)
        _DOUBTFUL.reset(doubt)
        _HELD.reset(token)


def in_doubt() -> bool:
    """Whether the store may have forgotten what was done already for the job at hand."""
    return _DOUBTFUL.get()


def tried_before() -> bool:
    """Whether there was an earlier try of the job at hand: what it began may still stand."""
    return _AGAIN.get()


def still_held() -> None:
    """Raise `LeaseLost` when the job at hand may be another worker's by now."""
    held = _HELD.get()
    if held is not None and not held():
        raise LeaseLost("the lease ran out while this process stood still")
