"""The guide's pictures, taken of the playground with the whole bot behind it: `python -m tests.browser.pictures`."""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from playwright.async_api import Browser, FloatRect, ViewportSize, async_playwright, expect

from bot.logs import configure
from bot.playground import Playground
from bot.settings import Settings
from tests.browser.conftest import ARGUMENTS, NAMES
from tests.browser.walk import SUGGESTIONS, Held, Walk, at_work, library

PICTURES = Path(__file__).parents[2] / "docs/pictures"
"""Beside the guide, not in it: the demo answers from that folder, and would tell newcomers what it cannot read."""
VIEWPORT: ViewportSize = {"width": 1280, "height": 760}
LEFT, TOP = 248, 28
"""Where the playground ends, in pixels, and what looks like Slack begins."""
LARGEST = 150_000
"""Bytes of a picture: a page with a few of them still loads at once."""


async def answer(walk: Walk) -> None:
    """A question in a channel, answered in its thread from two sources, one much older than the other."""
    await walk.page.set_viewport_size({"width": VIEWPORT["width"], "height": 840})
    await walk.ask("@Footnote how many hours of annual leave can I carry over?")


async def private(walk: Walk) -> None:
    """An answer that only the asker sees, with what can be done with it."""
    await walk.slack.say("ben", "general", "The lift is out of order until Thursday, take the stairs please.")
    await walk.type("/ask how do I claim expenses?")
    await expect(walk.private).to_have_count(2)


async def search(walk: Walk) -> None:
    """Passages without an answer."""
    await walk.type("/search annual leave")
    await expect(walk.private).to_contain_text("Passages for")


async def summary(walk: Walk) -> None:
    """What a thread says, each statement with its message."""
    root = await walk.slack.say("ben", "general", "The projector in room 4 is broken again.")
    replies = (
        ("ana", "I told the reception desk about it this morning, they ordered a new lamp."),
        ("ben", "The lamp arrives on Thursday."),
        ("ana", "Until then we can use room 6, I booked it for the all-hands."),
    )
    for person, words in replies:
        await walk.slack.say(person, "general", words, thread_ts=root)
    await walk.thread(root)
    await walk.choose(walk.page.locator("#replies .message").first, "Summarise thread")
    await expect(walk.whispers).to_contain_text("What this thread says")


async def unsaid(walk: Walk) -> None:
    """The docs do not say, and people are asked."""
    await walk.admin_sets("it-help", humans="S07PEOPLEOP")
    await walk.be("ana")
    await walk.go("it-help")
    reply = await walk.ask("@Footnote which database does the billing system use?")
    await reply.get_by_role("button", name="Ask a person").click()
    await walk.finished(2)


async def why(walk: Walk) -> None:
    """How an answer came about."""
    reply = await walk.ask("@Footnote how many weeks of parental leave can I take?")
    await reply.get_by_role("button", name="Why this answer?").click()
    await expect(walk.form).to_contain_text("Left out")


async def home(walk: Walk) -> None:
    """The Home tab of an admin."""
    await walk.admin_sets("it-help", auto_answer=True, humans="S07PEOPLEOP")
    for person, words in (("ana", "which database does the billing system use?"), ("ben", "how do I book a trip?")):
        await walk.be(person)
        await walk.go("general")
        await walk.ask(f"@Footnote {words}")
    await walk.be("ada")
    await walk.go("it-help")
    await walk.ask("@Footnote how do I set up the VPN?")
    await walk.go("dm-ada")
    await walk.page.set_viewport_size({"width": 968, "height": 930})
    await expect(await walk.home()).to_contain_text("3 questions")


async def channel(walk: Walk) -> None:
    """How the bot behaves in a channel, as an admin sets it."""
    await walk.be("ada")
    await walk.go("dm-ada")
    await (await walk.home()).get_by_role("combobox").select_option("#it-help")
    await expect(walk.form).to_contain_text("How I behave in")


SCENES: dict[str, Callable[[Walk], Awaitable[None]]] = {
    "answer": answer,
    "private-answer": private,
    "search": search,
    "summary": summary,
    "not-in-the-docs": unsaid,
    "why": why,
    "home": home,
    "channel-settings": channel,
}


async def main(names: list[str]) -> None:
    """Take those that are named, or all."""
    configure("error")
    found = next(path for name in NAMES if (path := shutil.which(name)))
    with tempfile.TemporaryDirectory() as folder:
        shelf = await library(Path(folder))
        async with async_playwright() as driver:
            browser = await driver.chromium.launch(executable_path=found, args=[*ARGUMENTS, "--disable-lcd-text"])
            for name in names or SCENES:
                ours = shelf.model_copy(update={"home": Path(folder, "homes", name)})
                shutil.copytree(shelf.home, ours.home)
                await _take(name, browser, ours)
            await browser.close()


async def _take(name: str, browser: Browser, settings: Settings) -> None:
    """A company of its own for each, so that nothing stands there but what is to be shown."""
    generator = Held()
    async with (
        Playground(suggestions=SUGGESTIONS) as slack,
        at_work(settings, slack, generator=generator) as footnote,
        await browser.new_context(viewport=VIEWPORT, reduced_motion="reduce") as context,
    ):
        page = await context.new_page()
        await page.goto(slack.page_url)
        walk = Walk(page, slack, footnote, generator)
        await SCENES[name](walk)
        await walk.settled()
        await page.mouse.move(0, 0)
        place = PICTURES / f"{name}.png"
        place.parent.mkdir(exist_ok=True)
        size = page.viewport_size or VIEWPORT
        shown: FloatRect = {"x": LEFT, "y": TOP, "width": size["width"] - LEFT, "height": size["height"] - TOP}
        await page.screenshot(path=place, clip=shown, animations="disabled", caret="hide")
        weight = place.stat().st_size
        sys.stdout.write(f"{place.name}: {weight:,} bytes{', too large' if weight > LARGEST else ''}\n")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
