"""The Panels port, held against a Slack on loopback: modals that stand open, the Home tab, pinned questions."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from bot.budgets import Today
from bot.channels import Change, ChannelSettings
from bot.errors import Refused, SlackUnavailable
from bot.jobs import Click
from bot.models import Citation
from bot.playground import Playground
from bot.playground.nodes import plain
from bot.playground.surfaces import fresh
from bot.playground.workspace import View
from bot.ports.slack import Panels
from bot.screens import ChannelForm, Desk, Earlier, Home, Reopened, SourceState, Week, Weighed, Why
from handlers.buttons import Action, Form, Seal
from handlers.calls import Calls, open_client
from handlers.gestures import carried, entries, pressed
from handlers.pace import Pace
from handlers.panels import SlackPanels
from handlers.views.forms import loading
from tests.nouns import NOON
from tests.timing import Time

SEAL = Seal.of("xoxb-test")
ANA = "U07ANARBRO1"
LEAVE = Citation(
    n=1,
    chunk_id="leave#0",
    document_id="leave",
    revision="r1",
    path="leave.md",
    title="Leave",
    heading="Annual leave",
    heading_path=("Annual leave",),
    quote="At most 240 hours carry over.",
    url="https://wiki.acme.example/leave#annual",
    updated=NOON - timedelta(days=21),
)
WHY = Why(
    question_id="T0ACME/C0CANTEEN/1.1",
    code="Q-7F3K",
    standalone_query="annual leave carry-over limit",
    documents=214,
    used=(Weighed(LEAVE, 0.914, used=True),),
    left_out=(Weighed(replace(LEAVE, n=0, heading_path=("Advanced leave",)), 0.41, used=False),),
    unsaid=True,
    backends={"reranker": "none (fused order)", "generator": "quotes", "index": "local"},
    timings_ms={"search": 40.2, "total": 1812.4},
    cost=0.002,
    indexed_at=NOON - timedelta(minutes=4),
    sources=("handbook",),
)
EARLIER = Reopened("q1", "how many hours?", "At most 240. [1]", (LEAVE,), "https://acme.slack.com/archives/C1/p1", NOON)
FORM = ChannelForm(
    "C07GENERAL1",
    ChannelSettings("offer", auto_answer=True, sources=("wiki",), tone="brief", humans="S07PEOPLEOP"),
    ("docs", "wiki"),
)


@dataclass
class World:
    """Panels, and the Slack that they appear in."""

    slack: Playground
    panels: Panels

    def opened(self) -> Click:
        """A click that opened a modal, which waits."""
        view = fresh(self.slack.workspace, ANA, loading("Why this answer?"))
        self.slack.workspace.show_modal(view)
        return Click("c", self.slack.team_id, ANA, channel=self.slack.id_of("dm-ana"), view=view.id)

    @property
    def modal(self) -> View:
        view = self.slack.modal("ana")
        assert view is not None
        return view

    @property
    def home(self) -> View:
        view = self.slack.home("ana")
        assert view is not None
        return view

    def text(self, view: View) -> str:
        read = plain(self.slack.workspace.rendering.blocks(view.view["blocks"]))
        return "\n".join(line for line in read.splitlines() if line)

    async def pressed(self, view: View, action: Action, *, value: str | None = None) -> dict[str, Any]:
        """What a click sends; the button among several with one name is picked by its label."""
        await self.slack.click_in_view(view.id, action, value=value)
        return dict(self.slack.deliveries[-1].payload)


@pytest.fixture
async def world() -> AsyncGenerator[World]:
    time = Time(hurried=True)
    async with (
        Playground(clock=time, ack_within=0.05, retry_delays=()) as slack,
        open_client(bot_token=slack.bot_token, api_url=slack.api_url) as client,
    ):
        calls = Calls(client, pace=Pace({}, clock=time, sleep=time.sleep))
        yield World(slack, SlackPanels(calls, seal=SEAL, now=lambda: NOON))


# --- modals ---------------------------------------------------------------------------------------------------------


async def test_why_tells_how_an_answer_came_about(world: World) -> None:
    """What was understood, searched, used with scores and beginnings, left out, and what made it."""
    await world.panels.why(world.opened(), WHY)
    assert world.text(world.modal).splitlines() == [
        "Understood as",
        "annual leave carry-over limit",
        "Searched",
        "214 documents that everyone who sees the answer can read · in handbook · index from 4 minutes ago",
        "Used",
        "1  Leave › Annual leave · score 0.91",
        "At most 240 hours carry over.",
        "Left out",
        "Leave › Advanced leave · score 0.41",
        "Something else was weighed that has changed since, or is not yours to read.",
        "Made by",
        "local index · ranked without the reranker · quoted word for word",
        "1.8 s in all · search 40 ms · under $0.01",
        "Record Q-7F3K",
        "Report a problem",
    ]


async def test_a_problem_is_reported_from_the_modal(world: World) -> None:
    """Its button carries a value that only we can have made."""
    await world.panels.why(world.opened(), WHY)
    body = await world.pressed(world.modal, Action.REPORT_PROBLEM)
    assert len(SEAL.open(Action.REPORT_PROBLEM, carried(pressed(body)))) == 1


async def test_an_earlier_answer_is_shown_again(world: World) -> None:
    """The question, the answer, its sources, and a way to where it stands."""
    await world.panels.reopened(world.opened(), EARLIER)
    assert world.text(world.modal).splitlines() == [
        "how many hours?",
        "At most 240. [1]",
        "Sources",
        "1  Leave › Annual leave · updated 3 weeks ago",
        "Asked today",
        "Open in Slack",
    ]


async def test_an_answer_whose_words_are_gone_says_so(world: World) -> None:
    """And what to do about it."""
    await world.panels.reopened(world.opened(), replace(EARLIER, text="", citations=(), link=""))
    question, gone, asked = world.text(world.modal).splitlines()
    assert (question, asked) == ("how many hours?", "Asked today")
    assert "Ask again" in gone


async def test_a_form_comes_back_as_it_was_filled(world: World) -> None:
    """Sent untouched it holds the channel's settings as they are, for that channel and that person."""
    click = world.opened()
    await world.panels.channel_form(click, FORM)
    await world.slack.submit(click.view, {})
    view = world.slack.deliveries[-1].payload["view"]
    assert view["callback_id"] == Form.CHANNEL
    assert SEAL.open(Form.CHANNEL, view["private_metadata"]) == ("C07GENERAL1", ANA)
    assert entries(view) == {
        "mode": "offer",
        "auto_answer": ("on",),
        "sources": ("wiki",),
        "tone": "brief",
        "humans": "S07PEOPLEOP",
    }


