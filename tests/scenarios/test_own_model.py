"""The whole bot with a model of one's own behind an OpenAI-compatible server: only what it can show from the docs."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace

import pytest

from bot.answering.pipeline import NOT_FOR_EVERYONE_HERE, UNWRITTEN
from bot.settings import load
from handlers.views.making import WRITTEN
from tests.scenarios.company import LEAVE
from tests.scenarios.whole import Whole
from tests.standins.openai import OpenAIStandIn
from tests.standins.openai_rules import CHAT


@dataclass
class Own:
    """A company, and the server that writes for it."""

    company: Whole
    server: OpenAIStandIn


@pytest.fixture
async def own(company: Whole) -> AsyncGenerator[Own]:
    """The company's own index, and a model that writes."""
    async with OpenAIStandIn().running() as server:
        chosen = load({"OPENAI_BASE_URL": server.url, "OPENAI_CHAT_MODEL": CHAT})
        named = {"models": chosen.models, "openai": chosen.openai}
        yield Own(replace(company, settings=company.settings.model_copy(update=named)), server)


async def test_what_the_model_writes_is_shown_with_its_sources(own: Own) -> None:
    """Each sentence with its number."""
    async with own.company.running():
        answer = await own.company.asked("ben", "general", f"@Footnote {LEAVE}")
    assert "240 hours" in answer.visible_text
    assert "[1]" in answer.visible_text
    assert WRITTEN in answer.visible_text


async def test_what_the_model_makes_up_is_not_shown(own: Own) -> None:
    """A wrong number, and a sentence from nowhere, are left out; the right sentence stays."""
    own.server.script(
        "You may carry over at most 240 hours of annual leave [1]. You may carry over at most 420 hours [1]. "
        "The moon is made of cheese [1]."
    )
    async with own.company.running():
        answer = await own.company.asked("ben", "general", f"@Footnote {LEAVE}")
    assert "240 hours" in answer.visible_text
    assert "420" not in answer.visible_text
    assert "cheese" not in answer.visible_text


async def test_when_nothing_holds_the_docs_do_not_say(own: Own) -> None:
    """An answer of which no sentence stands in the docs is no answer."""
    own.server.script("The moon is made of cheese [1].")
    async with own.company.running():
        answer = await own.company.asked("ben", "general", f"@Footnote {LEAVE}")
    assert NOT_FOR_EVERYONE_HERE in answer.visible_text
    assert "cheese" not in answer.visible_text


async def test_a_server_that_is_away_leaves_the_passages(own: Own) -> None:
    """They are quoted, and that is said."""
    own.server.refuse(503, on="chat/completions")
    async with own.company.running():
        answer = await own.company.asked("ben", "general", f"@Footnote {LEAVE}")
    assert UNWRITTEN in answer.visible_text
    assert "240 hours" in answer.visible_text


async def test_the_model_sees_no_passage_that_the_channel_may_not_read(own: Own) -> None:
    """However much of it the question names."""
    async with own.company.running():
        await own.company.asked("ben", "general", f"@Footnote {LEAVE[:-1]}, and how much is band four paid in a year?")
    sent = str(own.server.bodies("chat/completions"))
    assert "240 hours" in sent
    assert "Quillfeather" not in sent
    assert "Marmalade" not in sent
