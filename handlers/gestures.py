"""Commands, shortcuts, clicks and forms to the application's own values; pure."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, TypeAlias

from bot.jobs import Click
from bot.models import ConversationKey, Question
from handlers.payloads import Envelope, Event, part, plain

Gesture: TypeAlias = Mapping[str, Any]
"""What Slack sends for a slash command, a shortcut, a click or a form."""

LONGEST_CARRIED = 1_500
"""Characters of a message that a form carries with it; its metadata takes 3,000 in all."""

# --- who and where --------------------------------------------------------------------------------------------------


def click_of_command(body: Gesture) -> Click:
    """Who used a slash command, and where."""
    return Click(
        id=f"{body['team_id']}/{body['trigger_id']}",
        workspace=body["team_id"],
        person=body["user_id"],
        channel=body["channel_id"],
        reply_url=body["response_url"],
    )


def click_of(body: Gesture) -> Click:
    """Who used a shortcut, pressed a button or sent a form, and where that stood."""
    container, message = part(body, "container"), part(body, "message")
    team, person = _team(body), body["user"]["id"]
    return Click(
        id=f"{team}/{_gesture(body)}",
        workspace=team,
        person=person,
        channel=part(body, "channel").get("id") or container.get("channel_id") or "",
        thread=message.get("thread_ts") or container.get("thread_ts") or "",
        reply_url=body.get("response_url") or "",
    )


def click_of_event(body: Envelope) -> Click:
    """Who came to the Home tab or to their direct messages."""
    event: Event = body["event"]
    return Click(
        id=f"{body['team_id']}/{body['event_id']}",
        workspace=body["team_id"],
        person=event["user"],
        channel=event.get("channel") or "",
    )


def once(click: Click) -> tuple[str]:
    """The name under which a gesture may come again."""
    return (f"gesture/{click.id}",)


def _team(body: Gesture) -> str:
    return part(body, "team").get("id") or body["user"].get("team_id") or ""


def _gesture(body: Gesture) -> str:
    """What is the same for every delivery of a gesture, and for no other one."""
    if body.get("trigger_id"):
        return str(body["trigger_id"])
    actions: Iterable[Gesture] = body.get("actions") or ()
    moment = next((action.get("action_ts") for action in actions), None) or body.get("action_ts")
    view = part(body, "view")
    return f"{moment or view.get('hash')}-{view.get('id', '')}-{body['user']['id']}"


# --- what was pressed -----------------------------------------------------------------------------------------------


def pressed(body: Gesture) -> Gesture:
    """The one element that a click is about."""
    return body["actions"][0]


def carried(action: Gesture) -> object:
    """The value that a button, or the chosen option of a menu, carries."""
    chosen = part(action, "selected_option")
    return chosen.get("value", action.get("value"))


def clicked_message(body: Gesture) -> str:
    """The message that everybody there sees and that holds the button; empty for a private line and for a view."""
    container = part(body, "container")
    if container.get("is_ephemeral") or container.get("type") != "message":
        return ""
    return container.get("message_ts") or ""


def looked_at(event: Event) -> str:
    """The channel that a person has before them, as far as an event says; the most relevant comes first."""
    entities: Iterable[Gesture] = part(event, "context").get("entities") or ()
    for entity in entities:
        if entity.get("type") == "slack#/types/channel_id":
            return str(entity["value"])
        if entity.get("type") == "slack#/types/message_context":
            return str(part(entity, "value").get("channel_id") or "")
    return ""


# --- what was filled in ---------------------------------------------------------------------------------------------


def entries(view: Gesture) -> dict[str, str | tuple[str, ...]]:
    """What a form holds, by `action_id`: words, the value of an option, an id; a tuple where several can be chosen."""
    return {name: _held(entry) for block in _state(view).values() for name, entry in block.items()}


def block_of(view: Gesture, action_id: str) -> str:
    """The id of the block that an entry stands in: where Slack shows what is wrong with it."""
    return next((block for block, held in _state(view).items() if action_id in held), action_id)


def _state(view: Gesture) -> Mapping[str, Mapping[str, Gesture]]:
    return part(part(view, "state"), "values")


def _held(entry: Gesture) -> str | tuple[str, ...]:
    if "selected_options" in entry:
        return tuple(option["value"] for option in entry["selected_options"] or ())
    chosen = part(entry, "selected_option")
    for name in ("value", "selected_user", "selected_conversation", "selected_channel"):
        if entry.get(name):
            return str(entry[name])
    return chosen.get("value", "")


def words_in(held: Mapping[str, str | tuple[str, ...]], name: str) -> str:
    """The words of one entry, without space around them; empty when there are none."""
    value = held.get(name, "")
    return value.strip() if isinstance(value, str) else ""


def values_in(held: Mapping[str, str | tuple[str, ...]], name: str) -> tuple[str, ...]:
    """The values of one entry in which several can be chosen."""
    value = held.get(name, ())
    return value if isinstance(value, tuple) else ()


# --- questions ------------------------------------------------------------------------------------------------------


def question_of_command(body: Gesture, *, bot_user: str, now: datetime) -> Question:
    """What `/ask` asks: for the asker alone, in a conversation of its own, for a command has no thread."""
    click = click_of_command(body)
    return private_question(click, plain(body.get("text") or "", bot_user=bot_user), name=body["trigger_id"], now=now)


def private_question(click: Click, text: str, *, name: str, now: datetime) -> Question:
    """A question whose answer goes to `click.reply_url`; `name` sets it apart from the person's others there."""
    where = ConversationKey(click.workspace, click.channel, f"ask-{name}")
    return Question(
        id=f"{where.workspace}/{where.channel}/{where.thread}",
        text=text,
        asker=click.person,
        conversation=where,
        message="",
        asked_at=now,
        private=True,
        reply_url=click.reply_url,
    )


def fitting(text: str) -> str:
    """As much of a text as a form may carry in its metadata, where line ends and quotes count double."""
    text = text[:LONGEST_CARRIED]
    while len(json.dumps(text, ensure_ascii=False)) > LONGEST_CARRIED:
        text = text[: len(text) * 9 // 10]
    return text
