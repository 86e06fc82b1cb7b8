"""The slash commands: a private answer, and passages without an answer."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext

from bot.jobs import AnswerQuestion, ShowPassages
from bot.ports.queue import JobQueue
from handlers.buttons import Action, Seal
from handlers.gestures import Gesture, click_of_command, once, question_of_command
from handlers.listening import App
from handlers.payloads import plain
from handlers.views.forms import searching

ASK, SEARCH = "/ask", "/search"
HOW_TO_ASK = "Write your question after the command, for instance: `/ask how do I set up the VPN?`"
HOW_TO_SEARCH = "Write what you look for after the command, for instance: `/search travel expenses`"


@dataclass(frozen=True, slots=True)
class Commands:
    """Turns each command into one durable job; what acknowledges it is shown to the person alone."""

    jobs: JobQueue
    seal: Seal
    now: Callable[[], datetime]

    def register(self, app: App) -> None:
        """Listen to both commands."""
        app.command(ASK)(self.on_ask)
        app.command(SEARCH)(self.on_search)

    async def on_ask(self, ack: AsyncAck, body: Gesture, context: AsyncBoltContext) -> None:
        """Accept a question, with a way out should no answer follow. Raises `MemoryUnavailable`: Slack says so."""
        question = question_of_command(body, bot_user=context.bot_user_id or "", now=self.now())
        if not question.text:
            await ack(text=HOW_TO_ASK, response_type="ephemeral")
            return
        await self.jobs.enqueue(AnswerQuestion(question), once=once(click_of_command(body)))
        line = searching(question.text, self.seal.close(Action.AGAIN, question.id))
        await ack(text=line.text, blocks=line.blocks, response_type="ephemeral")

    async def on_search(self, ack: AsyncAck, body: Gesture, context: AsyncBoltContext) -> None:
        """Accept a search; its passages come within a second. Raises `MemoryUnavailable`."""
        words = plain(body.get("text") or "", bot_user=context.bot_user_id or "")
        if not words:
            await ack(text=HOW_TO_SEARCH, response_type="ephemeral")
            return
        click = click_of_command(body)
        await self.jobs.enqueue(ShowPassages(click, words), once=once(click))
        await ack()
