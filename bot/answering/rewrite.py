"""Follow-up and history to a standalone query."""

from collections.abc import Sequence

from bot.conversations import Turn
from bot.ports.generation import Rewriter, Rewritten


async def rewrite(question: str, history: Sequence[Turn], *, rewriter: Rewriter) -> Rewritten:
    """The question as it stands alone; without history it is left as it was typed."""
    if not history:
        return Rewritten(text=question)
    return await rewriter.rewrite(question, history)
