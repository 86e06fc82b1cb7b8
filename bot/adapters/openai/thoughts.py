"""What a model that reasons thinks aloud, `<think>…</think>`, taken out of what it writes."""

from __future__ import annotations

import re
from typing import Final

_OPENS: Final = re.compile(r"<think(?:ing)?>", re.IGNORECASE)
_CLOSES: Final = re.compile(r"</think(?:ing)?>", re.IGNORECASE)
LONGEST_TAG: Final = len("</thinking>")


class Thoughts:
    """Takes a text in pieces; what `feed` and `close` return together does not depend on where it was cut."""

    def __init__(self) -> None:
        self._held = ""
        self._thinking = False

    def feed(self, piece: str) -> str:
        """What is no thought, as far as that is certain."""
        self._held += piece
        shown: list[str] = []
        while (tag := (_CLOSES if self._thinking else _OPENS).search(self._held)) is not None:
            shown.append("" if self._thinking else self._held[: tag.start()])
            self._held = self._held[tag.end() :]
            self._thinking = not self._thinking
        rest = self._held.rfind("<", max(0, len(self._held) - LONGEST_TAG + 1))
        settled = len(self._held) if rest < 0 else rest
        shown.append("" if self._thinking else self._held[:settled])
        self._held = self._held[settled:]
        return "".join(shown)

    def close(self) -> str:
        """The rest; a thought that never ended is none of it."""
        return "" if self._thinking else self._held
