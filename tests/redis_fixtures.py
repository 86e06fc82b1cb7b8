"""Real servers for the tests, each started when first asked for; each test has keys of its own on them."""

from __future__ import annotations

import re
import shlex
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Generator, Sequence
from contextlib import closing
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import pytest

from bot.adapters.redis.client import Link, connect
from bot.adapters.redis.conversations import RedisConversations
from bot.adapters.redis.dead_letters import RedisDeadLetters
from bot.adapters.redis.queue import RedisJobQueue
from bot.adapters.redis.records import RedisAnswerRecords
from bot.adapters.redis.server import EmbeddedServer, embedded
from bot.jobs import AnswerQuestion
from bot.settings import EmbeddedMemory, Settings
from tests.architecture.sources import ROOT
from tests.nouns import a_question
from tests.redis_servers import Cluster, RedisServer, Secured, Watched, debian_binary, free_ports

FOR_GOOD = {"jobs", "leases", "fence", "held", "backlog", "channels", "audit"}
"""Keys that may stay without an end: the queue, what it holds back, who holds what, fences, what admins decided."""
LEASE = 30.0
"""Seconds: as in production; tests let time pass instead of waiting."""


GUIDE = ROOT / "docs/guide/configuration.md"
USER, PASSWORD = "footnote", "PASSWORD"
"""As in the guide's example."""

EVERYWHERE = ("embedded", "debian", "secured", "sentinel", "cluster")
"""Kinds of servers on which every port's suite runs: `on(EVERYWHERE)`."""


def on(kinds: Sequence[str]) -> pytest.MarkDecorator:
    """Run a test, or the tests of a module, with a link to each of these kinds of servers."""
    return pytest.mark.parametrize("link", kinds, indirect=True)


