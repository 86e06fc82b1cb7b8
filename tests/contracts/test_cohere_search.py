"""What is Cohere's own in embedding and ranking: kinds of input, batches, the account's pace, spans."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.cohere.embedder import CohereEmbedder, space
from bot.adapters.cohere.pace import Pace
from bot.adapters.cohere.passages import passage
from bot.adapters.cohere.reranker import FLOORS, CohereReranker
from bot.errors import Misconfigured, Unavailable, Unusable
from bot.models import Hit, Query
from bot.ports.search import Floors
from tests.contracts.cohere_rig import DIMENSION, EMBED, EMBED_QUERIES, RERANK, Rig, a_rig
from tests.nouns import a_chunk, a_hit

WORDS = st.text(alphabet=st.characters(codec="utf-8"), max_size=200)


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    async with a_rig() as running:
        yield running


@pytest.fixture
def embedder(rig: Rig) -> CohereEmbedder:
    """Documents with the large model, questions with the fast one."""
    return CohereEmbedder(rig.client, model=EMBED, query_model=EMBED_QUERIES, dimension=DIMENSION)


class Minutes:
    """A clock in seconds that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Let the time pass at once."""
        self.now += seconds


# --- embedding ------------------------------------------------------------------------------------------------------


async def test_documents_and_questions_are_two_kinds_of_input(rig: Rig, embedder: CohereEmbedder) -> None:
    """Each by its own model; a document with its place above it, and both at the length that the index has."""
    await embedder.embed_chunks([a_chunk("Noon.", title="Canteen", heading_path=("Canteen", "Hours"))])
    await embedder.embed_queries(["when is lunch"])
    document, query = rig.api.bodies("embed")
    assert (document["model"], document["input_type"]) == (EMBED, "search_document")
    assert document["texts"] == ["Canteen › Hours\nNoon."]
    assert (query["model"], query["input_type"]) == (EMBED_QUERIES, "search_query")
    assert query["texts"] == ["when is lunch"]
    assert document["output_dimension"] == query["output_dimension"] == DIMENSION


async def test_no_call_takes_more_than_cohere_does(rig: Rig, embedder: CohereEmbedder) -> None:
    """97 texts in one call would be refused: many texts are many calls, and come back in order."""
    chunks = [a_chunk(f"rule number {n}", path=f"{n}.md") for n in range(200)]
    embeddings = await embedder.embed_chunks(chunks)
    assert sorted(len(body["texts"]) for body in rig.api.bodies("embed")) == [8, 96, 96]
    (alone,) = await embedder.embed_chunks([chunks[150]])
    assert np.allclose(embeddings[150].vector, alone.vector)
    assert len(await embedder.embed_queries([f"rule {n}" for n in range(100)])) == 100


async def test_one_call_that_fails_ends_the_others(rig: Rig, embedder: CohereEmbedder) -> None:
    """No half of a document is embedded, and no call goes on for nothing."""
    rig.api.refuse(503, times=1)
    rig.api.hang()
    with pytest.raises(Unavailable):
        await embedder.embed_chunks([a_chunk(str(n)) for n in range(300)])


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("embed-v5.0-pro", "embed-v5.0"),
        ("embed-v5.0-fast", "embed-v5.0"),
        ("embed-v4.0", "embed-v4.0"),
        ("our-embed-v5.0-pro", "our-embed-v5.0-pro"),
    ],
)
def test_models_of_one_space_share_a_name(model: str, name: str) -> None:
    """An index built with the large model is searched with the fast one, and with no other."""
    assert space(model) == name


async def test_the_name_tells_space_and_dimension(rig: Rig, embedder: CohereEmbedder) -> None:
    """Whichever of the two embeds documents, the index is the same; with another length of vectors it is not."""
    fast = CohereEmbedder(rig.client, model=EMBED_QUERIES, dimension=DIMENSION)
    assert embedder.model == fast.model == f"embed-v5.0@{DIMENSION}"
    assert CohereEmbedder(rig.client, model=EMBED, dimension=1024).model != embedder.model


async def test_two_spaces_are_refused_at_the_start(rig: Rig) -> None:
    """Questions of another space would find nothing, without a word."""
    with pytest.raises(Misconfigured, match=r"embed-v4\.0"):
        CohereEmbedder(rig.client, model=EMBED, query_model="embed-v4.0", dimension=DIMENSION)


async def test_a_model_with_a_fixed_length_is_not_asked_for_one(rig: Rig) -> None:
    """Version 3 knows no `output_dimension`; what comes is measured instead."""
    fits = CohereEmbedder(rig.client, model="embed-english-v3.0", dimension=1024)
    assert (await fits.embed_queries(["lunch"])).shape == (1, 1024)
    misfits = CohereEmbedder(rig.client, model="embed-english-v3.0", dimension=512)
    with pytest.raises(Unusable) as caught:
        await misfits.embed_queries(["lunch"])
    assert caught.value.code == "dimension"


@pytest.mark.parametrize(
    "rows",
    [
        [],
        None,
        "text",
        [[1.0] * DIMENSION] * 2,
        [[0.0] * DIMENSION],
        [["x"] * DIMENSION],
        [1.0],
        [[float("nan")] * 256],
    ],
    ids=["none", "null", "text", "two for one", "zeros", "words", "flat", "not numbers"],
)
async def test_vectors_that_are_none_are_refused(rig: Rig, embedder: CohereEmbedder, rows: Any) -> None:
    """A reply without one proper vector per text is no reply."""
    rig.api.fib({"id": "1", "embeddings": {"float": rows}})
    with pytest.raises(Unavailable):
        await embedder.embed_queries(["lunch"])


async def test_the_pace_keeps_to_the_limit_of_any_minute() -> None:
    """However fast calls come, no span of sixty seconds sees more inputs than the account may send."""
    clock, sent = Minutes(), list[tuple[float, int]]()
    pace = Pace(2_000, clock=clock, sleep=clock.sleep)
    for _ in range(100):
        await pace.keep(96)
        sent.append((clock.now, 96))
    for at, _ in sent:
        assert sum(count for moment, count in sent if at <= moment < at + 60) <= 2_000
    assert 9_600 / 2_000 * 60 * 0.8 < clock.now < 9_600 / 2_000 * 60 * 1.2


async def test_a_question_does_not_wait_for_the_pace() -> None:
    """Its input counts, but it goes at once: the next documents wait a little longer."""
    clock = Minutes()
    pace = Pace(600, clock=clock, sleep=clock.sleep)
    await pace.keep(192)
    pace.note(1)
    assert clock.now == 0
    await pace.keep(1)
    assert clock.now > 0


@pytest.mark.parametrize("per_minute", [1, 5, 50])
async def test_a_small_account_gets_its_turn_too(per_minute: int) -> None:
    """A batch larger than a minute's share waits, and goes."""
    clock = Minutes()
    pace = Pace(per_minute, clock=clock, sleep=clock.sleep)
    for _ in range(3):
        await pace.keep(96)
    assert clock.now > 60


