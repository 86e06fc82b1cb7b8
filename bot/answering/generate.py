"""Passages to statements."""

from collections.abc import Sequence

from bot.models import Hit, Query, Statement
from bot.ports.generation import Generator


async def generate(query: Query, passages: Sequence[Hit], *, generator: Generator) -> list[Statement]:
    """Every statement of the finished answer, in order; raises `Unavailable` when the generator stops too early."""
    return [statement async for statement in generator.generate(query, passages)]
