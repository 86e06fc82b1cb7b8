"""Modals that open while Slack waits for an acknowledgement: the right to open one lasts three seconds."""

import asyncio
from contextlib import suppress

from bot.errors import BadRequest, Refused, SlackUnavailable
from handlers.calls import Calls
from handlers.gestures import Gesture
from handlers.payloads import part
from handlers.views.forms import View

WAIT = 2.0
"""Seconds: what is left of three is for storing the job and for the way back."""


class NotOpened(BadRequest):
    """Slack did not open the modal, or not in time."""

    user_message = "Slack didn't open that in time. Press it again."


async def open_modal(call: Calls, body: Gesture, view: View, *, wait: float = WAIT) -> str:
    """The id of the modal, which opens over Slack, or over the modal that the gesture came from. Raises `NotOpened`."""
    method = "views.push" if part(body, "view").get("type") == "modal" else "views.open"
    try:
        async with asyncio.timeout(wait):
            opened = await call(method, repeatable=False, patience=0.0, trigger_id=body["trigger_id"], view=view)
    except (TimeoutError, SlackUnavailable, Refused) as error:
        raise NotOpened(f"{method}: {type(error).__name__}") from None
    return str(opened["view"]["id"])


async def replace_modal(call: Calls, view_id: str, view: View, *, wait: float = WAIT) -> None:
    """Show something else in a modal that stands open; where Slack does not take it, what is there stays."""
    with suppress(TimeoutError, SlackUnavailable, Refused):
        async with asyncio.timeout(wait):
            await call("views.update", repeatable=False, patience=0.0, view_id=view_id, view=view)