async def test_chunks_are_embedded_at_the_account_s_pace(rig: Rig) -> None:
    """Many chunks take the minutes that the account allows them, and only so many calls run at once."""
    clock = Minutes()
    pace = Pace(400, clock=clock, sleep=clock.sleep)
    embedder = CohereEmbedder(rig.client, model=EMBED, dimension=DIMENSION, pace=pace, concurrency=2)
    await embedder.embed_chunks([a_chunk(str(n)) for n in range(960)])
    assert clock.now > 60
    assert len(rig.api.bodies("embed")) == 10


# --- ranking --------------------------------------------------------------------------------------------------------


async def rank(rig: Rig, query: str, *hits: Hit, model: str = RERANK, limit: int = 10) -> tuple[Hit, ...]:
    """The hits as the model ranks them."""
    ranking = await CohereReranker(rig.client, model=model).rerank(Query(query, None), hits, limit=limit)
    return ranking.hits


async def test_a_passage_is_sent_as_yaml(rig: Rig) -> None:
    """Title, section and text, in that order, as one string."""
    chunk = a_chunk("Soup: two euros.\n\n- tea\n  free", title="What's on?", heading_path=("Prices", "Soup & tea"))
    await rank(rig, "soup", Hit(chunk, 0.5))
    (sent,) = rig.api.bodies("rerank")[0]["documents"]
    told = {"title": "What's on?", "section": "Prices › Soup & tea", "text": chunk.text}
    assert yaml.safe_load(sent) == told
    assert list(yaml.safe_load(sent)) == list(told)


async def test_spans_come_back_in_the_chunk_s_own_text(rig: Rig) -> None:
    """They mark the words that answer, counted in code points, past any emoji or line end before them."""
    text = "🍜 Noodles on Monday.\nThe 👨‍👩‍👧 table is free. Soup costs two euros.\n\nTea is free."
    (hit,) = await rank(rig, "what does soup cost in euros", Hit(a_chunk(text, title="Soup"), 0.5))
    assert [text[start:end] for start, end in hit.spans] == ["Soup costs two euros."]


