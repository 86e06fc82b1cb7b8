"""How an answer was made, in words."""

from bot.models import Answer

QUOTED = "Quoted from the docs automatically"
WRITTEN = "Written from the docs automatically"


def is_quoted(answer: Answer) -> bool:
    """Whether it is made of the passages' own words, and not written from them."""
    return answer.backends.get("generator") == "quotes"


def made(answer: Answer) -> str:
    """What stands under it."""
    return QUOTED if is_quoted(answer) else WRITTEN
