"""How much people may ask, and what it may cost: the limits, and what is said of one that is reached; pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import Literal, TypeAlias

from bot.words.counting import counted

Scope: TypeAlias = Literal[
    "person_minute", "person_day", "channel_day", "workspace_day", "person_cost", "workspace_cost"
]
"""Whose limit it is, and for how long it counts: the last 60 seconds or 24 hours; dollars by the day, in UTC."""

OVER_BUDGET = "over budget"
"""What became of a question that was turned away; its record says so with the scope."""
LINES = 3
"""Lines within a minute by which one person is told, in one channel, that there is no answer; the last says so."""

_MINUTE, _HOUR = 60, 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The most questions and dollars within a minute or a day; 0 is no limit."""

    person_minute: int = 10
    person_day: int = 200
    channel_day: int = 1_000
    workspace_day: int = 0
    person_cost: float = 0.0
    workspace_cost: float = 25.0


@dataclass(frozen=True, slots=True)
class Exceeded:
    """A limit that a question would exceed, and in how many seconds the asker may ask again.

    `line` counts the lines that tell one person so, in one channel and within a minute: 1 to `LINES`. It is 0 where
    enough were told: the last of them spoke for this question too.
    """

    scope: Scope
    seconds: float
    line: int = 1


@dataclass(frozen=True, slots=True)
class Today:
    """What a workspace has spent on this day (in UTC), in dollars, and how many questions were turned away.

    By what they exceeded, and by who asked them.
    """

    dollars: float = 0.0
    turned_away: Mapping[Scope, int] = field(default_factory=dict[Scope, int])
    people: Mapping[str, int] = field(default_factory=dict[str, int])


def in_words(exceeded: Exceeded, limits: Limits) -> str:
    """What the asker is told: which limit it was, and when they may ask again, as long from now as it takes."""
    last = " I won't answer what else you ask here until then, and won't repeat this for a minute."
    told = f"{_reached(exceeded.scope, limits)} Ask again in {_span(exceeded.seconds)}{_or_else(exceeded.scope)}."
    return f"{told}{last if exceeded.line == LINES else ''}"


def _reached(scope: Scope, limits: Limits) -> str:
    match scope:
        case "person_minute":
            return f"You've asked {counted(limits.person_minute, 'question')} in the last minute."
        case "person_day":
            return f"You've asked {counted(limits.person_day, 'question')} in the last 24 hours."
        case "channel_day":
            return f"This channel has had {counted(limits.channel_day, 'question')} in the last 24 hours."
        case "workspace_day":
            return f"This workspace has had {counted(limits.workspace_day, 'question')} in the last 24 hours."
        case "person_cost":
            return "Your questions have used their budget for today."
        case "workspace_cost":
            return "This workspace has used its budget for answers today."


def _or_else(scope: Scope) -> str:
    return "" if scope == "person_minute" else ", or ask an admin for more"


def _span(seconds: float) -> str:
    """A span of time, rounded up: whoever waits so long waits long enough."""
    if seconds < 1.5 * _MINUTE:
        return counted(max(1, ceil(seconds)), "second")
    if seconds < 1.5 * _HOUR:
        return counted(ceil(seconds / _MINUTE), "minute")
    return counted(ceil(seconds / _HOUR), "hour")
