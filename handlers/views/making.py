"""How an answer was made, in words."""

from bot.models import Answer

QUOTED = "Quoted from the docs automatically"
WRITTEN = "Written from the docs automatically"

_SIMPLER = {"embedder": "searched by words alone", "reranker": "ranked without the reranker"}
"""What is said of a step that was done without, because whoever does it was away."""


def is_quoted(answer: Answer) -> bool:
    """Whether it is made of the passages' own words, and not written from them."""
    return answer.backends.get("generator") == "quotes"


def simpler(answer: Answer) -> str:
    """What makes the answer simpler than usual; empty where nothing does."""
    said = " and ".join(_SIMPLER[step] for step in answer.without)
    return f"Simpler than usual: {said}. Try again later." if said else ""


def made(answer: Answer) -> str:
    """What stands under it."""
    return QUOTED if is_quoted(answer) else WRITTEN
