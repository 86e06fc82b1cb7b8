"""Events and gestures that nobody here waits for."""

import re

import structlog
from slack_bolt.context.ack.async_ack import AsyncAck

from handlers.gestures import Gesture
from handlers.listening import App
from handlers.payloads import part

ANYTHING = re.compile("")
UNKNOWN_COMMAND = "I don't know that command. Ask with `/ask` and a question, or find passages with `/search`."


class Unheard:
    """Acknowledges what else an installation subscribes to: Slack counts what is not as a failed delivery."""

    def register(self, app: App) -> None:
        """Listen to everything that no listener before this one wanted."""
        app.event(re.compile(".+"))(self.on_event)
        app.command(ANYTHING)(self.on_command)
        for register in (app.shortcut, app.action, app.view_submission, app.view_closed):
            register(ANYTHING)(self.on_gesture)

    async def on_event(self) -> None:
        """Let it pass."""

    async def on_command(self, ack: AsyncAck, body: Gesture) -> None:
        """Name the commands that there are."""
        _log(body)
        await ack(text=UNKNOWN_COMMAND, response_type="ephemeral")

    async def on_gesture(self, ack: AsyncAck, body: Gesture) -> None:
        """Let it pass, and write down what it was: a button of an older version, most likely."""
        _log(body)
        await ack()


def _log(body: Gesture) -> None:
    """Names alone: values may hold what somebody typed."""
    named = (body.get("command"), body.get("callback_id"), part(body, "view").get("callback_id"))
    pressed = [action.get("action_id") for action in body.get("actions") or ()]
    found = [name for name in (*named, *pressed) if name]
    structlog.get_logger().info("gesture_unknown", kind=body.get("type", "command"), names=found)
