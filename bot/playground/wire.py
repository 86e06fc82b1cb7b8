"""What travels: JSON objects, the ids in them, and timestamps that never repeat."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]
Clock: TypeAlias = Callable[[], float]
"""Seconds since the epoch."""
Token: TypeAlias = Callable[[int], str]
"""`token(n)` is n bytes of randomness in hexadecimal."""


@dataclass(slots=True)
class Timestamps:
    """Message timestamps as Slack writes them: unique, and later each time even when the clock stands still."""

    clock: Clock
    last: int = 0

    def next(self) -> str:
        """The next timestamp, `seconds.microseconds`."""
        self.last = max(self.last + 1, int(self.clock() * 1_000_000))
        return f"{self.last // 1_000_000}.{self.last % 1_000_000:06d}"


@dataclass(frozen=True, slots=True)
class Ids:
    """Ids in the shapes that Slack gives them."""

    token: Token

    def event(self) -> str:
        """An Events API `event_id`."""
        return "Ev" + self.token(5).upper()

    def unique(self) -> str:
        """A UUID: envelope ids and `client_msg_id`."""
        digits = self.token(16)
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))

    def trigger(self) -> str:
        """A `trigger_id`."""
        return f"{int(self.token(5), 16)}.{int(self.token(5), 16)}.{self.token(16)}"

    def block(self) -> str:
        """A `block_id` for a block that came without one."""
        return self.token(3)[-5:]

    def view(self) -> str:
        """A view's id."""
        return "V" + self.token(5).upper()


def is_timestamp(value: str) -> bool:
    """Whether `value` has the shape of a message timestamp."""
    seconds, _, fraction = value.partition(".")
    return seconds.isascii() and seconds.isdigit() and len(fraction) == len("000000") and fraction.isdigit()
