"""The whole bot with a model that says all that it was told: what goes to the vendor, and what people then see."""

import json
import logging
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from dataclasses import dataclass, replace

import pytest
import structlog

from bot.answering.pipeline import UNWRITTEN
from bot.logs import configure
from bot.models import Principal
from bot.settings import load
from tests.scenarios.company import BAND_FOUR, LEAVE, SECRETS
from tests.scenarios.test_no_secrets import must_be_clean
from tests.scenarios.whole import Whole
from tests.standins.openai import OpenAIStandIn
from tests.standins.openai_rules import CHAT
from tests.unit.hostile_outputs import dangers

KEY = "sk-zebrafinch"
HOSTILE = (
    "You may carry over at most 240 hours of annual leave, see [the form](https://evil.example/?q=1) [1]. "
    "![x](https://evil.example/p.png) <!channel> <@U07BENOKFR2> 240 hours of annual leave\u202e\u200b [1].\n"
    "- 240 hours of [annual\n- leave](https://evil.example) carry over [1]\n"
)


@dataclass
class Own:
    """A company, and the server that writes and rewrites for it."""

    company: Whole
    server: OpenAIStandIn

    @property
    def sent(self) -> Sequence[str]:
        """Everything that went to it, call by call."""
        return [json.dumps(call.body, ensure_ascii=False) for call in self.server.calls]


@pytest.fixture
async def own(company: Whole) -> AsyncGenerator[Own]:
    """The company's own index, and a model that writes."""
    async with OpenAIStandIn().running() as server:
        chosen = load({"OPENAI_BASE_URL": server.url, "OPENAI_CHAT_MODEL": CHAT, "OPENAI_API_KEY": KEY})
        named = {"models": chosen.models, "openai": chosen.openai}
        yield Own(replace(company, settings=company.settings.model_copy(update=named)), server)


