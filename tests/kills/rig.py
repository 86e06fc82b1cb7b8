"""What a cycle runs against: the bot's processes, what they talk to, and a proxy between every two of them."""

from __future__ import annotations

import asyncio
import itertools
import shutil
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from bot.adapters.redis.client import Link, connect
from bot.adapters.redis.queue import RedisJobQueue
from bot.adapters.redis.records import RedisAnswerRecords
from bot.errors import FootnoteError
from bot.records import AnswerRecord
from tests.kills import facts
from tests.kills.judge import Bill, Judge, stored
from tests.kills.processes import Seat, Valkey, clean_environment, command
from tests.kills.proxy import Proxy
from tests.kills.slack_side import Asked, SlackSide
from tests.kills.tally import Tally
from tests.kills.wall_clocks import VALKEY, set_clock, with_clock
from tests.redis_servers import free_ports
from tests.standins.cohere import CohereStandIn

LOST_AFTER = 90.0
"""Seconds after what died is back until a question without an end is lost: never scaled."""
SETTLE = 20.0
"""Seconds that the queue may take to be empty once every question has its end."""


@dataclass(frozen=True, slots=True)
class Times:
    """How fast time passes for leases, sweeps and Slack's retries."""

    scale: float = 15.0

    @property
    def lease(self) -> float:
        """Seconds."""
        return 30.0 / self.scale

    @property
    def forgotten(self) -> float:
        """Seconds."""
        return 120.0 / self.scale

    @property
    def silent(self) -> float:
        """Seconds without anything visible that count as silence: processes start no faster than in production."""
        return 120.0 if self.scale == 1 else 30.0


SCALED, PRODUCTION = Times(), Times(1.0)


@dataclass(frozen=True, slots=True)
class Setup:
    """What a row needs: how many of what, and how they are set."""

    workers: int = 1
    edges: int = 1
    model: bool = True
    """Answers are written by a model's stand-in, and billed; without, they are quoted."""
    times: Times = SCALED
    silent: float | None = None
    """Seconds that count as silence, where what goes wrong in a row is not scaled; those of `times` unless given."""
    rate_limits: bool = False
    """Whether the stand-in for Slack counts calls."""
    variables: tuple[tuple[str, str], ...] = ()
    """Settings besides, for all processes."""
    valkey: tuple[str, ...] = ()
    """Words besides for the server."""
    broken: str = ""
    """How the bot is broken on purpose: one of `sabotage.SABOTAGE`."""
    lost_after: float = LOST_AFTER
    faketime: bool = False
    """Whether each process, Valkey too, has a wall clock of its own that can be set; the one that never jumps stays."""


