"""What people are told of a budget that is reached, and what admins see of it."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest

from bot.budgets import LINES, Exceeded, Limits, Scope, Today, in_words
from bot.screens import Desk, Home, Week
from bot.settings.tree import Budgets
from handlers.views.home import home_view
from tests.nouns import NOON
from tests.unit.handlers.views_rig import SEAL

LIMITS = Limits(workspace_day=50, person_cost=0.5)
QUIET = Desk(Week(0, 0, 0, 0, 0, 0.0), (), (), {})


@pytest.mark.parametrize(
    ("exceeded", "said"),
    [
        (Exceeded("person_minute", 39.2), "You've asked 10 questions in the last minute. Ask again in 40 seconds."),
        (
            Exceeded("person_day", 4 * 3600),
            "You've asked 200 questions in the last 24 hours. Ask again in 4 hours, or ask an admin for more.",
        ),
        (
            Exceeded("channel_day", 60.5 * 60),
            (
                "This channel has had 1,000 questions in the last 24 hours."
                " Ask again in 61 minutes, or ask an admin for more."
            ),
        ),
        (
            Exceeded("workspace_day", 100),
            (
                "This workspace has had 50 questions in the last 24 hours."
                " Ask again in 2 minutes, or ask an admin for more."
            ),
        ),
        (
            Exceeded("person_cost", 5.2 * 3600),
            "Your questions have used their budget for today. Ask again in 6 hours, or ask an admin for more.",
        ),
        (
            Exceeded("workspace_cost", 12 * 3600),
            "This workspace has used its budget for answers today. Ask again in 12 hours, or ask an admin for more.",
        ),
    ],
)
def test_the_line_says_which_limit_and_when_to_ask_again(exceeded: Exceeded, said: str) -> None:
    """In numbers that people use, and never too early."""
    assert in_words(exceeded, LIMITS) == said


def test_one_is_not_many() -> None:
    """A limit of one, and a wait of less than a second."""
    said = in_words(Exceeded("person_minute", 0.0), Limits(person_minute=1))
    assert said == "You've asked 1 question in the last minute. Ask again in 1 second."


@pytest.mark.parametrize("scope", get_args(Scope))
def test_the_last_line_stands_for_what_follows(scope: Scope) -> None:
    """Only the last of them says that nothing more will be said for a while."""
    said = [in_words(Exceeded(scope, 30, line), LIMITS) for line in range(1, LINES + 1)]
    assert ["won't repeat this for a minute" in one for one in said] == [False] * (LINES - 1) + [True]


def test_the_settings_are_the_limits() -> None:
    """What an operator sets is what counts, by the same names and with the same defaults."""
    assert Limits(**Budgets().model_dump()) == Limits()


def test_admins_see_the_day() -> None:
    """What it has cost beside its limit; how many were turned away, by what, and whose."""
    today = Today(3.204, {"person_minute": 9, "workspace_cost": 1}, {"U07ANARBRO1": 2, "U07BENBENB1": 8})
    shown = _shown(replace(QUIET, today=today, limits=LIMITS))
    assert "$3.20 of $25.00 · 10 questions turned away" in shown
    assert "9 questions over one person’s 10 a minute" in shown
    assert "1 question over the workspace’s $25.00 a day" in shown
    assert "Turned away most often: <@U07BENBENB1> 8, <@U07ANARBRO1> 2" in shown


@pytest.mark.parametrize("scope", get_args(Scope))
def test_every_limit_has_its_words(scope: Scope) -> None:
    """Whichever it was that somebody exceeded."""
    assert "1 question over " in _shown(replace(QUIET, today=Today(0, {scope: 1}, {"U07ANARBRO1": 1}), limits=LIMITS))


def test_a_quiet_day_is_said_so() -> None:
    """Without a limit of dollars there is none to name, and without refusals nobody is."""
    shown = _shown(replace(QUIET, limits=replace(LIMITS, workspace_cost=0)))
    assert "$0.00 · nobody was turned away" in shown
    assert "Turned away most often" not in shown


def _shown(desk: Desk) -> str:
    return str(home_view(Home((), (), (), desk), seal=SEAL, now=NOON))
