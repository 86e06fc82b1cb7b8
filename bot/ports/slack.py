"""Slack as the application needs it: where replies go, and who is there to read them."""

from __future__ import annotations

from typing import Protocol

from bot.models import Answer, Audience, Question


class Replies(Protocol):
    """Puts words in front of people. Everything passes the output gate before it is sent."""

    async def sign_of_life(self, question: Question) -> str:
        """Show that the question arrived, in its thread; returns the id of the message that becomes the answer.

        Raises `SlackUnavailable` (the message may or may not stand: use `find` before calling again) or `Refused`.
        """
        ...

    async def find(self, question: Question) -> str | None:
        """The id of the message that `sign_of_life` posted for this question earlier, or None when there is none."""
        ...

    async def answer(self, question: Question, answer: Answer, *, at: str) -> None:
        """Turn the message `at` into the answer with its sources; doing it twice leaves the same message."""
        ...

    async def tell(self, question: Question, text: str, *, at: str | None) -> None:
        """Turn the message `at` into one plain line; without `at`, tell the asker alone."""
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
