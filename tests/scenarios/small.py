"""The whole Slack side on loopback, documents and queue in memory, and time that jumps: for a great many stories."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from bot.adapters.redis.client import Link
from bot.adapters.redis.memory import memory_over
from bot.app import build_app
from bot.budgets import Limits
from bot.conversations import Turn
from bot.desk.assembly import Assembly, HelpDesk, SlackSide
from bot.desk.sources import Synced
from bot.jobs import Job
from bot.models import Hit, Query, Statement, Support
from bot.playground import Message, Playground
from bot.playground.cast import CHANNELS, PEOPLE, Channel, Person
from bot.ports.generation import Rewritten
from bot.ports.memory import Memory
from bot.ports.queue import Claim, Load, Waiting
from bot.worker import Worker
from handlers.buttons import Seal
from handlers.calls import Calls, open_client
from handlers.directory import SlackDirectory
from handlers.intake import Intake
from handlers.notices import SlackNotices
from handlers.pace import Pace
from handlers.panels import SlackPanels
from handlers.reading import SlackThreads
from handlers.replies import SlackReplies
from handlers.sockets import CONNECTIONS, run_socket_mode
from handlers.tokens import Identity, check_tokens
from handlers.views.blocks import Block
from tests.scenarios.whole import shown
from tests.timing import Time
from tests.unit.desk.stand_ins import Library
from tests.waiting import wait_until

LUNCH = "lunch is served at noon"
"""What the documents answer."""
LEASE = 30.0
HELP = HelpDesk(humans="S07PEOPLEOP")


@dataclass
class Hurry:
    """A queue whose jobs come back at once when they are to wait: time jumps as far instead."""

    time: Time
    lease: float = LEASE
    waiting: deque[Claim] = field(default_factory=deque[Claim])
    buried: dict[str, str] = field(default_factory=dict[str, str])
    """Why, by the job's id."""
    deliveries: int = 0
    held: int = 0
    _keys: set[str] = field(default_factory=set[str])
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def enqueue(self, job: Job, *, once: Sequence[str]) -> bool:
        """Append the job once."""
        new = self._keys.isdisjoint(once)
        self._keys.update(once)
        if new:
            self._line_up(Claim(job.id, job, 1, 0))
        return new

    async def claim(self, *, limit: int, wait: float) -> list[Claim]:
        """What waits, or what comes soon."""
        if not self.waiting:
            self._arrived.clear()
            await self._arrived.wait()
        taken = [self.waiting.popleft() for _ in range(min(limit, len(self.waiting)))]
        self.held += len(taken)
        return [self._fenced(claim) for claim in taken]

    async def renew(self, claim: Claim) -> None:
        """Nothing: no lease runs out."""

    async def complete(self, claim: Claim) -> None:
        """It is done."""
        self.held -= 1

    async def release(self, claim: Claim) -> None:
        """It is nobody's."""
        self.held -= 1

    async def retry(self, claim: Claim, *, after: float, counted: bool = True) -> None:
        """Once more, as if so much time had passed."""
        self.time.now += min(after, self.lease)
        self.held -= 1
        self._line_up(Claim(claim.id, claim.job, claim.deliveries + counted, claim.fence))

    async def bury(self, claim: Claim, *, reason: str) -> None:
        """It is a dead letter."""
        self.held -= 1
        self.buried[claim.job.id] = reason

    async def depth(self) -> int:
        """What waits or is held."""
        return len(self.waiting) + self.held

    async def load(self) -> Load:
        """The same, and what is buried."""
        return Load(len(self.waiting), self.held, dead=len(self.buried))

    async def overdue(self, *, ahead: int, age: float, limit: int) -> list[Waiting]:
        """None: nobody waits here."""
        return []

    async def unfinished(self, question_ids: Collection[str]) -> frozenset[str]:
        """Those that wait."""
        return frozenset(question_ids) & {claim.job.id for claim in self.waiting}

    def _fenced(self, claim: Claim) -> Claim:
        self.deliveries += 1
        return Claim(claim.id, claim.job, claim.deliveries, self.deliveries)

    def _line_up(self, claim: Claim) -> None:
        self.waiting.append(claim)
        self._arrived.set()


class Shelf(Library):
    """Documents in memory, and a generator that can be told to be slow: it goes on once for each of `pauses`."""

    pauses: tuple[asyncio.Event, ...] = ()

    async def rewrite(self, question: str, history: Sequence[Turn]) -> Rewritten:
        """The question as it is."""
        return Rewritten(text=question)

    async def generate(self, query: Query, passages: Sequence[Hit]) -> AsyncGenerator[Statement]:
        """The first passage; after each pause, much of the same."""
        chunk = passages[0].chunk
        yield Statement.quoting(chunk.id, chunk.text)
        for pause in self.pauses:
            await pause.wait()
            yield Statement(" ".join([chunk.text] * 20), (Support(chunk.id, chunk.text),))


