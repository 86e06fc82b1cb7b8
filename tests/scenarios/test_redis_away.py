"""Redis is killed, hangs or is full while people ask: all is acknowledged, and answered once when it is back."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.adapters.spool.spool import open_spool
from bot.composition import Bot
from bot.playground.delivery import Delivery
from bot.settings import ServerMemory
from handlers.meanwhile import HAVE_CLICK, HAVE_QUESTION
from tests.redis_servers import RedisServer, embedded_binary, free_ports
from tests.scenarios.company import LEAVE, LUNCH, PIN, UNKNOWN, VPN
from tests.scenarios.whole import PATIENCE, Whole
from tests.waiting import wait_until

ROOT = Path(__file__).parents[2]
ABROAD = "what if I want to work from another country?"
DURABLE = ("--appendonly", "yes", "--appendfsync", "always")


@dataclass
class Server:
    """A Valkey that keeps what it took, and three ways in which it goes away."""

    server: RedisServer

    def killed(self) -> Callable[[], object]:
        """Gone; what brings it back."""
        self.server.signal(signal.SIGKILL)
        return self.server.start

    def hung(self) -> Callable[[], object]:
        """It takes connections and says nothing."""
        self.server.signal(signal.SIGSTOP)
        return lambda: self.server.signal(signal.SIGCONT)

    def full(self) -> Callable[[], object]:
        """It answers, and takes nothing more."""
        self.server.say("CONFIG", "SET", "maxmemory", "1")
        return lambda: self.server.say("CONFIG", "SET", "maxmemory", "0")


@pytest.fixture
def server(tmp_path: Path, company: Whole) -> Generator[Server]:
    """A server for this test alone, which the company's bot uses."""
    (port,) = free_ports(1)
    one = RedisServer(tmp_path / "valkey", embedded_binary(), "--port", str(port), *DURABLE, port=port)
    memory = ServerMemory.model_validate({"backend": "server", "url": f"redis://127.0.0.1:{port}/0"})
    company.settings = company.settings.model_copy(update={"memory": memory})
    with closing(one):
        one.start()
        yield Server(one)


def acknowledged(company: Whole) -> bool:
    return all(one.acknowledged for one in company.slack.deliveries)


def refused(delivery: Delivery) -> bool:
    """Whether Slack's first attempt, and its second at once, were in vain."""
    return len(delivery.failures) == 2 and not delivery.acknowledged


async def taken(company: Whole) -> None:
    """Slack was told that everything is kept, at its first attempt."""
    await company.slack.wait_until(lambda: acknowledged(company), timeout=PATIENCE)
    assert {one.attempts for one in company.slack.deliveries} == {1}


async def asked_in_every_way(company: Whole) -> dict[str, str]:
    """Questions while nobody can store them, each acknowledged at once; the root of the thread in each channel."""
    slack = company.slack
    mention = await slack.say("ana", "general", f"@Footnote {VPN}")
    await taken(company)
    await slack.say("ana", "general", ABROAD, thread_ts=mention)
    direct = await slack.say("ben", "dm-ben", LEAVE)
    changed = await slack.say("ana", "it-help", f"@Footnote {LUNCH}")
    await slack.edit("ana", "it-help", changed, f"@Footnote {PIN}")
    command = await slack.command("ana", "people-ops", "/ask", LUNCH)
    assert command.body
    assert command.body["text"] == HAVE_QUESTION
    await taken(company)
    return {"general": mention, "dm-ben": direct, "it-help": changed}


@pytest.mark.parametrize("transport", ["socket", "http"])
@pytest.mark.parametrize("fault", ["killed", "hung", "full"])
async def test_what_is_asked_while_redis_is_away_is_answered_once_when_it_is_back(
    company: Whole, server: Server, fault: str, transport: str
) -> None:
    """A mention, its follow-up, a direct message, an edit and a command: kept, told, and answered in their order."""
    async with company.running(transport="http" if transport == "http" else "socket") as footnote:
        before = (await company.asked("ben", "general", f"@Footnote {LUNCH}")).root_ts
        back = getattr(server, fault)()
        roots = await asked_in_every_way(company)
        for person, channel in (("ana", "general"), ("ben", "dm-ben"), ("ana", "it-help")):
            await company.told(person, channel, "my memory is away")
        assert not any(company.by_bot(channel, root) for channel, root in roots.items())
        back()
        await company.answered("general", roots["general"], before=1)
        await company.told("ana", "people-ops", "noon")
        await company.answered("dm-ben", roots["dm-ben"])
        await company.answered("it-help", roots["it-help"])
        await company.settled(footnote)
    said = {channel: [one.visible_text for one in company.by_bot(channel, root)] for channel, root in roots.items()}
    first, second = said["general"]
    assert "self-service portal" in first
    assert "two weeks" in second
    assert ["PIN twice" in text for text in said["it-help"]] == [True]
    assert ["240 hours" in text for text in said["dm-ben"]] == [True]
    assert sum("noon" in line.visible_text for line in company.private("ana", "people-ops")) == 1
    assert len(company.by_bot("general", before)) == 1
    assert sum(line.visible_text == HAVE_QUESTION for line in company.private("ana", "general")) == 1


