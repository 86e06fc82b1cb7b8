"""Socket Mode against a Slack on loopback: refreshes, cuts, silence and refusals lose nothing and double nothing."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import structlog
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot.app import build_app
from bot.errors import Misconfigured
from bot.playground import Playground
from handlers.calls import open_client
from handlers.intake import Intake
from handlers.sockets import MOST_AT_A_TIME, Sockets, Timing, run_socket_mode
from handlers.tokens import check_tokens
from tests.unit.handlers.stand_ins import Stores, now
from tests.waiting import wait_until

QUICK = Timing(first_pause=0.005, longest_pause=0.05, turned_away=0.1, goodbye=0.5)
SHARP = replace(QUICK, heartbeat=0.2)
"""For what has to be noticed by its silence."""
SOON = (0.0, 0.05, *[0.2] * 20)
"""Delays before Slack's further attempts, without the waiting, and more of them than Slack makes."""


@dataclass
class Ear:
    """Where envelopes go: hears the text of each event, and answers when `open` is set, at first with `answers`."""

    begun: list[str] = field(default_factory=list[str])
    tried: list[str] = field(default_factory=list[str])
    open: asyncio.Event = field(default_factory=asyncio.Event)
    answers: list[BoltResponse | Exception] = field(default_factory=list[BoltResponse | Exception])

    async def dispatch(self, request: AsyncBoltRequest) -> BoltResponse:
        self.begun.append(request.body["event"]["text"])
        self.tried.extend(request.headers.get("x-slack-retry-num", ()))
        await self.open.wait()
        answer = self.answers.pop(0) if self.answers else BoltResponse(status=200)
        if isinstance(answer, Exception):
            raise answer
        return answer


@dataclass
class Line:
    """A Slack, and the sockets to it."""

    slack: Playground
    sockets: Sockets
    ear: Ear

    async def whole(self, number: int = 2) -> None:
        await wait_until(lambda: self.sockets.alive() == number, because=f"{number} connections were alive")

    async def settled(self) -> None:
        await self.slack.wait_until(lambda: all(one.acknowledged or one.given_up for one in self.slack.deliveries))

    @property
    def opened(self) -> int:
        return sum(call.method == "apps.connections.open" for call in self.slack.calls)


@asynccontextmanager
async def line(
    timing: Timing = QUICK, *, connections: int = 2, ack_within: float = 30.0, most: int = 10, slack: Any = None
) -> AsyncGenerator[Line]:
    """Direct messages reach an ear that answers at once."""
    async with AsyncExitStack() as stack:
        if slack is None:
            slack = await stack.enter_async_context(
                Playground(ack_within=ack_within, retry_delays=SOON, most_connections=most)
            )
        client = await stack.enter_async_context(open_client(bot_token=slack.bot_token, api_url=slack.api_url))
        ear = Ear()
        ear.open.set()
        sockets = await stack.enter_async_context(
            run_socket_mode(ear, client=client, app_token=slack.app_token, connections=connections, timing=timing)
        )
        yield Line(slack, sockets, ear)


@dataclass
class Desk:
    """A Slack, the sockets to it, and the bot's edge behind them."""

    slack: Playground
    sockets: Sockets
    stores: Stores = field(default_factory=Stores)
    said: list[str] = field(default_factory=list[str])

    async def mention(self) -> None:
        self.said.append(f"question {len(self.said)}?")
        await self.slack.say("ana", "general", f"<@bot> {self.said[-1]}")

    async def all_asked_once(self) -> None:
        await self.slack.wait_until(lambda: all(one.acknowledged or one.given_up for one in self.slack.deliveries))
        asked = Counter(question.text for question in self.stores.jobs.questions)
        assert asked == Counter(self.said)
        assert not any(one.given_up for one in self.slack.deliveries)


@asynccontextmanager
async def desk(timing: Timing = QUICK, *, ack_within: float = 30.0) -> AsyncGenerator[Desk]:
    """Mentions reach the bot's own listeners, which queue each question once."""
    stores = Stores()
    async with (
        Playground(ack_within=ack_within, retry_delays=SOON) as slack,
        open_client(bot_token=slack.bot_token, api_url=slack.api_url) as client,
    ):
        identity = await check_tokens(client, transport="socket", app_token=slack.app_token)
        app = build_app(client=client, identity=identity, ports=stores.ports, now=now)
        async with run_socket_mode(Intake(app), client=client, app_token=slack.app_token, timing=timing) as sockets:
            await wait_until(lambda: sockets.alive() == 2)
            yield Desk(slack, sockets, stores)


@pytest.fixture
def logs() -> Iterator[list[Any]]:
    """What is logged; at the end, no secret is in it."""
    with structlog.testing.capture_logs() as found:
        yield found
    assert not [entry for entry in found if "ticket" in str(entry) or "xapp-1" in str(entry)]


def reasons(logs: list[Any], event: str) -> set[str]:
    return {entry["reason"] for entry in logs if entry["event"] == event}


# --- connections that go --------------------------------------------------------------------------------------------


