"""What is acknowledged: what the memory has, or else the disk, and nothing that neither has."""

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest

from bot.adapters.spool.spool import SqliteSpool, open_spool
from bot.app import build_app
from bot.errors import MemoryUnavailable, Misconfigured
from bot.jobs import AnswerQuestion, Job
from bot.ports.watch import Accepted, Unwatched
from handlers.buttons import Action
from handlers.calls import client_over
from handlers.draining import REPLAYS, Drainer
from handlers.intake import Intake, Line
from handlers.meanwhile import HAVE_QUESTION
from handlers.tokens import Identity
from tests.tray import Tray
from tests.unit.handlers.stand_ins import BOT_USER, SEAL, Stores, envelope, now
from tests.waiting import wait_until

SLOW = 20.0


@dataclass
class Queue(Tray):
    """A tray that can also hang, or fail for a reason of their own."""

    hangs: bool = False
    broken: bool = False
    hanging: int = 0

    async def enqueue(self, job: Job, *, once: Sequence[str]) -> bool:
        if self.hangs:
            self.hanging += 1
            await asyncio.Event().wait()
        if self.broken and isinstance(job, AnswerQuestion):
            raise KeyError("hours")
        return await super().enqueue(job, once=once)


@dataclass
class Counted(Unwatched):
    """What became of each envelope."""

    outcomes: list[Accepted] = field(default_factory=list[Accepted])

    def accepted(self, outcome: Accepted, *, seconds: float) -> None:
        assert seconds >= 0
        self.outcomes.append(outcome)


@dataclass
class Edge:
    """What a test holds on to: `jobs` behind, the disk beside."""

    intake: Intake
    stores: Stores
    jobs: Queue
    spool: SqliteSpool
    folder: Path
    watch: Counted
    unready: Exception | None = None

    async def sent(self, name: str, **changes: object) -> int:
        """The status that Slack gets for one of the payloads."""
        return (await self.intake.dispatch(request({**envelope(name), **changes}))).status

    async def ready(self) -> None:
        if self.unready:
            raise self.unready
        if self.jobs.down:
            raise MemoryUnavailable("the queue is down")

    @property
    def drainer(self) -> Drainer:
        return Drainer(self.intake, self.spool, self.ready, least=0.001)

    async def drained(self) -> None:
        """All that waits was moved on, or dropped."""
        task = asyncio.create_task(self.drainer.run())
        await wait_until(lambda: not self.intake.line.is_there)
        task.cancel()
        await asyncio.wait([task])

    def without_disk(self) -> None:
        self.folder.rename(self.folder.with_name("elsewhere"))
        self.folder.write_text("in the way")


def request(body: dict[str, object]) -> AsyncBoltRequest:
    return AsyncBoltRequest(body=body, mode="socket_mode")


def press(action: Action) -> list[object]:
    """The actions of a press on a button of ours."""
    (pressed,) = envelope("press")["actions"]
    return [{**pressed, "action_id": action, "value": SEAL.close(action, "T0ACME/C0/1.2")}]


def app_over(stores: Stores) -> AsyncApp:
    """The app with every listener."""
    client = client_over(None, bot_token="xoxb-1", api_url="http://127.0.0.1:9/")
    identity = Identity("T0ACME", "Acme", BOT_USER, "B0FOOTNOTE", "footnote")
    return build_app(client=client, identity=identity, ports=stores.ports, now=now)


@pytest.fixture
async def edge(tmp_path: Path) -> AsyncGenerator[Edge]:
    """An edge whose memory and disk are there, with nobody in line."""
    stores, jobs, watch = Stores(), Queue(), Counted()
    stores.jobs = jobs
    app = app_over(stores)
    async with open_spool(tmp_path / "spool", within=SLOW) as spool:
        intake = Intake(app, spool, watch=watch, within=SLOW)
        intake.line.seen(await spool.count())
        yield Edge(intake, stores, jobs, spool, tmp_path / "spool", watch)


