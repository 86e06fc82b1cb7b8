"""Which use case runs which job, and what the person is told when it cannot be done."""

from dataclasses import dataclass
from typing import Protocol, TypeAlias

import structlog
from structlog.typing import FilteringBoundLogger

from bot.answering.respond import code
from bot.desk.channel_form import ChannelForms
from bot.desk.home import HomePage
from bot.desk.offer import Offers
from bot.desk.outdated import Doubter
from bot.desk.passages import Finder
from bot.desk.people import Escalator, Resolver
from bot.desk.reopen import Reopener
from bot.desk.rest import Sender
from bot.desk.share import Sharer
from bot.desk.suggest import Suggester
from bot.desk.summary import Summaries
from bot.desk.why import Explainer
from bot.errors import Refused, SlackUnavailable
from bot.jobs import (
    AnswerQuestion,
    AskInDirect,
    AskPerson,
    Click,
    Clicked,
    OfferAnswer,
    OpenChannelForm,
    Reopen,
    ReportOutdated,
    Resolve,
    SendRest,
    ShareAnswer,
    ShowHome,
    ShowPassages,
    ShowWhy,
    Suggest,
    SummariseThread,
    WithdrawQuestion,
)
from bot.models import Question
from bot.ports.memory import FeedbackBook
from bot.ports.queue import Claim
from bot.ports.slack import Notices, Panels

log: FilteringBoundLogger = structlog.get_logger(__name__)

NO_WAY_TO_ANSWER = "Slack doesn't let me answer where you asked. It's logged as {code} for your admins. Ask me here."
NO_WAY_FOR_NOW = "Slack doesn't let me answer here just now. It's logged as {code} for your admins. Ask again later."
A_DAY = 24 * 3600
"""Seconds for which a gesture is known to have been tried: longer than any job lives."""

_Shown: TypeAlias = ShowWhy | Reopen | ShowHome | OpenChannelForm | Suggest | ShowPassages | SummariseThread
"""Jobs that may simply be done again."""
_Deed: TypeAlias = ShareAnswer | AskPerson | Resolve | ReportOutdated | SendRest | AskInDirect
"""Jobs that tell somebody something, which is not to be told twice."""
_Asked: TypeAlias = AnswerQuestion | WithdrawQuestion | OfferAnswer


class Answers(Protocol):
    """What answers questions: `bot.answering.respond.Responder`."""

    async def respond(self, question: Question, *, fence: int) -> None:
        """Bring the question to a visible end."""
        ...

    async def withdraw(self, question_id: str, *, fence: int) -> None:
        """Take back what stands of an unfinished answer."""
        ...

    async def give_up(self, question: Question, *, fence: int, reason: str) -> None:
        """Tell the person that there will be no answer."""
        ...

    async def end(self, question: Question, *, fence: int, reason: str, clear: bool = False) -> None:
        """Note that the person was told so elsewhere; `clear`, take away what stands unfinished."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """Everything a worker does, by job."""

    answers: Answers
    offers: Offers
    explainer: Explainer
    reopener: Reopener
    home: HomePage
    channel_forms: ChannelForms
    suggester: Suggester
    finder: Finder
    summaries: Summaries
    sharer: Sharer
    escalator: Escalator
    resolver: Resolver
    doubter: Doubter
    sender: Sender
    book: FeedbackBook
    notices: Notices
    panels: Panels

    async def handle(self, claim: Claim) -> None:
        """Do the job. Safe to run again after a crash at any point; raises what its use case raises."""
        job = claim.job
        if isinstance(job, _Asked):
            await self._answer(job, fence=claim.fence)
        elif isinstance(job, _Shown):
            await self._show(job)
        else:
            await self._do(job, again=await self._again(claim), fence=claim.fence)

    async def give_up(self, claim: Claim, reason: str) -> None:
        """Tell the person, once the job has failed for good; nobody waits for an offer, a withdrawal or a Home tab."""
        job = claim.job
        if isinstance(job, AnswerQuestion):
            await self._give_up(job.question, fence=claim.fence, reason=reason)
        elif not isinstance(job, WithdrawQuestion | OfferAnswer | ShowHome | Suggest):
            await self._apologise(job)

    async def _answer(self, job: _Asked, *, fence: int) -> None:
        match job:
            case AnswerQuestion():
                await self.answers.respond(job.question, fence=fence)
            case WithdrawQuestion():
                await self.answers.withdraw(job.question_id, fence=fence)
            case OfferAnswer():
                await self.offers.offer(job.question, fence=fence)

    async def _show(self, job: _Shown) -> None:
        match job:
            case ShowWhy():
                await self.explainer.explain(job)
            case Reopen():
                await self.reopener.reopen(job)
            case ShowHome():
                await self.home.show(job)
            case OpenChannelForm():
                await self.channel_forms.open(job)
            case Suggest():
                await self.suggester.suggest(job)
            case ShowPassages():
                await self.finder.find(job)
            case SummariseThread():
                await self.summaries.summarise(job)

    async def _do(self, job: _Deed, *, again: bool, fence: int) -> None:
        match job:
            case ShareAnswer():
                await self.sharer.share(job, again=again, fence=fence)
            case AskPerson():
                await self.escalator.escalate(job, again=again)
            case Resolve():
                await self.resolver.resolve(job, again=again)
            case ReportOutdated():
                await self.doubter.report(job, again=again)
            case SendRest():
                await self.sender.send_rest(job, again=again)
            case AskInDirect():
                await self.sender.ask_in_direct(job, again=again)

    async def _again(self, claim: Claim) -> bool:
        """Whether an earlier try of the same gesture may have got somewhere.

        A delivery that a shutdown cut short does not count, so that the number of deliveries does not tell.
        """
        fresh = await self.book.once(f"tried/{claim.job.id}", seconds=A_DAY)
        return claim.deliveries > 1 or not fresh

    async def _give_up(self, question: Question, *, fence: int, reason: str) -> None:
        """Tell the asker where they asked; where Slack lets us say nothing there, in their direct messages.

        Where Slack only fails, and has failed so at an earlier try to tell, they are told beside it, for them alone.
        """
        try:
            await self.answers.give_up(question, fence=fence, reason=reason)
        except Refused:
            asker = Click(question.id, question.conversation.workspace, question.asker)
            await self.notices.whisper(asker, NO_WAY_TO_ANSWER.format(code=code(question.id)))
            await self.answers.end(question, fence=fence, reason=reason)
        except SlackUnavailable as error:
            if error.retry_after is not None or question.addressed == "overheard" or await self._first(question):
                raise
            await self.notices.whisper(Click.of(question), NO_WAY_FOR_NOW.format(code=code(question.id)))
            await self.answers.end(question, fence=fence, reason=reason, clear=True)

    async def _first(self, question: Question) -> bool:
        """Whether this is the first try to tell that failed: the next one may do, and stands where all expect it."""
        return await self.book.once(f"untold/{question.id}/{question.version}", seconds=A_DAY)

    async def _apologise(self, job: Clicked) -> None:
        """In the modal that waits; where Slack shows nothing in it, as a private line."""
        text = f"I couldn't do this. It's logged as {code(job.id)} for your admins."
        if not (job.click.view and await self._shown(job.click, text)):
            await self.notices.whisper(job.click, text)

    async def _shown(self, click: Click, text: str) -> bool:
        """Whether Slack takes a line for the modal that waits."""
        try:
            await self.panels.apologise(click, text)
        except Refused as refusal:
            log.warning("modal_unfilled", job=click.id, reason=str(refusal))
            return False
        return True
