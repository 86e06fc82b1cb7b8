"""The README's first command, as a newcomer meets it: typed, opened, asked, read."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.browser.conftest import PATIENCE

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(240)]

ADDRESS = re.compile(rb"http://127\.0\.0\.1:\d+/\?token=\w+")
PROJECT = Path(__file__).parents[2]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def demo(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """The address that `make demo` prints, while it runs."""
    environment = {**os.environ, "FOOTNOTE_HOME": str(tmp_path_factory.mktemp("home"))}
    process = await asyncio.create_subprocess_exec(
        "make", "demo", cwd=PROJECT, env=environment, stderr=asyncio.subprocess.PIPE, start_new_session=True
    )
    assert process.stderr is not None
    said = b""
    while not (found := ADDRESS.search(said)):
        line = await process.stderr.readline()
        assert line, f"make demo ended with {await process.wait()}: {said.decode()}"
        said += line
    yield found[0].decode()
    os.killpg(process.pid, signal.SIGINT)
    await process.communicate()


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser, demo: str) -> AsyncIterator[Page]:
    """The page that the demo serves."""
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    page = await context.new_page()
    page.set_default_timeout(PATIENCE)
    await page.goto(demo)
    yield page
    await context.close()


async def test_a_newcomer_reads_a_cited_answer(page: Page) -> None:
    """A suggested question, sent with two clicks, is answered in its thread, with the page it comes from below."""
    await page.get_by_text("what do I have to back up?").first.click()
    await page.keyboard.press("Enter")
    thread = page.locator("#thread")
    await expect(thread).to_contain_text("[1]", timeout=PATIENCE)
    await expect(thread).to_contain_text("operations.md")
    await expect(thread).to_contain_text("Quoted from the docs automatically")


async def test_a_newcomer_asks_on(page: Page) -> None:
    """A follow-up typed into the thread, without a mention, is answered from the same subject."""
    await page.get_by_text("which tokens does Socket Mode need?").first.click()
    await page.keyboard.press("Enter")
    thread = page.locator("#thread")
    await expect(thread).to_contain_text("[1]", timeout=PATIENCE)
    await page.keyboard.type("and where do I find them?")
    await page.keyboard.press("Enter")
    await expect(thread).to_contain_text("Understood as", timeout=PATIENCE)
