"""What is Cohere's own in writing: the request, streams that break in any way, citations as the API tells them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Final

import pytest

from bot.adapters.cohere.generator import CohereGenerator
from bot.allowance import Terms, allowing
from bot.answering.prompts import ANSWER
from bot.errors import OutOfAllowance, Unavailable, Unusable
from bot.models import Hit, Query, Statement
from tests.contracts.cohere_rig import CHAT, Rig, a_rig
from tests.nouns import a_chunk, a_hit
from tests.standins.mind import cited
from tests.waiting import wait_until

LUNCH: Final = "Lunch is served from noon to two."
MENU: Final = "The menu changes every Monday."
ANSWERED: Final = f"{LUNCH} {MENU}"
EVENTS: Final = 2 + len(ANSWERED.split()) + 4 + 1
"""Events of that answer before its end: begun twice, a word each, two citations begun and ended, the content's end."""


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    async with a_rig() as running:
        yield running


@pytest.fixture
def passages() -> list[Hit]:
    """Two passages about lunch, and one about something else."""
    return [
        a_hit(LUNCH, path="lunch.md"),
        a_hit(MENU, path="menu.md"),
        a_hit("Bicycles stand in the yard.", path="bikes.md"),
    ]


def document(n: int) -> Mapping[str, Any]:
    """A passage as a citation names it."""
    return {"id": f"p{n}", "data": {"snippet": "whatever"}}


def a_citation(text: str, start: int, *documents: int, **others: Any) -> Mapping[str, Any]:
    """A citation of `text` from those passages."""
    return {**cited(text, start, [document(n) for n in documents]), **others}


TWO: Final = (a_citation("noon to two", 21, 1), a_citation("every Monday", len(LUNCH) + 18, 2))


async def written(rig: Rig, passages: Sequence[Hit], *, generator: CohereGenerator | None = None) -> list[Statement]:
    """The whole answer to a question about lunch."""
    generator = generator or CohereGenerator(rig.client, model=CHAT)
    return [one async for one in generator.generate(Query("when is lunch", None), passages)]


async def until_it_broke(generator: CohereGenerator, passages: Sequence[Hit]) -> tuple[list[str], Unavailable]:
    """What was given before the stream broke, and the error."""
    given: list[str] = []
    try:
        async for statement in generator.generate(Query("when is lunch", None), passages):
            given.append(statement.text)  # noqa: PERF401  (what came before the break is wanted)
    except Unavailable as error:
        return given, error
    pytest.fail("the answer was taken for whole")


# --- the request


async def test_passages_are_documents_and_the_question_is_the_only_message(rig: Rig) -> None:
    """Instructions, question and passages each in their own place; names and ids of ours stay here."""
    chunk = a_chunk(LUNCH, path="secret/place.md", title="Canteen", heading_path=("Canteen", "Hours"))
    await written(rig, [Hit(chunk, 0.5)])
    (body,) = rig.api.bodies("chat")
    assert body["messages"] == [{"role": "system", "content": ANSWER}, {"role": "user", "content": "when is lunch"}]
    assert body["documents"] == [
        {"id": "p1", "data": {"title": "Canteen", "section": "Canteen › Hours", "snippet": LUNCH}}
    ]
    assert body["citation_options"] == {"mode": "FAST"}
    assert body["temperature"] == 0.2
    assert "secret" not in str(body)
    assert "thinking" not in body


async def test_a_model_that_reasons_is_told_not_to(rig: Rig, passages: list[Hit]) -> None:
    """Nobody in Slack waits for thoughts that nobody reads."""
    for model in ("command-a-plus-05-2026", "command-a-reasoning-08-2025"):
        assert await written(rig, passages, generator=CohereGenerator(rig.client, model=model))
    assert [body["thinking"] for body in rig.api.bodies("chat")] == [{"type": "disabled"}] * 2


