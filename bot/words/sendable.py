"""Text as a model takes it: whole characters, not blank, not endless."""

from __future__ import annotations

from typing import Final

BLANK: Final = "-"
"""Stands for a text without anything to read: Cohere and several other servers refuse an empty one."""


def sendable(text: str, *, most: int) -> str:
    """The first `most` characters of `text`, without what no JSON or no model takes, and never blank."""
    cut = text[:most].replace("\x00", " ").encode("utf-8", "replace").decode("utf-8")
    return cut if cut.strip() else BLANK