async def test_a_button_that_is_pressed_while_redis_is_away_does_its_work_later(company: Whole, server: Server) -> None:
    """Whoever pressed it is told meanwhile, and once the server is back it is done, once."""
    slack = company.slack
    async with company.running() as footnote:
        answer = await company.asked("ben", "general", f"@Footnote {UNKNOWN}")
        await company.settled(footnote)
        back = server.killed()
        await slack.click("ben", "general", answer.ts, "ask_person")
        await company.told("ben", "general", HAVE_CLICK, root=answer.root_ts)
        assert slack.deliveries[-1].acknowledged
        back()
        await company.told("ben", "general", "Nobody", root=answer.root_ts)
        await company.settled(footnote)
    lines = company.private("ben", "general", answer.root_ts)
    assert [line.visible_text == HAVE_CLICK for line in lines] == [True, False]


async def test_a_retry_of_what_waits_or_was_moved_on_is_nothing(company: Whole, server: Server) -> None:
    """Slack sends it again while it waits, and again when it was answered: there is one answer, and one line."""
    slack = company.slack
    async with company.running() as footnote:
        back = server.killed()
        ts = await slack.say("ana", "general", f"@Footnote {VPN}")
        await taken(company)
        for delivery in list(slack.deliveries):
            slack.redeliver(delivery)
        await company.told("ana", "general", "my memory is away")
        await slack.wait_until(lambda: acknowledged(company), timeout=PATIENCE)
        back()
        await company.answered("general", ts)
        await company.settled(footnote)
        for delivery in list(slack.deliveries):
            slack.redeliver(delivery)
        await company.asked("ben", "general", f"@Footnote {LUNCH}")
        await company.settled(footnote)
    assert len(company.by_bot("general", ts)) == 1
    assert sum(line.visible_text == HAVE_QUESTION for line in company.private("ana", "general")) == 1


@pytest.mark.parametrize("transport", ["socket", "http"])
async def test_what_neither_redis_nor_the_disk_takes_is_not_acknowledged(
    company: Whole, server: Server, transport: str
) -> None:
    """Slack hears no 200 and comes again; then it is answered once."""
    slack = company.slack
    async with company.running(transport="http" if transport == "http" else "socket") as footnote:
        spool = company.settings.home / "spool"
        await wait_until(spool.exists)
        spool.rename(company.home / "elsewhere")
        spool.write_text("a file where the folder should be")
        back = server.killed()
        ts = await slack.say("ana", "general", f"@Footnote {VPN}")
        await slack.wait_until(lambda: any(map(refused, slack.deliveries)), timeout=PATIENCE)
        failed = await slack.command("ana", "people-ops", "/ask", LUNCH)
        assert failed.failure
        back()
        spool.unlink()
        for delivery in [one for one in slack.deliveries if one.kind == "events_api"]:
            slack.redeliver(delivery)
        await company.answered("general", ts)
        await footnote.memory.jobs.depth()
    assert len(company.by_bot("general", ts)) == 1


async def test_an_edge_that_dies_leaves_what_it_has_to_the_next(company: Whole, server: Server) -> None:
    """Killed with envelopes on the disk; another edge, which starts while Redis is away too, answers each once."""
    slack = company.slack
    process = edge_process(company)
    try:
        await slack.wait_until(lambda: slack.connections, timeout=PATIENCE)
        back = server.killed()
        asked = [await slack.say("ana", "general", f"@Footnote {words}") for words in (VPN, LUNCH, LEAVE)]
        await taken(company)
    finally:
        process.kill()
        process.wait()
    await slack.wait_until(lambda: not slack.connections, timeout=PATIENCE)
    async with company.running() as footnote:
        asked.append(await slack.say("ben", "general", f"@Footnote {PIN}"))
        await taken(company)
        back()
        for ts in asked:
            await company.answered("general", ts)
        await company.settled(footnote)
    assert [len(company.by_bot("general", ts)) for ts in asked] == [1] * 4


async def test_a_server_that_may_lose_things_gets_nothing(company: Whole, server: Server) -> None:
    """An edge that started while it was away finds out that it throws keys away: what is asked waits on the disk."""
    slack, valkey = company.slack, server.server
    valkey.signal(signal.SIGKILL)
    async with company.running(work=False) as footnote:
        await slack.say("ana", "general", f"@Footnote {VPN}")
        await taken(company)
        valkey.start()
        valkey.say("CONFIG", "SET", "maxmemory", "100mb")
        valkey.say("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
        await slack.say("ben", "general", f"@Footnote {LUNCH}")
        await taken(company)
        assert await waiting(company, footnote) == 4  # each mention comes as a message too


async def waiting(company: Whole, footnote: Bot) -> int:
    """How many envelopes wait, while nothing is queued."""
    assert await footnote.memory.jobs.depth() == 0
    async with open_spool(company.settings.home / "spool") as spool:
        return await spool.count()


def edge_process(company: Whole) -> subprocess.Popen[bytes]:
    """`footnote serve --edge-only`, for a test to kill."""
    slack, memory = company.slack, company.settings.memory
    assert isinstance(memory, ServerMemory)
    return subprocess.Popen(
        [sys.executable, "-m", "bot.cli", "serve", "--edge-only"],
        cwd=ROOT,
        env={
            "PATH": "",
            "FOOTNOTE_HOME": str(company.settings.home),
            "REDIS_URL": str(memory.url),
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_APP_TOKEN": slack.app_token,
            "SLACK_API_URL": slack.api_url,
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
