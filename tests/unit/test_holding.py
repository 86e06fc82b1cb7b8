"""What cannot be done twice is not done by a process whose lease may have run out."""

from __future__ import annotations

import asyncio

import pytest

from bot.errors import LeaseLost
from bot.holding import holding, still_held, unstopping


def test_work_that_no_job_asked_for_is_never_stopped() -> None:
    """Outside of a job nothing is held."""
    still_held()


def test_a_lease_that_ran_out_stops_what_comes() -> None:
    """It is asked at the moment that counts, not when the job began."""
    held = True
    with holding(lambda: held):
        still_held()
        held = False
        with pytest.raises(LeaseLost):
            still_held()
    still_held()


async def test_each_job_holds_its_own() -> None:
    """Jobs that run side by side do not see each other's leases; what a job starts sees the job's."""

    async def asks() -> None:
        await asyncio.sleep(0)
        still_held()

    async def job(*, held: bool) -> None:
        with holding(lambda: held):
            await asyncio.create_task(asks())

    first, second = await asyncio.gather(job(held=True), job(held=False), return_exceptions=True)
    assert first is None
    assert isinstance(second, LeaseLost)


def test_the_clock_goes_on() -> None:
    """It counts seconds, and never back."""
    before = unstopping()
    assert 0 <= unstopping() - before < 60
