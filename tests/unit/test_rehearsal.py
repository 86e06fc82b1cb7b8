"""A worker looks once before it takes a question, where that costs nothing and asks nobody outside."""

from __future__ import annotations

import pytest

from bot.answering.pipeline import Pipeline
from bot.composition.answering import rehearse
from bot.settings import load
from tests.unit.answering.world import Library

COHERE = {"COHERE_API_KEY": "k" * 8}
WEAVIATE = {"WEAVIATE_URL": "http://weaviate.example:8080"}


async def looks(books: Library, environment: dict[str, str]) -> int:
    pipeline = Pipeline(books, books, books, books, books, clock=lambda: 0.0)
    await rehearse(load(environment), pipeline)
    return len(books.asked)


async def test_what_is_all_in_this_process_is_used_once() -> None:
    """So weights, index and code are read before somebody waits for them."""
    assert await looks(Library(), {}) == 1


@pytest.mark.parametrize("elsewhere", [COHERE, WEAVIATE])
async def test_nobody_outside_is_asked_for_a_rehearsal(elsewhere: dict[str, str]) -> None:
    """It would be paid for, or wait for a server that is away."""
    assert await looks(Library(), elsewhere) == 0


async def test_a_rehearsal_that_fails_keeps_no_worker_from_its_work() -> None:
    """Whoever asks then is told."""
    await looks(Library(down=True), {})
