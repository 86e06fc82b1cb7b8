"""The Slack edge, both ways: envelopes in, Block Kit out."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.ports.memory import AnswerRecords, Channels, Conversations, FeedbackBook, Stops
from bot.ports.queue import JobQueue
from handlers.actions import Actions
from handlers.agent import Agent
from handlers.apologies import Apologies
from handlers.behaviour import Behaviour
from handlers.buttons import Seal
from handlers.commands import Commands
from handlers.edits import Edits
from handlers.forms import Forms
from handlers.home import Home
from handlers.listening import Listener
from handlers.mentions import Mentions
from handlers.messages import Messages
from handlers.panes import Panes
from handlers.ratings import Ratings
from handlers.shortcuts import Shortcuts
from handlers.threads import Threads
from handlers.unheard import Unheard


@dataclass(frozen=True, slots=True)
class Ports:
    """What the listeners store into, and the little that they read."""

    jobs: JobQueue
    conversations: Conversations
    records: AnswerRecords
    feedback: FeedbackBook
    channels: Channels
    stops: Stops


def listeners(
    ports: Ports, *, seal: Seal, now: Callable[[], datetime], clock: Callable[[], float] = time.monotonic
) -> tuple[Listener, ...]:
    """Every listener, in the order Bolt tries them: the first that matches gets the event.

    `now` is the time of day; `clock` counts seconds, from anywhere.
    """
    jobs, talks, records = ports.jobs, ports.conversations, ports.records
    behaviour = Behaviour(ports.channels, clock)
    return (
        Mentions(jobs, talks),
        Edits(jobs, talks, records, ports.stops, behaviour),
        Threads(jobs, talks, behaviour),
        Messages(jobs, behaviour),
        Home(jobs, ports.channels),
        Agent(ports.channels, ports.stops),
        Commands(jobs, seal, now),
        Shortcuts(jobs, seal),
        Actions(jobs, records, ports.stops, seal),
        Panes(jobs, records, seal),
        Ratings(ports.feedback, seal, now),
        Forms(jobs, talks, records, ports.feedback, behaviour, seal, now),
        Unheard(),
        Apologies(),
    )
