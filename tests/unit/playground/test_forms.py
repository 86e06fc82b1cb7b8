"""Forms: every kind of element, what it starts with, what it takes, and what the bot hears of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from bot.playground import Playground
from tests.unit.playground.bots import Bot
from tests.unit.playground.conftest import Caller, Client, button, section

ANA, BEN, GENERAL = "U07ANARBRO1", "U07BENOKFR2", "C07GENERAL1"
Block = dict[str, Any]


def words(text: str) -> Block:
    """A plain text object."""
    return {"type": "plain_text", "text": text}


def option(value: str) -> Block:
    """One of several."""
    return {"text": words(value), "value": value}


ONE_TWO = [option("one"), option("two")]


def entry(action_id: str, kind: str, *, optional: bool = False, **more: Any) -> Block:
    """An input block named after its element."""
    element = {"type": kind, "action_id": action_id, **more}
    return {"type": "input", "block_id": action_id, "label": words(action_id), "optional": optional, "element": element}


def form(*blocks: Block, **more: Any) -> Block:
    """A modal."""
    return {
        "type": "modal",
        "callback_id": "form",
        "title": words("Form"),
        "submit": words("Send"),
        "blocks": list(blocks),
        **more,
    }


@pytest.fixture
async def bot(slack: Playground) -> AsyncIterator[Bot]:
    async with Bot(slack).over_socket_mode() as bot:
        yield bot


async def opened(slack: Playground, client: Client, bot: Bot, view: Block) -> str:
    """A modal on Ana's screen; its id."""
    await slack.command("ana", "general", "/ask")
    return str((await client.views_open(trigger_id=bot.heard[-1]["trigger_id"], view=view))["view"]["id"])


KINDS: list[tuple[Block, Any, Block]] = [
    (entry("e", "plain_text_input"), "hello", {"value": "hello"}),
    (entry("e", "number_input", is_decimal_allowed=True), "1.5", {"value": "1.5"}),
    (entry("e", "static_select", options=ONE_TWO), "two", {"selected_option": option("two")}),
    (entry("e", "radio_buttons", options=ONE_TWO), "one", {"selected_option": option("one")}),
    (entry("e", "multi_static_select", options=ONE_TWO), ["one", "two"], {"selected_options": ONE_TWO}),
    (entry("e", "checkboxes", options=ONE_TWO), ["two"], {"selected_options": [option("two")]}),
    (entry("e", "users_select"), "ben", {"selected_user": BEN}),
    (entry("e", "conversations_select"), "general", {"selected_conversation": GENERAL}),
]


@pytest.mark.parametrize("kind", KINDS, ids=[str(kind[0]["element"]["type"]) for kind in KINDS])
async def test_each_kind_is_heard(slack: Playground, client: Client, bot: Bot, kind: tuple[Block, Any, Block]) -> None:
    """As Slack sends it, by block and action, and only once it is filled in."""
    block, given, held = kind
    view = await opened(slack, client, bot, form(block))
    with pytest.raises(LookupError, match="must be filled in"):
        await slack.submit(view, {})
    assert bot.clicks == []
    bot.view_reply = {"response_action": "clear"}
    await slack.submit(view, {"e": given})
    (body,) = bot.clicks
    assert body["view"]["state"]["values"] == {"e": {"e": {"type": block["element"]["type"], **held}}}
    assert slack.modal("ana") is None


STARTED: list[tuple[Block, Block]] = [
    (entry("e", "plain_text_input", initial_value="hello"), {"value": "hello"}),
    (entry("e", "number_input", is_decimal_allowed=False, initial_value="3"), {"value": "3"}),
    (entry("e", "static_select", options=ONE_TWO, initial_option=option("two")), {"selected_option": option("two")}),
    (entry("e", "checkboxes", options=ONE_TWO, initial_options=ONE_TWO), {"selected_options": ONE_TWO}),
    (entry("e", "users_select", initial_user=BEN), {"selected_user": BEN}),
    (entry("e", "conversations_select", initial_conversation=GENERAL), {"selected_conversation": GENERAL}),
    (entry("e", "plain_text_input", optional=True), {"value": None}),
    (entry("e", "checkboxes", optional=True, options=ONE_TWO), {"selected_options": []}),
]


@pytest.mark.parametrize(("block", "held"), STARTED)
async def test_what_stands_at_first_is_sent(
    slack: Playground, client: Client, bot: Bot, block: Block, held: Block
) -> None:
    """Without being touched, and an optional entry may be left empty."""
    view = await opened(slack, client, bot, form(block))
    bot.view_reply = {"response_action": "clear"}
    await slack.submit(view, {})
    assert bot.clicks[0]["view"]["state"]["values"]["e"]["e"] == {"type": block["element"]["type"], **held}


