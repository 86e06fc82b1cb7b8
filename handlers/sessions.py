"""Sessions of the agent: while one is processing, Slack shows its own Stop button."""

from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from bot.errors import Refused, SlackUnavailable
from handlers.posting import Posting

METHOD = "agents.sessions.setStatus"
NOT_AGAIN = 600.0
"""Seconds for which a method that was refused is left alone."""
LEFT, QUIET = "a session was left", 60.0
"""For so long no session is begun after a try that may have left one: as long as Slack counts a call. Where workers die
again and again, each leaves some, and the calls of a minute would not do to end them."""
KEPT = 10
"""Calls that are left besides those of sessions that have to end: for titles, and for what an earlier try began."""
MOST_UNENDED = 1_000
"""Threads that are remembered: what another process ended meanwhile is never heard of here."""
SOON, AT_LAST = 1.0, 15.0
"""Seconds that a call may wait for its turn: one that need not be made, and the one that takes Slack's button away."""
LONGEST_TITLE = 80
"""Characters of a title; Slack takes 200."""


@dataclass(slots=True)
class Refusals:
    """What Slack refused lately, so that it is not asked for each answer anew. `clock` counts seconds."""

    clock: Callable[[], float]
    sessions: int = 0
    """Sessions that were begun, or may have been, and not ended: each has its call to come."""
    unended: dict[tuple[str, str], None] = field(default_factory=dict[tuple[str, str], None])
    """Threads whose session a try here began and could not end: its lease was lost, or there was no room in time."""
    _until: dict[str, float] = field(default_factory=dict[str, float])

    def note(self, what: str, *, seconds: float = NOT_AGAIN) -> None:
        """It was refused just now, or happened."""
        self._until = {name: until for name, until in self._until.items() if until > self.clock()}
        self._until[what] = self.clock() + seconds

    def leave(self, thread: tuple[str, str]) -> None:
        """The session of this thread has to be ended by the next try, which waits for it."""
        self.unended[thread] = None
        if len(self.unended) > MOST_UNENDED:
            self.unended.pop(next(iter(self.unended)))

    def stand(self, what: str) -> bool:
        """Whether it was refused, or happened, lately."""
        return self._until.get(what, 0.0) > self.clock()


@dataclass(slots=True)
class Session:
    """The session of one thread. Nothing here ever fails an answer."""

    posting: Posting
    refused: Refusals
    processing: bool
    """Whether Slack shows that we are at it, as far as we know."""
    owed: bool = False
    """An earlier try may have begun it, and left it so: its end is ours to make, as if we had."""
    untitled: bool = field(init=False)
    _begun: bool = False

    def __post_init__(self) -> None:
        if self.owed:
            self._count()
            self.refused.note(LEFT, seconds=QUIET)
        question = self.posting.question
        self.untitled = question.private and question.message == question.conversation.thread and bool(question.text)

    async def begin(self) -> None:
        """Say that we are at it, which can be stopped."""
        keep = KEPT + self.refused.sessions
        hushed = self.refused.stand(METHOD) or self.refused.stand(LEFT)
        if not hushed and self.posting.call.room_for(METHOD, keep=keep):
            self._count()  # also if nobody hears what Slack made of it: then it has to be ended
            self.processing = await self._set("processing")

    def _count(self) -> None:
        self.refused.sessions += not self._begun
        self._begun = self.processing = True

    async def end(self) -> None:
        """Say that we are done, where we said that we began; a conversation of one person's gets its title."""
        begun, self._begun = self._begun, False
        thread = self.posting.channel, self.posting.thread
        known = begun or thread in self.refused.unended
        try:
            if (self.processing or self.untitled) and not self.refused.stand(METHOD) and (known or self._spare()):
                if known and self.processing:
                    self.refused.leave(thread)  # until Slack took it
                self.processing = False
                if await self._set("active", patience=AT_LAST if known else SOON):
                    self.refused.unended.pop(thread, None)
        finally:
            self.refused.sessions -= begun

    def _spare(self) -> bool:
        """Whether there is room for more than what has to be ended."""
        return self.posting.call.room_for(METHOD, keep=self.refused.sessions)

    async def _set(self, status: str, *, patience: float = SOON) -> bool:
        """Whether Slack took it, or may have. The first call says what the conversation is about."""
        posting, words = self.posting, " ".join(self.posting.question.text.split())[:LONGEST_TITLE]
        where = {"channel_id": posting.channel, "thread_ts": posting.thread}
        title = {"title": words} if self.untitled else {}
        self.untitled = False
        try:
            await posting.call(METHOD, repeatable=True, patience=patience, **where, status=status, **title)
        except Refused as refusal:
            self.refused.note(METHOD)
            structlog.get_logger().info("sessions_refused", reason=refusal.code)
            return False
        except SlackUnavailable as failure:
            return failure.retry_after is None
        return True