async def test_without_a_passage_nobody_is_asked(rig: Rig) -> None:
    """Nothing to answer from is no call."""
    assert await written(rig, []) == []
    assert await written(rig, [a_hit(" \n")]) == []
    assert rig.api.calls == []


async def test_a_model_that_says_all_it_was_told_shows_nothing(rig: Rig, passages: list[Hit]) -> None:
    """What no citation stands under is not shown, however much of the passages it repeats."""
    rig.api.echo()
    assert await written(rig, passages) == []


# --- sentences and their citations


@pytest.mark.parametrize("way", ["in the midst", "at the end"])
async def test_each_sentence_names_its_passages_and_their_words(rig: Rig, passages: list[Hit], way: str) -> None:
    """Citations in the midst of the text and at its end give the same answer."""
    rig.api.script(ANSWERED, TWO, at_end=way == "at the end")
    first, second = await written(rig, passages)
    assert (first.text, second.text) == (LUNCH, MENU)
    assert [(s.chunk_id, s.quote) for s in first.supports] == [(passages[0].chunk.id, LUNCH)]
    assert [(s.chunk_id, s.quote) for s in second.supports] == [(passages[1].chunk.id, MENU)]
    assert second.joint == " "


async def test_a_sentence_may_rest_on_several_passages(rig: Rig, passages: list[Hit]) -> None:
    """In the order in which they are cited, each once."""
    text = "Lunch is served from noon and the menu changes on Monday."
    rig.api.script(text, [a_citation("the menu", 30, 2, 1), a_citation("on Monday", 47, 2)])
    (statement,) = await written(rig, passages)
    assert [support.chunk_id for support in statement.supports] == [passages[1].chunk.id, passages[0].chunk.id]


@pytest.mark.parametrize("way", ["in the midst", "at the end"])
async def test_a_sentence_without_a_citation_is_dropped(rig: Rig, passages: list[Hit], way: str) -> None:
    """Wherever it stands; the paragraph that it began is still begun."""
    text = f"Good question!\n\nI think so. {LUNCH}\n\nEnjoy your meal. {MENU} Bye."
    citations = [a_citation(LUNCH, text.index(LUNCH), 1), a_citation(MENU, text.index(MENU), 2)]
    rig.api.script(text, citations, at_end=way == "at the end")
    answer = await written(rig, passages)
    assert [statement.text for statement in answer] == [LUNCH, MENU]
    assert [statement.joint for statement in answer] == ["\n\n", "\n\n"]


async def test_a_citation_whose_passage_says_nothing_of_it_does_not_count(rig: Rig, passages: list[Hit]) -> None:
    """A passage without a single word of the sentence gives a reader nothing to check."""
    rig.api.script(ANSWERED, [a_citation(LUNCH, 0, 3), a_citation(MENU, len(LUNCH) + 1, 3, 2)])
    (statement,) = await written(rig, passages)
    assert [support.chunk_id for support in statement.supports] == [passages[1].chunk.id]


ODD: Final[Sequence[Mapping[str, Any]]] = (
    {"sources": [{"type": "tool", "id": "p1", "tool_output": {"a": 1}}]},
    {"sources": [{"type": "document", "id": "p99", "document": {}}]},
    {"sources": [{"type": "something new", "id": "p1"}]},
    {"sources": []},
    {"type": "THINKING_CONTENT"},
    {"type": "PLAN"},
    {"content_index": 3},
    {"text": "not in the answer", "start": 5000, "end": 5020},
)


@pytest.mark.parametrize("odd", ODD, ids=str)
async def test_what_is_not_a_passage_cited_in_the_answer_grounds_nothing(
    rig: Rig, passages: list[Hit], odd: Mapping[str, Any]
) -> None:
    """Tools, unknown documents, thoughts, other blocks of content, and words that stand nowhere."""
    rig.api.script(ANSWERED, [{**a_citation(LUNCH, 0, 1), **odd}, TWO[1]], at_end=True)
    assert [statement.text for statement in await written(rig, passages)] == [MENU]