async def test_a_form_takes_other_settings(world: World) -> None:
    """Every field can be changed and emptied."""
    click = world.opened()
    await world.panels.channel_form(click, FORM)
    given = {"mode": "mention", "auto_answer": "", "sources": ["docs", "wiki"], "tone": "full", "humans": ""}
    await world.slack.submit(click.view, given)
    held = entries(world.slack.deliveries[-1].payload["view"])
    assert held == {**given, "auto_answer": (), "sources": ("docs", "wiki")}


async def test_a_modal_says_why_it_stays_empty(world: World) -> None:
    """In one plain line."""
    await world.panels.apologise(world.opened(), "That answer is no longer kept. Ask again.")
    assert world.text(world.modal) == "That answer is no longer kept. Ask again."


async def test_a_modal_that_was_closed_meanwhile_is_left_alone(world: World) -> None:
    """Neither opened again nor an error; a click without a modal is none either."""
    click = world.opened()
    await world.slack.dismiss(click.view)
    await world.panels.why(click, WHY)
    await world.panels.apologise(replace(click, view=""), "Gone.")
    assert world.slack.modal("ana") is None


async def test_what_slack_will_not_show_is_said(world: World) -> None:
    """A refusal that is not the person's doing reaches the caller, and so does an outage."""
    click = world.opened()
    world.slack.fail("views.update", "invalid_arguments")
    with pytest.raises(Refused):
        await world.panels.why(click, WHY)
    world.slack.fail("views.update", "internal_error", status=500, times=2)
    with pytest.raises(SlackUnavailable):
        await world.panels.why(click, WHY)


# --- the Home tab ---------------------------------------------------------------------------------------------------

