"""What calls were billed for: charged to the question, put on its span, and measured."""

from __future__ import annotations

from dataclasses import dataclass, field

import structlog
from structlog.typing import FilteringBoundLogger

from bot.adapters.wrappers.tracing import Telemetry
from bot.allowance import current
from bot.spending import Prices, Usage

log: FilteringBoundLogger = structlog.get_logger(__name__)


@dataclass(slots=True)
class Meter:
    """Its `note` is what adapters get as `on_usage`."""

    prices: Prices
    telemetry: Telemetry = field(default_factory=Telemetry)
    _unpriced: set[str] = field(default_factory=set[str], init=False)

    def note(self, usage: Usage) -> None:
        """Count one reply. A model that the table of prices does not have costs nothing, and is named once."""
        dollars = self.prices.cost(usage)
        allowance = current()
        if allowance is not None:
            allowance.charge(tokens=usage.tokens, dollars=dollars)
        self.telemetry.used(usage, dollars)
        if not self.prices.knows(usage.model) and usage.model not in self._unpriced:
            self._unpriced.add(usage.model)
            log.info("model_without_a_price", provider=usage.provider, model=usage.model)