@pytest.mark.parametrize(
    ("before", "words"),
    [
        ("🍜🍜🍜 Noodles! ", "Soup is at noon"),
        ("👨‍👩‍👧‍👦 Families: ", "Soup is at noon"),
        ("Cafe\u0301 au lait costs two. ", "Soupe a\u0300 midi"),
        ("המרק בצהריים. ", "המרק מוגש בשעה אחת"),
        ("الحساء في الظهيرة. ", "يقدم الحساء في الواحدة"),
        ("三時にお茶。", "昼食は正午です"),
    ],
)
@pytest.mark.parametrize("unit", ["code points", "utf-16", "utf-8", "wrong"])
async def test_a_citation_is_found_by_its_words_whatever_its_offsets_count(
    rig: Rig, before: str, words: str, unit: str
) -> None:
    """Emoji, combining signs, right to left: words decide; offsets decide only which of the same words are meant."""
    text = f"{words}. {before}Also {words}."
    place = text.rindex(words)
    start = {
        "code points": place,
        "utf-16": len(text[:place].encode("utf-16-le")) // 2,
        "utf-8": len(text[:place].encode()),
        "wrong": place + 2,
    }[unit]
    rig.api.script(text, [a_citation(words, start, 1)], at_end=True)
    (statement,) = await written(rig, [a_hit(f"{words}.")])
    assert statement.text.endswith(f"Also {words}.")


async def test_offsets_count_where_the_words_are_spelled_otherwise(rig: Rig) -> None:
    """A citation whose accents are composed another way than the text's is placed by its offsets."""
    text = "Le cafe\u0301 ouvre. Le the\u0301 est servi."
    rig.api.script(text, [a_citation("Le café ouvre", 0, 1)], at_end=True)
    (statement,) = await written(rig, [a_hit("Le cafe\u0301 ouvre à midi.")])
    assert statement.text == "Le cafe\u0301 ouvre."


async def test_a_sentence_comes_as_soon_as_its_citations_are_in(rig: Rig, passages: list[Hit]) -> None:
    """The first is there while the model still writes the second."""
    rig.api.script(ANSWERED, TWO)
    rig.api.hang(on="chat", at=2 + len(LUNCH.split()) + 2 + 2)
    generator = CohereGenerator(rig.client, model=CHAT)
    async with aclosing(generator.generate(Query("when is lunch", None), passages)) as answer:
        assert (await anext(answer)).text == LUNCH


async def test_nothing_is_shown_before_citations_that_come_at_the_end(rig: Rig, passages: list[Hit]) -> None:
    """Every word may be there: until the API says what it rests on, nobody sees it."""
    rig.api.script(ANSWERED, TWO, at_end=True)
    rig.api.end_silently(at=EVENTS)
    given, _ = await until_it_broke(CohereGenerator(rig.client, model=CHAT), passages)
    assert given == []


# --- streams that break


@pytest.mark.parametrize("fault", ["cut", "end_silently", "malform"])
@pytest.mark.parametrize("at", range(EVENTS + 1))
async def test_a_stream_cut_anywhere_is_no_answer(rig: Rig, passages: list[Hit], fault: str, at: int) -> None:
    """Reset, ended in good order, or with an event that cannot be read: only its own end makes an answer whole."""
    rig.api.script(ANSWERED, TWO)
    {"cut": rig.api.cut, "end_silently": rig.api.end_silently, "malform": rig.api.malform}[fault](at=at)
    given, error = await until_it_broke(CohereGenerator(rig.client, model=CHAT), passages)
    assert given in ([], [LUNCH])
    assert not isinstance(error, Unusable)


@pytest.mark.parametrize("reason", ["ERROR", "MAX_TOKENS", "TIMEOUT", "TOOL_CALL", "STOP_SEQUENCE", "SOMETHING_NEW"])
async def test_only_complete_is_an_end(rig: Rig, passages: list[Hit], reason: str) -> None:
    """An answer that ends for any other reason is taken back, and its cost counted."""
    rig.api.script(ANSWERED, TWO)
    rig.api.finish(reason)
    given, _ = await until_it_broke(CohereGenerator(rig.client, model=CHAT), passages)
    assert given == [LUNCH]
    assert len(rig.usages) == 1


