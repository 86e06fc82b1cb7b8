"""What comes to the HTTP door without being Slack's, or not as Slack sends it."""

import asyncio
import copy
import gzip
import json
import time
from collections.abc import AsyncGenerator
from typing import Any
from urllib.parse import urlencode, urlsplit

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict

from handlers.door import LARGEST_BODY
from tests.scenarios.edge import Edge, http_edge, post
from tests.unit.handlers.stand_ins import PAYLOADS, envelope

JSON = {"content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
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
    assert status == 400
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


# --- what is played again -----------------------------------------------------------------------------------------


def command(text: str = "how many hours of annual leave?") -> str:
    return urlencode(envelope("slash_ask") | {"text": text})


async def test_a_command_played_again_asks_nothing(edge: Edge) -> None:
    """Within five minutes its signature holds; it is answered, and nothing is done, whoever calls it another way."""
    headers = FORM | edge.slack.sign(command())
    first = await post(edge.url, command().encode(), headers)
    again = [await post(edge.url, command().encode(), headers | {"x-slack-retry-num": "1"}) for _ in range(3)]
    assert (first[0], again) == (200, [(200, "")] * 3)
    assert edge.jobs.asked == 1


async def test_the_same_command_signed_anew_is_another(edge: Edge) -> None:
    """Only what is the same to the last byte is a repetition to the door; the queue knows a gesture by its name."""
    for age in (0, -1, -2):
        signed = edge.slack.sign(command(), timestamp=int(time.time()) + age)
        assert (await post(edge.url, command().encode(), FORM | signed))[0] == 200
    assert edge.jobs.asked == 3
    assert len(edge.jobs.appended) == 1


async def test_what_could_not_be_queued_may_come_again(edge: Edge) -> None:
    """A command that met a queue that was down is no repetition when it comes a second time."""
    headers = FORM | edge.slack.sign(command())
    edge.jobs.down = True
    assert (await post(edge.url, command().encode(), headers))[0] == 500
    edge.jobs.down = False
    assert (await post(edge.url, command().encode(), headers))[0] == 200
    assert len(edge.jobs.appended) == 1


async def test_a_handshake_may_be_repeated(edge: Edge) -> None:
    """A challenge is no work: it is answered each time."""
    body = json.dumps({"type": "url_verification", "challenge": "c", "token": "t"})
    headers = JSON | edge.slack.sign(body)
    answers = [await post(edge.url, body.encode(), headers) for _ in range(2)]
    assert [(status, json.loads(text)) for status, text in answers] == [(200, {"challenge": "c"})] * 2


# --- what is no envelope ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        '{"type": []}',
        '{"type": "event_callback", "team_id": "T1", "event_id": "E1", "event": []}',
        '{"type": "event_callback", "team_id": "T1", "event_id": "E1", "event": {"type": []}}',
        '{"type": "event_callback", "team_id": "T1", "event_id": "E1", "event": {"type": "message", "user": "U1"}}',
        '{"type": "block_actions", "user": {"id": "U1"}, "actions": []}',
        '{"type": "block_actions", "user": {"id": "U1"}, "actions": [1]}',
        '{"type": "view_submission", "view": 1}',
        '{"command": "/ask", "text": "half a command"}',
        '{"type": "message", "text": "\\ud800"}',
        '{"authorizations": 5}',
        '{"type": ' + "9" * 5_000 + "}",
    ],
)
async def test_a_signed_body_of_the_wrong_shape_is_refused(edge: Edge, body: str) -> None:
    """What would trip a listener, or Bolt itself, never reaches it."""
    assert await post(edge.url, body.encode(), JSON | edge.slack.sign(body)) == (400, "")
    assert edge.jobs.asked == 0


@pytest.mark.parametrize("body", ['{"type": "something_new"}', "{}", "ssl_check=1&token=t", "a=b", "%ff=%ff", "&&&"])
async def test_a_signed_body_of_an_unknown_kind_is_let_pass(edge: Edge, body: str) -> None:
    """What Slack may send one day is acknowledged without work: it counts what is not as a failed delivery."""
    assert await post(edge.url, body.encode(), JSON | edge.slack.sign(body)) in ((200, ""), (400, ""))
    assert edge.jobs.asked == 0


# --- what is no HTTP, or strange HTTP -----------------------------------------------------------------------------

