"""Who may come in, and how far."""

from __future__ import annotations

import io
from typing import Any

import aiohttp
import pytest

from bot.playground import Playground
from bot.playground.doors import LARGEST_BODY

Session = aiohttp.ClientSession
SAY: dict[str, Any] = {"as": "ana", "channel": "general", "text": "hi"}


async def status(session: Session, method: str, url: str, **more: Any) -> int:
    """The status of an answer."""
    async with session.request(method, url, **more) as response:
        return response.status


def own(slack: Playground) -> dict[str, str]:
    """The `Origin` of the playground's own page."""
    return {"Origin": slack.address.rstrip("/")}


async def test_the_token_opens_the_page_once(slack: Playground) -> None:
    """The address with the token sets a cookie that scripts cannot read, and the cookie opens the rest."""
    async with Session(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        async with session.get(slack.page_url) as page:
            cookie = page.headers["Set-Cookie"]
            assert page.status == 200
        assert all(word in cookie for word in ("HttpOnly", "SameSite=Strict", f"playground_{slack.address[-6:-1]}"))
        assert await status(session, "GET", slack.address) == 200
        assert await status(session, "GET", slack.address + "page/script.js") == 200


@pytest.mark.parametrize("place", ["", "?token=", "?token=wrong", "?token=%C3%A9", "page/script.js", "page/style.css"])
async def test_without_the_token_nothing_is_shown(slack: Playground, place: str) -> None:
    """Neither the page nor its files."""
    async with Session() as session:
        assert await status(session, "GET", slack.address + place) == 403


async def test_without_the_token_nothing_is_done(slack: Playground) -> None:
    """The page's own API wants the cookie."""
    async with Session() as session:
        assert await status(session, "POST", slack.address + "page/say", json=SAY, headers=own(slack)) == 403
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(slack.address + "page/live", headers=own(slack))
    assert slack.messages("general") == []


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "localhost", ""])
async def test_a_foreign_name_is_refused(slack: Playground, browser: Session, host: str) -> None:
    """A page that rebinds its name to this machine gets neither the page nor the Web API, with any token."""
    port = slack.address.split(":")[2].strip("/")
    headers = {"Host": host.format(port=port), "Authorization": f"Bearer {slack.bot_token}"}
    for place in (slack.page_url, slack.api_url + "auth.test", slack.address + "page/script.js"):
        assert await status(browser, "GET", place, headers=headers) in (400, 403)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", "http://localhost"])
async def test_a_foreign_page_is_refused(slack: Playground, browser: Session, origin: str) -> None:
    """Another site's script can do nothing, though the browser sends the cookie along."""
    headers = {"Origin": origin, "Authorization": f"Bearer {slack.bot_token}"}
    assert await status(browser, "POST", slack.address + "page/say", json=SAY, headers=headers) == 403
    assert await status(browser, "POST", slack.api_url + "auth.test", headers=headers) == 403
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await browser.ws_connect(slack.address + "page/live", headers=headers)
    assert slack.messages("general") == []


async def test_a_deed_wants_an_origin(slack: Playground, browser: Session) -> None:
    """A browser always sends one with a POST or a websocket; what has none is no page."""
    assert await status(browser, "POST", slack.address + "page/say", json=SAY) == 403
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await browser.ws_connect(slack.address + "page/live")
    assert await status(browser, "POST", slack.address + "page/say", json=SAY, headers=own(slack)) == 200


async def test_a_form_is_no_deed(slack: Playground, browser: Session) -> None:
    """Only JSON, which no foreign form can send without asking first."""
    assert await status(browser, "POST", slack.address + "page/say", data=SAY, headers=own(slack)) == 415


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "{",
        '{"as": "ana"}',
        '{"as": 1, "channel": "general", "text": "hi"}',
        '{"as": "gus", "channel": "general", "text": "hi"}',
        '{"as": "nobody", "channel": "general", "text": "hi"}',
        '{"as": "ana", "channel": "general", "text": "  "}',
        '{"as": "ana", "channel": "general", "text": "hi", "thread_ts": "1.000000"}',
        '{"as": "ana", "channel": "general", "text": "%s"}' % ("x" * 12_001),
    ],
)
async def test_a_wrong_deed_is_refused_with_a_reason(slack: Playground, browser: Session, body: str) -> None:
    """Broken bodies, strangers and foreign channels are a 400 with a sentence, never a crash."""
    headers = {**own(slack), "Content-Type": "application/json"}
    async with browser.post(slack.address + "page/say", data=body, headers=headers) as response:
        assert (response.status, "error" in await response.json()) == (400, True)


async def test_every_answer_carries_its_armour(slack: Playground, browser: Session) -> None:
    """A strict content security policy, no sniffing, no framing, no referrer, no cache; also on refusals."""
    for place in (
        slack.page_url,
        slack.address + "page/script.js",
        slack.address + "nothing",
        slack.api_url + "auth.test",
    ):
        async with browser.get(place) as response:
            policy = response.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "require-trusted-types-for 'script'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert response.headers["Referrer-Policy"] == "no-referrer"
            assert response.headers["Cache-Control"] == "no-store"


async def test_a_huge_body_is_refused(slack: Playground) -> None:
    """Nobody fills the memory."""
    async with Session() as session:
        for content_type in ("application/json", "application/x-www-form-urlencoded"):
            headers = {"Content-Type": content_type}
            huge = io.BytesIO(b"x" * (LARGEST_BODY + 1))
            assert await status(session, "POST", slack.api_url + "chat.postMessage", data=huge, headers=headers) == 413


async def test_only_this_machine_is_listened_to(slack: Playground) -> None:
    """The address is on loopback."""
    assert slack.address.startswith("http://127.0.0.1:")


async def test_two_playgrounds_do_not_share_a_key() -> None:
    """Tokens, secrets and cookies are new with every run."""
    async with Playground() as one, Playground() as other:
        assert one.bot_token != other.bot_token
        assert one.app_token != other.app_token
        assert one.signing_secret != other.signing_secret
        assert one.page_url != other.page_url


async def test_a_taken_port_is_an_error() -> None:
    """The caller can say so in a sentence."""
    async with Playground() as slack:
        port = int(slack.address.split(":")[2].strip("/"))
        with pytest.raises(OSError, match="in use"):
            await Playground(port=port).__aenter__()
