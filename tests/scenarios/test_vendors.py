"""The whole bot over a real Weaviate and a stand-in for Cohere: what people see, and what leaves the house."""

import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

import pytest

from bot.answering.pipeline import UNWRITTEN
from bot.composition import answering
from bot.models import EVERYONE, Audience, Principal, Query
from bot.playground import Message
from bot.settings import load
from handlers.views.making import WRITTEN
from tests.scenarios.company import BAND_FOUR, HANDBOOK, LEAVE, PAY, SECRETS, UNKNOWN
from tests.scenarios.whole import Whole, whole
from tests.standins.cohere import CohereStandIn
from tests.weaviate_server import HOST, WeaviateAddress


@dataclass
class Vendors:
    """A company, and the stand-in that embeds, reranks and writes for it."""

    company: Whole
    cohere: CohereStandIn

    async def asked(self, text: str, *, thread_ts: str | None = None) -> Message:
        """The bot's message that answers Ana in #general."""
        return await self.company.asked("ana", "general", f"@Footnote {text}", thread_ts=thread_ts)

    async def pressed(self, message: Message, button: str, words: str) -> Message:
        """The same message once these words stand in it."""
        slack = self.company.slack
        await slack.click("ana", "general", message.ts, button)

        def there() -> Message | None:
            said = slack.thread("general", message.root_ts)
            return next((one for one in said if one.ts == message.ts and words in one.visible_text), None)

        found = await slack.wait_until(there, timeout=20.0)
        assert found is not None
        return found


@pytest.fixture
async def vendors(tmp_path: Path, weaviate_address: WeaviateAddress) -> AsyncGenerator[Vendors]:
    """A company whose documents lie in Weaviate, indexed and answered with Cohere."""
    async with CohereStandIn(key="k").running() as cohere, whole(tmp_path) as built:
        chosen = load(
            {
                "COHERE_API_KEY": "k",
                "COHERE_BASE_URL": cohere.url,
                "COHERE_EMBED_DIMENSION": "256",
                "WEAVIATE_URL": weaviate_address.url,
                "WEAVIATE_GRPC_URL": f"http://{HOST}:{weaviate_address.grpc_port}",
                "WEAVIATE_TENANT": f"vendors-{uuid4().hex[:12]}",
            }
        )
        named = {"index": chosen.index, "models": chosen.models, "cohere": chosen.cohere}
        company = replace(built, settings=built.settings.model_copy(update=named))
        await company.indexed("handbook", HANDBOOK)
        await company.indexed("pay", PAY, readable_by=[Principal("group", "people-ops")])
        yield Vendors(company, cohere)
        for words, people in SECRETS.items():
            company.eyes.must_not_leak(words, to=people)


async def test_an_answer_is_written_from_passages_and_cites_them(vendors: Vendors) -> None:
    """Every paragraph has a number, the source stands below, and the message says that it was written."""
    async with vendors.company.running():
        answer = await vendors.asked(LEAVE)
    assert "240 hours" in answer.visible_text
    assert "[1]" in answer.visible_text
    assert "Annual leave" in answer.visible_text
    assert WRITTEN in answer.visible_text
    kinds = {body["input_type"] for body in vendors.cohere.bodies("embed")}
    assert kinds == {"search_document", "search_query"}


async def test_nothing_that_the_channel_may_not_read_goes_to_the_vendor(vendors: Vendors) -> None:
    """Neither the reranker nor the writer sees a passage that the asker, or somebody in the channel, may not read."""
    async with vendors.company.running():
        await vendors.company.asked("ben", "general", f"@Footnote {BAND_FOUR}")
    sent = json.dumps([vendors.cohere.bodies("rerank"), vendors.cohere.bodies("chat")])
    assert vendors.cohere.bodies("rerank")
    assert not [words for words in SECRETS if words in sent]


async def test_a_follow_up_is_made_whole(vendors: Vendors) -> None:
    """The turns go to the small model as data, and what it makes of them is searched."""
    async with vendors.company.running():
        first = await vendors.asked(LEAVE)
        second = await vendors.asked("and what happens above that?", thread_ts=first.root_ts)
    rewriting = [body for body in vendors.cohere.bodies("chat") if "response_format" in body]
    assert len(rewriting) == 1
    assert "240 hours" in json.dumps(rewriting[0]["messages"])
    assert "Understood as" in second.visible_text