@dataclass(slots=True)
class Rig:
    """A running bot between proxies. `wires` are by who calls whom: `edge-redis`, say; `slack-edge` leads in."""

    setup: Setup
    folder: Path
    slack: SlackSide
    cohere: CohereStandIn
    valkey: Valkey
    wires: dict[str, Proxy]
    link: Link
    bill: Bill
    judging: Judge
    edges: list[Seat] = field(default_factory=list[Seat])
    workers: list[Seat] = field(default_factory=list[Seat])
    _ports: dict[str, int] = field(default_factory=dict[str, int])
    _asked: Iterator[int] = field(default_factory=itertools.count)
    began: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def edge(self) -> Seat:
        """The first."""
        return self.edges[0]

    @property
    def worker(self) -> Seat:
        """The first."""
        return self.workers[0]

    @property
    def seats(self) -> list[Seat]:
        """All of the bot's processes."""
        return [*self.edges, *self.workers]

    # --- asking -----------------------------------------------------------------------------------------------------

    async def ask(self, count: int, *, label: str, within: float = 0.0) -> list[Asked]:
        """Put so many questions, spread over `within` seconds; `label` begins their canaries."""
        asked: list[Asked] = []
        for _ in range(count):
            asked.append(await self.slack.ask(f"{label}x{next(self._asked)}"))
            if within:
                await asyncio.sleep(within / count)
        return asked

    async def answered(self, asked: Sequence[Asked], *, within: float | None = None) -> bool:
        """Whether all came to an end within so long of the last time that a process was back."""
        within = self.setup.lost_after if within is None else within
        began = time.monotonic()
        while True:
            since = max(began, *(seat.back_at for seat in self.seats))
            left = since + within - time.monotonic()
            try:
                await self.slack.wait_until(lambda: all(one.ended_at for one in asked), timeout=max(0.01, min(left, 5)))
            except TimeoutError:
                if left <= 0:
                    return False
            else:
                return True

    async def settled(self, *, within: float = SETTLE) -> bool:
        """Whether nothing is queued or leased any more, within so long."""
        end = time.monotonic() + within
        queue = RedisJobQueue(self.link)
        while time.monotonic() < end:
            try:
                if not await queue.depth():
                    return True
            except FootnoteError:
                pass
            await asyncio.sleep(0.05)
        return False

    async def records(self, *, limit: int = 1_000) -> list[AnswerRecord]:
        """What the bot has written down of the last questions."""
        return await RedisAnswerRecords(self.link).since(self.slack.team_id, self.began, limit=limit)

    async def note_stored(self, asked: Sequence[Asked]) -> None:
        """From now on no model may be asked about those whose answers are stored."""
        self.bill.note(stored(asked, await self.records(limit=2 * len(asked) + 50)))

    async def verdict(self, asked: Sequence[Asked]) -> Tally:
        """What became of these, when nothing is left to do."""
        settled = await self.settled()
        tally = self.judging.judge(asked)
        if not settled:
            tally.fault("unsettled", f"the queue still holds jobs {SETTLE:g} s after every answer")
        for one in self.bill.again(asked):
            tally.fault("billed_twice", f"{one.canary}: the model was asked again after the answer was stored")
        return tally

    async def heal(self) -> None:
        """Nothing fails any more, but what is dead."""
        for wire in self.wires.values():
            await wire.heal()
        self.slack.heal()
        self.cohere.behave_well()

    def forget(self) -> None:
        """Let go of what is only needed while a cycle runs."""
        self.slack.forget_calls()
        self.cohere.calls.clear()

    # --- seats ------------------------------------------------------------------------------------------------------

    def add_worker(self) -> Seat:
        """One more, not started yet."""
        name = f"worker-{len(self.workers) + 1}"
        seat = Seat(
            name,
            command("worker", broken=self.setup.broken),
            self._variables("worker", name),
            self.folder / f"{name}.log",
        )
        self.workers.append(seat)
        return seat

    def add_edge(self) -> Seat:
        """One more, not started yet."""
        name = f"edge-{len(self.edges) + 1}"
        log = self.folder / f"{name}.log"
        seat = Seat(
            name,
            command("web", broken=self.setup.broken),
            self._variables("edge", name),
            log,
            on_ready=self._lead_to_edges,
        )
        self.edges.append(seat)
        return seat

    def set_clock(self, name: str, ahead: int) -> None:
        """Let the wall clock of a process (a seat's name, or `VALKEY`) be so many seconds ahead of the right time."""
        set_clock(self.folder, name, ahead)

    def _variables(self, side: str, name: str) -> Callable[[], Mapping[str, str]]:
        wires, times, slack = self.wires, self.setup.times, self.slack

        def variables() -> dict[str, str]:
            common = {
                "FOOTNOTE_HOME": str(self.folder / "home"),
                "SLACK_API_URL": f"{wires[f'{side}-slack'].url}/api/",
                "SLACK_BOT_TOKEN": slack.bot_token,
                "SLACK_SIGNING_SECRET": slack.signing_secret,
                "REDIS_URL": f"redis://127.0.0.1:{wires[f'{side}-redis'].port}/0",
                "FOOTNOTE_LEASE_SECONDS": f"{times.lease:g}",
                "FOOTNOTE_FORGOTTEN_SECONDS": f"{times.forgotten:g}",
                "FOOTNOTE_THREADS": "1",
                "FOOTNOTE_PERSON_PER_MINUTE": "0",
                "FOOTNOTE_PERSON_PER_DAY": "0",
                "FOOTNOTE_CHANNEL_PER_DAY": "0",
                "FOOTNOTE_WORKSPACE_DOLLARS": "0",
                **(self._model() if self.setup.model else {}),
                **dict(self.setup.variables),
            }
            port = self._at_new_port(name) if side == "edge" else {}
            faked = with_clock(self.folder, name) if self.setup.faketime else {}
            return clean_environment() | common | port | faked

        return variables

    def _model(self) -> dict[str, str]:
        local = {"FOOTNOTE_EMBEDDER": "local", "FOOTNOTE_RERANKER": "local", "FOOTNOTE_REWRITER": "history"}
        cohere = {"COHERE_BASE_URL": self.wires["worker-cohere"].url, "COHERE_API_KEY": "k" * 8}
        return {**local, **cohere, "FOOTNOTE_GENERATOR": "cohere"}

    def _at_new_port(self, name: str) -> dict[str, str]:
        """A new edge listens beside the old one, as behind a load balancer, which sends to it from now on."""
        (self._ports[name],) = free_ports(1)
        return {"FOOTNOTE_HTTP_PORT": str(self._ports[name])}

    def _lead_to_edges(self) -> None:
        """Send Slack's events to the edges that were started last."""
        self.wires["slack-edge"].targets = list(self._ports.values())