MISFITS: list[tuple[Block, Any]] = [
    (entry("e", "plain_text_input", min_length=3), "no"),
    (entry("e", "plain_text_input", max_length=3), "much"),
    (entry("e", "number_input", is_decimal_allowed=False), "1.5"),
    (entry("e", "number_input", is_decimal_allowed=True), "many"),
    (entry("e", "number_input", is_decimal_allowed=True), "NaN"),
    (entry("e", "number_input", is_decimal_allowed=True, min_value="0"), "-1"),
    (entry("e", "number_input", is_decimal_allowed=True, max_value="9"), "10"),
    (entry("e", "static_select", options=ONE_TWO), "three"),
    (entry("e", "static_select", options=ONE_TWO), ["one", "two"]),
    (entry("e", "checkboxes", options=ONE_TWO), ["three"]),
    (entry("e", "multi_static_select", options=ONE_TWO, max_selected_items=1), ["one", "two"]),
    (entry("e", "users_select"), "nobody"),
    (entry("e", "conversations_select", filter={"include": ["public"]}), "people-ops"),
]


@pytest.mark.parametrize(("block", "given"), MISFITS)
async def test_what_does_not_fit_is_not_sent(
    slack: Playground, client: Client, bot: Bot, block: Block, given: Any
) -> None:
    """Slack keeps the form back; the bot hears nothing."""
    view = await opened(slack, client, bot, form(block))
    with pytest.raises(LookupError):
        await slack.submit(view, {"e": given})
    with pytest.raises(LookupError):
        await slack.submit(view, {"elsewhere": "x"})
    assert bot.clicks == []


async def test_a_click_in_a_form_tells_what_stands_in_it(slack: Playground, client: Client, bot: Bot) -> None:
    """What was typed before, what was chosen by the click, and what nobody touched."""
    row: Block = {"type": "actions", "block_id": "row", "elements": [button("go")]}
    menu = {"type": "static_select", "action_id": "pick", "options": ONE_TWO}
    beside = {**section(), "block_id": "beside", "accessory": menu}
    view = await opened(slack, client, bot, form(entry("e", "plain_text_input"), row, beside))
    await slack.click_in_view(view, "pick", value="two")
    await slack.click_in_view(view, "go", values={"e": "typed"})
    values = bot.clicks[-1]["view"]["state"]["values"]
    assert values["e"]["e"]["value"] == "typed"
    assert values["beside"]["pick"]["selected_option"] == option("two")
    with pytest.raises(LookupError):
        await slack.click_in_view(view, "e", value="x")


async def test_an_updated_form_keeps_what_was_put_in(slack: Playground, client: Client, bot: Bot) -> None:
    """Where block, element and kind stay; everything else starts anew."""
    row: Block = {"type": "actions", "block_id": "row", "elements": [button("go")]}
    view = await opened(slack, client, bot, form(entry("a", "plain_text_input"), entry("b", "plain_text_input"), row))
    await slack.click_in_view(view, "go", values={"a": "kept", "b": "lost"})
    again = form(entry("a", "plain_text_input"), entry("c", "plain_text_input", optional=True))
    await client.views_update(view_id=view, view=again)
    await slack.submit(view, {})
    values = bot.clicks[-1]["view"]["state"]["values"]
    assert (values["a"]["a"]["value"], values["c"]["c"]["value"], "b" in values) == ("kept", None, False)


async def test_forms_lie_on_each_other(slack: Playground, client: Client, bot: Bot) -> None:
    """Three deep; closing one shows the one underneath, `clear_on_close` closes them all."""
    row: Block = {"type": "actions", "elements": [button("go")]}
    ids = [await opened(slack, client, bot, form(row, notify_on_close=True))]
    for _ in range(2):
        await slack.click_in_view(ids[-1], "go")
        view = form(row, clear_on_close=len(ids) == 2)
        ids.append((await client.views_push(trigger_id=bot.clicks[-1]["trigger_id"], view=view))["view"]["id"])
    await slack.click_in_view(ids[-1], "go")
    shape = bot.clicks[-1]["view"]
    assert (shape["previous_view_id"], shape["root_view_id"]) == (ids[1], ids[0])
    with pytest.raises(SlackApiError, match="push_limit_reached"):
        await client.views_push(trigger_id=bot.clicks[-1]["trigger_id"], view=form(row))
    top = slack.modal("ana")
    assert top is not None
    assert top.id == ids[2]
    await slack.dismiss(ids[2])
    assert slack.modal("ana") is None
    await slack.wait_until(lambda: any(body["type"] == "view_closed" for body in bot.clicks))
    assert [body["is_cleared"] for body in bot.clicks if body["type"] == "view_closed"] == [True]


