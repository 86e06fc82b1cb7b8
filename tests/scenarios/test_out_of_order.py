"""Edits and deletions that come out of order, twice or late: the end is as if they had come in order."""

from __future__ import annotations

from pathlib import Path

from tests.scenarios.company import Shelf
from tests.scenarios.disorder import tell_stories

EXAMPLES = 40
"""Stories in the ordinary suite; `make kills` tells 500."""


def test_the_end_is_as_if_all_had_come_in_order(tmp_path: Path, shelf: Shelf, valkey_url: str) -> None:
    """The last version is answered once, in one message; what was deleted before is not answered at all."""
    tell_stories(tmp_path, shelf, valkey_url, examples=EXAMPLES)
