"""What every call to Cohere keeps to: one address, errors of ours, a deadline, and no words in what is told of it."""

from __future__ import annotations

import logging
import traceback
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing
from typing import Final

import pytest

from bot.adapters.cohere.check import check
from bot.adapters.cohere.client import open_client
from bot.adapters.cohere.embedder import CohereEmbedder
from bot.adapters.cohere.generator import CohereGenerator
from bot.adapters.cohere.refusals import retry_after
from bot.adapters.cohere.reranker import CohereReranker
from bot.adapters.cohere.rewriter import CohereRewriter
from bot.allowance import Terms, allowing
from bot.conversations import Turn
from bot.errors import Misconfigured, OutOfAllowance, Unavailable, Unusable
from bot.models import Query
from tests.contracts.cohere_rig import CHAT, DIMENSION, EMBED, KEY, RERANK, SMALL, Rig, a_rig
from tests.nouns import NOON, a_chunk, a_hit
from tests.standins.cohere import CohereStandIn

SECRET: Final = "the quokka budget"
NOW: Final = 1_772_452_800.0
"""NOON, in seconds since 1970."""

Doing = Callable[[Rig], Awaitable[object]]


async def embed(rig: Rig) -> object:
    """Embed a secret document."""
    return await CohereEmbedder(rig.client, model=EMBED, dimension=DIMENSION).embed_chunks([a_chunk(SECRET)])


async def rank(rig: Rig) -> object:
    """Rank a secret passage."""
    return await CohereReranker(rig.client, model=RERANK).rerank(Query(SECRET, None), [a_hit(SECRET)], limit=1)


async def write(rig: Rig) -> object:
    """Answer from a secret passage."""
    statements = CohereGenerator(rig.client, model=CHAT).generate(Query(SECRET, None), [a_hit(SECRET)])
    return [statement async for statement in statements]


async def make_whole(rig: Rig) -> object:
    """Rewrite a secret question."""
    return await CohereRewriter(rig.client, model=SMALL).rewrite(SECRET, [Turn(SECRET, SECRET, SECRET, {}, NOON)])


EVERY: Final[Mapping[str, Doing]] = {"embed": embed, "rerank": rank, "chat stream": write, "chat": make_whole}


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    async with a_rig() as running:
        yield running


@pytest.fixture(params=EVERY)
def do(request: pytest.FixtureRequest) -> Doing:
    """Each kind of call in turn."""
    return EVERY[request.param]


# --- errors ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [401, 402, 403, 404, 422, 498, 501])
async def test_what_somebody_must_act_on_is_unusable(rig: Rig, do: Doing, status: int) -> None:
    """A key, a bill, a model's name: asking again cannot help, and the code says which."""
    rig.api.refuse(status, words=f"{SECRET} with {KEY}")
    with pytest.raises(Unusable) as caught:
        await do(rig)
    assert caught.value.code == str(status)
    assert caught.value.retry_after is None


@pytest.mark.parametrize("status", [400, 408, 409, 413, 429, 499, 500, 502, 503, 504])
async def test_what_passes_is_unavailable(rig: Rig, do: Doing, status: int) -> None:
    """Too many calls, a server that is down: another try may help, and is left to others: each call is made once."""
    rig.api.refuse(status, words=f"{SECRET} with {KEY}", headers={"Retry-After": "7"})
    with pytest.raises(Unavailable) as caught:
        await do(rig)
    assert not isinstance(caught.value, Unusable)
    assert caught.value.retry_after == 7
    assert len(rig.api.calls) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_not_followed(rig: Rig, do: Doing, status: int) -> None:
    """Questions and documents go to the address that was chosen, wherever its server would send them."""
    async with CohereStandIn().running() as elsewhere:
        rig.api.refuse(status, headers={"Location": f"{elsewhere.url}/v2/chat"})
        with pytest.raises(Unusable):
            await do(rig)
        assert elsewhere.calls == []


