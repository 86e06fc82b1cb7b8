"""Streamed messages, through Slack's own helper and call by call."""

from __future__ import annotations

from typing import Any

import pytest

from bot.playground import Playground
from tests.unit.playground.conftest import Caller, Client, Seconds, section

GENERAL, ANA, TEAM = "C07GENERAL1", "U07ANARBRO1", "T07PLAYGRND"
TO_ANA = {"recipient_team_id": TEAM, "recipient_user_id": ANA}


@pytest.fixture
async def root(slack: Playground) -> str:
    return await slack.say("ana", "general", "@Footnote stream this")


@pytest.fixture
async def stream(call: Caller, root: str) -> dict[str, Any]:
    """A stream begun with text: what its other calls must name."""
    begun = await call("chat.startStream", channel=GENERAL, thread_ts=root, markdown_text="Here ", **TO_ANA)
    return {"channel": GENERAL, "ts": begun["ts"]}


async def test_slacks_helper_streams_a_message(slack: Playground, client: Client, root: str) -> None:
    """Text grows piece by piece, blocks stand under it at the end."""
    stream = await client.chat_stream(channel=GENERAL, thread_ts=root, buffer_size=1, **TO_ANA)
    await stream.append(markdown_text="**Here** ")
    (_, growing) = slack.thread("general", root)
    assert (growing.visible_text, growing.is_streaming) == ("Here", True)
    await stream.append(markdown_text="it is.")
    await stream.stop(blocks=[section("Sources")])
    (_, done) = slack.thread("general", root)
    assert (done.visible_text, done.is_streaming) == ("Here it is.\nSources", False)


async def test_an_empty_stream_can_be_stopped(slack: Playground, client: Client, root: str) -> None:
    """The helper starts and stops an empty stream when nothing was appended."""
    stream = await client.chat_stream(channel=GENERAL, thread_ts=root, **TO_ANA)
    await stream.stop()
    assert slack.thread("general", root)[1].visible_text == ""


@pytest.mark.parametrize(
    ("left_out", "code"),
    [("recipient_team_id", "missing_recipient_team_id"), ("recipient_user_id", "missing_recipient_user_id")],
)
async def test_a_stream_wants_its_recipient(call: Caller, root: str, left_out: str, code: str) -> None:
    """In a channel, and as measured in direct messages too."""
    arguments = {name: value for name, value in TO_ANA.items() if name != left_out}
    assert (await call("chat.startStream", channel=GENERAL, thread_ts=root, **arguments))["error"] == code


async def test_a_stream_ends_after_five_minutes(call: Caller, stream: dict[str, Any], seconds: Seconds) -> None:
    """Appending does not make it live longer; then the message can be edited."""
    seconds.now += 299
    assert (await call("chat.appendStream", **stream, markdown_text="is"))["ok"]
    seconds.now += 1
    assert (await call("chat.appendStream", **stream, markdown_text="more"))[
        "error"
    ] == "message_not_in_streaming_state"
    assert (await call("chat.stopStream", **stream))["error"] == "message_not_in_streaming_state"
    assert (await call("chat.update", **stream, text="Here it is"))["ok"]


async def test_a_stream_cannot_be_edited(call: Caller, stream: dict[str, Any]) -> None:
    """`chat.update` during a stream is a conflict."""
    assert (await call("chat.update", **stream, text="no"))["error"] == "streaming_state_conflict"


async def test_a_stopped_stream_stays_stopped(call: Caller, stream: dict[str, Any]) -> None:
    """Neither append nor stop works a second time."""
    assert (await call("chat.stopStream", **stream, markdown_text="end"))["ok"]
    assert (await call("chat.appendStream", **stream, markdown_text="x"))["error"] == "message_not_in_streaming_state"


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({}, "markdown_text_or_chunks_required"),
    (
        {"markdown_text": "a", "chunks": [{"type": "markdown_text", "text": "a"}]},
        "cannot_provide_both_markdown_text_and_chunks",
    ),
    ({"chunks": [{"type": "markdown_text", "text": "a"}]}, "streaming_mode_mismatch"),
    ({"markdown_text": "x" * 12_001}, "msg_too_long"),
]


