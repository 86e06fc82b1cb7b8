"""What backends charge for: the units of a call, and a table of prices in US dollars."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

MILLION = 1_000_000

Operation = Literal["chat", "embeddings", "rerank"]


@dataclass(frozen=True, slots=True)
class Usage:
    """What one call was billed for, as its reply says: tokens in and out, and searches of a reranker."""

    provider: str
    model: str
    operation: Operation
    input_tokens: int = 0
    output_tokens: int = 0
    searches: int = 0

    @property
    def tokens(self) -> int:
        """Of both kinds."""
        return self.input_tokens + self.output_tokens


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars for a million tokens in, a million tokens out, and one search."""

    input: float = 0.0
    output: float = 0.0
    search: float = 0.0


@dataclass(frozen=True, slots=True)
class Prices:
    """A price per model. A model that is not in the table costs nothing that we know of."""

    table: Mapping[str, Price]

    def cost(self, usage: Usage) -> float:
        """Dollars for one call."""
        price = self.table.get(usage.model, Price())
        tokens = usage.input_tokens * price.input + usage.output_tokens * price.output
        return tokens / MILLION + usage.searches * price.search

    def knows(self, model: str) -> bool:
        """Whether the table has the model."""
        return model in self.table


PUBLISHED: Mapping[str, Price] = {
    "command-a-03-2025": Price(input=2.50, output=10.0),
    "command-a-reasoning-08-2025": Price(input=2.50, output=10.0),
    "command-r-plus-08-2024": Price(input=2.50, output=10.0),
    "command-r-08-2024": Price(input=0.15, output=0.60),
    "command-r7b-12-2024": Price(input=0.0375, output=0.15),
    "embed-v5.0-fast": Price(input=0.08),
    "embed-v4.0": Price(input=0.12),
    "rerank-v5.0-fast": Price(input=0.02),
    "rerank-v5.0-pro": Price(input=0.05),
    "rerank-v4.0-fast": Price(search=0.002),
    "rerank-v4.0-pro": Price(search=0.0025),
}
"""Read from third parties' copies of the price page in November 2026: settings may say otherwise, model by model."""
