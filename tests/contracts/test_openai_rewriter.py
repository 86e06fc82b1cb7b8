"""Rewriting over /v1/chat/completions, with servers that have JSON by a schema, JSON, or neither."""

from __future__ import annotations

import pytest

from bot.adapters.openai.rewriter import OpenAIRewriter
from bot.conversations import Turn
from bot.errors import Unavailable, Unusable
from bot.ports.generation import Rewritten
from tests.contracts.openai_rig import Rig, a_rig
from tests.nouns import NOON
from tests.standins.openai_rules import CHAT

BEFORE = [Turn("how much parental leave do I get?", "", "Sixteen weeks. [1]", {}, NOON)]
WHOLE = "can I split it? (how much parental leave do I get?)"


async def rewritten(rig: Rig) -> Rewritten:
    return await OpenAIRewriter(rig.client, model=CHAT).rewrite("can I split it?", BEFORE)


@pytest.mark.parametrize(
    ("without", "strictness", "calls"),
    [
        ([], 400, 1),
        (["response_format=json_schema"], 400, 2),
        (["response_format=json_schema"], 422, 2),
        (["response_format"], 400, 3),
    ],
)
async def test_a_reply_is_asked_for_as_the_server_can(without: list[str], strictness: int, calls: int) -> None:
    """What it does not take is not asked for again."""
    async with a_rig() as rig:
        rig.api.take(without=without, strictness=strictness)
        rewriter = OpenAIRewriter(rig.client, model=CHAT)
        assert (await rewriter.rewrite("can I split it?", BEFORE)).text == WHOLE
        assert len(rig.api.calls) == calls
        await rewriter.rewrite("can I split it?", BEFORE)
        assert len(rig.api.calls) == calls + 1
        assert rig.usages[0].output_tokens > 0


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        ('{"question": "Can I split parental leave?"}', "Can I split parental leave?"),
        ('```json\n{"question": "Can I split\\nparental leave?"}\n```', "Can I split parental leave?"),
        ('<think>It is {leave}.</think>{"question": "Can I split leave?"}', "Can I split leave?"),
        ("Can I split parental leave?", "Can I split parental leave?"),
        ('Question: "Can I split leave?"', "Can I split leave?"),
    ],
)
async def test_a_question_is_read_however_it_is_wrapped(reply: str, text: str) -> None:
    """JSON, a fence around it, a thought before it, or the bare line."""
    async with a_rig() as rig:
        rig.api.script(reply)
        assert await rewritten(rig) == Rewritten(text, changed=True)


@pytest.mark.parametrize(
    "reply", ["", "{}", '{"question": 3}', '{"question": "?"}', "{not json}", "One.\nTwo.", "a" * 999]
)
async def test_what_is_no_question_is_unavailable(reply: str) -> None:
    """Then the caller goes on with what was typed."""
    async with a_rig() as rig:
        rig.api.script(reply)
        with pytest.raises(Unavailable):
            await rewritten(rig)


async def test_a_reply_that_was_cut_off_is_unavailable() -> None:
    """By the length that a model may write, say."""
    async with a_rig() as rig:
        rig.api.finish("length")
        with pytest.raises(Unavailable):
            await rewritten(rig)


async def test_the_same_question_is_no_change() -> None:
    """Whatever became of its capitals."""
    async with a_rig() as rig:
        rig.api.script('{"question": "Can I split it?"}')
        assert await rewritten(rig) == Rewritten("can I split it?")


async def test_a_refusal_of_everything_is_unusable() -> None:
    """It is no matter of form then."""
    async with a_rig() as rig:
        rig.api.refuse(400)
        with pytest.raises(Unusable):
            await rewritten(rig)
        assert len(rig.api.calls) == 3


async def test_turns_are_data() -> None:
    """They stand in the message of the person, never among the instructions."""
    async with a_rig() as rig:
        await rewritten(rig)
        (body,) = rig.api.bodies("completions")
    system, user = body["messages"]
    assert "parental" not in system["content"]
    assert "person: how much parental leave do I get?" in user["content"]