@pytest.mark.parametrize("at", [0, 6])
async def test_a_stream_that_hangs_is_left(rig: Rig, passages: list[Hit], at: int) -> None:
    """Before its first event or between two, it is waited for so long and no longer, and the connection is closed."""
    rig.api.hang(on="chat", at=at)
    _, error = await until_it_broke(CohereGenerator(rig.client, model=CHAT, first=0.1, idle=0.1), passages)
    assert not isinstance(error, OutOfAllowance)
    await wait_until(lambda: rig.api.left == 1, because="the stand-in saw the connection closed")


async def test_a_question_s_time_ends_its_stream(rig: Rig, passages: list[Hit]) -> None:
    """However patient the adapter would be, what the question has left bounds each wait."""
    rig.api.hang(on="chat", at=4)
    with allowing(Terms(seconds=0.1)):
        await until_it_broke(CohereGenerator(rig.client, model=CHAT), passages)


async def test_left_early_it_closes_the_connection(rig: Rig, passages: list[Hit]) -> None:
    """A brief answer takes the first sentence: the model does not write on for nobody, and what it cost is counted."""
    rig.api.script(ANSWERED, TWO)
    rig.api.hang(on="chat", at=EVENTS)
    async with aclosing(
        CohereGenerator(rig.client, model=CHAT).generate(Query("when is lunch", None), passages)
    ) as answer:
        assert (await anext(answer)).text == LUNCH
    await wait_until(lambda: rig.api.left == 1, because="the stand-in saw the connection closed")
    (usage,) = rig.usages
    assert usage.input_tokens > len(ANSWER) / 4
    assert 0 < usage.output_tokens < 40


async def test_a_listener_that_is_cancelled_leaves_nothing_behind(rig: Rig, passages: list[Hit]) -> None:
    """Stopped by its person in the midst of a wait, the stream is closed too."""
    rig.api.hang(on="chat", at=3)
    reading = asyncio.create_task(written(rig, passages))
    await wait_until(lambda: rig.api.calls != [], because="the call was made")
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    await wait_until(lambda: rig.api.left == 1, because="the stand-in saw the connection closed")


@pytest.mark.parametrize(
    "words",
    [
        '{"type": "content-delta", "index": 0, "delta": {"message": {"content": "text"}}}',
        '{"type": "content-delta", "index": 0, "delta": null}',
        '{"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": 7}}}}',
        '{"type": "citation-start", "index": 0, "delta": {"message": {"citations": []}}}',
        '{"type": "message-end", "delta": {}}',
        '{"no": "type"}',
        "[1, 2]",
    ],
)
async def test_an_event_of_another_shape_breaks_the_stream(rig: Rig, passages: list[Hit], words: str) -> None:
    """What it should have said would be missing from the answer, and nobody would know."""
    rig.api.malform(at=3, words=words)
    await until_it_broke(CohereGenerator(rig.client, model=CHAT), passages)


async def test_an_event_of_a_new_kind_is_passed_over(rig: Rig, passages: list[Hit]) -> None:
    """The API may tell more than we need; the SDK would write such an event, words and all, into the log."""
    rig.api.script(ANSWERED, TWO)
    rig.api.malform(at=0, words='{"type": "something-new", "delta": {"message": "lunch"}}')
    assert len(await written(rig, passages)) == 2


async def test_signs_that_end_a_line_elsewhere_do_not_end_an_event(rig: Rig) -> None:
    """A line separator within the text is text."""
    text = "Lunch\u2028is\u0085at noon."
    rig.api.script(text, [a_citation("noon", text.index("noon"), 1)])
    (statement,) = await written(rig, [a_hit("Lunch is at noon.")])
    assert "noon" in statement.text
