"""Slack as the application needs it: where replies go, who reads them, and what else people are shown."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol, TypeAlias

from bot.conversations import Said
from bot.feedback import Escalation
from bot.jobs import Click
from bot.models import Answer, Audience, ConversationKey, Question
from bot.records import State
from bot.screens import ChannelForm, Doubt, Home, PassagePage, Reopened, Summary, Why

Note: TypeAlias = Callable[[State, "str | None"], Awaitable[None]]
"""Stores, before and after anything that cannot be done twice, how far a reply has come and at which message."""


class Reply(Protocol):
    """One reply while it comes into being; everything passes the output gate before it is sent.

    A reply in a conversation shows a status where the surface has one, else a placeholder; what `say` gives is streamed
    once the answer takes long enough for that, and `answer` makes all of it one message. A reply to one person alone,
    and one that nobody asked for, say nothing before `answer`.
    """

    @property
    def unposted(self) -> bool:
        """Whether nothing stands, or may stand, that `answer` would finish: then it posts a message, as of now."""
        ...

    async def sign(self) -> None:
        """Show a sign of life; doing it twice shows one. Raises `SlackUnavailable` or `Refused`."""
        ...

    def step(self, words: str) -> None:
        """What is being done now ("Reading 6 passages…"): shown when there is time to read it. Never waits."""
        ...

    def say(self, piece: str) -> None:
        """The next piece of the answer's text, gated and cited, exactly as `Answer.text` goes on. Never waits."""
        ...

    def anew(self) -> None:
        """What was said is taken back: it is not shown as an answer's beginning any more. Never waits."""
        ...

    async def answer(self, answer: Answer) -> None:
        """Bring the reply to its final form; doing it twice leaves the same message."""
        ...

    async def tell(self, text: str, *, again: bool = False) -> None:
        """Make the reply one plain line, with a button to ask again where `again`."""
        ...

    async def withdraw(self) -> None:
        """Take back what stands of a reply that is not finished: its question is gone."""
        ...


class Replies(Protocol):
    """Opens replies, and finds those that an earlier try began."""

    def open(self, question: Question, *, at: str | None, note: Note) -> AbstractAsyncContextManager[Reply]:
        """The reply to `question`, which already stands at `at` where that is known.

        `note` is awaited with `POSTING` or `STREAMING` before a message is begun, and with `SIGNED` and its id after.
        A private line is sent at most once: opened again after `POSTING` was noted, it is not sent again. One that
        Slack did not take is noted as `RECEIVED`.
        """
        ...

    async def find(self, question: Question, *, streaming: bool) -> str | None:
        """The id of the message that an earlier try began for this question, or None when there is none.

        One that was posted carries the question's mark; a stream cannot: where `streaming`, it is the first message of
        ours in the thread after the question that carries no other question's mark.
        """
        ...


class Directory(Protocol):
    """Who people are and who reads what is said where."""

    async def audience(self, question: Question) -> Audience:
        """Everybody who will see a reply to `question`, each with what they hold; nobody when it cannot be found out.

        Raises `SlackUnavailable` when Slack does not answer in time.
        """
        ...

    async def may_ask(self, question: Question) -> bool:
        """Whether the asker is a member of this workspace: not a guest, a stranger, a bot or deactivated."""
        ...

    async def reader(self, person: str) -> Audience:
        """One person alone, with what they hold; nobody when that cannot be found out. Raises `SlackUnavailable`."""
        ...

    async def readers(self, channel: str) -> Audience:
        """Everybody who reads what is said in a channel. Raises `SlackUnavailable`."""
        ...

    async def is_admin(self, person: str) -> bool:
        """Whether the person administers the workspace, or the bot. Raises `SlackUnavailable`."""
        ...

    async def person_called(self, name: str) -> str | None:
        """The id of a member by e-mail address, id or mention of it; None when nobody can be found by that."""
        ...


class Threads(Protocol):
    """What was said in a thread."""

    async def read(self, key: ConversationKey) -> tuple[Said, ...]:
        """Every message of people and of ours, oldest first, plain; of a very long thread the root and the newest.

        Messages of strangers, guests and other bots are left out. Empty when it cannot be read. Raises
        `SlackUnavailable`.
        """
        ...

    async def links(self, channel: str, messages: Sequence[str]) -> Mapping[str, str]:
        """The address of each message that has one."""
        ...


class Notices(Protocol):
    """Lines and messages that are not the reply to a question.

    Those to one person alone go to the click's `reply_url` while it lasts, else as a message that only they see.
    `again` is True when an earlier try may have posted already: then it is looked for first.
    """

    async def whisper(self, to: Click, text: str) -> None:
        """One plain line to the person alone."""
        ...

    async def offer(self, question: Question) -> None:
        """Ask the writer alone: "Shall I answer?", with a button that does."""
        ...

    async def more(self, question: Question) -> None:
        """Tell the asker alone that there is more in documents that only they can see, with a button that sends it."""
        ...

    async def passages(self, to: Click, page: PassagePage) -> None:
        """A page of passages to the person alone, with a button for the next; in place of the page before."""
        ...

    async def summary(self, to: Click, summary: Summary) -> None:
        """A summary of a thread to the person alone."""
        ...

    async def share(self, to: Click, question: Question, answer: Answer, *, again: bool) -> None:
        """Post the answer for everyone in the channel, with who asked. Raises `Refused` where it may not post."""
        ...

    async def bring_in(self, question: Question, escalation: Escalation, *, humans: str, again: bool) -> str:
        """Mention `humans` (S…, U… or W…) in the thread, once, with a button *Resolved*; the id of the message."""
        ...

    async def resolved(self, question: Question, escalation: Escalation) -> None:
        """Show on the message that brought people in who resolved it."""
        ...

    async def doubt(self, doubt: Doubt, *, to: str, again: bool) -> None:
        """Tell a person (direct message) or a channel which passage is doubted."""
        ...

    async def open_direct(self, question: Question, *, again: bool) -> ConversationKey:
        """Begin a thread with the asker in their direct messages that repeats the question; its key."""
        ...


class Panels(Protocol):
    """Modals that stand open and wait (`to.view`), the Home tab, and the suggested questions."""

    async def why(self, to: Click, why: Why) -> None:
        """Fill *Why this answer?*."""
        ...

    async def reopened(self, to: Click, answer: Reopened) -> None:
        """Show an earlier answer again."""
        ...

    async def channel_form(self, to: Click, form: ChannelForm) -> None:
        """Fill the form with a channel's settings."""
        ...

    async def apologise(self, to: Click, text: str) -> None:
        """Say in the modal, in one plain line, why it stays empty."""
        ...

    async def home(self, person: str, home: Home) -> None:
        """Publish a person's Home tab."""
        ...

    async def suggest(self, to: Click, questions: Sequence[str]) -> None:
        """Pin questions in the person's direct messages (`to.channel`)."""
        ...
