"""Everything around a desk, put together as composition does it, with stand-ins for the outside world."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.answering.recall import remembered
from bot.budgets import Limits
from bot.desk.channel_form import ChannelForms
from bot.desk.dispatch import Dispatch
from bot.desk.home import HomePage
from bot.desk.more import Hinter
from bot.desk.offer import Offers
from bot.desk.outdated import Doubter
from bot.desk.overview import Overview
from bot.desk.passages import Finder
from bot.desk.people import Escalator, Resolver
from bot.desk.reopen import Reopener
from bot.desk.rest import Sender
from bot.desk.share import Sharer
from bot.desk.suggest import Suggester
from bot.desk.summary import Summaries
from bot.desk.why import Explainer
from bot.jobs import Click, Job
from bot.models import Chunk, Question
from bot.ports.queue import Claim
from bot.records import AnswerRecord, State
from tests.nouns import Clock, a_chunk, a_question
from tests.purse import Purse
from tests.tray import Tray
from tests.unit.desk.stand_ins import (
    ASKER,
    CANTEEN,
    KITCHEN,
    WORKSPACE,
    Answering,
    Book,
    ChannelBook,
    Library,
    People,
    Records,
    Run,
    Slack,
    Talks,
)


def click(person: str = ASKER, *, id_: str = "click-1", channel: str = CANTEEN, view: str = "") -> Click:
    return Click(id_, WORKSPACE, person, channel, view=view)


@dataclass
class World:
    """A desk with everything around it; `humans` and `help_channel` as an operator would set them."""

    clock: Clock = field(default_factory=Clock)
    library: Library = field(default_factory=Library)
    people: People = field(default_factory=People)
    slack: Slack = field(default_factory=Slack)
    records: Records = field(default_factory=Records)
    talks: Talks = field(default_factory=Talks)
    channels: ChannelBook = field(default_factory=ChannelBook)
    jobs: Tray = field(default_factory=Tray)
    answering: Answering = field(default_factory=Answering)
    runs: dict[str, Run] = field(default_factory=dict[str, Run])
    humans: str = ""
    help_channel: str = ""
    purse: Purse = field(default_factory=Purse)
    limits: Limits = field(default_factory=Limits)
    book: Book = field(init=False)
    fence: int = 0

    def __post_init__(self) -> None:
        self.book = Book(self.clock)

    @property
    def told(self) -> str:
        """The last line that somebody was told instead of what they wanted, privately or in a modal."""
        lines = self.slack.whispers or self.slack.apologies
        return lines[-1][1] if lines else ""

    @property
    def shown(self) -> object:
        return self.slack.shown[-1]

    async def do(self, job: Job, *, deliveries: int = 1) -> None:
        """Let a worker do the job."""
        self.fence += 1
        await self.desk().handle(Claim("1-1", job, deliveries, self.fence))

    async def answered(self, question: Question, *, message: str | None = "9.9") -> AnswerRecord:
        """A question answered and delivered, as the responder leaves it behind."""
        audience = await self.people.audience(question)
        answer = (await self.library.pipeline().answer(question.text, (), audience=audience)).answer
        turn = remembered(answer, asked_at=question.asked_at, question_id=question.id)
        await self.talks.remember(question.conversation, turn)
        whole = AnswerRecord(question, State.ANSWERED, reply=message, audience=audience, answer=answer)
        self.records.kept[question.id] = whole.delivered(self.clock())
        return self.records.kept[question.id]

    def hinter(self) -> Hinter:
        return Hinter(self.library.pipeline(), self.people)

    def desk(self) -> Dispatch:
        library, people, slack, book, now = self.library, self.people, self.slack, self.book, self.clock
        records, talks, channels = self.records, self.talks, self.channels
        pipeline = library.pipeline()
        overview = Overview(records, book, channels, self.purse, self.limits, self._syncs, now)
        return Dispatch(
            answers=self.answering,
            offers=Offers(records, people, slack, now),
            explainer=Explainer(records, library, people, channels, slack, self._syncs),
            reopener=Reopener(records, talks, library, people, slack, slack),
            home=HomePage(pipeline, records, people, slack, overview, self._syncs),
            channel_forms=ChannelForms(channels, library, people, slack),
            suggester=Suggester(pipeline, people, channels, slack),
            finder=Finder(pipeline, people, slack),
            summaries=Summaries(slack, library, people, slack),
            sharer=Sharer(records, talks, library, people, book, slack),
            escalator=Escalator(records, channels, book, slack, now, self.humans, self.help_channel),
            resolver=Resolver(records, book, people, slack, now),
            doubter=Doubter(records, library, people, book, slack, now, self.help_channel),
            sender=Sender(records, book, self.jobs, slack, now),
            book=book,
            notices=slack,
            panels=slack,
        )

    def _syncs(self) -> Mapping[str, Run]:
        return self.runs


def lunch(*, private: bool = False, asker: str = ASKER) -> Question:
    """A question that the library answers plainly."""
    return a_question("lunch is served at noon", asker=asker, private=private)


def secret(text: str = "Lunch is served at noon in the cellar.", path: str = "cellar.md") -> Chunk:
    """A passage for the kitchen alone."""
    return a_chunk(text, path=path, title="Cellar", heading_path=("Stores",), readable_by=(KITCHEN,))
