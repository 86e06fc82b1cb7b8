"""A message that grows while it is read: Slack's streams, and how many of them are open."""

from dataclasses import dataclass

from bot.errors import Refused, SlackUnavailable, Stopped
from bot.kill_points import passing
from handlers.posting import Posting
from handlers.views.blocks import LONGEST_BODY, Block
from handlers.views.body import streamed

START, APPEND, STOP = "chat.startStream", "chat.appendStream", "chat.stopStream"
CROWD = 20
"""Replies at a time that are shown while they grow."""
KEPT_APPENDS = 5
"""Appends that are left for other streams."""


@dataclass(slots=True)
class OpenStreams:
    """How many streams of this process are open: each will need a stop, for which there must be room.

    `replies` counts those that are not finished, streams among them. Beyond `CROWD` nothing but a sign of life and the
    finished answer is shown: Slack takes no more streams than that in a minute, and a process has better to do.
    """

    count: int = 0
    replies: int = 0

    @property
    def crowded(self) -> bool:
        """Whether answers are to come in one piece."""
        return self.replies > CROWD


@dataclass(slots=True)
class Stream:
    """One stream in the thread of a question: `at` is its message once it has begun, `sent` what was written there.

    `open` says whether it can still grow. What is sent is exactly the beginning of the text, unless `doubtful`.
    """

    posting: Posting
    others: OpenStreams
    at: str | None = None
    sent: str = ""
    open: bool = False
    doubtful: bool = False
    """An append may or may not have arrived."""

    def may_begin(self) -> bool:
        """Whether there is room now for a start, and later for the stop of this one and of all that are open."""
        call = self.posting.call
        return call.room_for(START) and call.room_for(STOP, keep=self.others.count)

    async def begin(self, text: str) -> str:
        """Start it with the first of the text; its id. Raises as a call does: without `retry_after`, it may stand."""
        posting, key = self.posting, self.posting.question.conversation
        begun = await posting.call(
            START,
            repeatable=False,
            patience=0.0,
            channel=posting.channel,
            thread_ts=posting.thread,
            recipient_team_id=key.workspace,
            recipient_user_id=posting.question.asker,
            markdown_text=streamed(text),
        )
        self.others.count += 1
        self.at, self.sent, self.open = begun["ts"], text, True
        passing("mid_stream")
        return begun["ts"]

    def may_grow(self, text: str) -> bool:
        """Whether there is room now to go on with the rest of `text`."""
        fits = self.open and not self.doubtful and len(streamed(text)) <= LONGEST_BODY
        return fits and self.posting.call.room_for(APPEND, keep=KEPT_APPENDS)

    async def grow(self, text: str) -> None:
        """Append the rest of `text`. Raises `Stopped`; any other failure ends or doubts it."""
        try:
            await self.posting.call(
                APPEND,
                repeatable=False,
                patience=0.0,
                channel=self.posting.channel,
                ts=self.at,
                markdown_text=streamed(text.removeprefix(self.sent)),
            )
        except SlackUnavailable as failure:
            self.doubtful = failure.retry_after is None
        except Refused as refusal:
            self.let_go()
            if refusal.code == "stopped_by_user":
                raise Stopped from None
        else:
            self.sent = text
            passing("mid_stream")

    async def finish(self, text: str, below: tuple[Block, ...], **state: str) -> bool:
        """End it so that it is the whole `text` and what stands below; whether that could be done.

        Where it cannot, the message stands at `at` and is to be edited.
        """
        rest = text.removeprefix(self.sent)
        whole = text.startswith(self.sent) and len(streamed(text)) <= LONGEST_BODY
        if not self.open or self.doubtful or not whole or self.at is None:
            return False
        written = {"markdown_text": streamed(rest)} if rest else {}
        try:
            await self.posting.end(self.at, blocks=list(below), metadata=self.posting.mark, **written, **state)
        except Refused:
            return False
        finally:
            self.let_go()
        return True

    async def end(self) -> None:
        """End it as it is."""
        if self.open and self.at is not None:
            self.let_go()
            await self.posting.end(self.at)

    def let_go(self) -> None:
        """It grows no more."""
        if self.open:
            self.open = False
            self.others.count -= 1