async def test_a_span_in_the_title_is_no_place_in_the_text(rig: Rig) -> None:
    """What stands only above the text cannot be pointed at within it."""
    (hit,) = await rank(rig, "vacation", Hit(a_chunk("Ask the front desk.", title="Vacation", heading_path=()), 0.5))
    assert hit.spans == ()


async def test_only_version_5_is_asked_for_spans(rig: Rig) -> None:
    """Others would refuse the question."""
    for model in ("rerank-v4.0-pro", "rerank-v3.5"):
        (hit,) = await rank(rig, "soup", a_hit("Soup is two euros."), model=model)
        assert hit.spans == ()
    assert all("relevant_spans" not in body for body in rig.api.bodies("rerank"))
    private = CohereReranker(rig.client, model="rerank-v5.0-pro", spans=False)
    await private.rerank(Query("soup", None), [a_hit()], limit=1)
    assert "relevant_spans" not in rig.api.bodies("rerank")[-1]


async def test_the_best_score_is_the_confidence_and_equal_scores_go_by_id(rig: Rig) -> None:
    """So a ranking does not depend on the order in which a server lists what it finds equal."""
    hits = [a_hit("Soup.", path=path) for path in ("c.md", "a.md", "b.md")]
    rig.api.fib({"results": [{"index": n, "relevance_score": score} for n, score in ((1, 0.75), (0, 0.75), (2, 1.5))]})
    ranking = await CohereReranker(rig.client, model=RERANK).rerank(Query("soup", None), hits, limit=3)
    assert [hit.chunk.path for hit in ranking.hits] == ["b.md", "a.md", "c.md"]
    assert ranking.confidence == ranking.hits[0].score == 1.0


@pytest.mark.parametrize(
    "results",
    [
        [],
        [{"index": 0, "relevance_score": 0.5}],
        [{"index": 0, "relevance_score": 0.5}, {"index": 0, "relevance_score": 0.5}],
        [{"index": 0, "relevance_score": 0.5}, {"index": 7, "relevance_score": 0.5}],
        [{"index": 0, "relevance_score": "high"}, {"index": 1, "relevance_score": 0.5}],
        [{"index": 0}, {"index": 1, "relevance_score": 0.5}],
        "text",
        None,
    ],
)
async def test_a_ranking_that_leaves_one_out_is_refused(rig: Rig, results: Any) -> None:
    """A passage without a score, or with two, would be lost or doubled without a word."""
    rig.api.fib({"results": results})
    with pytest.raises(Unavailable):
        await rank(rig, "soup", a_hit("Soup."), a_hit("Tea.", path="tea.md"))


async def test_floors_are_those_that_were_given(rig: Rig) -> None:
    """An installation that has measured its own sets them."""
    assert CohereReranker(rig.client, model=RERANK).floors == FLOORS
    assert CohereReranker(rig.client, model=RERANK, floors=Floors(0.3, 0.7)).floors == Floors(0.3, 0.7)
    assert CohereReranker(rig.client, model=RERANK).name == f"cohere {RERANK}"


@given(text=WORDS, title=WORDS, at=st.integers(0, 200), length=st.integers(1, 50))
def test_the_way_back_leads_to_the_same_words(text: str, title: str, at: int, length: int) -> None:
    """Any line of the text stands in what is sent, sign by sign; a span leads back to what it shows, or nowhere."""
    sent = passage(replace(a_chunk(text), title=title), most=1_000)
    for line in sent.lines:
        shown, stood = sent.yaml[line.sent :][: line.length], text[line.text :][: line.length]
        assert len(shown) == len(stood)
        assert all(one in (other, " ") for one, other in zip(shown, stood, strict=True))
    begin = sent.lines[0].sent
    assert sent.back(0, begin) is None
    place = sent.back(begin + at, begin + at + length)
    if place is not None:
        assert 0 <= place[0] < place[1] <= len(text)
        assert place[1] - place[0] <= length


async def test_waiting_for_a_turn_can_be_given_up(rig: Rig) -> None:
    """Indexing that is stopped while it waits for the pace leaves nothing behind."""
    never = asyncio.Event()

    async def wait(_: float) -> None:
        await never.wait()

    pace = Pace(100, sleep=wait)
    embedder = CohereEmbedder(rig.client, model=EMBED, dimension=DIMENSION, pace=pace)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await embedder.embed_chunks([a_chunk(str(n)) for n in range(300)])
