"""What a Redis-protocol server would lose is found, on a real Valkey that is set up wrongly."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from pathlib import Path

import pytest

from bot.adapters.redis.client import Link, connect
from bot.adapters.redis.server import EmbeddedServer
from bot.doctor import memory
from bot.doctor.findings import Finding
from bot.settings import Settings, load

Line = tuple[str, str]


@pytest.fixture
async def own(tmp_path: Path) -> AsyncGenerator[Link]:
    """A link to a Valkey of the test's own, which it may set up as it likes."""
    server = EmbeddedServer(tmp_path / "valkey")
    try:
        async with connect(server.join()) as link:
            yield link
            await link.call("CONFIG", "SET", "requirepass", "")
    finally:
        server.leave()


def _settings(link: Link, user: str = "") -> Settings:
    return load({"REDIS_URL": f"unix://{link.place}{user}", "FOOTNOTE_HOME": "unused"})


async def _looked(link: Link) -> dict[str, Finding]:
    return {one.name: one for one in await memory.server(_settings(link))}


async def test_a_server_that_keeps_everything_is_sound(own: Link) -> None:
    """Three lines: it answers, it keeps every write, and it throws nothing away."""
    found = await _looked(own)
    assert [one.level for one in found.values()] == ["ok"] * 3
    assert found["Redis"].said.startswith("Valkey ")


@pytest.mark.parametrize(
    ("told", "name", "level", "said"),
    [
        (("appendonly", "no"), "Redis persistence", "warning", "appendonly no"),
        (("appendfsync", "everysec"), "Redis persistence", "warning", "appendfsync everysec"),
        (("maxmemory-policy", "allkeys-lru"), "Redis eviction", "warning", "allkeys-lru"),
        (("maxmemory", "100mb", "maxmemory-policy", "volatile-lru"), "Redis eviction", "error", "volatile-lru"),
    ],
)
async def test_a_server_that_may_lose_questions_is_found(
    own: Link, told: tuple[str, ...], name: str, level: str, said: str
) -> None:
    """Each setting under which an accepted question can be lost has its line, with the command that mends it."""
    await own.call("CONFIG", "SET", *told)
    found = await _looked(own)
    assert [one.name for one in found.values() if one.level != "ok"] == [name]
    assert (found[name].level, found[name].said.partition(":")[0]) == (level, said)
    assert "CONFIG SET " in found[name].remedy


async def test_a_wrong_password_is_found(own: Link) -> None:
    """No password and a wrong one are told alike, and neither is shown."""
    await own.call("CONFIG", "SET", "requirepass", "rosebud")
    for user in ("", "?password=sledge", "?username=somebody&password=sledge"):
        (told,) = await memory.server(_settings(own, user))
        assert (told.level, told.name) == ("error", "Redis")
        assert told.said.endswith("refuses the user or password in it")
        assert "REDIS_URL" in told.remedy
        assert "sledge" not in str(told)
    found = await memory.server(_settings(own, "?password=rosebud"))
    assert {one.level for one in found} == {"ok"}


async def test_a_replica_is_found(own: Link) -> None:
    """A server that takes no writes is no place for questions."""
    await own.call("REPLICAOF", "127.0.0.1", "9")
    assert (await _looked(own))["Redis"].level == "error"
    assert "replica" in (await _looked(own))["Redis"].said


async def test_an_embedded_server_is_tried_elsewhere_before_there_is_a_home(tmp_path: Path) -> None:
    """The doctor makes no home folder: it tries the embedded server in a place that is gone afterwards."""
    home = tmp_path / "home"
    (told,) = await memory.server(Settings(home=home))
    assert (told.level, told.said.split(" ")[0]) == ("ok", "embedded")
    assert not home.exists()


async def test_an_embedded_server_in_a_home_is_left_as_it_was(tmp_path: Path) -> None:
    """A server that runs goes on, and one that the doctor started is stopped; the home keeps its mode."""
    home = tmp_path / "home"
    home.mkdir(mode=0o755)
    server = EmbeddedServer(home)
    assert (await memory.server(Settings(home=home)))[0].level == "ok"
    assert not server.alive()
    server.join()
    assert (await memory.server(Settings(home=home)))[0].level == "ok"
    assert server.alive()
    server.leave()
    assert home.stat().st_mode & 0o777 == 0o755


SOUND = {
    "redis_version": "8.0.1",
    "aof_enabled": "1",
    "appendfsync": "always",
    "maxmemory_policy": "noeviction",
    "place": "redis.acme.example:6379/0",
}


@pytest.mark.parametrize(
    ("changed", "lines"),
    [
        ({}, [("ok", "Redis"), ("ok", "Redis persistence"), ("ok", "Redis eviction")]),
        ({"redis_version": "6.2.14"}, [("error", "Redis"), ("ok", "Redis persistence"), ("ok", "Redis eviction")]),
        ({"redis_version": ""}, [("ok", "Redis"), ("ok", "Redis persistence"), ("ok", "Redis eviction")]),
        (
            {"aof_last_write_status": "err"},
            [("ok", "Redis"), ("error", "Redis persistence"), ("ok", "Redis eviction")],
        ),
        ({"appendfsync": ""}, [("ok", "Redis"), ("warning", "Redis persistence"), ("ok", "Redis eviction")]),
    ],
)
def test_what_a_server_says_is_judged(changed: Mapping[str, str], lines: list[Line]) -> None:
    """By the words of INFO alone, for servers that cannot be had here: old ones, full disks, reticent providers."""
    assert [(one.level, one.name) for one in memory.judged({**SOUND, **changed})] == lines