async def test_a_hundred_refreshes_under_traffic_cost_nothing() -> None:
    """Each question is queued once and acknowledged at its first delivery, over the connection that it came by."""
    async with desk() as it:
        for _ in range(100):
            await it.mention()
            await it.slack.disconnect("refresh_requested")
            await it.mention()
            await it.slack.wait_until(lambda: it.slack.connections)
        await it.all_asked_once()
        assert [one.failures for one in it.slack.deliveries if one.failures] == []


async def test_a_connection_stays_until_its_envelopes_are_acknowledged() -> None:
    """One that is asked to go while an envelope is being stored goes after that, and its successor is there before."""
    async with line(connections=1) as it:
        it.ear.open.clear()
        await it.slack.say("ana", "dm-ana", "hi")
        await wait_until(lambda: bool(it.ear.begun))
        await it.slack.disconnect("warning")
        await it.slack.wait_until(lambda: it.slack.connections)
        it.ear.open.set()
        await it.settled()
        assert it.slack.deliveries[0].failures == []
        assert it.sockets.alive() == 1


async def test_an_acknowledgement_that_cannot_be_sent_is_nothing_lost(logs: list[Any]) -> None:
    """The connection is gone when the envelope is stored: Slack delivers it again, over another one."""
    async with line(connections=1) as it:
        it.ear.open.clear()
        await it.slack.say("ana", "dm-ana", "hi")
        await wait_until(lambda: bool(it.ear.begun))
        it.slack.drop_connections()
        await wait_until(lambda: len(it.ear.begun) == 2)
        it.ear.open.set()
        await it.settled()
        assert it.slack.deliveries[0].failures == ["connection_failed"]
        assert "acknowledgement_lost" in [entry["event"] for entry in logs]


async def test_cut_connections_lose_and_double_nothing() -> None:
    """What was not acknowledged comes again, and is queued once."""
    async with desk() as it:
        for _ in range(20):
            await it.mention()
            it.slack.drop_connections()
            await it.mention()
            await it.slack.wait_until(lambda: it.slack.connections)
        await it.all_asked_once()
        await wait_until(lambda: it.sockets.alive() == 2)


async def test_a_half_open_connection_is_noticed_and_replaced(logs: list[Any]) -> None:
    """Nobody closes it and nothing comes over it: a ping without a pong is what tells."""
    async with desk(SHARP, ack_within=0.5) as it:
        it.slack.freeze_connections()
        await it.slack.wait_until(lambda: it.slack.connections >= 4)
        await it.mention()
        await it.all_asked_once()
        assert "ServerTimeoutError" in reasons(logs, "socket_going")


async def test_a_network_that_goes_and_comes_back(logs: list[Any]) -> None:
    """While it is gone the bot knows that it is deaf; questions asked meanwhile are answered when it is back."""
    async with desk(SHARP, ack_within=0.5) as it:
        it.slack.unplug()
        await it.mention()
        await wait_until(lambda: it.sockets.alive() == 0)
        await wait_until(lambda: any(entry.get("tries", 0) > 5 for entry in logs))
        it.slack.plug_in()
        await wait_until(lambda: it.sockets.alive() == 2)
        await it.all_asked_once()


async def test_every_attempt_has_an_address_of_its_own(logs: list[Any]) -> None:
    """An address is good for one attempt and for a short while: one that failed is not tried again."""
    async with Playground(clock=_Ageing()) as slack, line(slack=slack) as it:
        await it.whole()
        assert "WSServerHandshakeError" in reasons(logs, "socket_not_opened")


@dataclass
class _Ageing:
    """A clock by which the first few tickets are too old when they are used."""

    reads: int = 0

    def __call__(self) -> float:
        self.reads += 1
        return 100.0 * min(self.reads, 40)


async def test_connections_of_one_age_grow_apart(logs: list[Any]) -> None:
    """Slack recycles them by age: the younger is replaced early, once, so that they never go together."""
    async with line(replace(QUICK, apart=0.3)) as it:
        await it.whole()
        await wait_until(lambda: "too_much_alike" in reasons(logs, "socket_going"))
        await wait_until(lambda: it.opened == 3)
        await it.whole()


# --- Slack says no --------------------------------------------------------------------------------------------------


async def test_an_address_that_cannot_be_had_is_asked_for_again() -> None:
    """Errors of Slack, pages of a proxy, cut calls and calls that hang are tried again until one succeeds."""
    async with Playground() as slack:
        slack.fail("apps.connections.open", "internal_error", times=2, status=503)
        slack.misdirect("apps.connections.open", times=2)
        slack.cut("apps.connections.open", times=4, accept=False)
        slack.hang("apps.connections.open")
        async with line(replace(QUICK, open_within=0.5), slack=slack) as it:
            await it.whole()


async def test_a_limit_is_obeyed() -> None:
    """Slack says how long to wait, and no call comes before that."""
    async with Playground() as slack:
        slack.fail("apps.connections.open", "ratelimited", retry_after=1)
        async with line(slack=slack) as it:
            await it.whole()
        assert slack.too_early() == []


