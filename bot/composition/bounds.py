"""What keeps every vendor's calls in bounds: deadlines, breakers, prices, traces."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from bot.spending import PUBLISHED, Price, Prices

if TYPE_CHECKING:
    from bot.adapters.wrappers.breaker import Breaker
    from bot.adapters.wrappers.guard import Guard
    from bot.adapters.wrappers.metering import Meter
    from bot.adapters.wrappers.tracing import Kind, Telemetry
    from bot.settings import Settings

TRIES: Final = 2
DOCUMENT_TRIES: Final = 5
"""Nobody waits for an index: what embeds documents may try longer."""


@dataclass(slots=True)
class Bounds:
    """Guards of one process. Each work of each model has a breaker of its own: a slow one stops no other."""

    meter: "Meter"
    telemetry: "Telemetry"
    _breakers: dict[str, "Breaker"] = field(default_factory=dict[str, "Breaker"])

    def guard(
        self, provider: str, kind: "Kind", model: str, *, deadline: float, tries: int = TRIES, work: str = ""
    ) -> "Guard":
        """A guard for calls that may take `deadline` seconds with all their tries; `work` tells uses apart."""
        from bot.adapters.wrappers.breaker import Breaker
        from bot.adapters.wrappers.guard import Guard

        dependency = " ".join(filter(None, (provider, kind, model, work)))
        breaker = self._breakers.setdefault(dependency, Breaker(dependency))
        return Guard(provider, kind, model, deadline=deadline, tries=tries, breaker=breaker, telemetry=self.telemetry)


def bounds(settings: "Settings") -> Bounds:
    """The bounds that the settings set."""
    from bot.adapters.wrappers.metering import Meter
    from bot.adapters.wrappers.tracing import Telemetry

    telemetry = Telemetry()
    return Bounds(Meter(prices(settings.asking.prices), telemetry), telemetry)


def prices(told: Mapping[str, tuple[float, ...]]) -> Prices:
    """The published prices, and those of the settings over them."""
    return Prices({**PUBLISHED, **{model: Price(*numbers) for model, numbers in told.items()}})
