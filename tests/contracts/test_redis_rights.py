"""Who speaks to the server, and whether it is the right one: certificates, users, and the rights of the guide."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Generator
from importlib import resources
from pathlib import Path

import pytest

from bot.adapters.redis.client import Link, check, connect, facts
from bot.adapters.redis.server import EmbeddedServer
from bot.errors import MemoryUnavailable, Misconfigured
from tests.redis_fixtures import PASSWORD, USER, on, rights
from tests.redis_servers import Secured

ADAPTER = resources.files("bot.adapters.redis")
ELSEWHERE = {"routes.py", "nodes.py", "client.py", "server.py"}
"""Files whose commands are about servers, not about keys."""


@pytest.fixture
def url(tmp_path: Path) -> Generator[str]:
    """The address of a server on which this test may make users."""
    server = EmbeddedServer(tmp_path / "home")
    yield server.join()
    server.leave()


async def _with(url: str, user: list[str]) -> str:
    """The address for a user that was made like this."""
    async with connect(url) as link:
        await link.call("ACL", "SETUSER", *user)
    return url.replace("unix://", f"unix://{USER}:{PASSWORD}@")


@on(["secured"])
async def test_the_rights_of_the_guide_are_enough(link: Link) -> None:
    """The user whom the guide makes passes the check at start, over TLS and with a certificate of its own."""
    await check(link)
    assert (await facts(link))["appendfsync"]


async def test_the_rights_of_the_guide_are_needed(url: str) -> None:
    """Without any one of the commands that work on keys the bot does not start, and says which one is missing."""
    for right in (word for word in rights() if word.startswith("+")):
        name = right.removeprefix("+").partition("|")[0].upper()
        if name in NEEDED_ELSEWHERE:
            continue
        async with connect(await _with(url, ["footnote", "reset", *rights(without=[right])[1:]])) as link:
            with pytest.raises(Misconfigured, match=rf"does not let this user .*\b{name}\b|'{name.lower()}'"):
                await check(link)


NEEDED_ELSEWHERE = {"CLIENT", "SELECT", "CONFIG", "ROLE", "CLUSTER", "ASKING"}
"""Rights for what not every address needs: a name, a database, a primary among Sentinels, a cluster."""


def test_every_command_of_the_code_is_rehearsed() -> None:
    """What the adapter sends, and what its scripts do, is in the list that is gone through at start."""
    rehearsed = set(re.findall(r"\{'([A-Z]+)'", ADAPTER.joinpath("rehearse.lua").read_text("utf-8")))
    used: set[str] = set()
    for file in ADAPTER.iterdir():
        text = file.read_text("utf-8") if file.name.endswith((".lua", ".py")) else ""
        used |= set(re.findall(r"redis\.p?call\('([A-Z]+)'", text))
        if file.name not in ELSEWHERE:
            used |= set(re.findall(r"(?:\.call\(|\.wait\(|Step\(\(|= \()\s*\"([A-Z]{3,})\"", text))
    assert len(used) > 20
    assert used <= rehearsed


async def test_keys_of_others_are_out_of_reach(url: str) -> None:
    """With another pattern of keys than ours the bot does not start, and the pattern that it needs is named."""
    user = rights(**{"~{footnote*": "~bot:*"})
    async with connect(await _with(url, user)) as link:
        with pytest.raises(Misconfigured, match="does not let this user"):
            await check(link)
        with pytest.raises(MemoryUnavailable):
            await link.call("GET", link.key("jobs"))


@pytest.mark.parametrize("user", ["", f"{USER}:wrong@", f"nobody:{PASSWORD}@", ":wrong@"])
async def test_a_wrong_user_is_a_mistake_in_the_settings(secured: Secured, user: str) -> None:
    """No user, an unknown one, or a wrong password: refused at start, and no password is repeated."""
    url = secured.url(user=USER, password=PASSWORD).replace(f"{USER}:{PASSWORD}@", user)
    async with connect(url) as link:
        with pytest.raises(Misconfigured, match=r"REDIS_URL: the server at .* refuses the user or password") as caught:
            await check(link)
    assert "wrong" not in str(caught.value)
    assert PASSWORD not in str(caught.value)


async def test_a_server_of_a_stranger_is_not_spoken_to(secured: Secured) -> None:
    """A certificate of another authority, or for another name, ends the call before a password is sent."""
    url = secured.url(user=USER, password=PASSWORD)
    for wrong in (url.replace("/ca.pem", "/stranger.pem"), url.replace("@127.0.0.1", "@localhost")):
        async with connect(wrong, timeout=10) as link:
            with pytest.raises(MemoryUnavailable, match="certificate verify failed"):
                await link.call("GET", link.key("x"))


async def test_a_bot_without_a_certificate_is_refused(secured: Secured) -> None:
    """Where the server asks for one, the bot needs its own."""
    async with connect(secured.url(user=USER, password=PASSWORD, certificate=""), timeout=10) as link:
        with pytest.raises(MemoryUnavailable):
            await link.call("GET", link.key("x"))


async def test_tls_is_never_left_out(secured: Secured) -> None:
    """A server that answers in the clear is not spoken to, and one that demands TLS is not spoken to without."""
    heard: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(4096))
        writer.write(b"-ERR unknown command\r\n")
        writer.close()

    plain = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = plain.sockets[0].getsockname()[1]
    async with plain, connect(f"rediss://{USER}:{PASSWORD}@127.0.0.1:{port}", timeout=10) as link:
        with pytest.raises(MemoryUnavailable, match="SSL"):
            await link.call("PING")
    assert heard
    assert PASSWORD.encode() not in b"".join(heard)
    async with connect(f"redis://{USER}:{PASSWORD}@127.0.0.1:{secured.port}", timeout=10) as link:
        with pytest.raises(MemoryUnavailable):
            await link.call("PING")


@on(["debian"])
async def test_a_server_that_lets_nobody_ask_for_its_settings(link: Link, debian_url: str) -> None:
    """Hosted servers refuse CONFIG: what INFO says of the policy is enough."""
    user = ["hosted", "on", f">{PASSWORD}", "~*", "+@all", "-config"]
    await link.call("ACL", "SETUSER", *user)
    async with connect(debian_url.replace("://", f"://hosted:{PASSWORD}@")) as hosted:
        assert len(await check(hosted)) == 1
        await link.call("CONFIG", "SET", "maxmemory", "100mb", "maxmemory-policy", "allkeys-lru")
        try:
            with pytest.raises(Misconfigured, match="may throw away jobs"):
                await check(hosted)
        finally:
            await link.call("CONFIG", "SET", "maxmemory", "0", "maxmemory-policy", "noeviction")
