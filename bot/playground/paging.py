"""Cursors: a page of a list, and where the next one starts."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import TypeVar

from bot.playground.refusals import Refusal
from bot.playground.wire import Json

Item = TypeVar("Item")


def page(items: Sequence[Item], *, cursor: str, limit: int) -> tuple[Sequence[Item], str]:
    """At most `limit` items from `cursor` on, and the next cursor, empty at the end."""
    start = _position(cursor) if cursor else 0
    if start > len(items):
        raise Refusal("invalid_cursor")
    following = start + limit
    return items[start:following], _cursor(following) if following < len(items) else ""


def after(next_cursor: str) -> Json:
    """The `response_metadata` of a paged answer."""
    return {"response_metadata": {"next_cursor": next_cursor}}


def _cursor(position: int) -> str:
    return base64.b64encode(f"next:{position}".encode()).decode()


def _position(cursor: str) -> int:
    try:
        word, _, number = base64.b64decode(cursor, validate=True).decode().partition(":")
        position = int(number)
    except (binascii.Error, ValueError):
        raise Refusal("invalid_cursor") from None
    if word != "next" or position < 0:
        raise Refusal("invalid_cursor")
    return position