async def test_without_the_writer_passages_are_quoted_until_it_is_back(vendors: Vendors) -> None:
    """The message says so, offers another try, and becomes the written answer by it."""
    vendors.cohere.refuse(503, on="chat", words="busy")
    async with vendors.company.running():
        quoted = await vendors.asked(LEAVE)
        assert UNWRITTEN in quoted.visible_text
        assert "240 hours" in quoted.visible_text
        assert WRITTEN not in quoted.visible_text
        vendors.cohere.behave_well()
        written = await vendors.pressed(quoted, "again", WRITTEN)
    assert UNWRITTEN not in written.visible_text


async def test_half_an_answer_does_not_stand(vendors: Vendors) -> None:
    """A stream that ends silently is written anew; what was said of it before is gone."""
    vendors.cohere.end_silently(at=20, times=1)
    async with vendors.company.running():
        answer = await vendors.asked(LEAVE)
    assert WRITTEN in answer.visible_text
    assert answer.visible_text.count("240 hours") == 1
    assert len([body for body in vendors.cohere.bodies("chat") if body.get("documents")]) == 2


@pytest.mark.parametrize("step", ["rerank", "embed"])
async def test_without_one_step_there_is_still_an_answer(vendors: Vendors, step: str) -> None:
    """Unranked, or found by words alone: it is written all the same, with a hedge."""
    vendors.cohere.refuse(500, on=step)
    async with vendors.company.running():
        answer = await vendors.asked(LEAVE)
    assert "240 hours" in answer.visible_text
    assert WRITTEN in answer.visible_text


async def test_a_question_that_the_documents_do_not_answer_costs_no_writing(vendors: Vendors) -> None:
    """Below the floor nobody is asked to write."""
    async with vendors.company.running():
        answer = await vendors.asked(UNKNOWN)
    assert "don't say" in answer.visible_text
    assert not vendors.cohere.bodies("chat")


async def test_another_language_is_no_reason_to_decline(vendors: Vendors) -> None:
    """Only the embedder on this machine knows no other language than English."""
    async with vendors.company.running():
        answer = await vendors.asked("wie viele Urlaubstage habe ich im Jahr")
    assert "auf Englisch" not in answer.visible_text
    assert vendors.cohere.bodies("rerank")


@pytest.mark.parametrize(
    ("reranker", "generator", "brought"),
    [("cohere", "quotes", True), ("local", "cohere", True), ("cohere", "cohere", False)],
)
async def test_hits_bring_vectors_where_somebody_reads_them(
    tmp_path: Path, weaviate_address: WeaviateAddress, reranker: str, generator: str, *, brought: bool
) -> None:
    """Who quotes with the local embedder weighs sentences by vectors, whoever reranks; nobody else fetches them."""
    async with CohereStandIn(key="k").running() as cohere, whole(tmp_path) as built:
        chosen = load(
            {
                "COHERE_API_KEY": "k",
                "COHERE_BASE_URL": cohere.url,
                "FOOTNOTE_EMBEDDER": "local",
                "FOOTNOTE_RERANKER": reranker,
                "FOOTNOTE_GENERATOR": generator,
                "WEAVIATE_URL": weaviate_address.url,
                "WEAVIATE_GRPC_URL": f"http://{HOST}:{weaviate_address.grpc_port}",
                "WEAVIATE_TENANT": f"vendors-{uuid4().hex[:12]}",
            }
        )
        named = {"index": chosen.index, "models": chosen.models, "cohere": chosen.cohere}
        settings = built.settings.model_copy(update=named)
        await replace(built, settings=settings).indexed("handbook", HANDBOOK)
        async with answering(settings) as pipeline:
            query = Query(LEAVE, (await pipeline.embedder.embed_queries([LEAVE]))[0])
            hits = await pipeline.index.search(query, visible_to=Audience.of([EVERYONE]), limit=3)
    assert [hit.embedding is not None for hit in hits] == [brought] * 3
    assert all(hit.embedding is None or hit.embedding.units is not None for hit in hits)