async def test_a_month_that_is_used_up_does_not_end_with_the_minute(rig: Rig, do: Doing) -> None:
    """A trial key's 1,000 calls a month end in a 429 too: nobody waits for that."""
    rig.api.refuse(429, words="You are using a Trial key, which is limited to 1000 API calls / month.")
    with pytest.raises(Unusable) as caught:
        await do(rig)
    assert caught.value.code == "429"


@pytest.mark.parametrize("words", ["{not json", "[]", "null", '"text"', "{}", "<html></html>"])
async def test_a_reply_that_is_none_is_unavailable(rig: Rig, do: Doing, words: str) -> None:
    """Whatever stands in the place of a reply breaks no more than the call."""
    rig.api.malform(on="", at=2, words=words)
    with pytest.raises(Unavailable):
        await do(rig)


async def test_a_connection_that_breaks_is_unavailable(rig: Rig, do: Doing) -> None:
    """A server that goes away in the midst of a call, and one that is not there at all."""
    rig.api.cut()
    with pytest.raises(Unavailable):
        await do(rig)
    async with open_client(api_key=KEY, base_url="http://127.0.0.1:9", on_usage=rig.usages.append) as nowhere:
        with pytest.raises(Unavailable):
            await do(Rig(rig.api, nowhere))


@pytest.mark.parametrize("do", [embed, rank, make_whole], ids=lambda do: do.__name__)
async def test_a_call_ends_with_its_deadline(rig: Rig, do: Doing) -> None:
    """What a question has left bounds each call that it makes; once nothing is left, none is begun."""
    rig.api.hang()
    with allowing(Terms(seconds=0.05)):
        with pytest.raises(Unavailable):
            await do(rig)
        with pytest.raises(OutOfAllowance):
            await do(rig)
    assert len(rig.api.calls) == 1


