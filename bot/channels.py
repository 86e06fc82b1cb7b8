"""How the bot behaves in one channel, as its admins decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

Mode: TypeAlias = Literal["mention", "offer", "continue"]
Tone: TypeAlias = Literal["full", "brief"]


@dataclass(frozen=True, slots=True)
class ChannelSettings:
    """What an admin can set for a channel.

    `mode` says what happens to a message in a thread where the bot takes part and is not named: nothing, an offer to
    the writer alone, or an answer when it asks. With `auto_answer`, top-level questions that name nobody are answered
    when the answer is sure. `sources` limits what is searched (empty: all). `humans` is the user group (S…) or person
    (U…, W…) that *Ask a person* brings in.
    """

    mode: Mode = "continue"
    auto_answer: bool = False
    sources: tuple[str, ...] = ()
    tone: Tone = "full"
    humans: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the audit: who set what, when; values as plain text."""

    at: datetime
    person: str
    channel: str
    field: str
    before: str
    after: str
