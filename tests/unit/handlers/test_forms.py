"""The modals that are shown at once keep to what Slack takes."""

import pytest

from bot.feedback import Feedback, Reason
from bot.playground.blocks import check_view
from handlers.buttons import Form
from handlers.views.forms import (
    View,
    answer_this_form,
    ask_form,
    feedback_form,
    follow_up_form,
    loading,
    note,
    resolve_form,
    searching,
)
from tests.nouns import NOON

EARLIER = Feedback("T/C/1", "U0ANA", "bad", NOON, (Reason.WRONG, Reason.OTHER), "x" * 5_000)
FORMS = {
    Form.FEEDBACK: feedback_form("sealed", EARLIER),
    Form.FOLLOW_UP: follow_up_form("sealed"),
    Form.RESOLVE: resolve_form("sealed"),
    Form.ASK: ask_form("sealed"),
    Form.ANSWER_THIS: answer_this_form("sealed", member=True),
}


@pytest.mark.parametrize(
    "view", [*FORMS.values(), feedback_form("s", None), loading("Why this answer?"), note("F", "x")]
)
def test_slack_takes_each_of_them(view: View) -> None:
    """The playground refuses what Slack refuses."""
    assert check_view(view, "modal") == []


@pytest.mark.parametrize("form", FORMS)
def test_a_form_carries_its_name_and_its_sealed_metadata(form: Form) -> None:
    """Both come back when it is sent."""
    assert (FORMS[form]["callback_id"], FORMS[form]["private_metadata"]) == (form, "sealed")


def test_a_rating_is_filled_in_as_it_was() -> None:
    """Reasons are ticked, words stand there, as many as Slack takes."""
    reasons, words = FORMS[Form.FEEDBACK]["blocks"][:2]
    assert [option["value"] for option in reasons["element"]["initial_options"]] == ["wrong", "other"]
    assert words["element"]["initial_value"] == "x" * 3_000


def test_where_we_cannot_write_only_a_private_answer_is_offered() -> None:
    """And the form says how that changes."""
    where, _ = answer_this_form("sealed", member=False)["blocks"]
    assert [option["value"] for option in where["element"]["options"]] == ["me"]


def test_the_line_that_acknowledges_says_what_happens_and_has_a_way_out() -> None:
    """The question stands in it: of a command Slack shows nothing else, and the line stays above the answer."""
    line = searching("when is lunch?", "sealed")
    assert line.text == "Searching the docs…"
    assert line.blocks[0]["text"]["text"] == "when is lunch?"
    assert line.blocks[0]["accessory"]["value"] == "sealed"
