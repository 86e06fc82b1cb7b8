"""The events of a chat's stream, as far as an answer needs them; what cannot be read breaks the stream."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from bot.adapters.cohere.refusals import reading

LONGEST: Final = 4_000_000
"""Bytes of one line: a citation repeats the passages that it cites."""
DATA: Final = b"data:"
DONE: Final = b"[DONE]"


class _Told(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Source(_Told):
    """What a citation cites: a document by its id, or the output of a tool."""

    type: str = "document"
    id: str = ""


class Citation(_Told):
    """A place in the answer and what it rests on. `start` and `end` count from the start of its block of content."""

    start: int | None = None
    end: int | None = None
    text: str = ""
    sources: tuple[Source, ...] = ()
    content_index: int | None = None
    type: str | None = None


class Text(_Told):
    """The next piece of block `index`: of the answer, or of what the model thinks to itself."""

    index: int = 0
    text: str | None = None


class Units(_Told):
    """Tokens in and out."""

    input_tokens: float | None = None
    output_tokens: float | None = None


class Spent(_Told):
    """What was billed, and what went through."""

    billed_units: Units | None = None
    tokens: Units | None = None


class End(_Told):
    """Why the answer ends, and what it cost."""

    finish_reason: str
    usage: Spent = Field(default_factory=Spent)


Event = Text | Citation | End
_Kind = Literal["content-delta", "citation-start", "message-end"]


async def events(pieces: AsyncIterator[bytes], *, what: str) -> AsyncGenerator[Event]:
    """Each event that matters. Raises `Unavailable` for one that cannot be read: what it said would be missing."""
    rest = b""
    async for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            with reading(what):
                event = _event(line)
            if event is not None:
                yield event
        with reading(what):
            if len(rest) > LONGEST:
                raise ValueError("an event without an end")


def _event(line: bytes) -> Event | None:
    """What a line says. Raises `ValueError`, `TypeError` or `LookupError` when it cannot be read."""
    if not line.startswith(DATA):
        return None
    data = line.removeprefix(DATA).strip()
    if not data or data == DONE:
        return None
    event: dict[str, Any] = json.loads(data)
    if event["type"] == "content-delta":
        return Text(index=event.get("index", 0), text=event["delta"]["message"]["content"].get("text"))
    if event["type"] == "citation-start":
        return Citation.model_validate(event["delta"]["message"]["citations"])
    if event["type"] == "message-end":
        return End.model_validate({**event["delta"], "usage": event["delta"].get("usage") or {}})
    return None
