"""Whatever goes wrong, and however much is logged: no token, no address, no word of anybody's stands in it."""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterable

import pytest
import structlog

from bot.adapters.redis.client import connect
from bot.logs import configure
from tests.scenarios.edge import http_edge, post
from tests.scenarios.small import Small, small
from tests.scenarios.test_slack_errors import FAULTS, TABLE, refused, told
from tests.unit.handlers.test_gesture_shapes import NAMES, Desk, gesture, instead, knocking, places

WORDS = ("served at noon", "Lunch is", "the soup is good", "At noon.")
"""What people and documents say in these stories."""
PLACES = sorted({(way, method) for way, method, _ in TABLE})
WRITTEN = frozenset(("text", "value", "private_metadata", "response_url", "token", "username", "values", "message"))
"""Where in a gesture words or secrets stand; what else there is are names and ids, which are logged."""
WRONG = {
    "internal_error": FAULTS["internal_error"],
    "token_revoked": refused("token_revoked", 99),
    "cut": FAULTS["cut after, twice"],
}


@pytest.fixture(autouse=True)
def logging_as_before() -> Generator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def must_be_clean(logged: str, secrets: Iterable[str]) -> None:
    """Fail when a line that was logged holds any of these."""
    found = [(secret, line) for secret in secrets for line in logged.splitlines() if secret in line]
    assert found == []


def secrets_of(desk: Small) -> list[str]:
    """What connects us to Slack, and every address that was given out."""
    payloads = [one.payload for one in desk.slack.deliveries]
    addresses = [str(payload["response_url"]).rpartition("/")[2] for payload in payloads if "response_url" in payload]
    return [desk.slack.bot_token, desk.slack.app_token, desk.slack.signing_secret, *addresses]


@pytest.mark.parametrize("fault", WRONG)
async def test_a_worker_in_trouble_says_nothing_of_what_it_works_on(
    valkey_url: str, capsys: pytest.CaptureFixture[str], fault: str
) -> None:
    """Every way in, every method that fails there, at the lowest level of logging."""
    configure("debug")
    lines = 0
    for way, method in PLACES:
        async with connect(valkey_url, prefix=f"{fault}/{way}/{method}") as link, small(link) as desk:
            await told(desk, way, WRONG[fault], method)
            logged = capsys.readouterr().err
            must_be_clean(logged, [*secrets_of(desk), *WORDS])
            lines += logged.count("job_")
    assert lines >= len(PLACES)


async def test_an_edge_in_trouble_says_nothing_of_what_it_was_sent(capsys: pytest.CaptureFixture[str]) -> None:
    """Gestures of every shape, a memory that is down, and forged requests."""
    configure("debug")
    async with knocking() as desk:
        for name in NAMES:
            await _knock_about(desk, name)
        desk.edge.jobs.down = desk.edge.stores.records.down = desk.edge.stores.book.down = True
        for name in NAMES:
            await desk.knock(gesture(desk.edge, name))
        slack = desk.edge.slack
        logged = capsys.readouterr().err
        must_be_clean(logged, [slack.bot_token, slack.signing_secret, "respond/x", "zebrafinch", "lunch", "knock-"])
    assert "listener_failed" in logged


async def _knock_about(desk: Desk, name: str) -> None:
    whole = gesture(desk.edge, name)
    for place in (one for one in places(whole) if one[-1] in WRITTEN):
        await desk.knock(instead(whole, place, {"zebrafinch": ["zebrafinch"]}))
        await desk.knock(instead(whole, place, "zebrafinch"))


@pytest.mark.parametrize("signed", [True, False])
async def test_a_request_that_is_refused_is_not_repeated_in_the_log(
    capsys: pytest.CaptureFixture[str],
    signed: bool,  # noqa: FBT001  (both sides of the door)
) -> None:
    """Neither what a stranger sent, nor what Slack signed and nobody can read."""
    configure("debug")
    async with http_edge() as edge:
        body = '{"type": "event_callback", "event": {"type": "zebrafinch", "text": "zebrafinch"}}'
        headers = edge.slack.sign(body) if signed else {"x-slack-signature": "v0=zebrafinch"}
        status, _ = await post(edge.url, body.encode(), {"content-type": "application/json"} | headers)
        logged = capsys.readouterr().err
        must_be_clean(logged, ["zebrafinch", edge.slack.signing_secret, edge.slack.bot_token])
    assert status == (400 if signed else 401)
    assert "request_refused" in logged
