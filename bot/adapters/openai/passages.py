"""The passages as a model reads them: numbered, each in a block that nothing inside it can end or begin."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from bot.models import Chunk, Hit
from bot.words.sendable import sendable

LONGEST: Final = 6_000
LONGEST_QUESTION: Final = 4_000
"""Characters of a passage and of a question that are sent."""

_NUMBER = re.compile(r"\[(\d[\d\s,;-]*)\]|【(\d[^】\n]{0,40})】")
_TAG = re.compile(r"<(?=\s*/?\s*passage)", re.IGNORECASE)


def asked(question: str, passages: Sequence[Hit]) -> str:
    """The message: every passage as data, then the question."""
    blocks = [_block(number, hit.chunk) for number, hit in enumerate(passages, start=1)]
    return "\n\n".join((*blocks, f"Question: {_safe(sendable(question, most=LONGEST_QUESTION))}"))


def _block(number: int, chunk: Chunk) -> str:
    place = (("Title", chunk.title), ("Section", " › ".join(chunk.heading_path)))
    head = [f"{name}: {_safe(' '.join(value.split()))}" for name, value in place if value]
    text = _safe(sendable(chunk.text, most=LONGEST))
    return "\n".join((f'<passage number="{number}">', *head, "Text:", text, f'</passage number="{number}">'))


def _safe(text: str) -> str:
    """Nothing of ours: a literal `[2]` becomes `(2)`, and what could be the edge of a block loses its bracket."""
    return _TAG.sub("(", _NUMBER.sub(lambda found: f"({found[1] or found[2]})", text))
