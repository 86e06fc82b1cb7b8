"""A bot that is asked to stop ends what it began, loses nothing, and is gone within thirty seconds."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path
from subprocess import Popen

import pytest

from bot.adapters.redis.server import EmbeddedServer
from bot.settings.tree import Work
from tests.scenarios.company import LEAVE, Dictated
from tests.scenarios.processes import GRACE, Processes, announced
from tests.scenarios.whole import PATIENCE, Whole, is_finished

PEOPLE = ("ana", "ben", "ada")
"""Each asks twice, so that nobody has to wait for a place."""


@pytest.fixture
def memory(tmp_path: Path) -> Generator[EmbeddedServer]:
    """A server of the test's own, which it may let hang."""
    server = EmbeddedServer(tmp_path / "memory")
    yield server
    server.leave()


async def asked_by_all(company: Whole) -> list[str]:
    """Questions in threads of their own, each of which is being answered."""
    slack = company.slack
    roots = [await slack.say(person, "it-help", f"@Footnote {LEAVE}") for person in PEOPLE for _ in range(2)]
    for root in roots:
        await slack.wait_until(lambda root=root: company.by_bot("it-help", root), timeout=PATIENCE)
    return roots


async def ended(process: Popen[bytes]) -> int:
    """Its exit status, within the time that it is given."""
    return await asyncio.to_thread(process.wait, GRACE)


def each_is_answered_once(company: Whole, roots: list[str]) -> None:
    for root in roots:
        [answer] = company.by_bot("it-help", root)
        assert is_finished(answer)
        assert "why" in answer.buttons


async def test_what_is_begun_is_ended_first(company: Whole, memory: EmbeddedServer) -> None:
    """Six answers are half said when the signal comes: each becomes whole, once, and the process leaves content."""
    with ExitStack() as stack:
        bot = Processes(company, memory.join(), stack).slow(seconds=4, characters=4_000)
        await company.slack.wait_until(lambda: company.slack.connections, timeout=PATIENCE)
        roots = await asked_by_all(company)
        assert not any(is_finished(company.by_bot("it-help", root)[0]) for root in roots)
        bot.terminate()
        assert await ended(bot) == 0
    each_is_answered_once(company, roots)


async def test_a_second_signal_leaves_the_rest_to_another(company: Whole, memory: EmbeddedServer) -> None:
    """What cannot end is given back at once: the next bot finishes each answer in its place without waiting."""
    generator = Dictated(["The other bot says this."])
    generator.released.set()
    with ExitStack() as stack:
        bot = Processes(company, memory.join(), stack).slow(seconds=600, characters=60_000)
        await company.slack.wait_until(lambda: company.slack.connections, timeout=PATIENCE)
        roots = await asked_by_all(company)
        standing = [company.by_bot("it-help", root)[0].ts for root in roots]
        while bot.poll() is None:
            bot.terminate()
            await asyncio.sleep(0.1)
        assert await ended(bot) == 0
    async with company.running(generator=generator) as footnote:
        await company.settled(footnote)
    each_is_answered_once(company, roots)
    assert [company.by_bot("it-help", root)[0].ts for root in roots] == standing
    assert all("The other bot says this." in company.by_bot("it-help", root)[0].visible_text for root in roots)


@pytest.mark.parametrize("command", [["serve"], ["serve", "--http"], ["serve", "--edge-only"], ["work"]])
async def test_every_process_leaves_content(company: Whole, memory: EmbeddedServer, command: list[str]) -> None:
    """The commands of the Procfile end with status 0 when they are asked to."""
    with ExitStack() as stack:
        process = Processes(company, memory.join(), stack).footnote(*command)
        await asyncio.to_thread(announced, process)
        process.terminate()
        assert await ended(process) == 0


@pytest.mark.parametrize("command", [["serve"], ["serve", "--edge-only"], ["work"]])
async def test_a_start_can_be_broken_off(company: Whole, memory: EmbeddedServer, command: list[str]) -> None:
    """A process that waits for a Slack that does not answer leaves at the first signal."""
    with ExitStack() as stack, socket.create_server(("127.0.0.1", 0)) as silent:
        where = f"http://127.0.0.1:{silent.getsockname()[1]}/api/"
        process = Processes(company, memory.join(), stack, SLACK_API_URL=where).footnote(*command)
        connection, _ = await asyncio.to_thread(silent.accept)
        with connection:
            process.terminate()
            assert await ended(process) == 0


async def test_a_hanging_redis_keeps_nobody(company: Whole, memory: EmbeddedServer, tmp_path: Path) -> None:
    """With answers half said and Redis hanging the process leaves in time; another says each answer once, later."""
    generator = Dictated(["The other bot says this."])
    generator.released.set()
    with ExitStack() as stack:
        bot = Processes(company, memory.join(), stack, FOOTNOTE_LEASE_SECONDS="2").slow(seconds=4, characters=4_000)
        await company.slack.wait_until(lambda: company.slack.connections, timeout=PATIENCE)
        roots = await asked_by_all(company)
        server = int((tmp_path / "memory" / "redis" / "valkey.pid").read_text())
        os.kill(server, signal.SIGSTOP)
        stack.callback(os.kill, server, signal.SIGCONT)
        bot.terminate()
        asked = time.monotonic()
        assert await ended(bot) == 0
        assert time.monotonic() - asked < GRACE
    company.settings = company.settings.model_copy(update={"work": Work(lease=2)})
    async with company.running(generator=generator) as footnote:
        await company.settled(footnote)
    each_is_answered_once(company, roots)
