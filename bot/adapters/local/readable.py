"""Which access lists an audience may read, as a mask that a search can apply to a hundred thousand rows at once."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Mapping
from typing import Final

import numpy as np

from bot.adapters.local import lookups
from bot.adapters.local.postings import Mask
from bot.models import Audience, Principal

REMEMBERED: Final = 256
"""Audiences whose masks are kept."""


class Readable:
    """The access lists of one database by number, and what was found out about them. A list never changes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0
        self._lists: dict[int, tuple[Principal, ...]] = {}
        self._masks: dict[Audience, Mask] = {}

    @property
    def lists(self) -> Mapping[int, tuple[Principal, ...]]:
        """Access list by number."""
        return self._lists

    def refresh(self, connection: sqlite3.Connection) -> None:
        """Learn of the lists that came since."""
        with self._lock:
            came = lookups.access_lists(connection, after=self._last)
            self._lists |= came
            self._last = max(came, default=self._last)

    def by(self, audience: Audience) -> Mask:
        """True at the number of each list that every one of `audience` may read; all False for an empty audience."""
        with self._lock:
            known = self._masks.get(audience)
            mask = np.zeros(self._last + 1, np.bool_)
            start = 0 if known is None else len(known)
            if known is not None:
                mask[:start] = known
            for number in range(start, len(mask)):
                mask[number] = number in self._lists and audience.may_read(self._lists[number])
            if len(self._masks) >= REMEMBERED:
                self._masks.clear()
            self._masks[audience] = mask
            return mask
