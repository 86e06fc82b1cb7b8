"""Vendors that lie, in numbers, in shapes and without an end: no more than the call fails, and nothing is repeated."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import pytest
from aiohttp import web

from bot.adapters.cohere import client as cohere
from bot.adapters.cohere.embedder import CohereEmbedder
from bot.adapters.cohere.events import Citation, Source
from bot.adapters.cohere.generator import CohereGenerator
from bot.adapters.cohere.grounds import found
from bot.adapters.cohere.reranker import CohereReranker
from bot.adapters.cohere.rewriter import CohereRewriter
from bot.adapters.openai import client as openai
from bot.adapters.openai.embedder import OpenAIEmbedder
from bot.adapters.openai.generator import OpenAIGenerator
from bot.adapters.openai.reranker import OpenAIReranker
from bot.adapters.openai.rewriter import OpenAIRewriter
from bot.adapters.wrappers.metering import Meter
from bot.conversations import Turn
from bot.errors import Unavailable
from bot.models import Query
from bot.spending import Price, Prices
from tests.nouns import NOON, a_hit

MODEL: Final = "embed-v4.0"
SECRET: Final = "the quokka budget"
HISTORY: Final = (Turn("q", "q", "a", {}, NOON),)
MANY_DIGITS: Final = "9" * 4_000
DEEP: Final = "[" * 100_000
ONES: Final = json.dumps([1.0] * 256)
ASKED: Final = json.dumps('{"question": "what is it"}')

Doing = Callable[["Lied"], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Lied:
    """Clients of a server that says the same to everything."""

    cohere: cohere.CohereClient
    openai: openai.OpenAIClient


@asynccontextmanager
async def a_liar(reply: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncGenerator[Lied]:
    """The server, and clients that charge as the bot does, with a price for the model."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", reply)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    note = Meter(Prices({MODEL: Price(1, 1, 1)})).note
    try:
        async with (
            cohere.open_client(api_key="k", base_url=url, on_usage=note) as one,
            openai.open_client(api_key="k", base_url=f"{url}/v1", on_usage=note) as other,
        ):
            yield Lied(one, other)
    finally:
        await runner.cleanup()


async def written(generator: CohereGenerator | OpenAIGenerator) -> object:
    """All that it writes of a passage."""
    return [one async for one in generator.generate(Query("when is lunch", None), [a_hit(SECRET)])]


CALLS: Final[Mapping[str, Doing]] = {
    "cohere embed": lambda to: CohereEmbedder(to.cohere, model=MODEL, dimension=256).embed_queries(["x"]),
    "cohere rerank": lambda to: CohereReranker(to.cohere, model=MODEL).rerank(Query("x", None), [a_hit()], limit=1),
    "cohere rewrite": lambda to: CohereRewriter(to.cohere, model=MODEL).rewrite("and then", HISTORY),
    "openai embed": lambda to: OpenAIEmbedder(to.openai, model=MODEL, dimension=256).embed_queries(["x"]),
    "openai rerank": lambda to: OpenAIReranker(to.openai, model=MODEL).rerank(Query("x", None), [a_hit()], limit=1),
    "openai rewrite": lambda to: OpenAIRewriter(to.openai, model=MODEL).rewrite("and then", HISTORY),
}
STREAMS: Final[Mapping[str, Doing]] = {
    "cohere chat": lambda to: written(CohereGenerator(to.cohere, model=MODEL)),
    "openai chat": lambda to: written(OpenAIGenerator(to.openai, model=MODEL)),
}


def cohere_wrote(text: str, units: str) -> str:
    """A reply of Cohere's chat without a stream."""
    content = f'[{{"type": "text", "text": {text}}}]'
    return f'{{"id": "1", "finish_reason": "COMPLETE", "message": {{"content": {content}}}, "usage": {units}}}'


LIES: Final[Mapping[str, str]] = {
    "deep": DEEP,
    "deep within": f'{{"results": {DEEP}',
    "vectors of huge numbers": f'{{"embeddings": {{"float": [[{MANY_DIGITS}]]}}, "data": [{{"index": 0, "embedding": '
    f"[{MANY_DIGITS}]}}]}}",
    "endless units": f'{{"embeddings": {{"float": [{ONES}]}}, "meta": {{"billed_units": {{"input_tokens": 1e999}}}}}}',
    "huge units": f'{{"data": [{{"index": 0, "embedding": {ONES}}}], "usage": {{"prompt_tokens": {MANY_DIGITS}}}}}',
    "endless searches": '{"results": [{"index": 0, "relevance_score": 0.5}], "meta": {"billed_units": '
    '{"search_units": 1e999}}}',
    "huge searches": '{"results": [{"index": 0, "relevance_score": 0.5}], "meta": {"billed_units": '
    f'{{"input_tokens": {MANY_DIGITS}}}}}, "usage": {{"total_tokens": {MANY_DIGITS}}}}}',
    "a huge score": f'{{"results": [{{"index": 0, "relevance_score": {MANY_DIGITS}}}]}}',
    "a huge index": f'{{"results": [{{"index": {MANY_DIGITS}, "relevance_score": 0.5}}]}}',
    "rewriting without an end of its cost": cohere_wrote(ASKED, '{"billed_units": {"input_tokens": 1e999}}'),
    "a huge cost of rewriting": f'{{"choices": [{{"message": {{"content": {ASKED}}}, "finish_reason": "stop"}}], '
    f'"usage": {{"prompt_tokens": {MANY_DIGITS}}}}}',
    "a deep question": f'{{"choices": [{{"message": {{"content": {json.dumps("{" + DEEP + "}")}}}, '
    '"finish_reason": "stop"}]}',
}


