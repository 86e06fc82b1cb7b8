"""One client of the server for the whole process: it sends nothing twice, and waits for nothing for ever."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import httpx
from openai import AsyncOpenAI, BadRequestError, UnprocessableEntityError

from bot.adapters.openai.refusals import translated
from bot.allowance import in_time
from bot.http import UNPACKED, bounded, checked
from bot.spending import Operation, Usage

PROVIDER: Final = "openai"
NO_KEY: Final = "none"
"""The SDK refuses to be made without a key; what it would send is taken out again."""
CONNECT_SECONDS: Final = 5.0
SILENT_SECONDS: Final = 120.0
"""The longest that a socket may say nothing: every call has a shorter deadline of its own. A model that is loaded from
disk at its first question says nothing for long."""
CHECK_SECONDS: Final = 10.0
MOST_TOKENS: Final = 10_000_000
"""Tokens of one call that are believed, more than any call takes: a number without bounds could not be reckoned with.
"""
NOT_OURS: Final = ("openai-organization", "openai-project")
"""Headers that the SDK makes of variables that are none of our settings."""

LONGEST: Final = 8 * 2**20
"""Bytes of a reply, many times what any of them has: one without an end would fill this machine."""

OnUsage = Callable[[Usage], None]
NotTaken: Final = (BadRequestError, UnprocessableEntityError)
"""What servers answer to an option that they do not know: 400 by most, 422 by those with a strict schema."""


@dataclass(frozen=True, slots=True)
class OpenAIClient:
    """The server's calls. `sdk` is used inside `calling` or `translated` alone."""

    sdk: AsyncOpenAI
    address: str
    on_usage: OnUsage

    @asynccontextmanager
    async def calling(self, what: str, *, most: float) -> AsyncGenerator[None]:
        """What is called inside ends within `most` seconds, or what the question has left.

        Raises `Unavailable`, `Unusable` or `OutOfAllowance`, and nothing of the SDK's.
        """
        async with in_time(most, who="the model server", what=what):
            with translated(what):
                yield

    def used(self, model: str, operation: Operation, usage: object) -> None:
        """Tell what a call took, where the server says so. `usage` is the part of its reply that does."""
        sent = _count(usage, "prompt_tokens") or _count(usage, "input_tokens")
        written = _count(usage, "completion_tokens") or _count(usage, "output_tokens")
        if operation != "chat" and not sent:
            sent = _count(usage, "total_tokens")
        if sent or written:
            self.on_usage(Usage(PROVIDER, model, operation, input_tokens=sent, output_tokens=written))


@asynccontextmanager
async def open_client(*, base_url: str, api_key: str, on_usage: OnUsage) -> AsyncGenerator[OpenAIClient]:
    """The client of this process. `base_url` ends in /v1 with most servers; an empty key is not sent.

    Raises `Misconfigured` when `base_url` is no address of HTTP.
    """
    given = base_url.strip().rstrip("/")
    address = checked(given, setting="OPENAI_BASE_URL", example="http://127.0.0.1:11434/v1")
    left_out = (*NOT_OURS, *(() if api_key else ("authorization",)))

    async def trim(request: httpx.Request) -> None:
        for name in left_out:
            request.headers.pop(name, None)

    timeout = httpx.Timeout(SILENT_SECONDS, connect=CONNECT_SECONDS)
    headers, hooks = {"Accept-Encoding": UNPACKED}, {"request": [trim], "response": [bounded(LONGEST)]}
    # A redirect would send questions and documents to an address that nobody chose.
    async with httpx.AsyncClient(timeout=timeout, headers=headers, follow_redirects=False, event_hooks=hooks) as http:
        sdk = AsyncOpenAI(api_key=api_key or NO_KEY, base_url=address, max_retries=0, timeout=timeout, http_client=http)
        yield OpenAIClient(sdk, address, on_usage)


async def check(client: OpenAIClient, models: Sequence[str]) -> Mapping[str, bool]:
    """Which of these models the server says that it has. Raises `Unavailable`, or `Unusable` for a key it refuses.

    `llama3.2` is the server's `llama3.2:latest`, as Ollama names it.
    """
    async with client.calling("models", most=CHECK_SECONDS):
        listed = {model.id for model in (await client.sdk.models.list()).data}
    return {model: bool(listed & {model, f"{model}:latest"}) for model in models}


def _count(usage: object, name: str) -> int:
    told: Any = usage.get(name) if isinstance(usage, Mapping) else getattr(usage, name, None)  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType] - whatever the server says
    return min(told, MOST_TOKENS) if isinstance(told, int) and told > 0 else 0