@pytest.mark.parametrize(("arguments", "code"), REFUSED)
async def test_a_wrong_append_is_refused(
    call: Caller, stream: dict[str, Any], arguments: dict[str, Any], code: str
) -> None:
    """Text or chunks, one of them, the same as at the start, and not too much."""
    assert (await call("chat.appendStream", **stream, **arguments))["error"] == code


@pytest.mark.parametrize(
    "chunk",
    [
        "text",
        {"type": "nonsense"},
        {"type": "markdown_text"},
        {"type": "task_update", "id": "1", "title": "a", "status": "nearly"},
        {"type": "task_update", "id": "1", "title": "x" * 257, "status": "pending"},
    ],
)
async def test_a_wrong_chunk_is_refused(call: Caller, root: str, chunk: object) -> None:
    """A chunk of no known kind or shape is `invalid_chunks`."""
    answer = await call("chat.startStream", channel=GENERAL, thread_ts=root, chunks=[chunk], **TO_ANA)
    assert answer["error"] == "invalid_chunks"


async def test_a_task_moves_on(slack: Playground, call: Caller, root: str) -> None:
    """A task's next state replaces the one before, in its place."""
    task = {"type": "task_update", "id": "1", "title": "Searching", "status": "in_progress"}
    begun = await call("chat.startStream", channel=GENERAL, thread_ts=root, chunks=[task], **TO_ANA)
    words = {"type": "markdown_text", "text": "Found it."}
    chunks = [{**task, "status": "complete"}, words]
    await call("chat.appendStream", channel=GENERAL, ts=begun["ts"], chunks=chunks)
    assert slack.thread("general", root)[1].visible_text == "● Searching\nFound it."


async def test_a_task_keeps_what_it_was_told(slack: Playground, call: Caller, root: str) -> None:
    """Details are added up, output and sources replaced."""
    task = {"type": "task_update", "id": "1", "title": "Searching", "status": "in_progress"}
    begun = await call("chat.startStream", channel=GENERAL, thread_ts=root, chunks=[{**task, "details": "a"}], **TO_ANA)
    source = {"type": "url", "url": "https://example.com/", "text": "Leave"}
    done = {**task, "status": "complete", "details": "b", "output": "two found", "sources": [source]}
    assert (await call("chat.appendStream", channel=GENERAL, ts=begun["ts"], chunks=[done]))["ok"]
    (block,) = slack.thread("general", root)[1].blocks
    assert (block["details"], block["output"], block["sources"]) == ("ab", "two found", [source])
    wrong = {**task, "sources": [{"url": "https://example.com/"}]}
    refused = await call("chat.appendStream", channel=GENERAL, ts=begun["ts"], chunks=[wrong])
    assert refused["error"] == "invalid_chunks"


async def test_a_stream_holds_a_hundred_blocks(call: Caller, root: str) -> None:
    """And one table, however often it grows."""
    table = {"type": "table", "rows": [[{"type": "raw_text", "text": "a"}]]}
    divider = {"type": "divider"}
    fifty = [{"type": "blocks", "blocks": [*[divider] * 49, table]}]
    begun = await call("chat.startStream", channel=GENERAL, thread_ts=root, chunks=fifty, **TO_ANA)
    stream = {"channel": GENERAL, "ts": begun["ts"]}
    assert (await call("chat.appendStream", **stream, chunks=fifty))["error"] == "invalid_blocks"
    assert (await call("chat.appendStream", **stream, chunks=[{"type": "blocks", "blocks": [divider] * 50}]))["ok"]
    assert (await call("chat.stopStream", **stream, blocks=[divider]))["error"] == "msg_blocks_too_many"
