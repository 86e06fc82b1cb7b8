"""The audience as a filter: inside every read, so that nothing leaves the server that may not be shown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from weaviate.classes.query import Filter, FilterReturn

from bot.models import Audience

SMALLEST: Final = 16
"""Readers by whom others are found to ask for nothing more: those with the fewest principals."""


def readers(audience: Audience) -> list[list[str]]:
    """What each reader holds, without readers who may see all that another may; none when nobody may see anything."""
    if not all(audience.readers):
        return []
    kept: list[frozenset[object]] = []
    for reader in sorted(audience.readers, key=lambda reader: (len(reader), sorted(reader))):
        if not any(other <= reader for other in kept[:SMALLEST]):
            kept.append(reader)
    return [sorted(str(principal) for principal in reader) for reader in kept]


def may_read(readers: Iterable[list[str]]) -> FilterReturn:
    """Objects that each of the readers may read; at least one of them is given."""
    return Filter.all_of([Filter.by_property("readable_by").contains_any(held) for held in readers])


def sendable(texts: Iterable[str]) -> list[str]:
    """Those that can be sent at all, each once: the rest is half a character, and nothing has it as its name."""
    return [text for text in dict.fromkeys(texts) if text.strip() and _encodes(text)]


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
