"""Several calls at once, none of which outlives the failure of another."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from typing import TypeVar

T = TypeVar("T")


async def together(calls: Sequence[Awaitable[T]]) -> list[T]:
    """What all calls give, in order; once one fails, none goes on."""
    running = [asyncio.ensure_future(call) for call in calls]
    try:
        return await asyncio.gather(*running)
    finally:
        for one in running:
            one.cancel()
        await asyncio.gather(*running, return_exceptions=True)
