"""What is Cohere's own in rewriting: JSON mode, the small model, and answers that are no question."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence

import pytest

from bot.adapters.cohere.rewriter import CohereRewriter
from bot.answering.prompts import REWRITE, REWRITTEN
from bot.conversations import Turn
from bot.errors import Unavailable
from bot.ports.generation import Rewritten
from tests.contracts.cohere_rig import SMALL, Rig, a_rig
from tests.nouns import NOON

ASKED = "and for part-timers?"
HISTORY = (Turn("how long is parental leave?", "", "Sixteen weeks.", {}, NOON),)


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    async with a_rig() as running:
        yield running


async def rewritten(rig: Rig, question: str = ASKED, history: Sequence[Turn] = HISTORY) -> Rewritten:
    """The question made whole."""
    return await CohereRewriter(rig.client, model=SMALL).rewrite(question, history)


async def test_json_is_asked_for_by_schema_and_in_words(rig: Rig) -> None:
    """And nothing that cannot be combined with it: no documents, no safety mode."""
    assert (await rewritten(rig)).changed
    (body,) = rig.api.bodies("chat")
    assert body["model"] == SMALL
    assert body["response_format"] == {"type": "json_object", "json_schema": REWRITTEN}
    system, user = body["messages"]
    assert system["content"].startswith(REWRITE)
    assert "JSON" in system["content"]
    assert user["content"].endswith(f"New message:\n{ASKED}")
    assert "person: how long is parental leave?\nyou: Sixteen weeks." in user["content"]
    assert not body.keys() & {"documents", "safety_mode", "tools"}


async def test_the_question_is_told_as_one_line(rig: Rig) -> None:
    """Whatever white space the model puts into it."""
    rig.api.script(json.dumps({"question": " How long is leave\n for part-timers? "}))
    assert await rewritten(rig) == Rewritten("How long is leave for part-timers?", changed=True)


@pytest.mark.parametrize("question", [ASKED, f"  {ASKED} ", "and for\npart-timers?"])
async def test_a_question_that_stands_alone_is_left_as_it_was_typed(rig: Rig, question: str) -> None:
    """When the model repeats it, nothing was changed."""
    rig.api.script(json.dumps({"question": ASKED}))
    assert await rewritten(rig, question) == Rewritten(question)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "How long is leave?",
        "{}",
        '{"question": ""}',
        '{"question": " \\n "}',
        '{"question": ["a"]}',
        '{"question": null}',
        '["question"]',
        '{"question": "cut of',
        json.dumps({"question": "word " * 400}),
    ],
)
async def test_an_answer_that_is_no_question_is_unavailable(rig: Rig, text: str) -> None:
    """Then another rewriter is asked; nobody searches for what a model rambles."""
    rig.api.script(text)
    with pytest.raises(Unavailable):
        await rewritten(rig)


@pytest.mark.parametrize("reason", ["MAX_TOKENS", "ERROR", "TIMEOUT"])
async def test_an_answer_that_is_not_complete_is_none(rig: Rig, reason: str) -> None:
    """A question cut in half may still be JSON."""
    rig.api.finish(reason)
    with pytest.raises(Unavailable):
        await rewritten(rig)


async def test_a_long_message_is_not_sent(rig: Rig) -> None:
    """It names what it is about, and would cost more than it gains."""
    long = "what about the lunch menu? " * 100
    assert await rewritten(rig, long) == Rewritten(long)
    assert rig.api.calls == []


async def test_a_long_conversation_is_sent_in_part(rig: Rig) -> None:
    """The latest turns, each cut: what a question costs does not grow with its thread."""
    history = [Turn(f"question {n} {'word ' * 2000}", "", "word " * 2000, {}, NOON) for n in range(50)]
    rig.api.script(json.dumps({"question": "what then?"}))
    await rewritten(rig, history=history)
    sent = str(rig.api.bodies("chat")[0]["messages"][1]["content"])
    assert "question 49" in sent
    assert "question 3 " not in sent
    assert len(sent) < 20_000
    assert sent.endswith(ASKED)
