"""What a Redis-protocol server would lose is found, on a real Valkey that is set up wrongly."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from bot.adapters.redis.client import Link
from bot.adapters.redis.server import EmbeddedServer
from bot.doctor import memory
from bot.doctor.findings import Finding
from bot.settings import ServerMemory, Settings, load
from tests.redis_fixtures import PASSWORD, USER, rights
from tests.redis_servers import Cluster, Secured, Watched

Line = tuple[str, str]


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


def _at(url: str) -> Settings:
    """Settings with any address, also one that only the adapter can judge."""
    return Settings(home=Path("unused")).model_copy(update={"memory": ServerMemory.model_construct(url=url)})


async def _mistake(url: str) -> tuple[str, str]:
    """The one thing that is wrong, and what to do."""
    found = await memory.server(_at(url))
    (told,) = [one for one in found if one.level == "error"]
    assert PASSWORD not in told.said + told.remedy
    return told.said, told.remedy


async def test_sentinels_are_looked_at(watched: Watched) -> None:
    """A primary behind Sentinels is looked at as one server; a name that they do not know is found."""
    found = await memory.server(_at(watched.url))
    assert [one.name for one in found if one.level == "error"] == []
    assert found[0].said.endswith("/questions/0 answers")
    said, remedy = await _mistake(watched.url.replace("/questions", "/answers"))
    assert "know no primary named answers" in said
    assert "SENTINEL MASTERS" in remedy


async def test_an_address_of_the_wrong_kind_is_found(watched: Watched, cluster: Cluster) -> None:
    """A Sentinel or a part of a cluster taken for a server, a server taken for a cluster: the right form is said."""
    plain = "redis://127.0.0.1:"
    assert (await _mistake(f"{plain}{watched.sentinels[0].port}"))[1].startswith("write redis+sentinel://")
    assert (await _mistake(f"{plain}{cluster.nodes[0].port}"))[1].startswith("write redis+cluster://")
    assert (await _mistake(f"redis+cluster://127.0.0.1:{watched.primary.port}"))[1].startswith("write redis://")
    assert "is a replica" in (await _mistake(f"{plain}{watched.replica.port}"))[0]


async def test_a_cluster_is_looked_at(cluster: Cluster) -> None:
    """All of its servers are told of in one line."""
    found = await memory.server(_at(cluster.url))
    assert found[0].said.startswith("3 servers of Valkey ")
    assert [one.name for one in found if one.level == "error"] == []


async def test_a_cluster_that_lacks_a_part_is_found(tmp_path: Path) -> None:
    """Servers that were not joined, and a cluster of which slots have no server, are told apart."""
    servers = Cluster(tmp_path / "cluster")
    with closing(servers):
        servers.start(join=False)
        said, remedy = await _mistake(servers.url)
        assert "not joined to a cluster" in said
        assert "redis-cli --cluster create" in remedy
        servers.nodes[0].say("CLUSTER", "ADDSLOTSRANGE", 0, 5000)
        said, remedy = await _mistake(servers.url.partition(",")[0])
        assert "a part of the cluster has no server" in said or "the cluster is down" in said
        assert "--cluster check" in remedy


async def test_certificates_are_looked_at(secured: Secured) -> None:
    """A stranger's authority, a missing certificate of ours, a wrong path, TLS where there is none and the reverse."""
    url = secured.url(user=USER, password=PASSWORD)
    found = await memory.server(_at(url))
    assert [one.name for one in found if one.level == "error"] == []
    wrong = {
        url.replace("/ca.pem", "/stranger.pem"): ("its certificate is not trusted", "ssl_ca_certs=FILE"),
        url.replace("@127.0.0.1", "@localhost"): ("its certificate is for another name", "the name in its certificate"),
        url.replace("/ca.pem", "/gone.pem"): ("its certificates cannot be used", "correct ssl_ca_certs"),
        url.replace("rediss", "redis").partition("?")[0]: ("it hangs up", "write rediss"),
        secured.url(user=USER, password=PASSWORD, certificate=""): ("asks for a certificate", "add ssl_certfile"),
    }
    for address, (words, what) in wrong.items():
        said, remedy = await _mistake(address)
        for _ in range(5):  # the server hangs up right after it has said why: now and then that is heard first
            if words in said:
                break
            said, remedy = await _mistake(address)
        assert words in said
        assert what in remedy
    unchecked = await memory.server(_at(f"{url}&ssl_cert_reqs=none"))
    assert [one.said for one in unchecked if one.level == "warning"][-1] == "nobody checks the server's certificate"


@pytest.mark.parametrize("without", [["+evalsha"], ["+xadd", "+hget"], ["~{footnote*"], ["+info"]])
async def test_rights_that_are_missing_are_found(own: Link, without: list[str]) -> None:
    """A user who lacks commands, or our keys, is told apart from one that is unknown; the guide has the remedy."""
    await own.call("ACL", "SETUSER", *rights(without=without))
    said, remedy = await _mistake(f"unix://{USER}:{PASSWORD}@{own.place}")
    assert "does not let this user" in said
    assert "Which rights the bot needs in Redis" in remedy


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
        ({"primaries": "3"}, [("ok", "Redis"), ("ok", "Redis persistence"), ("ok", "Redis eviction")]),
        ({"appendfsync": ""}, [("ok", "Redis"), ("warning", "Redis persistence"), ("ok", "Redis eviction")]),
    ],
)
def test_what_a_server_says_is_judged(changed: Mapping[str, str], lines: list[Line]) -> None:
    """By the words of INFO alone, for servers that cannot be had here: old ones, full disks, reticent providers."""
    assert [(one.level, one.name) for one in memory.judged({**SOUND, **changed})] == lines
