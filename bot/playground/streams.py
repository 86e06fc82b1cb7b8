"""`chat.startStream`, `appendStream`, `stopStream`: a message that grows while it is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from bot.playground import blocks
from bot.playground.agent import session_status
from bot.playground.arguments import Arguments
from bot.playground.content import LONGEST_MARKDOWN, checked_blocks, metadata
from bot.playground.messages import Message
from bot.playground.refusals import Refusal
from bot.playground.rooms import Rooms
from bot.playground.shapes import Shapes
from bot.playground.wire import Json
from bot.playground.workspace import Room, Session, SessionStatus, Workspace

STREAM_LASTS = 300.0
"""Seconds after which a stream is over, however lively (a third party measured 306)."""
LONGEST_TASK_TEXT = 256
MOST_BLOCKS = 100
TASK_STATES = ("pending", "in_progress", "complete", "error")
MODES = ("timeline", "plan", "dense")
MARKDOWN, CHUNKS = "markdown_text", "chunks"


def settled(workspace: Workspace, message: Message) -> Message:
    """The message, its stream ended if its time is up."""
    if message.streaming_since is not None and workspace.clock() - message.streaming_since >= STREAM_LASTS:
        return workspace.change(message, streaming_since=None)
    return message


@dataclass(frozen=True, slots=True)
class Streams:
    """Streams, as the bot writes them. `modes` remembers whether each was begun with text or with chunks."""

    workspace: Workspace
    rooms: Rooms
    shapes: Shapes
    modes: dict[str, str]

    def start(self, given: Arguments) -> Json:
        """`chat.startStream`."""
        room = self.rooms.writable(given.text("channel"))
        thread_ts = self.rooms.thread(room, given.text("thread_ts"))
        self._refuse_wrong_recipient(room, given)
        if given.text("task_display_mode", "timeline") not in MODES:
            raise Refusal("invalid_arguments", "must be a valid enum value [json-pointer:/task_display_mode]")
        if any(given.optional_text(name) for name in ("username", "icon_emoji", "icon_url")):
            self.rooms.need("chat:write.customize")
        self._mode(given)
        grown = self._grown((), given)
        bot = self.workspace.cast.bot.id
        message = Message(
            room.id,
            self.workspace.timestamps.next(),
            bot,
            self.workspace.author_name(bot),
            _markdown_of(grown),
            grown,
            thread_ts=thread_ts,
            streaming_since=self.workspace.clock(),
        )
        self._remember_mode(message.ts, given)
        self.workspace.post(message)
        return {"channel": room.id, "ts": message.ts}

    def _refuse_wrong_recipient(self, room: Room, given: Arguments) -> None:
        """Third parties measured that direct messages want the recipient too, whatever the method's page says."""
        for name, code in (
            ("recipient_team_id", "missing_recipient_team_id"),
            ("recipient_user_id", "missing_recipient_user_id"),
        ):
            if not given.optional_text(name):
                raise Refusal(code)
        if given.text("recipient_team_id") != self.workspace.cast.team_id:
            raise Refusal("team_not_found")
        if given.text("recipient_user_id") not in room.members:
            raise Refusal("user_not_found")

    def append(self, given: Arguments) -> Json:
        """`chat.appendStream`."""
        message = self._streaming(given, stopped="stopped_by_user")
        if not given.optional_text(MARKDOWN) and not given.items(CHUNKS):
            raise Refusal("markdown_text_or_chunks_required")
        self._refuse_other_mode(message.ts, given)
        grown = self._grown(message.blocks, given)
        self._remember_mode(message.ts, given)
        self.workspace.change(message, blocks=grown, text=_markdown_of(grown))
        return {"channel": message.channel, "ts": message.ts}

    def stop(self, given: Arguments) -> Json:
        """`chat.stopStream`: `blocks` stand under all that was streamed."""
        message = self._streaming(given)
        self._refuse_other_mode(message.ts, given)
        closing = checked_blocks(given.items("blocks") or [], self.workspace.ids)
        described = metadata(given)
        grown = (*self._grown(message.blocks, given), *closing)
        _refuse_too_much(grown)
        status = session_status(given.text("session_status"), "session_status") if "session_status" in given else None
        self.modes.pop(message.ts, None)
        stopped = self.workspace.change(
            message,
            blocks=grown,
            text=_markdown_of(grown),
            streaming_since=None,
            metadata=described or message.metadata,
        )
        if status:
            self._move_session(stopped, status)
        answer = self.shapes.message(stopped, metadata=True)
        return {"channel": stopped.channel, "ts": stopped.ts, "message": answer}

    def _move_session(self, message: Message, status: SessionStatus) -> None:
        key = (message.channel, message.root_ts)
        session = replace(self.workspace.sessions.get(key, Session(status)), status=status)
        self.workspace.set_session(*key, session)

    def _streaming(self, given: Arguments, *, stopped: str = "message_not_in_streaming_state") -> Message:
        room = self.rooms.writable(given.text("channel"))
        message = settled(self.workspace, self.rooms.own(room, given.text("ts"), refusal="message_not_owned_by_app"))
        if not message.is_streaming:
            raise Refusal(stopped if message.stopped_by else "message_not_in_streaming_state")
        return message

    def _mode(self, given: Arguments) -> str | None:
        if given.items(CHUNKS) and given.optional_text(MARKDOWN):
            raise Refusal("cannot_provide_both_markdown_text_and_chunks")
        if given.items(CHUNKS):
            return CHUNKS
        return MARKDOWN if given.optional_text(MARKDOWN) else None

    def _remember_mode(self, ts: str, given: Arguments) -> None:
        mode = self._mode(given)
        if mode:
            self.modes.setdefault(ts, mode)

    def _refuse_other_mode(self, ts: str, given: Arguments) -> None:
        mode = self._mode(given)
        if mode and self.modes.get(ts, mode) != mode:
            raise Refusal("streaming_mode_mismatch")

    # --- growing ----------------------------------------------------------------------------------------------------

    def _grown(self, standing: tuple[Json, ...], given: Arguments) -> tuple[Json, ...]:
        """The blocks of the message with what this call adds."""
        text = given.optional_text(MARKDOWN)
        grown = self._with_text(standing, text) if text else standing
        for chunk in given.items(CHUNKS) or []:
            grown = self._with_chunk(grown, chunk)
        _refuse_too_much(grown)
        return grown

    def _with_text(self, standing: tuple[Json, ...], text: str) -> tuple[Json, ...]:
        if len(text) > LONGEST_MARKDOWN:
            raise Refusal("msg_too_long")
        if standing and standing[-1]["type"] == "markdown":
            return (*standing[:-1], {**standing[-1], "text": standing[-1]["text"] + text})
        return (*standing, *blocks.with_ids([{"type": "markdown", "text": text}], self.workspace.ids))

    def _with_chunk(self, standing: tuple[Json, ...], chunk: Any) -> tuple[Json, ...]:
        fields: Json = cast("Json", chunk) if isinstance(chunk, dict) else {}
        kind = fields.get("type")
        if kind == "markdown_text" and isinstance(fields.get("text"), str) and fields["text"]:
            return self._with_text(standing, fields["text"])
        if kind == "task_update":
            return self._with_task(standing, fields)
        if kind == "plan_update" and isinstance(fields.get("title"), str):
            return self._with_task(standing, {"id": "plan", "title": fields["title"], "status": "in_progress"})
        if kind == "blocks" and isinstance(fields.get("blocks"), list):
            return (*standing, *checked_blocks(fields["blocks"], self.workspace.ids))
        raise Refusal("invalid_chunks")

    def _with_task(self, standing: tuple[Json, ...], fields: Json) -> tuple[Json, ...]:
        """A task takes its next title, status and output; details are added to those before."""
        if not all(isinstance(fields.get(name), str) and fields[name] for name in ("id", "title", "status")):
            raise Refusal("invalid_chunks")
        if fields["status"] not in TASK_STATES or not _fits(fields):
            raise Refusal("invalid_chunks")
        block_id = f"task-{fields['id']}"
        nothing: Json = {}
        before = next((block for block in standing if block["block_id"] == block_id), nothing)
        details = before.get("details", "") + fields.get("details", "")
        more = {name: fields.get(name) or before.get(name) for name in ("output", "sources")}
        task: Json = {
            "type": "task_card",
            "block_id": block_id,
            "title": fields["title"],
            "status": fields["status"],
            **({"details": details} if details else {}),
            **{name: value for name, value in more.items() if value},
        }
        if before:
            return tuple(task if block["block_id"] == block_id else block for block in standing)
        return (*standing, task)


def _fits(fields: Json) -> bool:
    """Whether the words of a task are words, and short enough; its sources must be links with a text."""
    words = [fields.get(name, "") for name in ("title", "details", "output")]
    sources: object = fields.get("sources", [])
    if not all(isinstance(word, str) and len(word) <= LONGEST_TASK_TEXT for word in words):
        return False
    return isinstance(sources, list) and all(map(_is_source, cast("list[object]", sources)))


def _is_source(source: object) -> bool:
    fields: Json = cast("Json", source) if isinstance(source, dict) else {}
    return fields.get("type") == "url" and all(isinstance(fields.get(name), str) for name in ("url", "text"))


def _refuse_too_much(grown: Sequence[Json]) -> None:
    """What holds for a message as a whole, however it has grown."""
    if len(grown) > MOST_BLOCKS:
        raise Refusal("msg_blocks_too_many")
    if sum(block["type"] == "table" for block in grown) > 1:
        raise Refusal("invalid_blocks", "only one table is allowed per message [json-pointer:/blocks]")


def _markdown_of(grown: tuple[Json, ...]) -> str:
    return "\n".join(block["text"] for block in grown if block["type"] == "markdown")
