"""A real `footnote serve` says how it is while it answers, and its numbers name nobody."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import ClientSession

from tests.architecture.sources import ROOT
from tests.scenarios.company import LEAVE
from tests.scenarios.whole import PATIENCE, Whole


@dataclass
class Served:
    """A process of the bot, and where it says how it is."""

    process: Process
    session: ClientSession
    address: str = ""
    logged: list[str] = field(default_factory=list[str])

    async def page(self, path: str) -> tuple[int, str]:
        """Its HTTP status and its text."""
        async with self.session.get(f"{self.address}{path}") as response:
            return response.status, await response.text()

    async def found(self, words: str) -> str:
        """The first line of its log from here on that holds these words."""
        assert self.process.stderr
        async for line in self.process.stderr:
            self.logged.append(line.decode())
            if words in self.logged[-1]:
                return self.logged[-1]
        raise AssertionError(f"it ended, and never said {words}: {self.logged}")

    async def until(self, path: str, holds: Callable[[int, str], object]) -> str:
        """What a page says as soon as this holds of it."""
        async with asyncio.timeout(PATIENCE):
            while not holds(*(page := await self.page(path))):  # noqa: ASYNC110 - nothing but the page tells us
                await asyncio.sleep(0.02)
            return page[1]


@asynccontextmanager
async def serving(company: Whole, *arguments: str, **more: str) -> AsyncGenerator[Served]:
    """`footnote serve` of this company, with a free port for its status."""
    slack = company.slack
    environment = {
        **os.environ,
        "FOOTNOTE_HOME": str(company.settings.home),
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_API_URL": slack.api_url,
        "FOOTNOTE_STATUS_PORT": "0",
        **more,
    }
    command = [sys.executable, "-m", "bot.cli", "serve", *arguments]
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment, stderr=PIPE)
    async with ClientSession() as session:
        served = Served(process, session)
        try:
            served.address = json.loads(await served.found("status_served"))["address"]
            yield served
        finally:
            if process.returncode is None:
                process.kill()
            await process.communicate()


async def test_a_bot_that_answers_says_so_in_numbers(company: Whole) -> None:
    """It is ready, counts what it took and how long it took, names nobody, and stops being ready when it is stopped."""
    async with serving(company) as bot:
        assert (await bot.page("/livez"))[0] == 200
        checks = json.loads(await bot.until("/readyz", lambda code, _: code == 200))["checks"]
        assert checks.keys() >= {"edge.slack", "edge.redis", "edge.spool", "worker.redis", "worker.index"}
        assert set(checks.values()) == {"ok"}
        answer = await company.asked("ana", "general", f"@Footnote {LEAVE}")
        text = await bot.until(
            "/metrics", lambda _, said: "footnote_answer_seconds_count" in said and "footnote_queue_oldest" in said
        )
        counted = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
        assert float(counted['footnote_answer_seconds_count{answered="true"}']) == 1
        assert float(counted["footnote_first_sign_seconds_count"]) == 1
        assert float(counted['footnote_envelopes_total{outcome="queued"}']) >= 1
        assert float(counted['footnote_deliveries_total{delivery="1",kind="AnswerQuestion"}']) >= 1
        assert "footnote_queue_oldest_seconds" in counted
        assert counted["footnote_spool_envelopes"] == "0.0"
        assert float(counted["footnote_budget_limit_dollars"]) > 0
        for word in ("leave", "ana", company.slack.id_of("ana"), company.slack.id_of("general"), answer.root_ts):
            assert word not in text
        bot.process.send_signal(signal.SIGTERM)
        await bot.process.communicate()
        assert bot.process.returncode == 0


async def test_an_edge_without_redis_is_ready_for_its_disk_keeps_what_comes(company: Whole) -> None:
    """It says that it is degraded, counts what waits on disk, and shows no queue that it cannot see."""
    async with serving(company, "--edge-only", REDIS_URL="redis://127.0.0.1:1/0") as bot:
        checks = json.loads(await bot.until("/readyz", lambda code, _: code == 200))["checks"]
        assert checks == {"edge.slack": "ok", "edge.redis": "degraded", "edge.spool": "ok"}
        await company.slack.say("ana", "general", f"@Footnote {LEAVE}")
        text = await bot.until(
            "/metrics", lambda _, said: re.search("^footnote_spool_envelopes [1-9]", said, re.MULTILINE)
        )
    assert "footnote_queue_jobs" not in text
    assert re.search(r'footnote_envelopes_total\{outcome="spooled"\} [1-9]', text)


async def test_a_port_that_is_taken_is_said_at_start(company: Whole) -> None:
    """By the name of its setting, in one sentence."""
    async with serving(company, "--edge-only") as first:
        taken = first.address.rpartition(":")[2]
        command = [sys.executable, "-m", "bot.cli", "serve"]
        environment = {**os.environ, "FOOTNOTE_HOME": str(company.home / "other"), "FOOTNOTE_STATUS_PORT": taken}
        second = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment, stderr=PIPE)
        _, said = await second.communicate()
    assert second.returncode != 0
    assert f"FOOTNOTE_STATUS_PORT is {taken}, which another process listens on" in said.decode()
    assert "Traceback" not in said.decode()
