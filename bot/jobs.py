"""Durable jobs as plain values: what a queue carries between the Slack edge and the worker."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import TypeAlias

from bot.models import ConversationKey, Question


@dataclass(frozen=True, slots=True)
class Click:
    """Who did something with a command, a button, a form or the Home tab, and how to answer that person alone.

    `id` is the same for every delivery of the same gesture. `reply_url` takes up to five private lines within half an
    hour; `view` is a modal that stands open and waits. `thread` is where it was done, when it was in one.
    """

    id: str
    workspace: str
    person: str
    channel: str = ""
    thread: str = ""
    reply_url: str = field(default="", repr=False)
    view: str = ""

    @classmethod
    def of(cls, question: Question) -> Click:
        """The asker, where they asked: for a line to them alone."""
        key, thread = question.conversation, question.thread_begun
        return cls(question.id, key.workspace, question.asker, key.channel, thread, question.reply_url)


@dataclass(frozen=True, slots=True)
class _Asked:
    question: Question

    @property
    def id(self) -> str:
        """What logs call it."""
        return self.question.id

    @property
    def lane(self) -> Hashable:
        """What it must wait its turn in: its conversation."""
        return self.question.conversation

    @property
    def person(self) -> str:
        """Whose it is: who has much to do here takes no place of others."""
        return f"{self.question.conversation.workspace}/{self.question.asker}"


@dataclass(frozen=True, slots=True)
class AnswerQuestion(_Asked):
    """Answer one question, once; anew when its `version` is later than what was answered.

    `sweeps` is how often it was taken up again after nobody had worked on it any more.
    """

    sweeps: int = 0


@dataclass(frozen=True, slots=True)
class OfferAnswer(_Asked):
    """Ask the writer of a message, and nobody else, whether it should be answered."""


@dataclass(frozen=True, slots=True)
class WithdrawQuestion:
    """The message that asked was deleted: an answer that is still pending goes with it."""

    question_id: str
    conversation: ConversationKey

    @property
    def id(self) -> str:
        """What logs call it."""
        return self.question_id

    @property
    def lane(self) -> Hashable:
        """Its conversation: it comes after the question that it withdraws."""
        return self.conversation

    @property
    def person(self) -> str:
        """Nobody's: a deletion never waits for what its writer asked."""
        return ""


@dataclass(frozen=True, slots=True)
class _Clicked:
    click: Click

    @property
    def id(self) -> str:
        """What logs call it."""
        return self.click.id

    @property
    def lane(self) -> Hashable:
        """One person's gestures in their order; they wait for no answer."""
        return (self.click.workspace, self.click.person)

    @property
    def person(self) -> str:
        """Whose it is."""
        return f"{self.click.workspace}/{self.click.person}"


@dataclass(frozen=True, slots=True)
class ShowPassages(_Clicked):
    """Show the person passages that match `words`, from the `page`-th page on (0 is the first)."""

    words: str
    page: int = 0


@dataclass(frozen=True, slots=True)
class AskInDirect(_Clicked):
    """Ask `words` for the person, in their direct messages with the bot."""

    words: str


@dataclass(frozen=True, slots=True)
class SummariseThread(_Clicked):
    """Show the person what a thread says, each statement with the message it came from."""

    conversation: ConversationKey


@dataclass(frozen=True, slots=True)
class ShareAnswer(_Clicked):
    """Post a private answer for everyone in the channel, once, if all there may read what it cites."""

    question_id: str


@dataclass(frozen=True, slots=True)
class AskPerson(_Clicked):
    """Bring the people who look after the channel into the thread, once per question."""

    question_id: str


@dataclass(frozen=True, slots=True)
class Resolve(_Clicked):
    """A person has answered what the documents did not: close it, and keep their words as a candidate."""

    question_id: str
    words: str


@dataclass(frozen=True, slots=True)
class ReportOutdated(_Clicked):
    """Tell the owner of a cited document that somebody doubts it."""

    question_id: str
    chunk_id: str


@dataclass(frozen=True, slots=True)
class SendRest(_Clicked):
    """Answer the question again, for the asker alone, in a direct message."""

    question_id: str


@dataclass(frozen=True, slots=True)
class ShowWhy(_Clicked):
    """Fill the modal that explains an answer."""

    question_id: str


@dataclass(frozen=True, slots=True)
class Reopen(_Clicked):
    """Fill the modal that shows an earlier answer again."""

    question_id: str


@dataclass(frozen=True, slots=True)
class ShowHome(_Clicked):
    """Publish the person's Home tab."""


@dataclass(frozen=True, slots=True)
class OpenChannelForm(_Clicked):
    """Fill the modal in which an admin edits how the bot behaves in `edited`."""

    edited: str


@dataclass(frozen=True, slots=True)
class Suggest(_Clicked):
    """Pin suggested questions in the person's direct messages with the bot."""


Clicked: TypeAlias = (
    ShowPassages
    | AskInDirect
    | SummariseThread
    | ShareAnswer
    | AskPerson
    | Resolve
    | ReportOutdated
    | SendRest
    | ShowWhy
    | Reopen
    | ShowHome
    | OpenChannelForm
    | Suggest
)
Job: TypeAlias = AnswerQuestion | WithdrawQuestion | OfferAnswer | Clicked