POST = b"POST /slack/events HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (POST + b"".join(b"X-%d: y\r\n" % n for n in range(5_000)) + b"Content-Length: 0\r\n\r\n", 400),
        (POST + b"X: " + b"a" * 20_000 + b"\r\nContent-Length: 0\r\n\r\n", 400),
        (POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
        (POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (POST + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n", 400),
        (POST + b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nabcde", 400),
        (POST + b"Content-Length: -1\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n", 400),
        (b"POST /slack/events HTTP/9.9\r\n\r\n", 400),
        (POST.replace(b"POST", b"PUT") + b"Content-Length: 0\r\n\r\n", 405),
        (POST.replace(b"POST", b"GET") + b"\r\n", 405),
        (POST + b"Content-Length: 0\r\n\r\n", 401),
    ],
)
async def test_strange_requests_are_refused_in_few_words(
    edge: Edge, caplog: pytest.LogCaptureFixture, sent: bytes, status: int
) -> None:
    """Never a 500, nor a stack trace in what is answered or logged, nor what a stranger sent in the log."""
    address = urlsplit(edge.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(sent)
    answer = await reader.read()
    writer.close()
    assert answer.split(b" ", 2)[1] == str(status).encode()
    assert b"Traceback" not in answer
    assert [record.exc_info or record.exc_text for record in caplog.records if record.exc_info or record.exc_text] == []
    assert [record.getMessage() for record in caplog.records if "aaaa" in record.getMessage()] == []
    assert edge.jobs.asked == 0


async def test_a_compressed_bomb_is_refused(edge: Edge) -> None:
    """What is read is counted as it is unpacked."""
    packed = gzip.compress(b"a" * 50 * LARGEST_BODY)
    assert (await post(edge.url, packed, JSON | {"content-encoding": "gzip"}))[0] == 413


@pytest.mark.parametrize("name", [STAMP, SEAL])
async def test_a_header_that_comes_twice_signs_nothing(edge: Edge, name: str) -> None:
    """There is no saying which of the two another reader would take."""
    headers = CIMultiDict(JSON | edge.slack.sign(mention()))
    headers.add(name, headers[name])
    async with aiohttp.ClientSession() as session, session.post(edge.url, data=mention(), headers=headers) as response:
        assert response.status == 401
    assert edge.jobs.asked == 0


# --- anything at all ----------------------------------------------------------------------------------------------

READ = [json.loads(path.read_text()) for path in sorted(PAYLOADS.glob("*.json"))]
ENVELOPES = [whole for whole in READ if "event" in whole or "command" in whole]
KINDS = ["application/json", "application/x-www-form-urlencoded", "text/plain", "multipart/form-data", "é", ""]
junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=4,
)
named_junk = st.dictionaries(
    st.sampled_from(["type", "event", "team_id", "user", "command", "actions", "view", "authorizations", "payload"]),
    junk,
)


@st.composite
def spoiled(draw: st.DrawFn) -> dict[str, Any]:
    """An envelope as Slack sends it, with one of its values taken for another, or gone."""
    whole = copy.deepcopy(draw(st.sampled_from(ENVELOPES)))
    if "response_url" in whole:
        whole["response_url"] = "http://127.0.0.1:9/"  # where nobody listens
    place = whole["event"] if "event" in whole and draw(st.booleans()) else whole
    name = draw(st.sampled_from(sorted(place)))
    if draw(st.booleans()):
        place[name] = draw(junk)
    else:
        del place[name]
    return whole


bodies = (
    st.binary(max_size=100)
    | (spoiled() | named_junk | junk).map(json.dumps).map(str.encode)
    | (spoiled() | named_junk).map(lambda found: urlencode({"payload": json.dumps(found)}).encode())
    | st.dictionaries(st.sampled_from(["command", "text", "payload", "ssl_check", "user_id"]), st.text(max_size=9)).map(
        lambda found: urlencode(found, errors="replace").encode()
    )
)
requests = st.tuples(
    bodies,
    st.sampled_from(KINDS),
    st.sampled_from(["true", "stale", "other", "none"]),
    st.sampled_from(["POST"] * 8 + ["PUT"]),
)


@settings(max_examples=210, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(requests, min_size=10, max_size=10))
async def test_the_door_holds(edge: Edge, asked: list[tuple[bytes, str, str, str]]) -> None:
    """Two thousand requests of any kind: each is refused or taken, and none that is unsigned does any work."""
    async with aiohttp.ClientSession() as session:
        for body, kind, seal, method in asked:
            before = edge.jobs.asked
            headers = {"content-type": kind} | signed(edge, body, seal)
            async with session.request(method, edge.url, data=body, headers=headers) as response:
                text = await response.text()
            taken = seal == "true" and method == "POST" and is_text(body)
            assert response.status in ((200, 400) if taken else (400, 401, 405)), body
            assert "Traceback" not in text
            assert edge.jobs.asked == before or response.status == 200


def is_text(body: bytes) -> bool:
    return body.decode(errors="replace").encode() == body


def signed(edge: Edge, body: bytes, seal: str) -> dict[str, str]:
    """Headers as Slack would set them, or an hour ago, or for another body; or none."""
    text = body.decode(errors="replace") + ("x" if seal == "other" else "")
    moment = int(time.time()) - (3_600 if seal == "stale" else 0)
    return {} if seal == "none" else edge.slack.sign(text, timestamp=moment)


header_text = st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=80)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=200), stamp=header_text, seal=header_text)
async def test_no_stranger_gets_past_the_door(edge: Edge, body: bytes, stamp: str, seal: str) -> None:
    """Any bytes under any headers: 401, and no work."""
    status, _ = await post(edge.url, body, JSON | {STAMP: stamp, SEAL: seal})
    assert status in (400, 401)  # 400 is aiohttp's own, for a header that is not one
    assert edge.jobs.asked == 0
