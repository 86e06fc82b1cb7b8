"""Named places at which a test lets a process die at once, as if its power were cut; elsewhere nothing happens there.

`KILL_AT=answer_stored:3` kills the process when it passes `answer_stored` for the third time. Read once, at start.
"""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from typing import Final

from bot.errors import Misconfigured

POINTS: Final = (
    "verified",
    "before_append",
    "after_append",
    "claimed",
    "before_post",
    "after_post",
    "retrieved",
    "mid_stream",
    "answer_stored",
    "before_update",
    "after_update",
    "before_complete",
)
"""Along a question's way: its envelope is known to be Slack's; it is queued; leased; something of ours is posted (a
placeholder, a stream, an answer); passages are found; the text grows; the answer is stored; the message becomes the
answer; the job is ended."""


@dataclass(slots=True)
class _Order:
    point: str = ""
    left: int = 0


_ORDER = _Order()


def arm(order: str) -> None:
    """Die at the point of `order` (`POINT:N`), the N-th time; an empty one asks for nothing. Raises `Misconfigured`."""
    point, _, times = order.partition(":")
    if order and (point not in POINTS or not times.isascii() or not times.isdigit() or int(times) < 1):
        raise Misconfigured(f"KILL_AT is {order!r}; write POINT:N, with one of {', '.join(POINTS)}")
    _ORDER.point, _ORDER.left = point, int(times or 0)


def passing(point: str) -> None:
    """This is the place called `point`."""
    if _ORDER.point != point:
        return
    _ORDER.left -= 1
    if _ORDER.left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
