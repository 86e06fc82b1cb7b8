"""A rewriter that is down has a spare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
import structlog

from bot.adapters.wrappers.fallback import FallbackRewriter
from bot.adapters.wrappers.seldom import Seldom
from bot.conversations import Turn
from bot.errors import OutOfAllowance, Unavailable, Unusable
from bot.ports.generation import Rewritten
from tests.unit.adapters.wrappers.rig import CANARY, Hands


@dataclass
class Rewriting:
    """Rewrites in its own name, or fails."""

    name: str
    error: Exception | None = None

    async def rewrite(self, question: str, history: Sequence[Turn]) -> Rewritten:
        if self.error:
            raise self.error
        return Rewritten(f"{question} ({self.name})", changed=True)


async def test_the_first_is_asked() -> None:
    """And gives its name."""
    rewriter = FallbackRewriter(Rewriting("first"), Rewriting("spare"))
    assert (await rewriter.rewrite("why?", [])).text == "why? (first)"
    assert rewriter.name == "first"


@pytest.mark.parametrize("error", [Unavailable("down"), Unusable("key"), OutOfAllowance("calls")])
async def test_the_spare_stands_in(error: Exception) -> None:
    """Whatever the reason."""
    rewriter = FallbackRewriter(Rewriting("first", error), Rewriting("spare"))
    assert (await rewriter.rewrite("why?", [])).text == "why? (spare)"


async def test_other_errors_pass() -> None:
    """A mistake of ours is not hidden."""
    rewriter = FallbackRewriter(Rewriting("first", ValueError("ours")), Rewriting("spare"))
    with pytest.raises(ValueError, match="ours"):
        await rewriter.rewrite("why?", [])


async def test_it_is_said_once_a_minute() -> None:
    """Not for every question, and with no word of it."""
    hands = Hands()
    rewriter = FallbackRewriter(Rewriting("first", Unavailable(CANARY)), Rewriting("spare"), Seldom(clock=hands))
    with structlog.testing.capture_logs() as logs:
        for _ in range(3):
            await rewriter.rewrite(CANARY, [])
        assert len(logs) == 1
        hands.now += 60.0
        await rewriter.rewrite(CANARY, [])
    assert [line["event"] for line in logs] == ["rewriter_down"] * 2
    assert CANARY not in str(logs)