class TestAcknowledging:
    """200 is said of what is kept."""

    async def test_what_the_memory_takes_does_not_touch_the_disk(self, edge: Edge) -> None:
        """It is queued, once, and nothing waits."""
        assert [await edge.sent("app_mention") for _ in range(2)] == [200, 200]
        assert len(edge.jobs.questions) == 1
        assert await edge.spool.count() == 0
        assert edge.watch.outcomes == ["queued", "queued"]

    @pytest.mark.parametrize("name", ["app_mention", "direct_message", "slash_ask"])
    async def test_what_the_memory_does_not_take_is_on_the_disk(self, edge: Edge, name: str) -> None:
        """Whole, and once, also when Slack sends it again."""
        edge.jobs.down = True
        assert [await edge.sent(name) for _ in range(3)] == [200, 200, 200]
        kept = await edge.spool.take()
        assert kept
        assert kept.body == envelope(name)
        assert await edge.spool.count() == 1
        assert edge.watch.outcomes == ["spooled"] * 3

    async def test_a_memory_that_hangs_is_not_waited_for(self, edge: Edge) -> None:
        """After its time the disk takes the envelope, and those behind it at once."""
        edge.jobs.hangs = True
        hurried = Intake(edge.intake.app, edge.spool, line=edge.intake.line, within=0.01)
        assert (await hurried.dispatch(request(envelope("app_mention")))).status == 200
        assert await edge.sent("direct_message") == 200
        assert await edge.spool.count() == 2

    async def test_what_waited_is_heard_by_those_who_take_their_time(self, edge: Edge) -> None:
        """A memory that is too slow for an acknowledgement may do for what nobody waits for."""
        edge.jobs.down = True
        await edge.sent("app_mention")
        stores, slow = Stores(), Queue()
        stores.jobs = slow
        kept = await edge.spool.take()
        assert kept
        assert await edge.intake.replay(kept) == "away"
        assert await replace(edge.intake, patient=app_over(stores)).replay(kept) == "queued"
        assert len(slow.questions) == 1

    async def test_what_neither_takes_is_not_acknowledged(self, edge: Edge) -> None:
        """503, so that Slack comes again; then it is taken."""
        edge.jobs.down = True
        await edge.spool.count()
        edge.without_disk()
        assert await edge.sent("app_mention") == 503
        assert await edge.sent("slash_ask") == 503
        edge.folder.unlink()
        assert await edge.sent("app_mention") == 200
        assert edge.watch.outcomes == ["refused", "refused", "spooled"]

    async def test_a_disk_that_fails_stops_nobody_while_the_memory_is_there(self, edge: Edge) -> None:
        """Also while some stand in line: what can be stored is."""
        edge.jobs.down = True
        await edge.sent("app_mention")
        edge.without_disk()
        edge.jobs.down = False
        assert await edge.sent("direct_message") == 200
        assert edge.watch.outcomes == ["spooled", "queued"]

    async def test_another_failure_stays_one(self, edge: Edge) -> None:
        """500, and nothing is kept: it would fail again."""
        edge.jobs.broken = True
        assert await edge.sent("app_mention") == 500
        assert await edge.spool.count() == 0
        assert edge.watch.outcomes == ["refused"]

    async def test_without_a_spool_nothing_is_acknowledged_that_is_not_queued(self, edge: Edge) -> None:
        """As ever: Slack delivers again."""
        edge.jobs.down = True
        assert (await Intake(edge.intake.app).dispatch(request(envelope("app_mention")))).status == 500

    async def test_the_log_says_who_waits_and_not_for_what(self, edge: Edge) -> None:
        """An admin finds the envelope; nobody reads what was asked."""
        edge.jobs.down = True
        with structlog.testing.capture_logs() as logs:
            await edge.sent("app_mention")
        assert logs[-1]["event"] == "envelope_spooled"
        assert logs[-1]["event_id"] == "Ev07MENTION01"
        assert "hours" not in json.dumps(logs, default=str)


