"""The Slack edge, both ways: envelopes in, Block Kit out."""

import time
from collections.abc import Callable
from datetime import datetime

from bot.ports.memory import Memory
from handlers.actions import Actions
from handlers.agent import Agent
from handlers.apologies import Apologies
from handlers.behaviour import Behaviour
from handlers.buttons import Seal
from handlers.calls import Calls
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


def listeners(
    memory: Memory, *, call: Calls, seal: Seal, now: Callable[[], datetime], clock: Callable[[], float] = time.monotonic
) -> tuple[Listener, ...]:
    """Every listener, in the order Bolt tries them: the first that matches gets the event.

    They store into `memory`, and read the little there that an acknowledgement can wait for. `call` is the process's
    one way to Slack; `now` is the time of day; `clock` counts seconds, from anywhere.
    """
    jobs, talks, records = memory.jobs, memory.conversations, memory.records
    behaviour = Behaviour(memory.channels, clock)
    return (
        Mentions(jobs, talks),
        Edits(jobs, talks, records, memory.stops, behaviour),
        Threads(jobs, talks, behaviour),
        Messages(jobs, behaviour),
        Home(jobs, memory.channels),
        Agent(memory.channels, memory.stops),
        Commands(jobs, seal, now),
        Shortcuts(jobs, seal, call),
        Actions(jobs, records, memory.stops, seal, call),
        Panes(jobs, records, seal, call),
        Ratings(memory.feedback, records, seal, now, call),
        Forms(jobs, talks, records, memory.feedback, behaviour, seal, now),
        Unheard(),
        Apologies(),
    )
