"""Modals and the Home tab, however extreme what they show is."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels import Change, ChannelSettings
from bot.playground.surfaces import LARGEST_VIEW
from bot.screens import ChannelForm, Desk, Earlier, Home, Reopened, SourceState, Week, Weighed, Why
from handlers.buttons import Action, Form
from handlers.views.channel_form import MOST_SOURCES, channel_form, offered
from handlers.views.home import home_view
from handlers.views.pieces import LONGEST_VALUE, carried, moment_in_words, source_names
from handlers.views.reopened import reopened_view
from handlers.views.why import why_view
from tests.nouns import NOON
from tests.unit.handlers.views_rig import (
    SEAL,
    addresses,
    citations,
    counts,
    moments,
    of_type,
    people,
    refuse_view,
    rooms,
    settings,
    several,
    texts,
)

weighed = st.builds(Weighed, citation=citations, score=st.floats(-1, 1), used=st.booleans())
whys = st.builds(
    Why,
    code=st.just("Q-7F3K"),
    standalone_query=texts,
    documents=counts,
    used=several(weighed),
    left_out=several(weighed),
    unsaid=st.booleans(),
    backends=st.dictionaries(texts | st.sampled_from(["reranker", "generator"]), texts, max_size=12),
    timings_ms=st.dictionaries(texts, st.floats(0, 1e6), max_size=20),
    cost=st.sampled_from([0.0, 0.00001, 3.5]),
    indexed_at=st.none() | moments,
    sources=several(texts),
)
reopened = st.builds(
    Reopened,
    question_id=st.just("T/C/1"),
    question=texts,
    text=texts,
    citations=several(citations),
    link=addresses,
    asked_at=moments,
)
desks = st.builds(
    Desk,
    week=st.builds(
        Week, questions=counts, answered=counts, people=counts, good=counts, bad=counts, cost=st.floats(0, 1e6)
    ),
    unanswered=several(st.tuples(texts, counts)),
    problems=several(texts),
    channels=st.dictionaries(rooms, settings, max_size=6),
)
homes = st.builds(
    Home,
    suggestions=several(texts),
    earlier=several(
        st.builds(Earlier, question_id=st.just("T/C/1"), question=texts, outcome=texts, asked_at=moments), most=60
    ),
    sources=several(
        st.builds(
            SourceState,
            name=texts,
            documents=counts,
            synced_at=st.none() | moments,
            skipped=counts,
            failed=texts,
        ),
    ),
    desk=st.none() | desks,
)
forms = st.builds(ChannelForm, channel=rooms, now=settings, sources=st.lists(texts, max_size=5).map(tuple))


@given(whys)
def test_slack_takes_every_explanation(why: Why) -> None:
    """Whatever was asked, found and measured."""
    refuse_view(why_view(why, seal=SEAL, now=NOON))


@given(reopened)
def test_slack_takes_every_earlier_answer(answer: Reopened) -> None:
    """Long, empty or hostile."""
    refuse_view(reopened_view(answer, now=NOON))


@given(homes)
def test_slack_takes_every_home(home: Home) -> None:
    """A person's or an admin's, full or empty."""
    refuse_view(home_view(home, seal=SEAL, now=NOON))


@given(forms, people)
def test_slack_takes_every_form(form: ChannelForm, person: str) -> None:
    """Whatever the sources are called, and whatever was set before."""
    view = channel_form(form, person=person, seal=SEAL)
    refuse_view(view)
    assert SEAL.open(Form.CHANNEL, view["private_metadata"]) == (form.channel, person)


def test_a_home_of_everything_is_small_enough() -> None:
    """The most that is ever listed, each at its longest, still fits."""
    long = "a question that goes on and on " * 40
    home = Home(
        (long,) * 9,
        tuple(Earlier("T07PLAYGRND/C07GENERAL1/1772452800.000100", long, long, NOON) for _ in range(99)),
        (SourceState(long, 10**6, NOON, 10**6, long),) * 10_000,
        Desk(
            Week(10**6, 10**5, 10**4, 10**5, 10**5, 1e6),
            ((long, 10**6),) * 99,
            (long,) * 99,
            {f"C07CHANNEL{number}": ChannelSettings(sources=(long,) * 9) for number in range(99)},
            (Change(NOON, "<!channel>", long, long, long, long),) * 5,
        ),
    )
    view = home_view(home, seal=SEAL, now=NOON)
    refuse_view(view)
    assert len(str(view)) < LARGEST_VIEW / 2
    assert "and 9,980 sources more with 9,980,000,000 documents" in str(view)


def test_a_form_cuts_what_a_menu_cannot_hold_and_says_so() -> None:
    """A hundred sources can be chosen from; those that are chosen now are always among them."""
    many = tuple(f"source {number}" for number in range(250))
    form = ChannelForm("C07GENERAL1", ChannelSettings(sources=("source 249", "gone since")), many)
    assert len(offered(form)) == MOST_SOURCES
    assert offered(form)[:3] == ("source 249", "gone since", "source 0")
    view = channel_form(form, person="U07ANARBRO1", seal=SEAL)
    (menu,) = of_type(view, "multi_static_select")
    assert [option["value"] for option in menu["initial_options"]] == ["source 249", "gone since"]
    assert "100 of 251 sources can be chosen here." in str(view)


def test_a_form_without_sources_has_no_menu() -> None:
    """Slack refuses one without options."""
    view = channel_form(ChannelForm("C07GENERAL1", ChannelSettings(), ()), person="U07ANARBRO1", seal=SEAL)
    assert of_type(view, "multi_static_select") == []
    assert "can be chosen here" not in str(view)


def test_the_week_is_said_without_dividing_by_nothing() -> None:
    """No question, no rating, one person."""
    quiet = Desk(Week(0, 0, 0, 0, 0, 0.0), (), (), {})
    assert "No questions." in str(home_view(Home((), (), (), quiet), seal=SEAL, now=NOON))
    one = replace(quiet, week=Week(1, 1, 1, 0, 0, 0.0))
    shown = str(home_view(Home((), (), (), one), seal=SEAL, now=NOON))
    assert "1 question from 1 person · 100% answered · not rated yet · $0.00" in shown


@given(texts)
def test_words_on_a_button_always_fit(words: str) -> None:
    """Of what is too long the beginning is carried, and still sealed."""
    value = carried(SEAL, Action.MORE_PASSAGES, words, "1")
    assert len(value) <= LONGEST_VALUE
    shown, page = SEAL.open(Action.MORE_PASSAGES, value)
    assert words.startswith(shown)
    assert page == "1"
    assert shown == words or len(value) > LONGEST_VALUE - 30


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "just now"),
        (59, "just now"),
        (60, "1 minute ago"),
        (3_599, "59 minutes ago"),
        (3_600, "1 hour ago"),
        (86_399, "23 hours ago"),
        (86_400, "yesterday"),
        (21 * 86_400, "3 weeks ago"),
    ],
)
def test_moments_are_said_to_the_minute_and_then_less_and_less_exactly(seconds: int, words: str) -> None:
    """As people say them."""
    assert moment_in_words(NOON - timedelta(seconds=seconds), now=NOON) == words


def test_a_source_is_called_by_its_folder_unless_two_are_called_alike() -> None:
    """Then both bear the mark of where they lie."""
    names = ("guide-d5916c6d", "pay-0a1b2c3d", "pay-3d2c1b0a", "wiki")
    assert [*source_names(names).values()] == ["guide", "pay-0a1b2c3d", "pay-3d2c1b0a", "wiki"]
