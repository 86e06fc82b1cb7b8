"""Faults that a test or a person can order: refusals, rate limits, server errors, cut and silent connections."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Literal

from bot.playground.refusals import Refusal

FaultKind = Literal["refuse", "page", "cut_before", "cut_after", "hang"]


@dataclass(slots=True)
class Fault:
    """What happens to the next `times` calls of a method.

    `refuse` answers with `refusal`. `page` answers nothing of Slack's: an HTML page with the status of `refusal`, as a
    proxy does that cannot reach it. `cut_before` drops the connection before anything is done, `cut_after` once the
    call has been carried out. `hang` carries it out too and never answers.
    """

    kind: FaultKind
    times: int
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Faults:
    """The orders that are still open, first come first served per method."""

    ordered: defaultdict[str, list[Fault]] = field(default_factory=lambda: defaultdict(list))

    def order(self, method: str, fault: Fault) -> None:
        """Let something go wrong."""
        self.ordered[method].append(fault)

    def take(self, method: str) -> Fault | None:
        """The fault that the call now arriving meets."""
        waiting = self.ordered[method]
        if not waiting:
            return None
        waiting[0].times -= 1
        return waiting.pop(0) if waiting[0].times <= 0 else waiting[0]