@pytest.mark.parametrize("fault", ["refuse", "malform", "cut"])
async def test_no_error_and_no_log_holds_words_or_the_key(
    rig: Rig, do: Doing, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Cohere repeats in its errors what it was sent: neither message nor traceback nor any log may."""
    caplog.set_level(logging.DEBUG)
    match fault:
        case "refuse":
            rig.api.refuse(500, words=f"{SECRET} with {KEY}")
        case "malform":
            rig.api.malform(on="", at=2, words=f"{{{SECRET} {KEY}")
        case _:
            rig.api.cut(at=2)
    with pytest.raises(Unavailable) as caught:
        await do(rig)
    told = "".join(traceback.format_exception(caught.value)) + caplog.text
    assert "quokka" not in told
    assert KEY not in told


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "3"}, 3),
        ({"retry-after-ms": "250", "Retry-After": "3"}, 0.25),
        ({"Retry-After": "Mon, 02 Mar 2026 12:00:09 GMT"}, 9),
        ({"Retry-After": "Mon, 02 Mar 2026 11:00:00 GMT"}, 0),
        ({"X-RateLimit-Reset": str(NOW + 4)}, 4),
        ({"X-RateLimit-Reset": str(NOW - 4)}, 0),
        ({"Retry-After": "soon", "X-RateLimit-Reset": "later"}, None),
        ({"Retry-After": "-1"}, None),
        ({"Retry-After": "inf"}, None),
        ({}, None),
    ],
)
def test_how_long_to_wait_is_read_from_any_of_the_headers(headers: Mapping[str, str], seconds: float | None) -> None:
    """Seconds, milliseconds, a date, or the moment when the limit is lifted."""
    assert retry_after(headers, clock=lambda: NOW) == seconds


# --- the address and the key ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["", "/", "/v1", "/v2", "/v2/"])
async def test_everything_goes_to_the_address_that_is_set(end: str) -> None:
    """A private deployment gets every call (and every other socket is closed in this suite), with the key."""
    async with (
        CohereStandIn(key=KEY).running() as api,
        open_client(api_key=KEY, base_url=f"{api.url}{end}", on_usage=lambda _: None) as client,
    ):
        for do in EVERY.values():
            await do(Rig(api, client))
        assert await check(client, models=[EMBED, RERANK]) == []
        assert [call.path for call in api.calls] == ["/v2/embed", "/v2/rerank", "/v2/chat", "/v2/chat", "/v1/models"]
        assert {call.headers["authorization"] for call in api.calls} == {f"Bearer {KEY}"}


async def test_without_a_key_nothing_is_said_of_one() -> None:
    """A private deployment that asks for no key is sent no header."""
    async with a_rig(key="", demanded=None) as rig:
        for do in EVERY.values():
            await do(rig)
        assert len(rig.api.calls) == 4
        assert not any("authorization" in call.headers for call in rig.api.calls)


@pytest.mark.parametrize("address", ["api.cohere.com", "ftp://host", "http://", "http://host:port", "//host"])
async def test_an_address_that_is_none_is_refused_at_the_start(address: str) -> None:
    """The message names the setting."""
    with pytest.raises(Misconfigured, match="COHERE_BASE_URL"):
        async with open_client(api_key="", base_url=address, on_usage=lambda _: None):
            pass


# --- what it costs --------------------------------------------------------------------------------------------------


async def test_each_call_reports_what_it_was_billed(rig: Rig) -> None:
    """Tokens and searches by model, as the reply's billed units say."""
    for do in EVERY.values():
        await do(rig)
    kinds = [(usage.provider, usage.model, usage.operation) for usage in rig.usages]
    assert kinds == [
        ("cohere", EMBED, "embeddings"),
        ("cohere", RERANK, "rerank"),
        ("cohere", CHAT, "chat"),
        ("cohere", SMALL, "chat"),
    ]
    assert all(usage.input_tokens > 0 for usage in rig.usages)
    assert all(usage.output_tokens > 0 for usage in rig.usages[2:])
    older = CohereReranker(rig.client, model="rerank-v4.0-fast")
    await older.rerank(Query("lunch", None), [a_hit()], limit=1)
    assert rig.usages[-1].searches == 1


# --- the doctor's question ------------------------------------------------------------------------------------------


async def test_the_check_names_models_that_are_not_there(rig: Rig) -> None:
    """Each unknown name once, and nothing for those that are known."""
    assert await check(rig.client, models=[EMBED, "command-x", RERANK, "command-x", "embed-v9"]) == [
        "command-x",
        "embed-v9",
    ]


@pytest.mark.parametrize(("status", "code"), [(401, "401"), (402, "402"), (498, "498")])
async def test_the_check_tells_a_wrong_key_from_an_unpaid_bill(rig: Rig, status: int, code: str) -> None:
    """The list of models is free of charge, so a bill shows only when a word is embedded."""
    rig.api.refuse(status, on="models" if status != 402 else "embed")
    embedder = CohereEmbedder(rig.client, model=EMBED, dimension=DIMENSION)
    with pytest.raises(Unusable) as caught:
        await check(rig.client, models=[EMBED], embedder=embedder)
    assert caught.value.code == code


async def test_a_deployment_without_a_list_of_models_passes_by_what_it_can_do(rig: Rig) -> None:
    """Where nobody can say which models there are, embedding a word has to do."""
    rig.api.refuse(404, on="models")
    embedder = CohereEmbedder(rig.client, model=EMBED, dimension=DIMENSION)
    assert await check(rig.client, models=["our-own"], embedder=embedder) == []
    assert rig.api.bodies("embed") != []


async def test_a_stream_can_be_left_at_any_time(rig: Rig) -> None:
    """Bytes that nobody reads any more are not waited for."""
    stream: AsyncGenerator[bytes] = rig.client.stream(
        {"model": CHAT, "messages": [{"role": "user", "content": "lunch"}]}, what="chat"
    )
    async with aclosing(stream):
        assert await anext(stream)
