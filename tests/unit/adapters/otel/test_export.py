"""Spans and metrics reach a collector, and without the packages for it the bot says what to install."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping

from aiohttp import web
from aiohttp.test_utils import TestServer

TRACED = """
import asyncio
import sys
from bot.adapters.otel.export import start_telemetry
from bot.adapters.wrappers.breaker import Breaker
from bot.adapters.wrappers.guard import Guard
stop = start_telemetry(sys.argv[1])
async def work():
    return "the salary of Ada Lovelace"
guard = Guard("cohere", "rerank", "rerank-v5.0-fast", deadline=5.0, breaker=Breaker("cohere rerank"))
asyncio.run(guard.call(work))
stop()
"""
WITHOUT = """
import sys
sys.modules["opentelemetry.sdk.trace"] = None
from bot.adapters.otel.export import start_telemetry
from bot.errors import Misconfigured
try:
    start_telemetry("http://127.0.0.1:4318")
except Misconfigured as error:
    print(error)
"""
LAPTOP = """
import sys
import bot.cli, bot.composition
from bot.adapters.local import embedder, generator, index, reranker, rewriter
print(*(name for name in sys.modules if name.startswith(("opentelemetry", "bot.adapters.wrappers"))))
"""


async def run(program: str, *words: str, environment: Mapping[str, str] | None = None) -> str:
    """What a process of its own says: the providers of a process can be set only once."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        program,
        *words,
        env={**os.environ, **(environment or {})},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    return said.decode().strip()


async def test_spans_and_metrics_reach_the_collector() -> None:
    """At the address that it is given, under our name, with no word of what was said."""
    received: dict[str, bytes] = {}

    async def collect(request: web.Request) -> web.Response:
        received[request.path] = await request.read()
        return web.Response()

    app = web.Application()
    app.router.add_post("/v1/{kind}", collect)
    async with TestServer(app) as collector:
        said = await run(TRACED, str(collector.make_url("/")))
    assert said == ""
    assert sorted(received) == ["/v1/metrics", "/v1/traces"]
    assert b"rerank rerank-v5.0-fast" in received["/v1/traces"]
    assert b"gen_ai.client.operation.duration" in received["/v1/metrics"]
    assert all(b"footnote" in body and b"Lovelace" not in body for body in received.values())


async def test_an_operator_may_name_the_service() -> None:
    """OTEL_SERVICE_NAME is stronger than our name."""
    received: list[bytes] = []

    async def collect(request: web.Request) -> web.Response:
        received.append(await request.read())
        return web.Response()

    app = web.Application()
    app.router.add_post("/v1/{kind}", collect)
    async with TestServer(app) as collector:
        address = str(collector.make_url("/"))
        await run(TRACED, address, environment={"OTEL_SERVICE_NAME": "docs-bot-eu"})
    assert received
    assert all(b"docs-bot-eu" in body for body in received)


async def test_without_the_packages_it_says_what_to_install() -> None:
    """By the command that installs it."""
    assert "make backends" in await run(WITHOUT)


async def test_the_laptop_default_imports_none_of_it() -> None:
    """Neither OpenTelemetry nor the wrappers: nobody waits for what only vendors need."""
    assert await run(LAPTOP) == ""
