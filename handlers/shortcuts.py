"""Shortcuts in the menu of a message: answer it, or summarise its thread."""

import asyncio
from dataclasses import dataclass, replace

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext

from bot.errors import Refused, SlackUnavailable
from bot.jobs import SummariseThread
from bot.models import ConversationKey
from bot.ports.queue import JobQueue
from handlers.buttons import Form, Seal, Shortcut
from handlers.calls import Calls
from handlers.gestures import Gesture, click_of, fitting, once
from handlers.listening import App
from handlers.opening import open_modal
from handlers.payloads import part, plain
from handlers.refusals import Wordless, politely
from handlers.views.forms import answer_this_form

GLANCE = 0.8
"""Seconds for finding out whether we are in a channel: the form has to be open within three."""


@dataclass(frozen=True, slots=True)
class Shortcuts:
    """Asks where an answer should go, and queues a summary."""

    jobs: JobQueue
    seal: Seal
    call: Calls

    def register(self, app: App) -> None:
        """Listen to both shortcuts."""
        app.shortcut(Shortcut.ANSWER_THIS)(self.on_answer_this)
        app.shortcut(Shortcut.SUMMARISE_THREAD)(self.on_summarise)

    async def on_answer_this(self, ack: AsyncAck, body: Gesture, context: AsyncBoltContext) -> None:
        """Open the form that asks where; it carries the message, which we could not read where we are no member."""
        click, message = click_of(body), body["message"]
        async with politely(body, self.call):
            text = fitting(plain(message.get("text") or "", bot_user=context.bot_user_id or ""))
            if not text:
                raise Wordless(f"message {message['ts']} has no words")
            where = (click.channel, message["ts"], message.get("thread_ts") or message["ts"])
            sealed = self.seal.close(Form.ANSWER_THIS, *where, text, body["action_ts"], click.reply_url)
            form = answer_this_form(sealed, member=await _is_member(self.call, click.channel))
            await open_modal(self.call, body, form)
        await ack()

    async def on_summarise(self, ack: AsyncAck, body: Gesture) -> None:
        """Accept the wish for a summary, which the person alone gets. Raises `MemoryUnavailable`: Slack says so."""
        click, message = click_of(body), body["message"]
        thread = message.get("thread_ts") or message["ts"]
        click = replace(click, thread=thread)
        where = ConversationKey(click.workspace, click.channel, thread)
        await self.jobs.enqueue(SummariseThread(click, where), once=once(click))
        await ack()


async def _is_member(call: Calls, channel: str) -> bool:
    """Whether we can write in a channel; Slack is asked, for a shortcut works where we are not. Unknown counts as yes.

    People's direct messages are closed to us, and nothing tells them from ours.
    """
    if channel.startswith("D"):
        return False
    try:
        async with asyncio.timeout(GLANCE):
            said = await call("conversations.info", repeatable=False, patience=0.0, channel=channel)
    except Refused:  # a private channel that we are not in
        return False
    except (TimeoutError, SlackUnavailable):
        return True
    return bool(part(said, "channel").get("is_member", True))