@asynccontextmanager
async def rigged(setup: Setup, folder: Path) -> AsyncGenerator[Rig]:
    """A rig as `setup` says, with everything started."""
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(SlackSide(scale=setup.times.scale, rate_limits=setup.rate_limits))
        cohere = await stack.enter_async_context(CohereStandIn().running())
        (port,) = free_ports(1)
        valkey = Valkey(folder / "valkey", port=port, words=setup.valkey)
        if setup.faketime:
            valkey.environment = clean_environment() | with_clock(folder, VALKEY)
        stack.callback(valkey.close)
        await asyncio.to_thread(valkey.start)
        targets = {"slack": _port(slack.address), "redis": port, "cohere": _port(cohere.url)}
        wires = {f"{side}-{to}": Proxy([target]) for side in ("edge", "worker") for to, target in targets.items()}
        wires["slack-edge"] = Proxy([])
        for wire in wires.values():
            await stack.enter_async_context(wire.running())
        slack.http_events_url = f"{wires['slack-edge'].url}/slack/events"
        link = await stack.enter_async_context(connect(f"redis://127.0.0.1:{port}/0"))
        judging = Judge(slack, setup.silent or setup.times.silent)
        rig = Rig(setup, folder, slack, cohere, valkey, wires, link, Bill(cohere), judging)
        await _indexed(folder)
        await stack.enter_async_context(_seated(rig))
        yield rig


@asynccontextmanager
async def _seated(rig: Rig) -> AsyncGenerator[None]:
    seats = [rig.add_edge() for _ in range(rig.setup.edges)] + [rig.add_worker() for _ in range(rig.setup.workers)]
    try:
        await asyncio.gather(*(seat.start() for seat in seats))
        yield
    finally:
        await asyncio.gather(*(seat.destroy() for seat in rig.seats))


async def _indexed(folder: Path) -> None:
    """The documents, in the home that all processes share: indexed once for all rows."""
    documents, made = folder.parent / "documents", folder.parent / "index"
    if not made.exists():
        await asyncio.to_thread(facts.write, documents)
        process = await asyncio.create_subprocess_exec(
            command("web")[0], "index", str(documents), "--home", str(made), "--json",
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL, env=clean_environment(),
        )  # fmt: skip
        if await process.wait():
            shutil.rmtree(made, ignore_errors=True)
            raise RuntimeError("the documents could not be indexed")
    await asyncio.to_thread(shutil.copytree, made, folder / "home")


def _port(address: str) -> int:
    return int(address.rstrip("/").rpartition(":")[2])
