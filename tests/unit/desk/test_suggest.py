"""Suggested questions come from the documents that the person may read, in words that people use."""

from dataclasses import replace

import pytest

from bot.channels import ChannelSettings
from bot.desk.suggest import phrased, suggestions
from bot.jobs import Suggest
from bot.models import EVERYONE, Audience, Chunk
from tests.nouns import a_chunk
from tests.unit.desk.stand_ins import ASKER, CANTEEN, GUEST, KITCHEN, OTHER
from tests.unit.desk.world import World, click, secret

EVERYBODY = Audience.of([EVERYONE])


def headed(heading: str, title: str = "Parental leave", text: str = "Some text.") -> Chunk:
    return a_chunk(text, path=f"{heading}.md", title=title, heading_path=(heading,))


@pytest.mark.parametrize(
    ("heading", "question"),
    [
        ("Reset your password", "How do I reset my password?"),
        ("How to book a room", "How do I book a room?"),
        ("2.1 Request a laptop", "How do I request a laptop?"),
        ("Step 3: Sign in to the VPN", "How do I sign in to the VPN?"),
        ("What needs approval", "What needs approval?"),
        ("Can I work from abroad?", "Can I work from abroad?"),
        ("Who is on call", "Who is on call?"),
        ("Sick leave", "What should I know about sick leave?"),
        ("Your first weeks", "What should I know about my first weeks?"),
        ("Travel Policy", "What should I know about Travel Policy?"),
        ("Work hours", "What should I know about work hours?"),
        ("Eligibility", "What should I know about Eligibility (Parental leave)?"),
        ("Overview", "How do I get started with parental leave?"),
        ("Getting started", "How do I get started with parental leave?"),
        ("How fast?", "What should I know about parental leave?"),
        ("What the figures mean", "What should I know about parental leave?"),
        ("Before you start", "What should I know about parental leave?"),
        ("Installing it", "What should I know about parental leave?"),
        ("x" * 200, "What should I know about parental leave?"),
    ],
)
def test_a_heading_becomes_a_question(heading: str, question: str) -> None:
    """A heading is asked as people would ask; one that says nothing alone leaves it to the title."""
    assert phrased(headed(heading)) == question


def test_a_name_stays_large() -> None:
    """What the text writes large within a sentence is a name."""
    assert phrased(headed("Slack tips", text="We use Slack daily.")) == "What should I know about Slack tips?"


@pytest.mark.parametrize("title", ["Overview", "", "a_file.name(`x`)"])
def test_what_says_nothing_is_not_asked(title: str) -> None:
    """A passage whose heading and title say nothing makes no question."""
    assert phrased(headed("Overview", title=title)) is None


def test_a_hostile_heading_is_harmless() -> None:
    """No link, mention or invisible character comes through."""
    question = phrased(headed("[Lunch](https://evil.example) menu <!channel>\u202e"))
    assert question is not None
    assert not any(sign in question for sign in ("evil", "<", "](", "\u202e"))


async def test_one_question_per_document_first(world: World) -> None:
    """Three suggestions come from three documents while there are three."""
    first = [replace(headed(f"Lunch {word}"), document_id="one") for word in ("menu", "hours", "prices")]
    world.library.chunks_ = [*first, headed("Sick leave"), headed("Reset your password")]
    found = await suggestions(world.library.pipeline(), EVERYBODY, 3)
    assert set(found) == {
        "What should I know about lunch menu?",
        "What should I know about sick leave?",
        "How do I reset my password?",
    }


async def test_nothing_hidden_is_suggested(world: World) -> None:
    """A heading that the reader may not read makes no question."""
    world.library.chunks_ = [secret()]
    assert await suggestions(world.library.pipeline(), EVERYBODY, 3) == ()
    assert len(await suggestions(world.library.pipeline(), Audience.of([EVERYONE, KITCHEN]), 3)) == 1


async def test_without_documents_nothing_is_suggested(world: World) -> None:
    """Before anything is indexed there is nothing to suggest, and no error."""
    world.library.empty = True
    assert await suggestions(world.library.pipeline(), EVERYBODY, 3) == ()


async def test_the_channel_before_the_person_comes_first(world: World) -> None:
    """What the channel's sources say is suggested before anything else, and the rest fills up."""
    wiki = replace(headed("Sick leave"), source="wiki")
    world.library.chunks_ = [headed("Reset your password"), headed("Book a room"), wiki]
    world.channels.settings[CANTEEN] = ChannelSettings(sources=("wiki",))
    await world.channels.looks_at("T0ACME", ASKER, CANTEEN)
    await world.do(Suggest(click()))
    (pinned,) = world.slack.pinned
    assert pinned[0] == "What should I know about sick leave?"
    assert len(pinned) == 3


async def test_questions_are_pinned_for_the_person_alone(world: World) -> None:
    """Each person gets what they may read; a guest, who may read nothing, gets nothing pinned."""
    world.library.chunks_ = [secret(), headed("Sick leave")]
    for person in (GUEST, OTHER):
        await world.do(Suggest(click(person)))
    assert world.slack.pinned == [("What should I know about sick leave?",)]
