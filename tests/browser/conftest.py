"""A browser, a playground with a small bot at its other end, and the page open in it."""

from __future__ import annotations

import shutil
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from bot.composition import Bot
from bot.playground import Playground
from tests.browser.speaker import Speaker
from tests.browser.talker import Talker
from tests.browser.walk import SUGGESTIONS as QUESTIONS
from tests.browser.walk import Held, Walk, at_work, library

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)
SUGGESTIONS = ("How do I set up the Slack app?", "@Footnote How do I back up the index?", "What is the CEO paid?")
GRAVE = ("error", "warning")
PATIENCE = 20_000
"""Milliseconds; long, because a slow machine is no failure."""


@pytest.fixture(scope="session")
def chromium(browser_required: bool) -> str:  # noqa: FBT001  # a fixture's value
    """Where the browser is."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        complaint = f"no browser: none of {', '.join(NAMES)} is installed"
        pytest.fail(complaint) if browser_required else pytest.skip(complaint)
    return found


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    """One browser for all tests: starting it takes longer than any of them."""
    expect.set_options(timeout=PATIENCE)
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def slack() -> AsyncIterator[Playground]:
    async with Playground(suggestions=SUGGESTIONS) as slack:
        yield slack


@pytest_asyncio.fixture(loop_scope="session")
async def talker(slack: Playground) -> AsyncIterator[Talker]:
    async with Talker(slack).connected() as talker:
        yield talker


@pytest.fixture
def complaints() -> list[str]:
    """What the page logged as an error or a warning."""
    return []


@asynccontextmanager
async def opened(browser: Browser, slack: Playground, complaints: list[str]) -> AsyncGenerator[Page]:
    """The page as a newcomer finds it; whatever it logs as an error fails the test."""
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    page = await context.new_page()
    page.set_default_timeout(PATIENCE)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type in GRAVE else None)
    await page.goto(slack.page_url)
    await expect(page.locator(".suggestion").first).to_be_visible()
    yield page
    await context.close()
    assert complaints == []


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser, slack: Playground, talker: Talker, complaints: list[str]) -> AsyncIterator[Page]:
    """The page with a bot that answers."""
    del talker
    async with opened(browser, slack, complaints) as page:
        yield page


@pytest_asyncio.fixture(loop_scope="session")
async def speaker(slack: Playground) -> AsyncIterator[Speaker]:
    async with Speaker(slack).connected() as speaker:
        yield speaker


@pytest_asyncio.fixture(loop_scope="session")
async def stage(browser: Browser, slack: Playground, speaker: Speaker, complaints: list[str]) -> AsyncIterator[Page]:
    """The page with a bot that plays every surface."""
    del speaker
    async with opened(browser, slack, complaints) as page:
        yield page


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Playground, Bot, Held]]:
    """A company with the whole bot, which all tests of a module share: each asks what no other asks."""
    settings, generator = await library(tmp_path_factory.mktemp("office")), Held()
    async with (
        Playground(suggestions=QUESTIONS) as slack,
        at_work(settings, slack, generator=generator) as footnote,
    ):
        yield slack, footnote, generator


@pytest_asyncio.fixture(loop_scope="session")
async def walk(browser: Browser, office: tuple[Playground, Bot, Held], complaints: list[str]) -> AsyncIterator[Walk]:
    """Ana in front of #general."""
    async with opened(browser, office[0], complaints) as page:
        yield Walk(page, *office)
    while open_views := list(office[0].workspace.modals):  # what one test left open is in nobody's way
        await office[0].dismiss(open_views[0])