class TestGestures:
    """Commands, clicks and forms."""

    async def test_a_command_that_waits_says_so(self, edge: Edge) -> None:
        """What acknowledges it is shown to the person alone."""
        edge.jobs.down = True
        response = await edge.intake.dispatch(request(envelope("slash_ask")))
        assert json.loads(response.body) == {"response_type": "ephemeral", "text": HAVE_QUESTION}

    async def test_a_command_without_words_is_told_how_to_ask_also_then(self, edge: Edge) -> None:
        """Gestures stand in no line: what needs no memory is answered as ever."""
        edge.jobs.down = True
        await edge.sent("app_mention")
        response = await edge.intake.dispatch(request({**envelope("slash_ask"), "text": ""}))
        assert "Write your question" in response.body
        assert await edge.spool.count() == 1

    async def test_what_opens_a_modal_does_not_wait(self, edge: Edge) -> None:
        """It is not acknowledged, and Slack tells the person that it failed; what becomes a job can wait."""
        edge.stores.records.down = True
        assert await edge.sent("press", actions=press(Action.REOPEN)) == 500
        assert await edge.spool.count() == 0
        assert await edge.sent("press", actions=press(Action.SHARE)) == 200
        assert await edge.spool.count() == 1


class TestTheLine:
    """Who comes later stays behind."""

    async def test_events_stand_behind_those_that_wait(self, edge: Edge) -> None:
        """The memory is back, and still nobody passes: only what bots write, which needs no memory, goes through."""
        edge.jobs.down = True
        await edge.sent("app_mention")
        edge.jobs.down = False
        assert await edge.sent("thread_reply") == 200
        assert await edge.sent("bot_message") == 200
        assert edge.jobs.appended == []
        assert await edge.spool.count() == 2

    async def test_who_is_about_to_join_is_in_line(self) -> None:
        """A look at the disk that was begun before knows nothing of them; a memory without trust keeps the line."""
        line = Line()
        line.seen(0)
        assert not line.is_there
        with line.joining():
            line.seen(0)
            assert line.is_there
        assert line.is_there
        line.seen(0)
        assert not line.is_there
        line.trusted = False
        assert line.is_there

    async def test_until_somebody_has_looked_there_is_a_line(self, edge: Edge) -> None:
        """An edge that starts does not know what the one before it has left."""
        fresh = Intake(edge.intake.app, edge.spool, within=SLOW)
        assert (await fresh.dispatch(request(envelope("app_mention")))).status == 200
        assert edge.jobs.appended == []

    async def test_all_goes_to_the_disk_until_the_memory_is_trusted(self, edge: Edge) -> None:
        """Nothing is queued at a server that may lose it, whatever it is."""
        careful = Intake(edge.intake.app, edge.spool, line=Line(trusted=False), within=SLOW)
        statuses = [(await careful.dispatch(request(envelope(name)))).status for name in ("app_mention", "slash_ask")]
        assert statuses == [200, 200]
        assert edge.jobs.asked == 0
        assert await edge.spool.count() == 2


