"""How much people may ask, and what it may cost: the limits, and what is said of one that is reached; pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

Scope: TypeAlias = Literal[
    "person_minute", "person_day", "channel_day", "workspace_day", "person_cost", "workspace_cost"
]
"""Whose limit it is, and for how long it counts: the last 60 seconds, or the last 24 hours."""


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
    """A limit that a question would exceed, and when the asker may ask again."""

    scope: Scope
    until: datetime
