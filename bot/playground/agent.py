"""`assistant.threads.*` and `agents.sessions.*`: what the bot shows of itself at work in a thread."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.playground.arguments import Arguments
from bot.playground.refusals import Refusal
from bot.playground.rooms import Rooms
from bot.playground.wire import Json, is_timestamp
from bot.playground.workspace import Room, Session, SessionStatus, Workspace

LONGEST_TITLE, LONGEST_SESSION_TITLE = 255, 200
MOST_PROMPTS = 4
MOST_LOADING_MESSAGES = 10
STOPPABLE = "agent_session_stopped"
NOT_STOPPABLE = "missing_agent_session_stopped_event_subscription"


def session_status(value: str, argument: str = "status") -> SessionStatus:
    """One of the four states of a session; raises `invalid_arguments` for another."""
    for known in ("active", "processing", "suspended", "closed"):
        if value == known:
            return known
    raise Refusal("invalid_arguments", f"must be a valid enum value [json-pointer:/{argument}]")


@dataclass(frozen=True, slots=True)
class Agent:
    """The bot as an agent: status lines, titles, prompts, sessions."""

    workspace: Workspace
    rooms: Rooms

    # --- assistant threads ------------------------------------------------------------------------------------------

    def set_status(self, given: Arguments) -> Json:
        """`assistant.threads.setStatus`."""
        room, thread_ts = self._thread(given)
        self._refuse_disguise(given)
        loading = given.items("loading_messages") or []
        if len(loading) > MOST_LOADING_MESSAGES or not all(isinstance(line, str) for line in loading):
            raise Refusal("invalid_arguments", "must be at most 10 strings [json-pointer:/loading_messages]")
        self.workspace.set_status(room, thread_ts, given.text("status"), loading)
        return {}

    def set_title(self, given: Arguments) -> Json:
        """`assistant.threads.setTitle`."""
        room, thread_ts = self._thread(given)
        self.workspace.titles[room.id, thread_ts] = given.text("title")[:LONGEST_TITLE]
        return {}

    def suggest(self, given: Arguments) -> Json:
        """`assistant.threads.setSuggestedPrompts`."""
        room = self.rooms.visible(given.text("channel_id"))
        if room.channel.kind != "im":
            raise Refusal("channel_not_found")
        prompts = given.items("prompts") or []
        if len(prompts) > MOST_PROMPTS:
            raise Refusal("invalid_arguments", "no more than 4 items allowed [json-pointer:/prompts]")
        for position, prompt in enumerate(prompts):
            if not _is_prompt(prompt):
                where = f"[json-pointer:/prompts/{position}]"
                raise Refusal("invalid_arguments", f"must have a title and a message {where}")
        self.workspace.suggest(room, prompts)
        return {}

    def _thread(self, given: Arguments) -> tuple[Room, str]:
        room = self.rooms.visible(given.text("channel_id"))
        if not self.rooms.is_in(room):
            raise Refusal("channel_not_found")
        thread_ts = given.text("thread_ts")
        root = room.messages.get(thread_ts) if is_timestamp(thread_ts) else None
        if root is None or root.thread_ts is not None:
            raise Refusal("invalid_thread_ts")
        return room, thread_ts

    def _refuse_disguise(self, given: Arguments) -> None:
        if any(given.optional_text(name) for name in ("username", "icon_emoji", "icon_url")):
            self.rooms.need("chat:write.customize")

    # --- sessions ---------------------------------------------------------------------------------------------------

    def set_session_status(self, given: Arguments) -> Json:
        """`agents.sessions.setStatus`: title and initiator count for a new session only."""
        room, thread_ts = self._thread(given)
        self._refuse_disguise(given)
        status = session_status(given.text("status"))
        session = self.workspace.sessions.get((room.id, thread_ts))
        if session is None:
            session = self._new_session(room, given, status)
        session = replace(session, status=status)
        self.workspace.set_session(room.id, thread_ts, session)
        titled = {"title": session.title} if session.title else {}
        return {"status": status, "agent_status": status, **titled, **self._warning()}

    def _new_session(self, room: Room, given: Arguments, status: SessionStatus) -> Session:
        if len(given.text("title")) > LONGEST_SESSION_TITLE:
            raise Refusal("invalid_arguments", "must be less than 201 characters [json-pointer:/title]")
        initiator = given.optional_text("initiator_user_id")
        if initiator and initiator not in room.members:
            raise Refusal("user_not_in_channel")
        return Session(status, given.text("title"), initiator)

    def _warning(self) -> Json:
        if STOPPABLE in self.workspace.cast.events:
            return {}
        return {"warning": NOT_STOPPABLE, "response_metadata": {"warnings": [NOT_STOPPABLE]}}

    def rename_session(self, given: Arguments) -> Json:
        """`agents.sessions.rename`."""
        room, thread_ts = self._thread(given)
        title = given.text("title")
        if not 1 <= len(title) <= LONGEST_SESSION_TITLE:
            raise Refusal("invalid_arguments", "must be 1 to 200 characters [json-pointer:/title]")
        session = self.workspace.sessions.get((room.id, thread_ts))
        if session is None:
            raise Refusal("session_not_found")
        self.workspace.set_session(room.id, thread_ts, replace(session, title=title))
        return {"title": title}


def _is_prompt(prompt: object) -> bool:
    if not isinstance(prompt, dict):
        return False
    return all(isinstance(prompt.get(name), str) and prompt[name] for name in ("title", "message"))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType, reportUnknownVariableType]  # a JSON object of any shape
