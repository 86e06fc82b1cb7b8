"""Buttons that open a modal: one that is filled by a worker, or a form."""

from dataclasses import dataclass, replace

from slack_bolt.context.ack.async_ack import AsyncAck

from bot.errors import MemoryUnavailable
from bot.jobs import Click, OpenChannelForm, Reopen, ShowWhy
from bot.ports.memory import AnswerRecords
from bot.ports.queue import JobQueue
from handlers.buttons import Action, Form, Seal
from handlers.calls import Calls
from handlers.gestures import Gesture, carried, click_of, once, pressed
from handlers.listening import App
from handlers.opening import open_modal, replace_modal
from handlers.refusals import parts_of, politely, record_of, refuse_others
from handlers.views.forms import View, follow_up_form, loading, note, resolve_form

TITLES = {
    Action.WHY: "Why this answer?",
    Action.REOPEN: "Earlier answer",
    Action.EDIT_CHANNEL: "Channel settings",
}

UNSTORED = "I couldn't start on this just now. Close it and press the button again."


@dataclass(frozen=True, slots=True)
class Panes:
    """Opens the modal at once, and queues what fills it before Slack is answered."""

    jobs: JobQueue
    records: AnswerRecords
    seal: Seal
    call: Calls

    def register(self, app: App) -> None:
        """Listen to each of these buttons."""
        for action in TITLES:
            app.action(action)(self.on_show)
        for action in (Action.FOLLOW_UP, Action.RESOLVED):
            app.action(action)(self.on_form)

    async def on_show(self, ack: AsyncAck, body: Gesture) -> None:
        """Show a modal that waits, and have it filled. Raises `MemoryUnavailable`: Slack says that it failed."""
        action = Action(pressed(body)["action_id"])
        async with politely(body, self.call):
            job = await self._filling(action, body, click_of(body))
            view = await open_modal(self.call, body, loading(TITLES[action]))
            try:
                click = replace(job.click, view=view)
                await self.jobs.enqueue(replace(job, click=click), once=once(click))
            except MemoryUnavailable:
                await replace_modal(self.call, view, note(TITLES[action], UNSTORED))
                raise
        await ack()

    async def on_form(self, ack: AsyncAck, body: Gesture) -> None:
        """Show a form that carries, sealed, what it is about."""
        action = Action(pressed(body)["action_id"])
        async with politely(body, self.call):
            (question_id,) = parts_of(self.seal.open(action, carried(pressed(body))), 1)
            await open_modal(self.call, body, await self._form(action, question_id, click_of(body)))
        await ack()

    async def _filling(self, action: Action, body: Gesture, click: Click) -> ShowWhy | Reopen | OpenChannelForm:
        chosen = pressed(body).get("selected_conversation")
        if action is Action.EDIT_CHANNEL and chosen:  # Slack's own menu: the worker asks whether an admin chose
            return OpenChannelForm(click, str(chosen))
        (about,) = parts_of(self.seal.open(action, carried(pressed(body))), 1)
        if action is Action.EDIT_CHANNEL:
            return OpenChannelForm(click, about)
        if action is Action.WHY:
            return ShowWhy(click, about)
        refuse_others(await record_of(self.records, about), click)
        return Reopen(click, about)

    async def _form(self, action: Action, question_id: str, click: Click) -> View:
        if action is Action.FOLLOW_UP:
            refuse_others(await record_of(self.records, question_id), click)
            return follow_up_form(self.seal.close(Form.FOLLOW_UP, question_id, click.reply_url))
        sealed = self.seal.close(Form.RESOLVE, question_id, click.channel, click.thread, click.reply_url)
        return resolve_form(sealed)
