"""Trigger ids: a click's right to open one modal within three seconds."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.playground.refusals import Refusal
from bot.playground.wire import Clock, Ids

TRIGGER_LASTS = 3.0


@dataclass(frozen=True, slots=True)
class Triggers:
    """The triggers handed out, each with its owner and its end."""

    clock: Clock
    ids: Ids
    live: dict[str, tuple[str, float]] = field(default_factory=dict[str, tuple[str, float]])
    used: set[str] = field(default_factory=set[str])

    def issue(self, owner: str) -> str:
        """A trigger for somebody who has just clicked."""
        trigger = self.ids.trigger()
        self.live[trigger] = (owner, self.clock() + TRIGGER_LASTS)
        return trigger

    def exchange(self, trigger: str) -> str:
        """Whose screen the trigger opens a modal on; raises what Slack answers for an old, used or made-up one."""
        if trigger in self.used:
            raise Refusal("exchanged_trigger_id")
        if trigger not in self.live:
            raise Refusal("invalid_trigger_id")
        owner, until = self.live[trigger]
        if self.clock() > until:
            raise Refusal("expired_trigger_id")
        self.used.add(trigger)
        return owner
