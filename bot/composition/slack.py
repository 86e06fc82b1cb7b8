"""The bot in Slack: its edge, its worker, or both."""

import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog

from bot import budgets
from bot.composition.answering import answering, rehearse
from bot.composition.home import now, private
from bot.composition.memory import Reach, reaching
from bot.composition.watching import Watching, watching
from bot.errors import BadRequest, MemoryUnavailable
from bot.ports.generation import Generator
from bot.ports.memory import Memory
from bot.settings import Settings
from bot.together import beside

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic import SecretStr
    from slack_bolt.async_app import AsyncApp
    from slack_sdk.web.async_client import AsyncWebClient

    from bot.answering.pipeline import Pipeline
    from bot.desk.assembly import SlackSide
    from bot.desk.dispatch import Dispatch
    from bot.ports.slack import Notices
    from bot.worker import Greeter, Worker
    from handlers.calls import Calls
    from handlers.intake import Intake
    from handlers.tokens import Identity, Transport

SILENT_FOR = 0.75
"""Share of the time, after which a question counts as forgotten, that one may wait without a word: 90 seconds."""


@dataclass(frozen=True, slots=True)
class Bot:
    """A bot that Slack has accepted: its edge, its worker, or both."""

    settings: Settings
    client: "AsyncWebClient"
    identity: "Identity"
    memory: Memory
    calls: "Calls"
    watching: Watching
    reach: Reach

    @asynccontextmanager
    async def edge(self, *, transport: "Transport") -> AsyncGenerator[str]:
        """Taking envelopes from Slack while the block runs; gives the place where."""
        from bot.app import run_http
        from handlers.sockets import run_socket_mode

        self.watching.needs_memory("edge", self.memory.jobs, instead="spool")
        secrets, http = self.settings.slack, self.settings.http
        signing_secret = _plain(secrets.signing_secret) or ""
        async with self._intake() as intake, self._greeting():
            if transport == "http":
                async with run_http(intake, signing_secret=signing_secret, host=http.host, port=http.port) as address:
                    self.watching.needs_slack(lambda: True)  # it listens
                    yield f"{address}/slack/events"
            else:
                app_token = _plain(secrets.app_token) or ""
                async with run_socket_mode(intake, client=self.client, app_token=app_token) as sockets:
                    self.watching.needs_slack(lambda: sockets.alive() > 0)
                    yield f"Socket Mode, workspace {self.identity.workspace_name}"

    @asynccontextmanager
    async def _intake(self) -> AsyncGenerator["Intake"]:
        """The app's listeners, and the disk for what they cannot store."""
        from bot.adapters.spool.spool import open_spool
        from bot.app import run_intake
        from handlers.meanwhile import Meanwhile

        async with (
            open_spool(self._place_for_spool()) as spool,
            run_intake(
                self._app(self.reach.hurried),
                patient=self._app(self.reach.memory),
                spool=spool,
                meanwhile=Meanwhile(self.calls, self.identity.bot_user),
                ready=self.reach.ready,
                trusted=self.reach.trusted,
                watch=self.watching.watch,
            ) as intake,
        ):
            self.watching.needs_spool(spool)
            yield intake

    def _app(self, memory: Memory) -> "AsyncApp":
        from bot.app import build_app

        return build_app(
            client=self.client,
            identity=self.identity,
            ports=memory,
            call=self.calls,
            now=now,
            signing_secret=_plain(self.settings.slack.signing_secret) or "",
        )

    @asynccontextmanager
    async def _greeting(self) -> AsyncGenerator[None]:
        """Whoever waits for long hears of it from the edge too: there may be no worker at all."""
        from bot.worker.worker import heard

        async with beside(self._greeter(self._notices()).run()) as greeting:
            greeting.add_done_callback(heard)
            yield

    def _place_for_spool(self) -> "Path":
        """Its folder, in the home folder: an edge without one can serve, but keep nothing while the memory is away."""
        try:
            return private(self.settings.home) / "spool"
        except BadRequest as error:
            structlog.get_logger().warning("spool_without_home", reason=str(error))
            return self.settings.home / "spool"

    @asynccontextmanager
    async def worker(self, *, generator: Generator | None = None) -> AsyncGenerator["Worker"]:
        """A worker for all that is queued; the caller runs it."""
        from bot.worker import Limits, Worker

        side = self._slack_side()
        async with answering(self.settings, generator=generator) as pipeline:
            await rehearse(self.settings, pipeline)
            self.watching.needs_memory("worker", self.memory.jobs)
            self.watching.needs_index(pipeline.index)
            dispatch = self._dispatch(pipeline, side)
            yield Worker(
                self.memory.jobs,
                handle=self.watching.traced(dispatch.handle),
                give_up=dispatch.give_up,
                limits=Limits(answers=self.settings.work.answers),
                watch=self.watching.watch,
                beside=self._beside(side.notices),
            )

    def _dispatch(self, pipeline: "Pipeline", side: "SlackSide") -> "Dispatch":
        """Every use case that a job may run."""
        from bot.adapters.local.summariser import LexRankSummariser
        from bot.desk.assembly import Assembly, HelpDesk
        from indexing.history import read_syncs

        slack = self.settings.slack
        return Assembly(
            pipeline=pipeline,
            summariser=LexRankSummariser(pipeline.embedder),
            memory=self.memory,
            slack=side,
            syncs=partial(read_syncs, self.settings.home),
            help_desk=HelpDesk(humans=slack.humans, channel=slack.help_channel),
            now=now,
            limits=budgets.Limits(**self.settings.budgets.model_dump()),
            watch=self.watching.watch,
        ).dispatch()

    def _beside(self, notices: "Notices") -> "Sequence[Callable[[], Coroutine[Any, Any, None]]]":
        """What every worker does besides: tells those who wait for long, and takes up what was forgotten."""
        from bot.worker import Sweeper

        memory, watch = self.memory, self.watching.watch
        sweeper = Sweeper(
            records=memory.records,
            jobs=memory.jobs,
            book=memory.feedback,
            watch=watch,
            now=now,
            forgotten=self.settings.work.forgotten,
        )
        return (self._greeter(notices).run, sweeper.run)

    def _greeter(self, notices: "Notices") -> "Greeter":
        """Several may look at one queue: it names each question once."""
        from bot.worker import Greeter
        from handlers.meanwhile import KEEP

        def room(lines: int) -> bool:
            return self.calls.room_for("chat.postEphemeral", keep=lines + KEEP)

        age = SILENT_FOR * self.settings.work.forgotten
        return Greeter(jobs=self.memory.jobs, notices=notices, room=room, age=age)

    def _notices(self) -> "Notices":
        from handlers.buttons import Seal
        from handlers.notices import SlackNotices

        seal = Seal.of(self.client.token or "")
        return SlackNotices(self.calls, bot_id=self.identity.bot_id, seal=seal, now=now)

    def _slack_side(self) -> "SlackSide":
        """One limiter and one directory for all that a worker says and asks."""
        from bot.desk.assembly import SlackSide
        from handlers.buttons import Seal
        from handlers.directory import SlackDirectory
        from handlers.panels import SlackPanels
        from handlers.reading import SlackThreads
        from handlers.replies import SlackReplies

        calls, who = self.calls, self.identity
        seal = Seal.of(self.client.token or "")
        directory = SlackDirectory(
            calls,
            workspace=who.workspace,
            bot_user=who.bot_user,
            clock=time.monotonic,
            admins=frozenset(self.settings.slack.admins),
        )
        return SlackSide(
            replies=SlackReplies(calls, bot_id=who.bot_id, seal=seal, now=now),
            directory=directory,
            threads=SlackThreads(calls, directory, bot_id=who.bot_id, bot_user=who.bot_user),
            notices=self._notices(),
            panels=SlackPanels(calls, seal=seal, now=now),
        )