@pytest.fixture(scope="session")
def valkey_url(tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    """The address of a server that the whole run shares."""
    server = EmbeddedServer(tmp_path_factory.mktemp("valkey"))
    yield server.join()
    server.leave()


@pytest.fixture(scope="session")
def redis_binary(redis_required: bool) -> str:  # noqa: FBT001  (a fixture's value)
    """Debian's server, which is the oldest that is supported, and can TLS."""
    found = debian_binary()
    if found is None:
        complaint = "no redis-server on this machine: apt-get install redis-server to include them"
        pytest.fail(complaint) if redis_required else pytest.skip(complaint)
    return found


@pytest.fixture(scope="session")
def debian_url(redis_binary: str, tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    """The address of Debian's server as it is without settings of ours."""
    (port,) = free_ports(1)
    server = RedisServer(tmp_path_factory.mktemp("redis"), redis_binary, "--port", str(port), port=port)
    with closing(server):
        server.start()
        yield f"redis://127.0.0.1:{port}/0"


@pytest.fixture(scope="session")
def secured(redis_binary: str, tmp_path_factory: pytest.TempPathFactory) -> Generator[Secured]:
    """A server behind TLS whose only user has the rights that the guide gives."""
    server = Secured(tmp_path_factory.mktemp("secured") / "server", redis_binary, rights())
    with closing(server):
        yield server.start()


@pytest.fixture(scope="session")
def secured_url(secured: Secured) -> str:
    """The address of the server behind TLS."""
    return secured.url(user=USER, password=PASSWORD)


@pytest.fixture(scope="session")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Generator[Watched]:
    """Three Sentinels that look after a primary and its replica. Nobody harms them."""
    servers = Watched(tmp_path_factory.mktemp("sentinel"), sentinels=3, down_after=60_000)
    with closing(servers):
        yield servers.start()


@pytest.fixture(scope="session")
def sentinel_url(watched: Watched) -> str:
    """The address of the Sentinels."""
    return watched.url


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Generator[Cluster]:
    """Three servers that share their keys."""
    servers = Cluster(tmp_path_factory.mktemp("cluster"))
    with closing(servers):
        yield servers.start()


@pytest.fixture(scope="session")
def cluster_url(cluster: Cluster) -> str:
    """The address of the cluster."""
    return cluster.url


@pytest.fixture
async def link(request: pytest.FixtureRequest) -> AsyncGenerator[Link]:
    """A link with a prefix of its own; afterwards no key but a named few may be left without an end."""
    kind = getattr(request, "param", "embedded")
    url: str = request.getfixturevalue("valkey_url" if kind == "embedded" else f"{kind}_url")
    async with connect(url, prefix=f"footnote-{uuid4().hex}", timeout=10.0) as made:
        if kind != "embedded":
            await made.told("INFO")  # an append waits half a second, which is little for a first one on a busy machine
        yield made
        if kind != "secured":  # whose user may not list keys
            assert await endless(made) <= FOR_GOOD


@pytest.fixture
async def hasty_url(tmp_path: Path) -> AsyncGenerator[str]:
    """The address of a server that syncs nothing: thousands of steps, and no crash to survive."""
    async with embedded(tmp_path) as url, connect(url) as link:
        await link.call("CONFIG", "SET", "appendonly", "no")
        yield url


def rights(*, of: str = "~{footnote*", without: Collection[str] = (), **instead: str) -> list[str]:
    """The user that the guide makes for these keys, as ACL SETUSER takes it: name, password, keys and commands."""
    examples = re.findall(r"ACL SETUSER ((?:[^\n]*\\\n)*[^\n]*)\n", GUIDE.read_text("utf-8"))
    users = [shlex.split(example.replace("\\\n", " ")) for example in examples]
    (words,) = (user for user in users if of in user)
    return [instead.get(word, word) for word in words if word not in without]


async def all_ends(settings: Settings) -> None:
    """No key but the named few may be without an end in the server that a bot with these settings is using."""
    if isinstance(settings.memory, EmbeddedMemory):
        url = f"unix://{quote((settings.home / 'redis' / 'address').read_text())}"
    else:
        url = str(settings.memory.url)
    async with connect(url) as link:
        assert await endless(link) <= FOR_GOOD


async def endless(link: Link) -> set[str]:
    """The names, without their prefix, of our keys that never expire."""
    beginning = f"{{{link.prefix}"
    told = await link.told("KEYS", f"{beginning}[}}:]*")  # and not those of another prefix that begins alike
    found = [key.decode() for keys in told.values() for key in keys]
    return {key.removeprefix(beginning).removeprefix("}:") for key in found if await link.call("TTL", key) == -1}


@pytest.fixture
def jobs(link: Link) -> RedisJobQueue:
    return RedisJobQueue(link, lease=LEASE, acknowledge=10.0)


@pytest.fixture
def letters(link: Link) -> RedisDeadLetters:
    return RedisDeadLetters(link)


PassTime = Callable[[float], Awaitable[None]]


@pytest.fixture
def pass_time(link: Link) -> PassTime:
    """Let every lease be that many seconds older at once, as the server counts it."""

    async def let_pass(seconds: float) -> None:
        await age_leases(link, seconds)

    return let_pass


async def age_leases(link: Link, seconds: float) -> None:
    """Let every lease be that many seconds older at once, as the server counts it."""
    jobs, group = link.key("jobs"), "workers"
    for job, _, idle, _ in await link.call("XPENDING", jobs, group, "-", "+", 1000):
        await link.call("XCLAIM", jobs, group, "worker", 0, job, "IDLE", idle + round(seconds * 1000), "JUSTID")


@pytest.fixture
def conversations(link: Link) -> RedisConversations:
    return RedisConversations(link)


@pytest.fixture
def records(link: Link) -> RedisAnswerRecords:
    return RedisAnswerRecords(link)


def a_job(number: int = 1, *, thread: str | None = None, person: str = "U1") -> AnswerQuestion:
    """A job for question `number` of somebody, in a conversation of its own unless `thread` names one."""
    message = f"{number}.000100"
    question = a_question(f"Question {number}?", asker=person, message=message, thread=thread or message)
    return AnswerQuestion(question)
