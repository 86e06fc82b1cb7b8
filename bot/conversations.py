"""What was said before in a conversation, and the window of it that a prompt or a rewrite can use."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

WINDOW = 8
"""Turns a rewrite may look back over."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One question with its answer. `cited` maps each document the answer cites to the revision it was cited at.

    `question_id` names the question whose record this belongs to; empty for what was never a question of ours, such as
    what people said to each other in a thread (`author` says who).
    """

    question: str
    standalone_query: str
    answer: str
    cited: Mapping[str, str]
    asked_at: datetime
    question_id: str = ""
    author: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """One message of a thread as data: never an instruction, whoever wrote it. `ours` marks what the bot said."""

    id: str
    author: str
    text: str
    at: datetime
    ours: bool = False


@dataclass(frozen=True, slots=True)
class Conversation:
    """The turns of one conversation, oldest first."""

    turns: tuple[Turn, ...] = ()

    def window(self, limit: int = WINDOW) -> tuple[Turn, ...]:
        """The last `limit` turns, oldest first."""
        return self.turns[-limit:] if limit else ()

    def still_readable(self, revisions: Mapping[str, str]) -> "Conversation":
        """The conversation with every answer blanked that cites a document missing from, or changed in, `revisions`.

        The question stays (the person wrote it); the words that came from the document go, and with them the
        standalone query, which may repeat them.
        """
        return Conversation(tuple(_forget(turn, revisions) for turn in self.turns))


def _forget(turn: Turn, revisions: Mapping[str, str]) -> Turn:
    if all(revisions.get(document) == revision for document, revision in turn.cited.items()):
        return turn
    return replace(turn, standalone_query=turn.question, answer="", cited={})


def cited_documents(turns: Sequence[Turn]) -> list[str]:
    """Ids of every document that the turns cite, each once."""
    return list(dict.fromkeys(document for turn in turns for document in turn.cited))
