"""What happens when a listener fails: the one broad catch on this edge."""

import traceback
from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from slack_bolt.context.async_context import AsyncBoltContext

from bot.errors import FootnoteError, MemoryUnavailable
from handlers.listening import App
from handlers.payloads import Envelope, part

AWAY = "memory_away"
"""In the context of a request: its listener failed because the memory did not answer."""


class Apologies:
    """Writes down which delivery failed and where, in ids and never in words that somebody typed."""

    def register(self, app: App) -> None:
        """Hear of every failure of a listener or of Bolt itself."""
        app.error(self.on_error)

    async def on_error(self, error: Exception, body: Envelope, context: AsyncBoltContext) -> None:
        """Log, note whether it was for want of the memory, and return nothing.

        The response stays a 500, or no acknowledgement, unless the intake knows another place: Slack delivers again.
        """
        if isinstance(error, MemoryUnavailable):
            context[AWAY] = True
        structlog.get_logger().error("listener_failed", **ids(body), **what(error))


def what(error: BaseException) -> dict[str, Any]:
    """Kind and place of the error; its message too, where it is one of ours."""
    frames = traceback.extract_tb(error.__traceback__)
    said = {"message": str(error)} if isinstance(error, FootnoteError) else {}
    return {"error": type(error).__name__, "at": [f"{frame.filename}:{frame.lineno}" for frame in frames[-3:]], **said}


def ids(body: Envelope) -> dict[str, Any]:
    """Where and what it was: of an event, a command, a click or a form; no value of any of them."""
    event, view = part(body, "event"), part(body, "view")
    actions: Sequence[Mapping[str, Any]] = body.get("actions") or ()
    found: dict[str, Any] = {
        "workspace": body.get("team_id") or part(body, "team").get("id"),
        "event_id": body.get("event_id"),
        "event_type": event.get("type"),
        "channel": event.get("channel") or body.get("channel_id") or part(body, "channel").get("id"),
        "ts": event.get("ts"),
        "gesture": body.get("command") or body.get("callback_id") or view.get("callback_id") or _pressed(actions),
        "person": body.get("user_id") or part(body, "user").get("id"),
    }
    return {name: value for name, value in found.items() if isinstance(value, str)}


def _pressed(actions: Sequence[Mapping[str, Any]]) -> object:
    return actions[0].get("action_id") if actions else None
