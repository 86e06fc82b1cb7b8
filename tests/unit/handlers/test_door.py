"""What the door remembers, how long it waits, and what it lets a server write down."""

import asyncio
import logging
from collections.abc import AsyncGenerator

import pytest
from aiohttp import web
from slack_bolt.async_app import AsyncApp
from slack_sdk.signature import SignatureVerifier

from handlers.door import Door, Seen, quiet_http_logger
from handlers.intake import Intake


def test_a_signature_is_taken_once() -> None:
    """It is known for as long as it holds, and again free when its work could not be done."""
    seen = Seen()
    assert seen.take("a", until=300, now=0)
    assert not seen.take("a", until=300, now=299)
    assert seen.take("b", until=300, now=0)
    seen.over("b", done=False)
    assert seen.take("b", until=300, now=1)
    seen.over("never seen", done=False)


def test_what_becomes_of_a_request_is_not_known_before_it_is_over() -> None:
    """The same one played meanwhile is told neither that it was taken nor that it was not."""
    seen = Seen()
    seen.take("a", until=300, now=0)
    assert seen.is_under_way("a")
    seen.over("a", done=True)
    assert not seen.is_under_way("a")
    assert not seen.take("a", until=300, now=1)


def test_memory_is_bounded() -> None:
    """However many come, so many are remembered, and the latest are among them."""
    seen = Seen(most=100)
    assert all(seen.take(f"{n}", until=1_000, now=n / 1_000) for n in range(1_000))
    assert not any(seen.take(f"{n}", until=1_000, now=2) for n in range(911, 1_000))
    assert seen.take("0", until=1_000, now=2)


def test_what_no_longer_holds_goes_as_others_come() -> None:
    """A quiet process does not grow until so many have come as may be remembered."""
    seen = Seen(most=10_000)
    for n in range(5_000):
        assert seen.take(f"{n}", until=n + 300, now=n)
    assert len(seen._until) <= 300  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  (what is kept shows nowhere)
    assert not any(seen.take(f"{n}", until=9_999, now=5_000) for n in range(4_701, 5_000))


def test_what_holds_is_kept_before_what_does_not() -> None:
    """A full memory first forgets signatures that are too old to be played again."""
    seen = Seen(most=10)
    for n in range(10):
        seen.take(f"{n}", until=10 if n % 2 else 1_000, now=0)
    assert seen.take("another", until=1_000, now=20)
    assert [seen.take(f"{n}", until=1_000, now=20) for n in range(0, 10, 2)] == [False] * 5


@pytest.fixture
async def address() -> AsyncGenerator[tuple[str, int]]:
    app = AsyncApp(signing_secret="a secret of tests", token="xoxb-of-tests")
    site = web.Application()
    site.add_routes(
        [web.post("/", Door(Intake(app), SignatureVerifier("a secret of tests"), body_deadline=0.05).receive)]
    )
    runner = web.AppRunner(site, access_log=None, logger=quiet_http_logger())
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield runner.addresses[0][:2]
    await runner.cleanup()


@pytest.mark.parametrize(
    "begun",
    [
        b"Content-Length: 50\r\n\r\nabcde",
        b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n",
        b"Content-Length: 1\r\n\r\n",
    ],
)
async def test_a_body_that_trickles_is_not_waited_for(address: tuple[str, int], begun: bytes) -> None:
    """What has not arrived by the deadline is refused, for Slack has given up too."""
    reader, writer = await asyncio.open_connection(*address)
    writer.write(b"POST / HTTP/1.1\r\nHost: x\r\n" + begun)
    assert (await reader.readline()).split()[1] == b"408"
    writer.close()


def test_a_failing_request_leaves_the_kind_of_error_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """Neither what a stranger sent nor a stack trace is written down."""
    sent = ValueError("what somebody sent")
    quiet_http_logger().error("Error handling request from %s", "203.0.113.7", exc_info=sent)
    (record,) = caplog.records
    assert (record.levelno, record.getMessage()) == (logging.ERROR, "http_error ValueError")
    assert "sent" not in caplog.text
    assert "Traceback" not in caplog.text