@dataclass
class Small:
    """What a story holds on to."""

    slack: Playground
    time: Time
    jobs: Hurry
    memory: Memory
    shelf: Shelf
    seal: Seal

    async def done(self) -> None:
        """Everything that was sent was taken or given up, and everything that was queued has come to its end."""
        while True:
            await self.slack.wait_until(lambda: all(one.acknowledged or one.given_up for one in self.slack.deliveries))
            if not await self.jobs.depth():
                return
            await asyncio.sleep(0.002)

    # --- what there is to see ---------------------------------------------------------------------------------------

    def said(self) -> list[str]:
        """What stands anywhere of the bot's, in its order: `general: …`, or `general (ana): …` to one person alone."""
        rooms = self.slack.workspace.rooms.values()
        every = [one for room in rooms for one in (*room.messages.values(), *room.ephemeral.values())]
        ours = sorted((one for one in every if one.user == self.slack.bot_user_id), key=lambda one: float(one.ts))
        return [self._line(message) for message in ours if not message.tombstone]

    def _line(self, message: Message) -> str:
        room = self.slack.workspace.rooms[message.channel].channel.name
        alone = f" ({message.ephemeral_to})" if message.ephemeral_to else ""
        return f"{room}{alone}: {' '.join(message.visible_text.split())}"

    def modal(self, person: str) -> str:
        """What the modal says that a person has before them."""
        view = self.slack.modal(person)
        return " ".join(shown(view.view["blocks"]).split()) if view else ""

    def count(self, *methods: str) -> int:
        """How often these were called."""
        every = [*self.slack.calls, *self.slack.responses]
        return sum(call.method in methods for call in every)

    def last(self, channel: str, action: str) -> str:
        """The newest message of the bot's with such a button."""
        room = self.slack.workspace.room(channel)
        every = [one for one in (*room.messages.values(), *room.ephemeral.values()) if action in one.buttons]
        return max(every, key=lambda one: float(one.ts)).ts

    def early(self) -> list[str]:
        """The calls that came before Slack wanted them, but for those that were under way when it said so."""
        asked = {(call.method, call.at) for call in self.slack.calls if call.retry_after is not None}
        return [call.method for call in self.slack.too_early() if (call.method, call.at) not in asked]

    # --- what the bot left lying ------------------------------------------------------------------------------------

    async def button(self, channel: str, action: str, value: str, *, to: str = "", thread: str | None = None) -> str:
        """A message of the bot's with a button, for all or for one person alone; its timestamp."""
        pressable: Block = {
            "type": "button",
            "action_id": action,
            "text": {"type": "plain_text", "text": "Press"},
            "value": value,
        }
        async with open_client(bot_token=self.slack.bot_token, api_url=self.slack.api_url) as client:
            posted = await Calls(client, pace=Pace({}))(
                "chat.postEphemeral" if to else "chat.postMessage",
                repeatable=False,
                channel=self.slack.id_of(channel),
                text="A button.",
                thread_ts=thread,
                blocks=[{"type": "actions", "elements": [pressable]}],
                user=self.slack.id_of(to) if to else None,
            )
        return str(posted.get("message_ts") or posted["ts"])


@asynccontextmanager
async def small(
    link: Link,
    *,
    people: Sequence[Person] = PEOPLE,
    channels: Sequence[Channel] = CHANNELS,
    deadline: float = 5.0,
) -> AsyncGenerator[Small]:
    """Edge and worker over a playground; the documents say when lunch is."""
    time = Time(hurried=True)
    async with (
        Playground(clock=time, retry_delays=(), people=people, channels=channels) as slack,
        open_client(bot_token=slack.bot_token, api_url=slack.api_url, deadline=deadline) as client,
    ):
        jobs, shelf, seal = Hurry(time), Shelf(), Seal.of(slack.bot_token)
        memory = replace(memory_over(link, lease=LEASE), jobs=jobs)
        identity = await check_tokens(client, transport="socket", app_token=slack.app_token)
        calls = Calls(client, pace=Pace({}, clock=time, sleep=time.sleep))
        assembly = Assembly(
            pipeline=shelf.pipeline(),
            summariser=shelf,
            memory=memory,
            slack=_slack_side(calls, identity, seal, time),
            syncs=_no_syncs,
            help_desk=HELP,
            now=lambda: _moment(time),
            limits=Limits(person_minute=0, person_day=0, channel_day=0),
        )
        dispatch = assembly.dispatch()
        worker = Worker(jobs, handle=dispatch.handle, give_up=dispatch.give_up)
        app = build_app(client=client, identity=identity, ports=memory, call=calls, now=lambda: _moment(time))
        async with run_socket_mode(Intake(app), client=client, app_token=slack.app_token) as sockets, _working(worker):
            await wait_until(lambda: sockets.alive() == CONNECTIONS)
            yield Small(slack, time, jobs, memory, shelf, seal)


@asynccontextmanager
async def _working(worker: Worker) -> AsyncGenerator[None]:
    task = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


def _slack_side(calls: Calls, who: Identity, seal: Seal, time: Time) -> SlackSide:
    def now() -> datetime:
        return _moment(time)

    directory = SlackDirectory(calls, workspace=who.workspace, bot_user=who.bot_user, clock=time)
    return SlackSide(
        replies=SlackReplies(calls, bot_id=who.bot_id, seal=seal, now=now),
        directory=directory,
        threads=SlackThreads(calls, directory, bot_id=who.bot_id, bot_user=who.bot_user),
        notices=SlackNotices(calls, bot_id=who.bot_id, seal=seal, now=now),
        panels=SlackPanels(calls, seal=seal, now=now),
    )


def _no_syncs() -> Mapping[str, Synced]:
    return {}


def _moment(time: Time) -> datetime:
    return datetime.fromtimestamp(time.now, tz=UTC)
