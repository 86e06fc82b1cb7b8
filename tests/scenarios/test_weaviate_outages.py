"""Weaviate is away, hangs, or takes no writes: a question waits in its message, and nothing indexed is lost."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import closing
from dataclasses import dataclass, replace
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.weaviate.client import ReadOnly
from bot.errors import IndexUnavailable
from bot.playground import Message
from bot.settings import WeaviateIndex
from tests.scenarios.company import HANDBOOK, LEAVE, LUNCH
from tests.scenarios.whole import Whole, is_finished, whole
from tests.weaviate_fixtures import OwnWeaviate
from tests.weaviate_server import HOST, WeaviateServer

pytestmark = pytest.mark.timeout(180)

SOON = 60.0
"""Seconds after a server's return in which an answer has to come; the bench says how many it takes."""
AWAY = IndexUnavailable.user_message
TENANT = "footnote"


@pytest.fixture
async def server(own_weaviate: OwnWeaviate) -> WeaviateServer:
    """A Weaviate that this test may harm."""
    return await asyncio.to_thread(own_weaviate)


@pytest.fixture
async def company(tmp_path: Path, server: WeaviateServer) -> AsyncGenerator[Whole]:
    """A company whose handbook lies in that Weaviate."""
    async with whole(tmp_path) as built:
        chosen = WeaviateIndex.model_validate(
            {
                "backend": "weaviate",
                "tenant": TENANT,
                "url": server.url,
                "grpc_url": f"http://{HOST}:{server.grpc_port}",
            }
        )
        company = replace(built, settings=built.settings.model_copy(update={"index": chosen}))
        await company.indexed("handbook", HANDBOOK)
        yield company


@dataclass(frozen=True, slots=True)
class Waiting:
    """A question whose message says that search is away."""

    company: Whole
    channel: str
    message: Message

    async def becomes(self, words: str) -> None:
        """Return once that very message is the answer, and the only one of ours in its thread."""

        def answered() -> bool:
            [message] = self.company.by_bot(self.channel, self.message.root_ts)
            return message.ts == self.message.ts and is_finished(message) and words in message.visible_text

        await self.company.slack.wait_until(answered, timeout=SOON)


async def put_off(company: Whole, channel: str, question: str) -> Waiting:
    """A question that cannot be answered now, once its person is told so."""
    ts = await company.slack.say("ana", channel, f"@Footnote {question}")
    told = await company.slack.wait_until(
        lambda: next((one for one in company.by_bot(channel, ts) if AWAY in one.visible_text), None), timeout=SOON
    )
    assert told is not None
    return Waiting(company, channel, told)


async def shards(server: WeaviateServer, status: str) -> None:
    """Let every part of every collection be READY or READONLY, as a full disk makes them."""

    def set_all() -> None:
        for collection in asked(server, "GET", "schema")["classes"]:
            name = collection["class"]
            for shard in asked(server, "GET", f"schema/{name}/shards?tenant={TENANT}"):
                asked(server, "PUT", f"schema/{name}/shards/{shard['name']}", {"status": status})

    await asyncio.to_thread(set_all)


def asked(server: WeaviateServer, method: str, path: str, body: object = None) -> Any:
    """What the server answers over HTTP."""
    line = HTTPConnection(HOST, server.http_port, timeout=20.0)
    with closing(line):
        line.request(method, f"/v1/{path}", json.dumps(body), {"Content-Type": "application/json"})
        answer = line.getresponse()
        said = json.loads(answer.read() or b"null")
        assert answer.status == HTTPStatus.OK, said
        return said


async def test_a_question_to_a_killed_server_is_answered_when_it_is_back(
    company: Whole, server: WeaviateServer
) -> None:
    """Whoever asks meanwhile is told to wait, and the message becomes the answer; also in a bot that starts without."""
    await asyncio.to_thread(server.kill)
    async with company.running() as footnote:
        first = await put_off(company, "general", LEAVE)
        await asyncio.to_thread(server.start)
        await first.becomes("240 hours")
        await asyncio.to_thread(server.kill)
        others = [await put_off(company, "general", LUNCH), await put_off(company, "it-help", LEAVE)]
        await asyncio.to_thread(server.start)
        await others[0].becomes("noon")
        await others[1].becomes("240 hours")
        await company.settled(footnote)


async def test_a_question_to_a_hung_server_is_answered_when_it_goes_on(company: Whole, server: WeaviateServer) -> None:
    """A server that takes connections and says nothing is as good as gone, and the question is not lost."""
    async with company.running() as footnote:
        before = await company.asked("ana", "general", f"@Footnote {LUNCH}")
        server.pause()
        waiting = await put_off(company, "general", LEAVE)
        server.resume()
        await waiting.becomes("240 hours")
        await company.settled(footnote)
    assert "noon" in before.visible_text


async def test_nobody_sees_a_restart(company: Whole, server: WeaviateServer) -> None:
    """What is asked while a server stops and starts is answered, never by saying that there are no documents."""
    async with company.running() as footnote:
        restarting = asyncio.create_task(asyncio.to_thread(server.restart))
        asked: list[str] = []
        while not restarting.done():
            asked.append(await company.slack.say("ana", "general", f"@Footnote {LEAVE}"))
            await asyncio.wait([restarting], timeout=0.3)
        await restarting
        for ts in asked:
            await company.slack.wait_until(lambda: "240 hours" in shown(company, ts), timeout=SOON)  # noqa: B023
        await company.settled(footnote)
    assert all(len(company.by_bot("general", ts)) == 1 for ts in asked)


def shown(company: Whole, ts: str) -> str:
    """What stands under a question in #general."""
    return " ".join(one.visible_text for one in company.by_bot("general", ts) if is_finished(one))


async def test_a_full_disk_stops_indexing_and_no_answer(company: Whole, server: WeaviateServer) -> None:
    """With read-only shards questions are answered from what is there, and indexing stops with a reason until later."""
    changed = {**HANDBOOK, "canteen.md": "# Canteen\n\nLunch is served from one until three.\n"}
    added = {**changed, "cellar.md": "# Cellar\n\nThe bicycles of the house stand in the cellar.\n"}
    async with company.running() as footnote:
        await shards(server, "READONLY")
        with pytest.raises(
            ReadOnly, match=r"^Weaviate at \S+ takes no writes now: it is read-only; is its disk full\?$"
        ):
            await company.indexed("handbook", added)
        lunch = await company.asked("ana", "general", f"@Footnote {LUNCH}")
        assert "noon" in lunch.visible_text
        await shards(server, "READY")
        await company.indexed("handbook", added)
        lunch = await company.asked("ana", "general", f"@Footnote {LUNCH}")
        assert "from one until three" in lunch.visible_text
        bicycles = await company.asked("ana", "general", "@Footnote where do the bicycles stand?")
        assert "cellar" in bicycles.visible_text
        leave = await company.asked("ana", "general", f"@Footnote {LEAVE}")
        assert "240 hours" in leave.visible_text
        await company.settled(footnote)
