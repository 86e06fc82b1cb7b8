"""Commands, shortcuts, clicks and forms, as Slack sends them, to the application's own values."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.jobs import Click
from handlers.buttons import Entry
from handlers.gestures import (
    LONGEST_CARRIED,
    block_of,
    carried,
    click_of,
    click_of_command,
    click_of_event,
    clicked_message,
    entries,
    fitting,
    looked_at,
    once,
    pressed,
    question_of_command,
    values_in,
    words_in,
)
from tests.nouns import NOON
from tests.unit.handlers.stand_ins import BOT_USER, envelope


def test_a_command_says_who_and_where() -> None:
    """And how to answer that person alone."""
    body = envelope("slash_ask")
    assert click_of_command(body) == Click(
        id="T0ACME/9907654321012.1124567890.a1b2c3d4e5f60718293a4b5c6d7e8f90",
        workspace="T0ACME",
        person="U0ANA",
        channel="C0CANTEEN",
        reply_url=body["response_url"],
    )


def test_what_a_command_asks_is_private_and_a_conversation_of_its_own() -> None:
    """Two of them in one channel know nothing of each other."""
    question = question_of_command(envelope("slash_ask"), bot_user=BOT_USER, now=NOON)
    other = question_of_command(envelope("slash_ask") | {"trigger_id": "1.2.3"}, bot_user=BOT_USER, now=NOON)
    assert (question.text, question.asker) == ("how many hours of annual leave can I roll over?", "U0ANA")
    assert (question.private, question.asked_at) == (True, NOON)
    assert question.id == f"T0ACME/C0CANTEEN/{question.conversation.thread}"
    assert other.conversation != question.conversation


def test_a_command_may_name_people_and_places() -> None:
    """Slack escapes them as in messages."""
    body = envelope("slash_ask") | {"text": "who reads <#C0CANTEEN|canteen>, <@U0BEN|ben> &amp; who else?"}
    assert question_of_command(body, bot_user=BOT_USER, now=NOON).text == "who reads #canteen, ben & who else?"


def test_a_press_says_who_where_and_in_which_thread() -> None:
    """The thread is that of the message with the button."""
    click = click_of(envelope("press"))
    assert (click.workspace, click.person, click.channel) == ("T0ACME", "U0ANA", "C0CANTEEN")
    assert click.thread == "1772452800.000100"
    assert click.reply_url.startswith("https://hooks.slack.com/")


def test_every_press_has_a_name_of_its_own() -> None:
    """It repeats with a redelivery, not with a second press; without a trigger the moment and the person say it."""
    body = envelope("press")
    again = envelope("press") | {"trigger_id": "other"}
    assert once(click_of(body)) == once(click_of(envelope("press"))) != once(click_of(again))
    bare = envelope("press")
    del bare["trigger_id"]
    assert click_of(bare).id == "T0ACME/1772453100.123456--U0ANA"


def test_in_a_workspace_of_an_organisation_the_person_says_which() -> None:
    """The app may be installed for all of them at once."""
    assert click_of(envelope("press") | {"team": None}).workspace == "T0ACME"


@pytest.mark.parametrize(
    ("name", "message"), [("press", "1772452802.000200"), ("press_private", ""), ("press_home", "")]
)
def test_only_a_message_for_all_is_the_clicked_one(name: str, message: str) -> None:
    """A private line cannot be looked up, and a view is no message."""
    assert clicked_message(envelope(name)) == message


@pytest.mark.parametrize(
    ("action", "value"),
    [
        ({"type": "button", "value": "a"}, "a"),
        ({"type": "overflow", "selected_option": {"value": "b"}}, "b"),
        ({"type": "feedback_buttons", "value": "c"}, "c"),
        ({"type": "button"}, None),
        ({"type": "static_select", "selected_option": None}, None),
    ],
)
def test_what_an_element_carries(action: dict[str, object], value: object) -> None:
    """A button and a side of the feedback buttons their value, a menu that of the chosen option."""
    assert carried(action) == value


def test_a_menu_of_slack_carries_nothing() -> None:
    """It says which conversation was chosen."""
    action = pressed(envelope("choose_channel"))
    assert (carried(action), action["selected_conversation"]) == (None, "C0CANTEEN")


def test_a_form_holds_words_and_choices() -> None:
    """By the name of the entry; what is wrong with it is said at its block."""
    view = envelope("send_form")["view"]
    held = entries(view)
    assert values_in(held, Entry.REASONS) == ("outdated",)
    assert words_in(held, Entry.WORDS) == "It is 300 hours since May."
    assert (words_in(held, Entry.REASONS), values_in(held, Entry.WORDS), words_in(held, "none")) == ("", (), "")
    assert block_of(view, Entry.WORDS) == "words"


@pytest.mark.parametrize(
    ("entry", "held"),
    [
        ({"type": "plain_text_input", "value": None}, ""),
        ({"type": "plain_text_input", "value": " a "}, " a "),
        ({"type": "radio_buttons", "selected_option": {"value": "me"}}, "me"),
        ({"type": "radio_buttons", "selected_option": None}, ""),
        ({"type": "checkboxes", "selected_options": []}, ()),
        ({"type": "users_select", "selected_user": "U0BEN"}, "U0BEN"),
        ({"type": "conversations_select", "selected_conversation": "C0CANTEEN"}, "C0CANTEEN"),
    ],
)
def test_each_kind_of_entry_is_read(entry: dict[str, object], held: object) -> None:
    """As Slack reports its state."""
    assert entries({"state": {"values": {"block": {"name": entry}}}}) == {"name": held}


def test_a_visit_says_who_and_in_which_conversation() -> None:
    """That of the person with the bot."""
    click = click_of_event(envelope("messages_opened"))
    assert (click.id, click.person, click.channel) == ("T0ACME/Ev07MESSAGES24", "U0ANA", "D0ANA")


@pytest.mark.parametrize(
    ("name", "channel"), [("messages_opened", "C0CANTEEN"), ("context_changed", "C0PEOPLE"), ("home_opened", "")]
)
def test_what_a_person_looks_at(name: str, channel: str) -> None:
    """The first channel that Slack names, or that of the first message; often none."""
    assert looked_at(envelope(name)["event"]) == channel


@pytest.mark.parametrize("context", [{}, None, {"entities": []}, {"entities": [{"type": "slack#/types/list_id"}]}])
def test_a_person_may_look_at_no_channel(context: object) -> None:
    """A canvas, a list, or nothing at all."""
    assert looked_at({"context": context}) == ""


@given(st.text(max_size=5_000) | st.text(alphabet='"\\\n\x00a', max_size=5_000))
def test_what_a_form_carries_always_fits(text: str) -> None:
    """However much of it is escaped; the beginning is kept."""
    kept = fitting(text)
    assert len(json.dumps(kept, ensure_ascii=False)) <= LONGEST_CARRIED
    assert text.startswith(kept)
    assert kept or not text
