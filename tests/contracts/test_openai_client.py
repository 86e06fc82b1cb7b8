"""The client of OpenAI-compatible servers: what it sends, and what becomes of their refusals."""

from __future__ import annotations

import asyncio
import logging

import pytest

from bot.adapters.openai.client import check, open_client
from bot.adapters.openai.embedder import OpenAIEmbedder
from bot.allowance import Terms, allowing
from bot.errors import Misconfigured, OutOfAllowance, Unavailable, Unusable
from tests.contracts.openai_rig import KEY, a_rig
from tests.standins.openai import OpenAIStandIn
from tests.standins.openai_rules import CHAT, EMBED, SIZE
from tests.waiting import wait_until

SECRET = "the salary of Erika"


async def test_an_empty_key_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor what the SDK would take from variables that are none of our settings."""
    monkeypatch.setenv("OPENAI_ORG_ID", "org-1")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-1")
    async with a_rig(OpenAIStandIn(), key="") as rig:
        await check(rig.client, [CHAT])
    (call,) = rig.api.calls
    assert not {"authorization", "openai-organization", "openai-project"} & call.headers.keys()


async def test_the_key_is_sent_once_as_a_bearer() -> None:
    """As every such server wants it."""
    async with a_rig() as rig:
        await check(rig.client, [CHAT])
    assert rig.api.calls[0].headers["authorization"] == f"Bearer {KEY}"


async def test_models_are_looked_up() -> None:
    """Ollama's `latest` may be left out of a name."""
    async with a_rig() as rig:
        assert await check(rig.client, [CHAT, "nomic-embed-text", "gpt-9"]) == {
            CHAT: True,
            "nomic-embed-text": True,
            "gpt-9": False,
        }


@pytest.mark.parametrize("address", ["", "127.0.0.1:11434/v1", "ftp://host/v1", "http://"])
async def test_an_address_that_is_none_is_refused_at_once(address: str) -> None:
    """By the name of its setting."""
    with pytest.raises(Misconfigured, match="OPENAI_BASE_URL"):
        async with open_client(base_url=address, api_key="", on_usage=lambda _: None):
            pass


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 405, 413, 422, 501])
async def test_what_stays_so_is_unusable(status: int) -> None:
    """Its code is the status."""
    async with a_rig() as rig:
        rig.api.refuse(status)
        with pytest.raises(Unusable) as refused:
            await check(rig.client, [CHAT])
    assert refused.value.code == str(status)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
async def test_what_passes_is_unavailable_and_asked_once(status: int) -> None:
    """Trying again is left to who knows how much time there is."""
    async with a_rig() as rig:
        rig.api.refuse(status, headers={"Retry-After": "7"})
        with pytest.raises(Unavailable) as refused:
            await check(rig.client, [CHAT])
        assert len(rig.api.calls) == 1
    assert not isinstance(refused.value, Unusable)
    assert refused.value.retry_after == 7


async def test_a_quota_that_is_spent_does_not_pass() -> None:
    """It comes with the status of too many calls."""
    async with a_rig() as rig:
        rig.api.refuse(429, code="insufficient_quota")
        with pytest.raises(Unusable) as refused:
            await check(rig.client, [CHAT])
    assert refused.value.code == "insufficient_quota"


async def test_a_redirect_is_not_followed() -> None:
    """Documents go nowhere that nobody chose."""
    async with a_rig() as rig, a_rig() as other:
        rig.api.refuse(307, headers={"Location": f"{other.api.url}/models"})
        with pytest.raises(Unusable):
            await check(rig.client, [CHAT])
        assert other.api.calls == []


@pytest.mark.parametrize("reply", ["{not json", "[]", "null", "3", '{"data": 3}', '{"data": [{}]}'])
async def test_a_reply_that_is_none_is_unavailable(reply: str) -> None:
    """Whatever it is instead."""
    async with a_rig() as rig:
        rig.api.malform(on="embeddings", words=reply)
        with pytest.raises(Unavailable):
            await OpenAIEmbedder(rig.client, model=EMBED, dimension=SIZE).embed_queries(["x"])


async def test_a_server_that_is_gone_is_unavailable() -> None:
    """The connection is refused, or cut."""
    async with a_rig() as rig:
        rig.api.cut(times=1)
        with pytest.raises(Unavailable):
            await check(rig.client, [CHAT])
        url = rig.api.url
    async with open_client(base_url=url, api_key="", on_usage=lambda _: None) as client:
        with pytest.raises(Unavailable):
            await check(client, [CHAT])


async def test_a_server_that_hangs_is_given_up() -> None:
    """After what the call may take, or what the question has left."""
    async with a_rig() as rig:
        rig.api.hang()
        embedder = OpenAIEmbedder(rig.client, model=EMBED, dimension=SIZE, seconds=0.5)
        with pytest.raises(Unavailable):
            await embedder.embed_queries(["x"])
        with allowing(Terms(seconds=0)), pytest.raises(OutOfAllowance):
            await embedder.embed_queries(["x"])
        assert len(rig.api.calls) == 1


async def test_nothing_that_was_asked_is_in_errors_or_logs(caplog: pytest.LogCaptureFixture) -> None:
    """Servers repeat what they were sent; we do not."""
    caplog.set_level(logging.INFO)
    async with a_rig(key="sk-wrong") as rig:
        embedder = OpenAIEmbedder(rig.client, model=EMBED, dimension=SIZE)
        with pytest.raises(Unusable) as refused:
            await embedder.embed_queries([SECRET])
    async with a_rig() as rig:
        rig.api.refuse(500, words=SECRET)
        with pytest.raises(Unavailable) as failed:
            await OpenAIEmbedder(rig.client, model=EMBED, dimension=SIZE).embed_queries([SECRET])
    for error in (refused.value, failed.value):
        assert SECRET not in f"{error}{error.__cause__}"
        assert "sk-wrong" not in f"{error}{error.__cause__}"
        assert error.__suppress_context__
    assert SECRET not in caplog.text


async def test_a_call_that_is_cancelled_stays_cancelled() -> None:
    """Who gives up is not told that the server failed."""
    async with a_rig() as rig:
        rig.api.hang()
        task = asyncio.create_task(check(rig.client, [CHAT]))
        await wait_until(lambda: bool(rig.api.calls), because="the server was asked")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
