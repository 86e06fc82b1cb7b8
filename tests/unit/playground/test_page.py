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
from tests.unit.playground.bots import Bot
from tests.unit.playground.conftest import Client, Seconds, button, client_of, section

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


async def test_a_page_is_told_of_sessions(slack: Playground, browser: aiohttp.ClientSession, client: Client) -> None:
    """Their state and their title, as they change and when a page opens late."""
    root = await slack.say("ana", "dm-ana", "hi")
    where = {"channel_id": "D07ANARBRO1", "thread_ts": root}
    async with live(slack, browser) as socket:
        await client.agents_sessions_setStatus(**where, status="processing", title="Leave")
        news = await until(socket, "session")
    told = {"channel": "D07ANARBRO1", "thread_ts": root, "status": "processing", "title": "Leave"}
    assert news == {"kind": "session", **told}
    async with live(slack, browser) as socket:
        assert (await until(socket, "all"))["sessions"] == [told]


async def test_a_page_offers_what_the_app_has(browser: aiohttp.ClientSession) -> None:
    """Without the scope there are neither commands nor shortcuts, without the event nothing can be stopped."""
    del browser
    async with Playground(scopes=("chat:write",), events=("app_mention",)) as slack:
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(cookie_jar=jar) as session:
            async with session.get(slack.page_url):
                pass
            async with live(slack, session) as socket:
                everything = await until(socket, "all")
    assert (everything["commands"], everything["shortcuts"], everything["can_stop"]) == ([], [], False)


async def test_only_what_somebody_typed_can_be_edited(
    slack: Playground, browser: aiohttp.ClientSession, client: Client
) -> None:
    """Ana's words come with what she typed, the bot's without."""
    async with live(slack, browser) as socket:
        await slack.say("ana", "general", "@Footnote hi")
        assert (await until(socket, "message"))["message"]["typed"] == "@footnote hi"
        await client.chat_postMessage(channel=GENERAL, text="hello")
        assert (await until(socket, "message"))["message"]["typed"] is None


async def test_a_page_is_told_how_forms_lie_on_each_other(
    slack: Playground, browser: aiohttp.ClientSession, client: Client
) -> None:
    """The uppermost with those beneath it, and what is wrong with it."""
    bot = Bot(slack)
    async with bot.over_socket_mode(), live(slack, browser) as socket:
        posted = await client.chat_postMessage(
            channel=GENERAL, text="a", blocks=[{"type": "actions", "elements": [button()]}]
        )
        await slack.click("ana", "general", posted["ts"], "go")
        plain = {"type": "plain_text", "text": "Form"}
        view = {"type": "modal", "title": plain, "blocks": [section("one")]}
        first = await client.views_open(trigger_id=bot.clicks[-1]["trigger_id"], view=view)
        shown = (await until(socket, "views"))["modals"]["U07ANARBRO1"]
    assert (shown["id"], shown["stack"]) == (first["view"]["id"], [first["view"]["id"]])
    assert (shown["title"], shown["submit"], shown["errors"]) == ("Form", None, {})


DEEDS: list[tuple[str, dict[str, Any]]] = [
    ("click-in-view", {"view": "V1", "action_id": "go", "value": 1}),
    ("submit", {"view": "V1", "values": []}),
    ("submit", {"view": "V1", "values": {"a": 1}}),
    ("command", {"as": "ana", "channel": "general", "command": "/nothing", "text": ""}),
    ("command", {"as": "gus", "channel": "general", "command": "/ask", "text": ""}),
    ("shortcut", {"as": "ana", "channel": "general", "ts": "1.1", "callback_id": "answer_this"}),
    ("stop", {"as": "ana", "channel": "general", "thread_ts": "1.1"}),
    ("edit", {"as": "ana", "channel": "general", "ts": "1.1", "text": " "}),
    ("delete", {"as": "ana", "channel": "general", "ts": "1.1"}),
    ("look-at", {"as": "gus", "channel": "general"}),
    ("fly", {}),
]


@pytest.mark.parametrize(("deed", "sent"), DEEDS)
async def test_what_cannot_be_done_is_refused_in_words(
    slack: Playground, browser: aiohttp.ClientSession, deed: str, sent: dict[str, Any]
) -> None:
    """A 400 with a reason for whatever is missing, misshapen, gone or not one's own; never a 500."""
    headers = {"Origin": slack.address.rstrip("/")}
    async with browser.post(f"{slack.address}page/{deed}", json=sent, headers=headers) as response:
        assert response.status == 400
        assert (await response.json())["error"]


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