@asynccontextmanager
async def bot(settings: Settings, *, transport: "Transport | None", paced: bool = True) -> AsyncGenerator[Bot]:
    """The bot, with its secrets checked for `transport` (None: for work alone) before anything but its status starts.

    `paced` says whether Slack is called only as often as its published limits allow: a stand-in may take more.
    Raises `Misconfigured` when a secret is missing or swapped, `SlackUnavailable` when Slack does not answer.
    """
    from handlers.calls import Calls, open_client
    from handlers.pace import TIERS, Pace
    from handlers.tokens import check_tokens

    secrets = settings.slack
    async with AsyncExitStack() as stack:
        watched = await stack.enter_async_context(watching(settings))
        opening = open_client(bot_token=_plain(secrets.bot_token), api_url=str(secrets.api_url))
        client = await stack.enter_async_context(opening)
        identity = await check_tokens(
            client,
            transport=transport,
            app_token=_plain(secrets.app_token),
            signing_secret=_plain(secrets.signing_secret),
        )
        reach = await stack.enter_async_context(reaching(settings))
        await _look_at(reach, patient=transport is not None)
        watched.reads(reach.memory, workspace=identity.workspace, limit=settings.budgets.workspace_cost)
        calls = Calls(client, pace=Pace(TIERS if paced else {}))
        yield Bot(settings, client, identity, reach.memory, calls, watched, reach)


async def _look_at(reach: Reach, *, patient: bool) -> None:
    """Ask whether the memory is fit; where there is an edge, one that does not answer is asked again later."""
    try:
        await reach.ready()
    except MemoryUnavailable as error:
        if not patient:
            raise
        structlog.get_logger().warning("memory_away", reason=str(error))


def _plain(secret: "SecretStr | None") -> str | None:
    return secret.get_secret_value() if secret else None
