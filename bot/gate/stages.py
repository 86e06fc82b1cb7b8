"""What the stages of the gate share: how text runs through them, and how they mark code for each other."""

from collections.abc import Sequence
from typing import Protocol

LOOKAHEAD = 2_000
"""Characters within which a construct must end to be one; in a longer word a space is put."""

OPEN, CLOSE = "\ufdd0", "\ufdd1"
"""Where a code span begins and ends, between the stages; the first stage lets none in from outside."""

FENCE, TICK = "\ufdd2", "\ufdd3"
"""Where a block of code begins and ends, its lines standing as code spans in between; a backtick within such a line."""

AS_SPACES = str.maketrans(dict.fromkeys((OPEN, CLOSE, FENCE, TICK), " "))
AS_BACKTICKS = str.maketrans({OPEN: "`", CLOSE: "`", FENCE: "```", TICK: "`"})


class Stage(Protocol):
    """Takes a text in pieces; what `feed` and `close` return together does not depend on where it was cut."""

    def feed(self, text: str) -> str:
        """What of the text so far is settled."""
        ...

    def close(self) -> str:
        """The rest."""
        ...


def fed(stages: Sequence[Stage], text: str) -> str:
    """What comes out at the end when `text` goes in at the beginning."""
    for stage in stages:
        text = stage.feed(text)
    return text


def closed(stages: Sequence[Stage]) -> str:
    """What still comes out when nothing more goes in."""
    rest = ""
    for stage in stages:
        rest = stage.feed(rest) + stage.close()
    return rest


def through(stages: Sequence[Stage], text: str) -> str:
    """A whole text through fresh stages."""
    return fed(stages, text) + closed(stages)
