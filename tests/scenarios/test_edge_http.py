"""What comes to the HTTP door without being Slack's, or not as Slack sends it."""

import json
import time
from collections.abc import AsyncGenerator

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handlers.door import LARGEST_BODY
from tests.scenarios.edge import Edge, http_edge, post
from tests.unit.handlers.stand_ins import envelope

JSON = {"content-type": "application/json"}
STAMP, SEAL = "x-slack-request-timestamp", "x-slack-signature"


@pytest.fixture
async def edge() -> AsyncGenerator[Edge]:
    async with http_edge() as opened:
        yield opened


def mention() -> str:
    return json.dumps(envelope("app_mention"))


async def test_the_handshake_of_the_request_url_is_answered(edge: Edge) -> None:
    """Slack only sends events to a URL that echoes its challenge."""
    assert await edge.slack.verify_url()


async def test_a_recorded_request_played_again_asks_nothing(edge: Edge) -> None:
    """Within five minutes its signature holds; the event id is known."""
    body = mention()
    headers = JSON | edge.slack.sign(body)
    answers = [await post(edge.url, body.encode(), headers) for _ in range(3)]
    assert [status for status, _ in answers] == [200, 200, 200]
    assert len(edge.jobs.questions) == 1


@pytest.mark.parametrize("age", [-400, 400])
async def test_a_signature_from_another_time_is_refused(edge: Edge, age: int) -> None:
    """Five minutes to either side, then it is too old, or not yet true."""
    body = mention()
    headers = JSON | edge.slack.sign(body, timestamp=int(time.time()) + age)
    assert (await post(edge.url, body.encode(), headers))[0] == 401
    assert edge.jobs.asked == 0


@pytest.mark.parametrize(
    "changed",
    [
        {SEAL: "v0=" + "0" * 64},
        {SEAL: ""},
        {SEAL: "v1=" + "0" * 64},
        {SEAL: "v0=" + "é" * 64},
        {SEAL: "v0=" + "0" * 5_000},
        {STAMP: ""},
        {STAMP: "now"},
        {STAMP: "1e9"},
        {STAMP: "-1"},
        {STAMP: "٣" * 10},
        {STAMP: "9" * 4_400},
        {STAMP: " 1772452800 1"},
    ],
)
async def test_forged_and_malformed_headers_are_refused_without_work(edge: Edge, changed: dict[str, str]) -> None:
    """Whatever the shape of the headers: 401, never a 500, and no queue is asked."""
    body = mention()
    status, text = await post(edge.url, body.encode(), JSON | edge.slack.sign(body) | changed)
    assert (status, text) == (401, "")
    assert edge.jobs.asked == 0


async def test_missing_headers_are_refused(edge: Edge) -> None:
    """A request without a signature is nobody's."""
    assert (await post(edge.url, mention().encode(), JSON))[0] == 401
    assert edge.jobs.asked == 0


async def test_another_body_under_a_true_signature_is_refused(edge: Edge) -> None:
    """The signature covers every byte."""
    headers = JSON | edge.slack.sign(mention())
    assert (await post(edge.url, mention().replace("annual", "sick").encode(), headers))[0] == 401
    assert edge.jobs.asked == 0


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b"[]", b"null", b"", b"payload=%7B", b"{" * 100_000])
async def test_what_cannot_be_read_is_refused_before_it_is_read(edge: Edge, body: bytes) -> None:
    """Unsigned, no parser sees it."""
    assert (await post(edge.url, body, JSON))[0] == 401


@pytest.mark.parametrize("body", ["{", "[]", "null", '{"type": "event_callback"}', "[" * 100_000])
async def test_a_signed_body_that_is_no_envelope_asks_nothing(edge: Edge, body: str) -> None:
    """Slack does not send it, so that any clear refusal will do, as long as nothing is queued."""
    status, _ = await post(edge.url, body.encode(), JSON | edge.slack.sign(body))
    assert status in (400, 404)
    assert edge.jobs.asked == 0


@pytest.mark.parametrize("content_type", ["application/json; charset=klingon", "text/plain", "multipart/form-data", ""])
async def test_an_odd_content_type_breaks_nothing(edge: Edge, content_type: str) -> None:
    """A signed event is an event, however it is labelled."""
    body = mention()
    assert (await post(edge.url, body.encode(), {"content-type": content_type} | edge.slack.sign(body)))[0] == 200
    assert len(edge.jobs.questions) == 1


async def test_an_oversized_body_is_refused(edge: Edge) -> None:
    """256 KB are read and no more, signed or not."""
    body = json.dumps({**envelope("app_mention"), "padding": "x" * LARGEST_BODY})
    assert (await post(edge.url, body.encode(), JSON | edge.slack.sign(body)))[0] == 413
    assert edge.jobs.asked == 0


async def test_a_failure_behind_the_door_is_a_500_without_details(edge: Edge) -> None:
    """Slack learns that it must come again, and nothing of why."""
    edge.jobs.down = True
    body = mention()
    assert await post(edge.url, body.encode(), JSON | edge.slack.sign(body)) == (500, "")
    edge.jobs.down = False
    assert (await post(edge.url, body.encode(), JSON | edge.slack.sign(body)))[0] == 200
    assert len(edge.jobs.questions) == 1


async def test_the_door_says_that_it_is_open(edge: Edge) -> None:
    """A load balancer asks at /health; nothing else is served."""
    base = edge.url.removesuffix("/slack/events")
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{base}/health") as response:
            assert response.status == 200
        async with session.get(edge.url) as response:
            assert response.status == 405
        async with session.post(f"{base}/other") as response:
            assert response.status == 404


header_text = st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=80)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=200), stamp=header_text, seal=header_text)
async def test_no_stranger_gets_past_the_door(edge: Edge, body: bytes, stamp: str, seal: str) -> None:
    """Any bytes under any headers: 401, and no work."""
    status, _ = await post(edge.url, body, JSON | {STAMP: stamp, SEAL: seal})
    assert status in (400, 401)  # 400 is aiohttp's own, for a header that is not one
    assert edge.jobs.asked == 0
