"""The stand-in for Cohere refuses what Cohere refuses, and can be told over HTTP how to behave."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

import aiohttp
import pytest

from tests.standins.cohere import CohereStandIn

KEY: Final = "co-not-a-key"
EMBED: Final[Mapping[str, Any]] = {
    "model": "embed-v5.0-fast",
    "input_type": "search_query",
    "texts": ["lunch"],
    "embedding_types": ["float"],
}
RERANK: Final[Mapping[str, Any]] = {"model": "rerank-v5.0-fast", "query": "lunch", "documents": ["Lunch is at noon."]}
CHAT: Final[Mapping[str, Any]] = {
    "model": "command-a-03-2025",
    "messages": [{"role": "user", "content": "when is lunch"}],
    "documents": [{"id": "p1", "data": {"snippet": "Lunch is at noon."}}],
}
JSON: Final = {"response_format": {"type": "json_object"}}


@pytest.fixture
async def api() -> AsyncIterator[CohereStandIn]:
    async with CohereStandIn(key=KEY).running() as stand_in:
        yield stand_in


async def post(api: CohereStandIn, path: str, body: object, *, key: str = KEY) -> tuple[int, Any]:
    """Status and JSON of a call."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    async with aiohttp.ClientSession() as session, session.post(api.url + path, json=body, headers=headers) as reply:
        return reply.status, await reply.json()


@pytest.mark.parametrize(("path", "body"), [("/v2/embed", EMBED), ("/v2/rerank", RERANK), ("/v2/chat", CHAT)])
async def test_what_is_right_is_answered(api: CohereStandIn, path: str, body: Mapping[str, Any]) -> None:
    """With a right key; without one, or with another, nothing is."""
    assert (await post(api, path, body))[0] == 200
    assert (await post(api, path, body, key=""))[0] == 401
    assert (await post(api, path, body, key="another"))[0] == 401
    assert (await post(api, path, {**body, "model": "gpt"}))[0] == 404
    assert (await post(api, path, {**body, "colour": "red"}))[0] == 422


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/v2/embed", {**EMBED, "texts": ["x"] * 97}, 400),
        ("/v2/embed", {**EMBED, "texts": []}, 400),
        ("/v2/embed", {**EMBED, "texts": [""]}, 400),
        ("/v2/embed", {**EMBED, "texts": [{"text": "x"}]}, 422),
        ("/v2/embed", {**EMBED, "input_type": "SEARCH_QUERY"}, 422),
        ("/v2/embed", {**EMBED, "output_dimension": 1000}, 400),
        ("/v2/embed", {**EMBED, "model": "embed-english-v3.0", "output_dimension": 1024}, 400),
        ("/v2/rerank", {**RERANK, "documents": [{"text": "Lunch"}]}, 422),
        ("/v2/rerank", {**RERANK, "documents": []}, 400),
        ("/v2/rerank", {**RERANK, "documents": ["x"] * 10_001}, 400),
        ("/v2/rerank", {**RERANK, "query": " "}, 400),
        ("/v2/rerank", {**RERANK, "relevant_spans": {"mode": "ENABLED"}}, 422),
        ("/v2/rerank", {**RERANK, "model": "rerank-v4.0-fast", "relevant_spans": {"mode": "enabled"}}, 400),
        ("/v2/chat", {**CHAT, "safety_mode": "STRICT"}, 400),
        ("/v2/chat", {**CHAT, **JSON}, 400),
        ("/v2/chat", {**CHAT, "citation_options": {"mode": "fast"}}, 422),
        ("/v2/chat", {**CHAT, "documents": [{"id": "p1", "text": "Lunch"}]}, 422),
        ("/v2/chat", {**CHAT, "messages": []}, 400),
        ("/v2/chat", {**CHAT, "temperature": 2}, 400),
        ("/v2/chat", {**CHAT, "thinking": {"type": "disabled"}}, 400),
    ],
)
async def test_what_is_wrong_is_refused(api: CohereStandIn, path: str, body: Mapping[str, Any], status: int) -> None:
    """With Cohere's status and a sentence."""
    refused = await post(api, path, body)
    assert refused[0] == status
    assert refused[1]["message"]


async def test_it_can_be_told_over_http(api: CohereStandIn) -> None:
    """A benchmark runs it in a process of its own."""
    told = {"method": "refuse", "arguments": {"status": 429, "headers": {"Retry-After": "2"}, "times": 1}}
    assert (await post(api, "/_stand-in/mode", told))[0] == 200
    assert (await post(api, "/v2/embed", EMBED))[0] == 429
    assert (await post(api, "/v2/embed", EMBED))[0] == 200
    assert (await post(api, "/_stand-in/calls", {}))[1] == {"/v2/embed": 2}


async def test_echo_tells_all_that_it_was_sent(api: CohereStandIn) -> None:
    """So a test can look for what no model should have seen."""
    api.echo()
    _, reply = await post(api, "/v2/chat", CHAT)
    text = reply["message"]["content"][0]["text"]
    assert "Lunch is at noon." in text
    assert "when is lunch" in text
