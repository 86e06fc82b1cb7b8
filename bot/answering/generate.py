"""Passages to statements."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from bot.models import Hit, Query, Statement
from bot.ports.generation import Generator


async def generate(query: Query, passages: Sequence[Hit], *, generator: Generator) -> AsyncGenerator[Statement]:
    """Every statement of the answer as it is written; raises `Unavailable` when the generator stops too early.

    Left before the end, it ends the generator too, so that no model writes on for nobody.
    """
    async with aclosing(generator.generate(query, passages)) as written:
        async for statement in written:
            yield statement