async def test_too_many_connections_leave_one(logs: list[Any]) -> None:
    """Where Slack takes no second connection the bot goes on with one, and asks again after a while."""
    async with line(replace(QUICK, turned_away=30.0), most=1) as it:
        await wait_until(lambda: "too_many_websockets" in reasons(logs, "socket_not_opened"))
        assert [entry["wait"] for entry in logs if entry["event"] == "socket_not_opened"] == [30.0]
        assert it.sockets.alive() == 1
        await it.slack.say("ana", "dm-ana", "hi")
        await it.settled()
        assert it.ear.begun == ["hi"]


async def test_told_that_it_has_too_many_it_lets_them_go(logs: list[Any]) -> None:
    """Slack says so over both: they go, and one of them comes back at once, for without any the bot is deaf."""
    async with line(replace(QUICK, turned_away=30.0)) as it:
        await it.whole()
        await it.slack.disconnect("too_many_websockets")
        await wait_until(lambda: len([entry for entry in logs if entry["event"] == "socket_going"]) == 2)
        await it.whole(1)
        await it.slack.say("ana", "dm-ana", "hi")
        await it.settled()
        assert it.ear.begun == ["hi"]


async def test_a_refused_token_stops_the_start() -> None:
    """The error names the setting and the remedy."""
    async with Playground() as slack:
        slack.fail("apps.connections.open", "invalid_auth", times=9)
        with pytest.raises(Misconfigured, match=r"SLACK_APP_TOKEN; set it to an app-level token.*invalid_auth"):
            async with line(slack=slack):
                pass


@pytest.mark.parametrize("reason", ["link_disabled", "token_revoked"])
async def test_a_refusal_while_it_runs_is_told_and_tried_again(reason: str, logs: list[Any]) -> None:
    """The log says what a person has to do; once that is done the bot connects by itself."""
    async with line() as it:
        await it.whole()
        if reason == "link_disabled":
            await it.slack.disconnect(reason)
        else:
            it.slack.fail("apps.connections.open", reason, times=2)
            await it.slack.disconnect()
        await wait_until(lambda: reason in reasons(logs, "socket_refused"))
        (remedy, *_) = [entry["remedy"] for entry in logs if entry["event"] == "socket_refused"]
        assert ("turn it on" if reason == "link_disabled" else "SLACK_APP_TOKEN") in remedy
        await it.whole()


# --- envelopes ------------------------------------------------------------------------------------------------------


async def test_envelopes_begin_in_order_and_some_at_a_time() -> None:
    """One that takes long holds up nobody, until so many are under way that the rest waits, in order."""
    texts = [f"hi {number}" for number in range(MOST_AT_A_TIME + 6)]
    async with line(connections=1) as it:
        it.ear.open.clear()
        for text in texts:
            await it.slack.say("ana", "dm-ana", text)
        await wait_until(lambda: len(it.ear.begun) == MOST_AT_A_TIME)
        assert it.ear.begun == texts[:MOST_AT_A_TIME]
        it.ear.open.set()
        await it.settled()
        assert it.ear.begun == texts


@pytest.mark.parametrize("failure", [BoltResponse(status=503), BoltResponse(status=500), LookupError("hi")])
async def test_what_is_not_stored_is_not_acknowledged(failure: BoltResponse | Exception, logs: list[Any]) -> None:
    """Slack delivers it again, and says so; even a failure that nobody foresaw does not make the bot deaf."""
    async with line(ack_within=0.5) as it:
        it.ear.answers.append(failure)
        await it.slack.say("ana", "dm-ana", "hi")
        await it.settled()
        assert it.ear.begun == ["hi", "hi"]
        assert it.ear.tried[-1] == "1"
        assert it.slack.deliveries[0].failures == ["timeout"]
        assert "hi" not in [entry.get("error") for entry in logs]


async def test_at_the_end_what_is_under_way_is_acknowledged_and_nothing_more_is_taken() -> None:
    """Closing in the middle: Slack keeps what comes too late, for whoever connects next."""
    async with line() as it:
        await it.whole()
        it.ear.open.clear()
        for text in ("one", "two", "three"):
            await it.slack.say("ana", "dm-ana", text)
        await wait_until(lambda: len(it.ear.begun) == 3)
        closing = asyncio.create_task(it.sockets.close())
        await asyncio.sleep(0)
        await it.slack.say("ana", "dm-ana", "too late")
        it.ear.open.set()
        await closing
        await it.slack.wait_until(lambda: not it.slack.connections)
        assert sorted(it.ear.begun) == ["one", "three", "two"]
        assert [one.acknowledged for one in it.slack.deliveries] == [True, True, True, False]
        assert it.sockets.alive() == 0


async def test_what_never_ends_does_not_hold_up_the_end() -> None:
    """After its time it is left, unacknowledged, for Slack to deliver again."""
    async with line(replace(QUICK, finish=0.2)) as it:
        it.ear.open.clear()
        await it.slack.say("ana", "dm-ana", "hi")
        await wait_until(lambda: bool(it.ear.begun))
        await it.sockets.close()
        assert not it.slack.deliveries[0].acknowledged