def saying(words: str, *, kind: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """A reply of these words."""

    async def reply(_: web.Request) -> web.StreamResponse:
        return web.Response(text=words, content_type=kind)

    return reply


async def failure(doing: Doing, to: Lied) -> str:
    """What is said of it, if it fails as it may."""
    try:
        await doing(to)
    except Unavailable as error:
        return f"{error} {error.__cause__}"
    return ""


@pytest.mark.parametrize("lie", LIES)
async def test_a_lie_costs_no_more_than_the_call(lie: str) -> None:
    """Numbers that nothing can hold and brackets that nobody can count are a reply that cannot be read, or are cut."""
    async with a_liar(saying(LIES[lie], kind="application/json")) as to:
        for doing in CALLS.values():
            assert "999" not in await failure(doing, to)


EVENTS: Final[Mapping[str, str]] = {
    "deep": f'{{"type": "content-delta", "index": 0, "delta": {DEEP}, "choices": {DEEP}',
    "an endless cost": '{"type": "message-end", "delta": {"finish_reason": "COMPLETE", "usage": {"billed_units": '
    '{"input_tokens": 1e999}}}}',
    "a huge cost": f'{{"type": "?", "choices": [], "usage": {{"prompt_tokens": {MANY_DIGITS}}}}}',
    "a secret for a reason": f'{{"type": "message-end", "delta": {{"finish_reason": "{SECRET}"}}, "choices": '
    f'[{{"delta": {{"content": "x"}}, "finish_reason": "{SECRET}"}}]}}',
    "an error": f'{{"type": "?", "error": {{"message": "{SECRET}", "code": "{SECRET}"}}}}',
    "a citation of nowhere": '{"type": "citation-start", "delta": {"message": {"citations": {"start": -9, "end": 1e30, '
    '"sources": []}}}}',
}


@pytest.mark.parametrize("event", EVENTS)
async def test_an_event_that_lies_ends_the_answer(event: str) -> None:
    """And what a server gives as its reason is not repeated: errors are logged."""
    async with a_liar(saying(f"data: {EVENTS[event]}\n\n", kind="text/event-stream")) as to:
        for doing in STREAMS.values():
            assert SECRET not in await failure(doing, to)


async def packed(_: web.Request) -> web.StreamResponse:
    """A small reply that unpacks to a large one."""
    bomb = gzip.compress(gzip.compress(bytes(30_000_000)))
    return web.Response(body=bomb, headers={"Content-Encoding": "gzip, gzip"}, content_type="application/json")


def endless(line: bytes) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """A reply that says the same for ever."""

    async def reply(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        while True:
            await response.write(line * (2**18 // len(line)))

    return reply


@pytest.mark.parametrize("call", [*CALLS, *STREAMS])
async def test_a_packed_reply_is_not_unpacked(call: str) -> None:
    """Nobody knows how large it gets; and none is asked for."""
    asked: list[str] = []

    async def reply(request: web.Request) -> web.StreamResponse:
        asked.append(request.headers.get("Accept-Encoding", ""))
        return await packed(request)

    async with a_liar(reply) as to:
        with pytest.raises(Unavailable):
            await {**CALLS, **STREAMS}[call](to)
    assert set(asked) == {"identity"}


@pytest.mark.parametrize("call", [*CALLS, *STREAMS])
async def test_a_reply_without_an_end_is_left(call: str) -> None:
    """Long before it fills this machine."""
    async with a_liar(endless(b" " * 2**18)) as to:
        with pytest.raises(Unavailable, match=r"cannot be reached|cannot be read"):
            await {**CALLS, **STREAMS}[call](to)


WORDS: Final[Mapping[str, Any]] = {
    "cohere chat": {"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": "ever and "}}}},
    "openai chat": {"choices": [{"index": 0, "delta": {"content": "ever and "}}]},
}


@pytest.mark.parametrize("call", STREAMS)
async def test_an_answer_without_an_end_is_left(call: str) -> None:
    """A model that writes for ever writes no answer."""
    async with a_liar(endless(f"data: {json.dumps(WORDS[call])}\n\n".encode())) as to:
        with pytest.raises(Unavailable, match="does not end"):
            await STREAMS[call](to)


async def test_a_word_that_stands_everywhere_is_found_in_no_time() -> None:
    """Each place is measured once: to measure each from the beginning took minutes."""
    text = "🙂a" * 10_000
    citation = Citation(start=15_001, end=15_002, text="a", sources=(Source(id="p1"),))
    assert found(citation, text) == (15_001, 15_002)
    assert found(Citation(start=30_000, end=30_001, text="a"), text) == (19_999, 20_000)