class TestDraining:
    """What waits is moved on."""

    async def test_oldest_first_and_all_of_it(self, edge: Edge) -> None:
        """Each becomes the job that it would have been; what comes afterwards goes straight to the memory."""
        edge.jobs.down = True
        for name in ("direct_message", "app_mention", "slash_ask", "slash_search"):
            assert await edge.sent(name) == 200
        edge.jobs.down = False
        await edge.drained()
        assert [type(job).__name__ for job in edge.jobs.appended] == ["AnswerQuestion"] * 3 + ["ShowPassages"]
        assert edge.jobs.questions[0].conversation.channel.startswith("D")
        assert await edge.spool.count() == 0
        assert await edge.sent("file_share") == 200
        assert edge.watch.outcomes[-1] == "queued"

    async def test_what_was_moved_on_is_not_taken_again(self, edge: Edge) -> None:
        """Slack's retry finds the name, on the disk or in the queue."""
        edge.jobs.down = True
        await edge.sent("app_mention")
        edge.jobs.down = False
        await edge.drained()
        edge.jobs.down = True
        assert await edge.sent("app_mention") == 200
        edge.jobs.down = False
        await edge.drained()
        assert await edge.sent("app_mention") == 200
        assert len(edge.jobs.appended) == 1

    async def test_a_memory_that_goes_away_again_costs_no_try(self, edge: Edge) -> None:
        """However often it is found away: the envelope stays, and is moved on at last."""
        edge.jobs.down = True
        await edge.sent("app_mention")
        edge.unready = None
        for _ in range(REPLAYS + 2):
            kept = await edge.spool.take()
            assert kept
            assert kept.replays == 1
            assert await edge.intake.replay(kept) == "away"
            await edge.spool.put_back(kept, counted=False)
        edge.jobs.down = False
        await edge.drained()
        assert len(edge.jobs.appended) == 1

    async def test_what_fails_for_another_reason_is_dropped_in_the_end(self, edge: Edge) -> None:
        """After five tries, loudly and in ids; the next one is not held up for good."""
        edge.jobs.down = True
        await edge.sent("app_mention")
        await edge.sent("slash_search")
        edge.jobs.down, edge.jobs.broken = False, True
        with structlog.testing.capture_logs() as logs:
            await edge.drained()
        dropped = [log for log in logs if log["event"] == "envelope_dropped"]
        assert [(log["log_level"], log["replays"], log["event_id"]) for log in dropped] == [
            ("error", REPLAYS, "Ev07MENTION01")
        ]
        assert sum(log["event"] == "listener_failed" for log in logs) == REPLAYS
        assert "hours" not in json.dumps([log for log in logs if log["event"] == "envelope_dropped"])
        assert len(edge.jobs.appended) == 1

    async def test_an_envelope_that_kills_who_replays_it_is_dropped(self, edge: Edge) -> None:
        """Tries are counted before they are made."""
        edge.jobs.down = True
        await edge.sent("app_mention")
        edge.jobs.down = False
        for _ in range(REPLAYS):
            assert await edge.spool.take()  # and then it died
        await edge.drained()
        assert edge.jobs.appended == []
        assert await edge.spool.count() == 0

    async def test_an_unfit_server_gets_nothing_and_is_named(self, edge: Edge) -> None:
        """What waits stays on the disk; the log says what is wrong with it."""
        edge.unready = Misconfigured("REDIS_URL: it may throw away jobs")
        careful = Intake(edge.intake.app, edge.spool, line=Line(trusted=False), within=SLOW)
        await careful.dispatch(request(envelope("app_mention")))
        with structlog.testing.capture_logs() as logs:
            task = asyncio.create_task(Drainer(careful, edge.spool, edge.ready, least=0.001).run())
            await wait_until(lambda: any(log["event"] == "memory_refused" for log in logs))
            task.cancel()
            await asyncio.wait([task])
        assert await edge.spool.count() == 1
        assert edge.jobs.asked == 0

    async def test_a_failure_that_nobody_thought_of_ends_nothing(self, edge: Edge) -> None:
        """It is written down by its kind, and what waits is moved on once it is over."""
        edge.jobs.down = True
        await edge.sent("app_mention")
        edge.jobs.down, edge.unready = False, ZeroDivisionError("hours")
        with structlog.testing.capture_logs() as logs:
            draining = asyncio.create_task(edge.drained())
            await wait_until(lambda: any(log["event"] == "drainer_failed" for log in logs))
            edge.unready = None
            await draining
        assert {log["error"] for log in logs if log["event"] == "drainer_failed"} == {"ZeroDivisionError"}
        assert "hours" not in str(logs)
        assert len(edge.jobs.appended) == 1

    async def test_being_stopped_leaves_the_rest_on_the_disk(self, edge: Edge) -> None:
        """The one that was being moved on too, and its try does not count."""
        edge.jobs.down = True
        await edge.sent("app_mention")
        edge.jobs.down, edge.jobs.hangs = False, True
        task = asyncio.create_task(edge.drainer.run())
        await wait_until(lambda: edge.jobs.hanging == 1)
        task.cancel()
        await asyncio.wait([task])
        kept = await edge.spool.take()
        assert kept
        assert kept.name.endswith("Ev07MENTION01")
        assert kept.replays == 1
