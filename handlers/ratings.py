"""👍 and 👎: stored as they are pressed; 👎 asks why."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from slack_bolt.context.ack.async_ack import AsyncAck

from bot.feedback import Feedback
from bot.ports.memory import AnswerRecords, FeedbackBook
from handlers.buttons import Action, Forged, Form, Seal
from handlers.calls import Calls
from handlers.gestures import Gesture, carried, click_of, pressed
from handlers.listening import App
from handlers.opening import open_modal
from handlers.refusals import parts_of, politely, refuse_unseen
from handlers.views.forms import feedback_form

GOOD, BAD = "good", "bad"


@dataclass(frozen=True, slots=True)
class Ratings:
    """Writes down what a person says of an answer. The last word of each counts."""

    feedback: FeedbackBook
    records: AnswerRecords
    seal: Seal
    now: Callable[[], datetime]
    call: Calls

    def register(self, app: App) -> None:
        """Listen to both sides of the feedback buttons, and to the report of a problem."""
        app.action(Action.RATE)(self.on_rate)
        app.action(Action.REPORT_PROBLEM)(self.on_problem)

    async def on_rate(self, ack: AsyncAck, body: Gesture) -> None:
        """Store the rating; then, for a bad one, ask for reasons. Raises `MemoryUnavailable`: Slack says so."""
        async with politely(body, self.call):
            rating, question_id = parts_of(self.seal.open(Action.RATE, carried(pressed(body))), 2)
            person = await self._rater(question_id, body)
            if rating == GOOD:
                await self.feedback.rate(Feedback(question_id, person, "good", self.now()))
            elif rating == BAD:
                await self._rate_bad(question_id, person, body)
            else:
                raise Forged("a rating that is neither good nor bad")
        await ack()

    async def on_problem(self, ack: AsyncAck, body: Gesture) -> None:
        """Ask what is wrong with an answer, from the modal that explains it; it is rated when that is sent."""
        async with politely(body, self.call):
            (question_id,) = parts_of(self.seal.open(Action.REPORT_PROBLEM, carried(pressed(body))), 1)
            earlier = await self._earlier(question_id, await self._rater(question_id, body))
            await open_modal(self.call, body, feedback_form(self.seal.close(Form.FEEDBACK, question_id), earlier))
        await ack()

    async def _rater(self, question_id: str, body: Gesture) -> str:
        """Who rates: whoever sees the answer. Raises `NotYours` for anybody else."""
        click = click_of(body)
        refuse_unseen(await self.records.read(question_id), click)
        return click.person

    async def _rate_bad(self, question_id: str, person: str, body: Gesture) -> None:
        """Reasons given before stay until others are sent."""
        earlier = await self._earlier(question_id, person)
        now = self.now()
        await self.feedback.rate(
            replace(earlier, at=now) if earlier else Feedback(question_id, person, "bad", now),
        )
        await open_modal(self.call, body, feedback_form(self.seal.close(Form.FEEDBACK, question_id), earlier))

    async def _earlier(self, question_id: str, person: str) -> Feedback | None:
        """What the person found bad about this answer before."""
        ratings = await self.feedback.ratings(question_id)
        return next((one for one in ratings if one.person == person and one.rating == "bad"), None)