HOME = Home(
    suggestions=("How many hours of leave carry over?",),
    earlier=(Earlier("q1", "is comp time paid out?", "not in the docs", NOON - timedelta(days=1)),),
    sources=(SourceState("handbook", 214, NOON - timedelta(minutes=3)), SourceState("wiki", 1, None, 3, "no access")),
)
DESK = Desk(
    week=Week(questions=128, answered=104, people=23, good=34, bad=3, cost=1.2),
    unanswered=(("is there a gym?", 7), ("where do I park?", 1)),
    problems=("wiki was not synced for 3 days",),
    channels={"C07ITHELP01": replace(FORM.now, sources=("handbook",))},
    today=Today(1.2, {"person_minute": 4}, {ANA: 4}),
    changes=(Change(NOON - timedelta(hours=2), ANA, "C07ITHELP01", "mode", "continue", "offer"),),
)


async def test_home_says_how_to_ask_what_was_asked_and_what_is_known(world: World) -> None:
    """Nothing on it is for admins alone."""
    await world.panels.home(ANA, HOME)
    lines = world.text(world.home).splitlines()
    assert lines[0] == "Ask the docs"
    assert lines[lines.index("Your last questions") :] == [
        "Your last questions",
        "is comp time paid out?",
        "Show",
        "not in the docs · yesterday",
        "What I know",
        "handbook · 214 documents · synced 3 minutes ago",
        "wiki · 1 document · not synced yet · 3 skipped · ⚠ no access",
    ]


async def test_home_shows_admins_how_it_goes(world: World) -> None:
    """Problems, then the day and the week, what the docs did not say, how channels are set, and who set them last."""
    await world.panels.home(ANA, replace(HOME, desk=DESK))
    lines = world.text(world.home).splitlines()
    shown = [line for line in lines[lines.index("For admins") :] if line != "Choose a channel"]
    assert shown == [
        "For admins",
        "Problems",
        "⚠ wiki was not synced for 3 days",
        "Today",
        "$1.20 of $25.00 · 4 questions turned away",
        "4 questions over one person’s 10 a minute",
        "Turned away most often: @Ana Ribeiro 4",
        "This week",
        "128 questions from 23 people · 81% answered · 👍 34 👎 3 · $1.20",
        "The docs did not say",
        "is there a gym? · asked 7 times",
        "where do I park?",
        "Channels",
        "#it-help   offers to answer · answers by itself · from handbook · brief · a person can be asked",
        "Changed by @Ana Ribeiro in #it-help: threads: answers follow-ups → offers to answer · 2 hours ago",
    ]


async def test_homes_buttons_carry_what_they_are_about(world: World) -> None:
    """A question to be asked, an answer to be shown, a channel to be set up."""
    await world.panels.home(ANA, replace(HOME, desk=DESK))
    reopened = await world.pressed(world.home, Action.REOPEN)
    assert SEAL.open(Action.REOPEN, carried(pressed(reopened))) == ("q1",)
    edited = await world.pressed(world.home, Action.EDIT_CHANNEL, value="it-help")
    assert pressed(edited)["selected_conversation"] == "C07ITHELP01"
    asked = [element for block in world.home.view["blocks"] for element in block.get("elements", ())]
    values = [element["value"] for element in asked if element.get("action_id") == Action.SUGGESTED]
    assert [SEAL.open(Action.SUGGESTED, value) for value in values] == [("",), HOME.suggestions]


async def test_a_home_where_nothing_happened_yet_is_no_blank(world: World) -> None:
    """It says how to ask, and that there is nothing to be read."""
    await world.panels.home(ANA, Home((), (), ()))
    text = world.text(world.home)
    assert text.startswith("Ask the docs")
    assert "Your last questions" not in text
    assert text.endswith("There are no docs that you can read yet. An admin can add some.")


# --- pinned questions -----------------------------------------------------------------------------------------------


async def test_questions_are_pinned_in_direct_messages(world: World) -> None:
    """At most four, each asked as it is written."""
    questions = [f"Question {number}?" for number in range(6)]
    await world.panels.suggest(world.opened(), questions)
    prompts = world.slack.workspace.prompts[world.slack.id_of("dm-ana")]
    assert [prompt["message"] for prompt in prompts] == questions[:4]
    assert [prompt["title"] for prompt in prompts] == questions[:4]


async def test_nothing_is_pinned_where_slack_will_not(world: World) -> None:
    """A workspace without the agent's pane, and no questions at all: no error."""
    click = world.opened()
    world.slack.fail("assistant.threads.setSuggestedPrompts", "not_allowed")
    await world.panels.suggest(click, ["How?"])
    await world.panels.suggest(click, [])
    await world.panels.suggest(replace(click, channel=""), ["How?"])
    assert len(world.slack.calls) == 1