async def test_a_closed_form_shows_the_one_underneath(slack: Playground, client: Client, bot: Bot) -> None:
    """And a form can be pushed by the answer to a submission, which keeps what it lies on."""
    below = await opened(slack, client, bot, form(entry("e", "plain_text_input")))
    bot.view_reply = {"response_action": "push", "view": form(section("Sure?"))}
    await slack.submit(below, {"e": "hello"})
    top = slack.modal("ana")
    assert top is not None
    assert top.previous_id == below
    await slack.dismiss(top.id)
    shown = slack.modal("ana")
    assert shown is not None
    assert shown.id == below
    assert shown.values["e"]["e"]["value"] == "hello"


async def test_nothing_is_pushed_onto_nothing(client: Client, slack: Playground, bot: Bot) -> None:
    """There must be a modal underneath."""
    await slack.command("ana", "general", "/ask")
    with pytest.raises(SlackApiError, match="not_found"):
        await client.views_push(trigger_id=bot.heard[-1]["trigger_id"], view=form(section()))


ANSWERS: list[tuple[Block, str]] = [
    ({"response_action": "update", "view": form(section("Thanks"))}, ""),
    ({"response_action": "errors", "errors": {"e": "Too short"}}, "Too short"),
    ({"response_action": "errors", "errors": {"elsewhere": "Too short"}}, "trouble connecting"),
    ({"response_action": "update", "view": form({"type": "nonsense"})}, "trouble connecting"),
    ({"response_action": "dance"}, "trouble connecting"),
]


@pytest.mark.parametrize(("reply", "shown"), ANSWERS)
async def test_an_answer_to_a_form_is_shown(
    slack: Playground, client: Client, bot: Bot, reply: Block, shown: str
) -> None:
    """What Slack cannot use it does not hide: the form stays with an excuse."""
    view = await opened(slack, client, bot, form(entry("e", "plain_text_input")))
    bot.view_reply = reply
    await slack.submit(view, {"e": "hello"})
    standing = slack.modal("ana")
    assert standing is not None
    assert standing.id == view
    errors = " ".join(standing.errors.values())
    assert shown in errors
    assert bool(shown) == bool(errors)


async def test_a_view_is_found_by_its_own_name(slack: Playground, client: Client, bot: Bot, call: Caller) -> None:
    """`external_id` names one view for `views.update`, and only one at a time."""
    view = await opened(slack, client, bot, form(section(), external_id="mine"))
    assert (await client.views_update(external_id="mine", view=form(section("new"))))["view"]["id"] == view
    await client.views_update(view_id=view, view=form(section(), external_id="mine"))
    await slack.command("ana", "general", "/ask")
    trigger = bot.heard[-1]["trigger_id"]
    refused = await call("views.push", trigger_id=trigger, view=form(section(), external_id="mine"))
    assert refused["error"] == "duplicate_external_id"


async def test_a_choice_in_a_message_is_heard(slack: Playground, client: Client, bot: Bot) -> None:
    """As an action, and as the message's state beside what stood there at first."""
    checks = {"type": "checkboxes", "action_id": "go", "options": ONE_TWO}
    who = {"type": "users_select", "action_id": "who", "initial_user": BEN}
    row: Block = {"type": "actions", "block_id": "row", "elements": [checks, who]}
    ts = str((await client.chat_postMessage(channel=GENERAL, text="a", blocks=[row]))["ts"])
    await slack.click("ana", "general", ts, "go", value=["one", "two"])
    (body,) = bot.clicks
    assert body["actions"][0]["selected_options"] == ONE_TWO
    assert body["state"]["values"]["row"]["go"]["selected_options"] == ONE_TWO
    assert body["state"]["values"]["row"]["who"]["selected_user"] == BEN


async def test_a_button_for_some_is_not_for_others(slack: Playground, client: Client) -> None:
    """`visible_to_user_ids` of an icon button."""
    element = {"type": "icon_button", "icon": "trash", "text": words("Delete"), "action_id": "go"}
    block = {"type": "context_actions", "elements": [{**element, "visible_to_user_ids": [BEN]}]}
    ts = str((await client.chat_postMessage(channel=GENERAL, text="a", blocks=[block]))["ts"])
    with pytest.raises(LookupError):
        await slack.click("ana", "general", ts, "go")


async def test_a_form_on_the_home_tab(slack: Playground, client: Client, bot: Bot) -> None:
    """Entries may stand there without a button to send them: they send themselves."""
    entered = {**entry("go", "plain_text_input"), "dispatch_action": True}
    home = {"type": "home", "blocks": [entered]}
    view = (await client.views_publish(user_id=ANA, view=home))["view"]["id"]
    await slack.click_in_view(view, "go", value="leave")
    (body,) = bot.clicks
    assert body["actions"][0]["value"] == "leave"
    assert body["view"]["state"]["values"]["go"]["go"]["value"] == "leave"
    with pytest.raises(LookupError):
        await slack.submit(view, {})
