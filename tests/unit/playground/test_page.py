"""What the page is told, and what it contains."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

import bot.playground
from bot.playground import Playground
from bot.playground.page import FILES
from tests.unit.playground.conftest import Client, Seconds, client_of, section

PAGE = Path(bot.playground.__file__).parent / "page"
GENERAL = "C07GENERAL1"


@asynccontextmanager
async def live(slack: Playground, browser: aiohttp.ClientSession) -> AsyncGenerator[aiohttp.ClientWebSocketResponse]:
    """An open page's connection."""
    headers = {"Origin": slack.address.rstrip("/")}
    async with browser.ws_connect(slack.address + "page/live", headers=headers) as socket:
        yield socket


async def until(socket: aiohttp.ClientWebSocketResponse, kind: str) -> dict[str, Any]:
    """The next news of a kind."""
    while True:
        news = await socket.receive_json(timeout=10)
        if news["kind"] == kind:
            return news


async def test_a_page_is_told_everything_first(slack: Playground, browser: aiohttp.ClientSession) -> None:
    """People, conversations, messages and suggestions; whoever opens the page late misses nothing."""
    await slack.say("ana", "general", "@Footnote <b>hi</b>")
    async with live(slack, browser) as socket:
        everything = await until(socket, "all")
    assert [person["name"] for person in everything["people"]] == ["ana", "ben", "gus", "ada"]
    assert [person["guest"] for person in everything["people"]] == [False, False, True, False]
    assert [person["admin"] for person in everything["people"]] == [False, False, False, True]
    assert [command["name"] for command in everything["commands"]] == ["/ask", "/search"]
    assert [shortcut["label"] for shortcut in everything["shortcuts"]] == ["Answer this", "Summarise thread"]
    assert everything["can_stop"] is True
    (message,) = everything["messages"]
    words = message["body"][0]["of"]
    assert words == [
        {"is": "mention", "text": "@Footnote", "target": slack.bot_user_id},
        {"is": "text", "text": " <b>hi</b>"},
    ]
    assert everything["online"] is False


async def test_a_page_is_told_what_changes(slack: Playground, browser: aiohttp.ClientSession, client: Client) -> None:
    """New words, edits, deletions, the status, members and suggestions, each as it happens."""
    async with live(slack, browser) as socket:
        root = await slack.say("ana", "general", "@Footnote hi")
        assert (await until(socket, "message"))["message"]["ts"] == root
        await client.assistant_threads_setStatus(channel_id=GENERAL, thread_ts=root, status="Searching the docs…")
        assert (await until(socket, "status"))["lines"] == ["Searching the docs…"]
        answer = await client.chat_postMessage(channel=GENERAL, text="hello", thread_ts=root)
        assert (await until(socket, "status"))["lines"] == []
        assert (await until(socket, "message"))["message"]["thread_ts"] == root
        await client.chat_update(channel=GENERAL, ts=answer["ts"], text="hello again")
        assert (await until(socket, "message"))["message"]["edited"] is True
        await client.chat_delete(channel=GENERAL, ts=answer["ts"])
        assert (await until(socket, "gone"))["ts"] == answer["ts"]
        await slack.join("gus", "general")
        assert len((await until(socket, "room"))["room"]["members"]) == 4
        await client.assistant_threads_setSuggestedPrompts(
            channel_id="D07ANARBRO1", prompts=[{"title": "Leave", "message": "How much leave?"}]
        )
        assert (await until(socket, "room"))["room"]["prompts"][0]["title"] == "Leave"
        await client.views_publish(user_id="U07ANARBRO1", view={"type": "home", "blocks": [section("Welcome")]})
        assert "U07ANARBRO1" in (await until(socket, "views"))["homes"]


async def test_a_page_hears_when_a_click_goes_nowhere(
    slack: Playground, browser: aiohttp.ClientSession, client: Client
) -> None:
    """Without a bot the person who clicked is told so."""
    button = {"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Go"}}
    blocks = [{"type": "actions", "elements": [button]}]
    posted = await client.chat_postMessage(channel=GENERAL, text="a", blocks=blocks)
    async with live(slack, browser) as socket:
        await slack.click("ana", "general", posted["ts"], "go")
        news = await until(socket, "trouble")
    assert (news["person"], news["text"]) == ("U07ANARBRO1", "Footnote did not react to that click.")


async def test_a_status_is_told_with_its_end(
    slack: Playground, browser: aiohttp.ClientSession, seconds: Seconds
) -> None:
    """A page that opens late knows how long a status has still to show."""
    client = client_of(slack)
    root = await slack.say("ana", "general", "@Footnote hi")
    await client.assistant_threads_setStatus(channel_id=GENERAL, thread_ts=root, status="Searching…")
    seconds.now += 100
    async with live(slack, browser) as socket:
        assert [status["lasts"] for status in (await until(socket, "all"))["statuses"]] == [20]


async def test_a_permalink_opens_the_page(slack: Playground, browser: aiohttp.ClientSession) -> None:
    """With the cookie that the page has."""
    async with browser.get(f"{slack.address}archives/{GENERAL}/p1700000000000100") as response:
        assert (response.status, response.content_type) == (200, "text/html")


@pytest.mark.parametrize("name", ["..%2fpage.py", "index.html", "playground.py", "x"])
async def test_only_the_pages_files_are_served(slack: Playground, browser: aiohttp.ClientSession, name: str) -> None:
    """Nothing else below the server, however it is spelt."""
    async with browser.get(f"{slack.address}page/{name}") as response:
        assert response.status in (403, 404)


def test_the_script_writes_text_only() -> None:
    """No way of making elements from strings, no evaluation, no address outside this machine."""
    script = "\n".join(path.read_text(encoding="utf-8") for path in sorted(PAGE.glob("*.js")))
    forbidden = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|\.srcdoc|DOMParser"
    assert re.findall(forbidden, script) == []
    outside = re.findall(r"https?://(?!www\.w3\.org/2000/svg)[\w.]+", script)
    assert outside == []


def test_every_file_of_the_page_is_served() -> None:
    """A script that is not on the list would be missing in the browser alone."""
    assert {path.name for path in PAGE.iterdir()} == {"index.html", *FILES}


def test_the_page_loads_nothing_from_elsewhere() -> None:
    """One style sheet, one script, one icon, all its own, and nothing inline that the policy would stop."""
    page = (PAGE / "index.html").read_text(encoding="utf-8")
    assert re.findall(r'(?:src|href)="([^"#]+)"', page) == ["/page/icon.svg", "/page/style.css", "/page/script.js"]
    assert re.findall(r"<style|\son\w+=|\sstyle=", page) == []
    assert "url(" not in (PAGE / "style.css").read_text(encoding="utf-8")