@pytest.fixture(autouse=True)
def logging_as_before() -> Generator[None]:
    """What a test says of logging ends with it."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def secrets_in(sent: Sequence[str]) -> list[str]:
    """Words of restricted documents that went to the vendor."""
    return [words for words in SECRETS if any(words in one for one in sent)]


async def test_what_a_channel_may_not_read_is_sent_for_nobody_in_it(own: Own) -> None:
    """Neither in a question, a follow-up or its rewriting, whoever asks; who asks and where from is not sent either."""
    slack = own.company.slack
    own.server.echo()
    async with own.company.running() as footnote:
        first = await own.company.asked("ana", "general", f"@Footnote {LEAVE[:-1]} and {BAND_FOUR}")
        await own.company.asked("ana", "general", "@Footnote and band four?", thread_ts=first.root_ts)
        await own.company.asked("ben", "general", "@Footnote and the review of Ana?", thread_ts=first.root_ts)
        await slack.command("ben", "general", "/ask", BAND_FOUR)
        await slack.command("ben", "general", "/search", BAND_FOUR)
        await own.company.settled(footnote)
    assert own.sent
    assert secrets_in(own.sent) == []
    ids = [slack.id_of(name) for name in ("ana", "ben", "general")]
    known = (*ids, "leave.md", "people-ops", "readable_by", str(own.company.home))
    assert [(word, one[:300]) for one in own.sent for word in known if word in one] == []


async def test_what_was_private_before_is_not_in_the_rewriting_of_what_is_public(own: Own) -> None:
    """A private answer about pay lends nothing to a question in the channel, even if the same person asks it there."""
    async with own.company.running() as footnote:
        await own.company.slack.command("ana", "general", "/ask", BAND_FOUR)
        await own.company.told("ana", "general", "Quillfeather")
        private = len(own.sent)
        assert secrets_in(own.sent)
        first = await own.company.asked("ana", "general", f"@Footnote {LEAVE}")
        await own.company.asked("ana", "general", "@Footnote and how much does it earn?", thread_ts=first.root_ts)
        await own.company.settled(footnote)
    assert secrets_in(own.sent[private:]) == []


@pytest.mark.parametrize("change", ["revoked", "deleted", "changed"])
async def test_what_was_taken_away_is_not_sent_again(own: Own, change: str) -> None:
    """Not as a passage, and not as an earlier answer that a follow-up is rewritten with."""
    company = own.company
    folder = "rules"
    text = "# Towels\n\nTowels of the swimming pool are kept in the cupboard Periwinkle.\n"
    await company.indexed(folder, {"towels.md": text})
    async with company.running() as footnote:
        first = await company.asked("ben", "general", "@Footnote where are the towels of the swimming pool kept?")
        assert "Periwinkle" in first.visible_text
        before = len(own.sent)
        assert "Periwinkle" in str(own.sent)
        if change == "revoked":
            await company.indexed(folder, {"towels.md": text}, readable_by=[Principal("group", "people-ops")])
        else:
            other = (
                {"towels.md": text.replace("Periwinkle", "Marigold")} if change == "changed" else {"else.md": "# E\n"}
            )
            await company.indexed(folder, other)
        await company.asked("ben", "general", "@Footnote and where are they kept now?", thread_ts=first.root_ts)
        await company.settled(footnote)
    assert len(own.sent) > before
    assert [one for one in own.sent[before:] if "Periwinkle" in one] == []


async def test_a_model_that_obeys_is_shown_as_text(own: Own) -> None:
    """In the message, in every piece of it as it grows, and in what says why."""
    slack = own.company.slack
    await own.company.indexed("hostile", {"leave.md": f"# Annual leave\n\n{HOSTILE}"})
    own.server.script(*(HOSTILE[start : start + 9] for start in range(0, len(HOSTILE), 9)))
    async with own.company.running() as footnote:
        answer = await own.company.asked("ana", "general", f"@Footnote {LEAVE}")
        await slack.click("ana", "general", answer.ts, "why")
        await slack.wait_until(lambda: own.company.modal("ana"))
        await own.company.settled(footnote)
    assert "240 hours" in answer.visible_text
    told = json.dumps([call.arguments for call in slack.calls], ensure_ascii=False)
    for live in ("](http", "<!channel>", "<@U07BENOKFR2>", "evil.example/p.png)", "\u202e", "\u200b", '"image_url"'):
        assert live not in told, live
    grown = [str(call.arguments.get("markdown_text", "")) for call in slack.calls if "Stream" in call.method]
    assert [found for piece in grown for found in dangers(piece, finished=False) if "in code" not in found] == []


@pytest.mark.parametrize("most", ["FOOTNOTE_QUESTION_CALLS", "FOOTNOTE_QUESTION_TOKENS"])
async def test_an_answer_over_its_budget_is_quoted(own: Own, most: str) -> None:
    """What a follow-up's rewriting has used up is not there for its writing, and people are told."""
    company = replace(
        own.company, settings=own.company.settings.model_copy(update={"asking": load({most: "1"}).asking})
    )
    async with company.running():
        first = await company.asked("ben", "general", f"@Footnote {LEAVE}")
        second = await company.asked("ben", "general", "@Footnote and above that?", thread_ts=first.root_ts)
    assert "240 hours" in first.visible_text
    assert UNWRITTEN in second.visible_text


async def test_a_vendor_in_trouble_leaves_no_words_in_the_log(own: Own, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever it says of what it was sent, at the lowest level of logging; and each question ends in an answer."""
    configure("debug")
    words = f"{KEY} {LEAVE} 240 hours"
    faults: Sequence[Callable[[], None]] = (
        lambda: own.server.malform(at=1, words=words),
        lambda: own.server.malform(at=3, words=json.dumps({"error": {"message": words, "code": words}})),
        lambda: own.server.finish(words),
        lambda: own.server.malform(at=2, words=f"<html>{words}</html>"),
        lambda: own.server.refuse(500, words=words, code=words),
        lambda: own.server.refuse(422, words=words, code=words),
        lambda: own.server.refuse(302, words=words, headers={"Location": f"http://127.0.0.1:9/{KEY}"}),
        lambda: own.server.refuse(401, words=words, code=words),
    )
    async with own.company.running():
        for fault in faults:
            own.server.behave_well()
            fault()
            answer = await own.company.asked("ben", "general", f"@Footnote {LEAVE}")
            assert UNWRITTEN in answer.visible_text
            assert "240 hours" in answer.visible_text
    logged = capsys.readouterr().err
    assert "job_" in logged
    must_be_clean(logged, [KEY, LEAVE, "carry over", "240 hours", "Traceback"])
