"""What an address says is understood, or refused by the name of its setting."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import trustme
from redis.asyncio.connection import Connection, SSLConnection

from bot.adapters.redis.addresses import Host, at, connection_class, parse, said
from bot.errors import Misconfigured
from tests.redis_fixtures import GUIDE

SETTING = "REDIS_URL"


@pytest.mark.parametrize(
    ("url", "form", "hosts", "place"),
    [
        ("redis://", "server", [("localhost", 6379)], "localhost:6379"),
        ("redis://bot:s3cret@h:7/2", "server", [("h", 7)], "h:7/2"),
        ("rediss://:s3cret@[::1]:7", "server", [("::1", 7)], "[::1]:7"),
        ("unix://bot:s3cret@/run/s.sock?db=1", "server", [("/run/s.sock", 0)], "/run/s.sock"),
        ("redis+sentinel://bot:s3cret@a,b:7/main/2", "sentinel", [("a", 26379), ("b", 7)], "a:26379,b:7/main/2"),
        ("rediss+sentinel://[::1],b/main", "sentinel", [("::1", 26379), ("b", 26379)], "[::1]:26379,b:26379/main"),
        ("redis+cluster://:s3cret@a,b:7", "cluster", [("a", 6379), ("b", 7)], "a:6379,b:7"),
        ("rediss+cluster://bot:s3cret@a:7/0", "cluster", [("a", 7)], "a:7/0"),
    ],
)
def test_an_address_names_its_servers(url: str, form: str, hosts: list[Host], place: str) -> None:
    """Each form says how the servers stand together and where they are; where they are is said without a password."""
    address = parse(url, setting=SETTING)
    assert (address.form, list(address.hosts), address.place) == (form, hosts, place)
    assert issubclass(connection_class(address.options), SSLConnection) == url.startswith("rediss")


def test_what_servers_and_sentinels_are_told() -> None:
    """User, password and database are for the servers; the Sentinels have words of their own, or none."""
    url = "redis+sentinel://bot%40acme:p%2Fw%3A1@a:1,b:2/main/3"
    own = "?sentinel_username=watcher&sentinel_password=dog"
    address = parse(url, setting=SETTING)
    assert {name: address.options[name] for name in ("username", "password", "db")} == {
        "username": "bot@acme",
        "password": "p/w:1",
        "db": 3,
    }
    assert (address.primary, address.sentinel_options) == ("main", {})
    assert parse(url + own, setting=SETTING).sentinel_options == {"username": "watcher", "password": "dog"}


def test_with_tls_sentinels_are_trusted_by_the_same_authority(tmp_path: Path) -> None:
    """The authority that the address names is asked for Sentinels as for servers, and is read once for both."""
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    address = parse(f"rediss+sentinel://a/main?ssl_ca_certs={tmp_path}/ca.pem", setting=SETTING)
    for options in (address.options, address.sentinel_options or {}):
        first, second = (connection_class(options)(**_for_connection(at(("h", n), options))) for n in (1, 2))
        assert isinstance(first, SSLConnection)
        assert isinstance(second, SSLConnection)
        assert first.ca_certs == f"{tmp_path}/ca.pem"
        assert first.ssl_context is second.ssl_context


def _for_connection(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if name != "connection_class"}


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://host",
        "redis://a:1,b:2/0",
        "redis+sentinel://a:1,b:2",
        "redis+sentinel://a:1/",
        "redis+sentinel://a:1/main/zero",
        "redis+sentinel://a:1/main/0/1",
        "redis+sentinel://a:port/main",
        "redis+sentinel://a,,b/main",
        "redis+sentinel://a/main?colour=red",
        "redis+sentinel://a/main?sentinel_colour=red",
        "redis+sentinel:///main",
        "redis+cluster://a:1/1",
        "redis+cluster://a:1?db=1",
        "redis+cluster://a:1/main",
        "redis+cluster://a?sentinel_password=x",
        "rediss://a?ssl_cert_reqs=maybe",
        "sentinel://a/main",
        "redis-sentinel://a/main",
    ],
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    """What cannot be understood is a mistake in the settings, said with the forms that can be."""
    with pytest.raises(
        Misconfigured, match=r"REDIS_CACHE_URL must read redis://.*redis\+sentinel://.*redis\+cluster://"
    ):
        parse(url, setting="REDIS_CACHE_URL")


def test_certificates_that_are_not_there_are_named_at_start() -> None:
    """A wrong path would else show as a server that does not answer."""
    with pytest.raises(Misconfigured, match="REDIS_URL: its certificates cannot be used: No such file"):
        parse("rediss://a?ssl_ca_certs=/nowhere/ca.pem", setting=SETTING)


def test_a_plain_connection_is_no_tls() -> None:
    """Without the second s nothing is encrypted, also where a certificate is mentioned by mistake."""
    assert connection_class(parse("redis://a", setting=SETTING).options) is Connection
    with pytest.raises(Misconfigured, match="must read"):
        parse("redis://a?ssl_ca_certs=/nowhere/ca.pem", setting=SETTING)


def test_every_address_in_the_guide_can_be_used() -> None:
    """What the guide shows is what is understood."""
    shown = re.findall(r"`((?:rediss?|unix)[+:][^`]*//[^`]+)`|REDIS_URL=([^\s\"]+)", GUIDE.read_text("utf-8"))
    urls = [one or other for one, other in shown]
    assert len(urls) >= 6
    for url in urls:
        assert said(parse(url, setting=SETTING).hosts[0])
