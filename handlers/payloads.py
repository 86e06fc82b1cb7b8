"""Slack envelopes to the application's own values; pure."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeAlias, cast

from bot.models import ConversationKey, Question

Envelope: TypeAlias = Mapping[str, Any]
"""An `event_callback` body, as Slack sends it."""
Event: TypeAlias = Mapping[str, Any]
"""What stands under `event` in an envelope."""

LONGEST = 4_000
"""Characters of a question that are read."""

_NEW_MESSAGES = (None, "file_share", "thread_broadcast")
"""Subtypes of a message that somebody has just written; all others are edits, deletions, joins and the like."""

_SLACKBOT = "USLACKBOT"
_ENTITY = re.compile(r"<([^<>]*)>")
_SOMEBODY = re.compile(r"<(?:@([UW][A-Z0-9]+)|!(?:subteam\^|here|channel|everyone))[^<>]*>")
_GAPS = re.compile(r"[^\S\n]+")
_PERSON = "someone"


def question_from_message(body: Envelope, *, bot_user: str) -> Question:
    """What a mention, a follow-up or a direct message asks. Its thread is the conversation, or it begins one itself."""
    return _question(body, body["event"], bot_user=bot_user)


def question_from_edit(body: Envelope, *, bot_user: str) -> Question:
    """What a message asks since it was edited: the same question, by its id, in a later version."""
    edited: Event = body["event"]["message"]
    return replace(_question(body, edited, bot_user=bot_user), version=edited["edited"]["ts"])


def _question(body: Envelope, message: Event, *, bot_user: str) -> Question:
    event = body["event"]
    team, channel, ts = body["team_id"], event["channel"], message["ts"]
    return Question(
        id=question_id(team, channel, ts),
        text=plain(message.get("text") or "", bot_user=bot_user),
        asker=message["user"],
        conversation=ConversationKey(workspace=team, channel=channel, thread=message.get("thread_ts") or ts),
        message=ts,
        asked_at=datetime.fromtimestamp(float(ts), tz=UTC),
        private=is_direct(event),
    )


def question_id(team: str, channel: str, ts: str) -> str:
    """What the question in a message is called, wherever it is spoken of."""
    return f"{team}/{channel}/{ts}"


def delivery_keys(body: Envelope) -> tuple[str, ...]:
    """The names under which one message may come again.

    A redelivery repeats the event id. A message that is a mention comes as two events with one timestamp. Now and then
    one gesture comes with two timestamps, and then the id that the sender's client gave it is the same.
    """
    event = body["event"]
    team = body["team_id"]
    keys = [f"event/{team}/{body['event_id']}", f"message/{team}/{event['channel']}/{event['ts']}"]
    if event.get("client_msg_id"):
        keys.append(f"client/{team}/{event['channel']}/{event['client_msg_id']}")
    return tuple(keys)


def from_person(event: Event, *, bot_user: str) -> bool:
    """Whether a person has just written this: not a bot, nor ourselves, nor a change to an older message."""
    written = event.get("subtype") in _NEW_MESSAGES and not event.get("hidden")
    return written and not event.get("bot_id") and event.get("user") not in (None, bot_user, _SLACKBOT)


def is_edit(event: Event) -> bool:
    """Whether a person changed the words of a message: Slack also reports previews and replies as changes."""
    changed, before = part(event, "message"), part(event, "previous_message")
    return bool(changed.get("edited")) and (changed.get("text") or "") != (before.get("text") or "")


def deleted_message(event: Event) -> Event | None:
    """The message that was taken back, as it was. The root of a thread with replies leaves a tombstone in its place."""
    tombstone = event.get("subtype") == "message_changed" and part(event, "message").get("subtype") == "tombstone"
    return event.get("previous_message") if tombstone or event.get("subtype") == "message_deleted" else None


def is_direct(event: Event) -> bool:
    """Whether only the sender and the bot read this."""
    return event.get("channel_type") == "im" or str(event.get("channel")).startswith("D")


def in_thread(event: Event) -> bool:
    """Whether this replies to another message."""
    return event.get("thread_ts", event.get("ts")) != event.get("ts")


def mentions(event: Event, user: str) -> bool:
    """Whether the message names `user`."""
    return any(found[1] == user for found in _SOMEBODY.finditer(event.get("text") or ""))


def addresses_others(event: Event, *, bot_user: str) -> bool:
    """Whether the message names another person, a group, or everybody."""
    return any(found[1] != bot_user for found in _SOMEBODY.finditer(event.get("text") or ""))


def names_somebody(event: Event) -> bool:
    """Whether the message names anybody at all, a person, a group, everybody or a bot."""
    return bool(_SOMEBODY.search(event.get("text") or ""))


def part(whole: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The object that stands under a name; an empty one where Slack says null, or nothing."""
    found = whole.get(name)
    return cast("Mapping[str, Any]", found) if isinstance(found, Mapping) else {}


def plain(text: str, *, bot_user: str) -> str:
    """What a person reads: without the bot's mention, links as their label, other entities in words, unescaped."""
    named = rf",?[^\S\n]*<@{re.escape(bot_user)}(?:\|[^<>]*)?>(?=[,;:?.!]|$)"  # with the gap that it would leave
    worded = _ENTITY.sub(lambda entity: _worded(entity[1], bot_user), re.sub(named, "", text))
    unescaped = worded.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return _GAPS.sub(" ", unescaped).strip(" \n,:;")[:LONGEST]


def _worded(entity: str, bot_user: str) -> str:
    target, _, label = entity.partition("|")
    if target.startswith("@"):
        return "" if target[1:] == bot_user else label.lstrip("@") or _PERSON
    if target.startswith("#"):
        return f"#{label.lstrip('#') or 'channel'}"
    if target.startswith("!"):
        return label or f"@{target[1:].partition('^')[0].replace('subteam', 'group')}"
    return label or target.removeprefix("mailto:").removeprefix("tel:")
