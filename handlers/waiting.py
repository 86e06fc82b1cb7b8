"""Which envelopes can wait on the disk until the memory is back, and what each is called; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.ports.spool import Sort
from handlers.buttons import Action, Shortcut
from handlers.commands import ASK, SEARCH
from handlers.gestures import Gesture, click_of, click_of_command, once
from handlers.payloads import Envelope, Event, part

REPLAYED = frozenset(
    {
        Action.STOP,
        Action.AGAIN,
        Action.ACCEPT_OFFER,
        Action.SHARE,
        Action.SEND_REST,
        Action.ASK_PERSON,
        Action.OUTDATED,
        Action.MORE_PASSAGES,
        Action.SUGGESTED,
    }
)
"""Buttons whose work is a job. Others open a modal, for which the right has gone in three seconds: Slack says so."""
_LISTENED = frozenset({"app_mention", "app_home_opened", "app_context_changed", "agent_session_stopped"})
"""Events that have to do with the memory, messages apart."""
_WRITTEN = ("message", "previous_message")


@dataclass(frozen=True, slots=True)
class Standing:
    """What an envelope is, under which name it may come again, and whether it keeps its place behind those before it.

    Commands, clicks and forms have no place: they are each for themselves, and their listeners may have to say
    something at once.
    """

    sort: Sort
    name: str
    in_line: bool = False


def standing(body: Mapping[str, Any]) -> Standing | None:
    """How an envelope would wait; None for one that need not, or cannot."""
    if "command" in body:
        waits = body["command"] in (ASK, SEARCH)
        return Standing("command", once(click_of_command(body))[0]) if waits else None
    if body.get("type") == "event_callback":
        return _of_event(body)
    return Standing("interaction", once(click_of(body))[0]) if _is_job(body) else None


def _of_event(body: Envelope) -> Standing | None:
    event = part(body, "event")
    if event.get("type") != "message" and event.get("type") not in _LISTENED:
        return None
    return Standing("event", f"event/{body['team_id']}/{body['event_id']}", in_line=not _is_of_a_bot(event))


def _is_of_a_bot(event: Event) -> bool:
    """Whether this is about a bot's message, such as each of our own: no listener asks the memory about those."""
    return any(message.get("bot_id") for message in (event, *(part(event, name) for name in _WRITTEN)))


def _is_job(body: Gesture) -> bool:
    """Whether a gesture does without the moment in which it was made."""
    match body.get("type"):
        case "view_submission":
            return True
        case "message_action":
            return body.get("callback_id") == Shortcut.SUMMARISE_THREAD
        case "block_actions":
            actions: Sequence[Gesture] = body.get("actions") or ()
            return bool(actions) and actions[0].get("action_id") in REPLAYED
        case _:
            return False
