"""/v1/chat/completions: a streamed answer that is whole or fails, and a short reply as JSON where the server can."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from typing import Any, Final

from openai.types.chat import ChatCompletionChunk

from bot.adapters.openai.client import NotTaken, OpenAIClient
from bot.adapters.openai.refusals import malformed, translated
from bot.adapters.openai.thoughts import Thoughts
from bot.allowance import patiently
from bot.errors import Unavailable

STOPPED: Final = "stop"
"""The one reason to finish that means a whole answer."""
REASONS: Final = frozenset(("length", "content_filter", "tool_calls", "function_call"))
"""Other reasons that are known: nothing else that a server says goes into an error, since errors are logged."""
USAGE_SECONDS: Final = 2.0
"""How long a finished answer waits for what it has cost."""
EXTRAS: Final[Mapping[str, Any]] = {"temperature": 0, "stream_options": {"include_usage": True}}
"""What is asked for where the server takes it: Groq, Mistral and gateways have refused the one, models that reason the
other."""

Messages = Sequence[Mapping[str, str]]


@dataclass(slots=True)
class Chat:
    """Talks to one model; remembers what its server does not take."""

    client: OpenAIClient
    model: str
    _extras: Mapping[str, Any] = field(default_factory=lambda: EXTRAS, init=False)

    async def written(self, messages: Messages, *, first: float, idle: float) -> AsyncGenerator[str]:
        """What the model writes, piece by piece, without what it thinks.

        Raises `Unavailable` when the first piece takes longer than `first` seconds, another longer than `idle`, or the
        stream ends in any way but a whole answer. Closed early, it closes the connection.
        """
        what = f"write with {self.model}"
        thoughts, finished = Thoughts(), False
        async with (
            aclosing(self._chunks(messages, what)) as chunks,
            aclosing(patiently(chunks, first=first, idle=idle, what="the model server")) as coming,
        ):
            async for chunk in coming:
                piece, reason = _read(chunk, what)
                if piece:
                    yield thoughts.feed(piece)
                if reason is not None:
                    finished = True
                    if reason != STOPPED:
                        raise Unavailable(f"the answer broke off ({what}, {reason if reason in REASONS else 'why?'})")
                    break
            if not finished:
                raise Unavailable(f"the answer ended without an end ({what})")
            yield thoughts.close()
            await self._cost(chunks)

    async def _chunks(self, messages: Messages, what: str) -> AsyncGenerator[ChatCompletionChunk]:
        with translated(what):
            stream = await self._open(messages)
            async with stream:
                async for chunk in stream:
                    self.client.used(self.model, "chat", chunk.usage)
                    yield chunk

    async def _open(self, messages: Messages) -> Any:
        """The stream, asked for once more without the extras if the server takes them for a mistake."""
        create: Any = self.client.sdk.chat.completions.create
        body = {"model": self.model, "messages": messages, "stream": True}
        try:
            return await create(**body, **self._extras)
        except NotTaken:
            if not self._extras:
                raise
            stream = await create(**body)
            self._extras = {}
            return stream

    async def _cost(self, chunks: AsyncGenerator[ChatCompletionChunk]) -> None:
        """Read on to where the server says what the answer took; it is whole without that."""
        with suppress(Unavailable):
            async with aclosing(patiently(chunks, first=USAGE_SECONDS, idle=USAGE_SECONDS, what="usage")) as rest:
                async for _ in rest:
                    pass


def _read(chunk: ChatCompletionChunk, what: str) -> tuple[str, str | None]:
    """What was written, and why the model stopped, if it did. The SDK checks neither."""
    try:
        if not chunk.choices:
            return "", None
        choice = chunk.choices[0]
        piece: Any = choice.delta.content if choice.delta else None
        reason: Any = choice.finish_reason
    except (AttributeError, TypeError, LookupError):
        raise malformed(what) from None
    told: Sequence[object] = (piece, reason)
    if not all(isinstance(one, str | None) for one in told):
        raise malformed(what)
    return piece or "", reason
