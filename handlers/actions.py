"""Buttons whose work a worker does: each press is one durable job."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from slack_bolt.context.ack.async_ack import AsyncAck

from bot.jobs import (
    AnswerQuestion,
    AskInDirect,
    AskPerson,
    Click,
    Job,
    ReportOutdated,
    SendRest,
    ShareAnswer,
    ShowPassages,
)
from bot.ports.memory import AnswerRecords, Stops
from bot.ports.queue import JobQueue
from bot.records import ENDED, AnswerRecord
from handlers.buttons import Action, Forged, Form, Seal
from handlers.calls import Calls
from handlers.gestures import Gesture, carried, click_of, pressed
from handlers.gestures import once as once_for
from handlers.listening import App
from handlers.opening import open_modal
from handlers.payloads import part
from handlers.refusals import Gone, InLine, parts_of, politely, record_of, refuse_copies, refuse_others, refuse_unseen
from handlers.views.forms import ask_form

IN_LINE = 600.0
"""Seconds for which a private question that has come to no end counts as one that will."""

Step: TypeAlias = Callable[[Gesture, Click, tuple[str, ...]], Awaitable[Job | None]]
"""What a press asks for, from its opened value; None when nothing is left to do."""


@dataclass(frozen=True, slots=True)
class Actions:
    """Opens what a button carries, checks whose it is, and queues what it asks for before Slack is answered."""

    jobs: JobQueue
    records: AnswerRecords
    stops: Stops
    seal: Seal
    call: Calls

    def register(self, app: App) -> None:
        """Listen to each of these buttons."""
        for action in self._steps():
            app.action(action)(self.on_press)
        app.action(Action.SUGGESTED)(self.on_suggested)
        app.action(Action.OPEN_LINK)(self.on_link)

    async def on_press(self, ack: AsyncAck, body: Gesture) -> None:
        """Accept a press once. Raises `MemoryUnavailable`: then it is not acknowledged, and Slack says so."""
        action = Action(pressed(body)["action_id"])
        async with politely(body, self.call):
            click, parts = click_of(body), self.seal.open(action, carried(pressed(body)))
            job = await self._steps()[action](body, click, parts)
            if job is not None:
                await self.jobs.enqueue(job, once=once_for(click))
        await ack()

    async def on_suggested(self, ack: AsyncAck, body: Gesture) -> None:
        """Ask the words of the button in direct messages; without words, let the person write some."""
        async with politely(body, self.call):
            words = "".join(self.seal.open(Action.SUGGESTED, carried(pressed(body)))).strip()
            if words:
                click = click_of(body)
                await self.jobs.enqueue(AskInDirect(click, words), once=once_for(click))
            else:
                await open_modal(self.call, body, ask_form(self.seal.close(Form.ASK)))
        await ack()

    async def on_link(self, ack: AsyncAck) -> None:
        """Slack opens the address by itself."""
        await ack()

    def _steps(self) -> Mapping[Action, Step]:
        return {
            Action.STOP: self._stop,
            Action.AGAIN: self._again,
            Action.ACCEPT_OFFER: self._accept_offer,
            Action.SHARE: self._share,
            Action.SEND_REST: self._send_rest,
            Action.ASK_PERSON: self._ask_person,
            Action.OUTDATED: self._outdated,
            Action.MORE_PASSAGES: self._more_passages,
        }

    # --- answers ----------------------------------------------------------------------------------------------------

    async def _stop(self, _: Gesture, click: Click, parts: tuple[str, ...]) -> None:
        """Whoever sees an answer come may stop it."""
        (question_id,) = parts_of(parts, 1)
        refuse_unseen(await self.records.read(question_id), click)
        await self.stops.ask(question_id)

    async def _again(self, body: Gesture, click: Click, parts: tuple[str, ...]) -> Job:
        """Where all may read the answer, all may ask for it again; a private one is its asker's."""
        (question_id,) = parts_of(parts, 1)
        record = await self.records.read(question_id)
        if record is None:
            raise (InLine if _is_young(body) else Gone)(f"question {question_id} has no record")
        if record.question.private:
            refuse_others(record, click)
        if record.question.reply_url and record.state not in ENDED and _is_young(body):
            raise InLine(f"question {question_id} is being answered")
        refuse_copies(record, body)
        return await self._anew(record, body, click)

    async def _accept_offer(self, body: Gesture, click: Click, parts: tuple[str, ...]) -> Job:
        record = await self._own(click, parts)
        return await self._anew(record, body, click)

    async def _anew(self, record: AnswerRecord, body: Gesture, click: Click) -> Job:
        """The same question in a later version; an earlier wish to stop it no longer counts."""
        question = record.question
        await self.stops.clear(question.id)
        reply_url = click.reply_url if question.reply_url else ""
        moment = pressed(body)["action_ts"]
        return AnswerQuestion(replace(question, version=moment, reply_url=reply_url, addressed="named"))

    async def _share(self, _: Gesture, click: Click, parts: tuple[str, ...]) -> Job:
        return ShareAnswer(click, (await self._own(click, parts)).question.id)

    async def _send_rest(self, _: Gesture, click: Click, parts: tuple[str, ...]) -> Job:
        return SendRest(click, (await self._own(click, parts)).question.id)

    async def _own(self, click: Click, parts: tuple[str, ...]) -> AnswerRecord:
        (question_id,) = parts_of(parts, 1)
        record = await record_of(self.records, question_id)
        refuse_others(record, click)
        return record

    # --- what else hangs on an answer -------------------------------------------------------------------------------

    async def _ask_person(self, _: Gesture, click: Click, parts: tuple[str, ...]) -> Job:
        (question_id,) = parts_of(parts, 1)
        return AskPerson(click, question_id)

    async def _outdated(self, _: Gesture, click: Click, parts: tuple[str, ...]) -> Job:
        question_id, chunk_id = parts_of(parts, 2)
        return ReportOutdated(click, question_id, chunk_id)

    async def _more_passages(self, _: Gesture, click: Click, parts: tuple[str, ...]) -> Job:
        """A page of passages is a private line: nobody else can press what stands on it."""
        words, page = parts_of(parts, 2)
        if not page.isdecimal():
            raise Forged("a page that is no number")
        return ShowPassages(click, words, int(page))


def _is_young(body: Gesture) -> bool:
    """Whether the line that the button stands on was written a moment before."""
    written: Any = part(body, "container").get("message_ts")
    return bool(written) and float(pressed(body)["action_ts"]) - float(written) < IN_LINE
