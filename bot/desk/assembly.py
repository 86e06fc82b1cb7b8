"""Every use case of a worker, put together from the ports that they share."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from bot.answering.admission import Admission
from bot.answering.pipeline import Pipeline
from bot.answering.respond import Responder
from bot.answering.stopping import Stopping
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
from bot.desk.sources import Syncs
from bot.desk.suggest import Suggester
from bot.desk.summary import Summaries
from bot.desk.why import Explainer
from bot.ports.generation import Summariser
from bot.ports.memory import Memory
from bot.ports.slack import Directory, Notices, Panels, Replies, Threads
from bot.ports.watch import Unwatched, Watch


@dataclass(frozen=True, slots=True)
class SlackSide:
    """Slack, as far as a worker writes to it and looks things up in it."""

    replies: Replies
    directory: Directory
    threads: Threads
    notices: Notices
    panels: Panels


@dataclass(frozen=True, slots=True)
class HelpDesk:
    """Whom a question is put to where no channel says so (S…, U… or W…), and the channel for what has no place."""

    humans: str = ""
    channel: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembly:
    """What the use cases are made from."""

    pipeline: Pipeline
    summariser: Summariser
    memory: Memory
    slack: SlackSide
    syncs: Syncs
    help_desk: HelpDesk
    now: Callable[[], datetime]
    limits: Limits = field(default_factory=Limits)
    watch: Watch = field(default_factory=Unwatched)

    def dispatch(self) -> Dispatch:
        """All of them, behind the one door that a worker knocks at."""
        pipeline, memory, slack, now = self.pipeline, self.memory, self.slack, self.now
        index, directory, notices, panels = pipeline.index, slack.directory, slack.notices, slack.panels
        records, book, channels = memory.records, memory.feedback, memory.channels
        humans, help_channel = self.help_desk.humans, self.help_desk.channel
        overview = Overview(records, book, channels, memory.budgets, self.limits, self.syncs, now)
        return Dispatch(
            answers=self._responder(),
            offers=Offers(records, directory, notices, now),
            explainer=Explainer(records, index, directory, channels, panels, self.syncs),
            reopener=Reopener(records, memory.conversations, index, directory, slack.threads, panels),
            home=HomePage(pipeline, records, directory, panels, overview, self.syncs),
            channel_forms=ChannelForms(channels, index, directory, panels),
            suggester=Suggester(pipeline, directory, channels, panels),
            finder=Finder(pipeline, directory, notices),
            summaries=Summaries(slack.threads, self.summariser, directory, notices),
            sharer=Sharer(records, memory.conversations, index, directory, book, notices),
            escalator=Escalator(records, channels, book, notices, now, humans=humans, help_channel=help_channel),
            resolver=Resolver(records, book, directory, notices, now),
            doubter=Doubter(records, index, directory, book, notices, now, help_channel=help_channel),
            sender=Sender(records, book, memory.jobs, notices, now),
            book=book,
            notices=notices,
            panels=panels,
        )

    def _responder(self) -> Responder:
        memory, slack = self.memory, self.slack
        return Responder(
            pipeline=self.pipeline,
            replies=slack.replies,
            directory=slack.directory,
            threads=slack.threads,
            conversations=memory.conversations,
            records=memory.records,
            channels=memory.channels,
            stopping=Stopping(memory.stops),
            admission=Admission(memory.budgets, self.limits, slack.notices.whisper, self.watch),
            now=self.now,
            hint=Hinter(self.pipeline, slack.directory).hint,
            tell_of_more=slack.notices.more,
            whisper=slack.notices.whisper,
            watch=self.watch,
        )
