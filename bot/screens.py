"""What people are shown beside the answers themselves, as plain values: the Slack edge draws them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.budgets import Limits, Today
from bot.channels import Change, ChannelSettings
from bot.models import Citation


@dataclass(frozen=True, slots=True)
class PassagePage:
    """Passages that match `words`, best first, `page` counted from 0; `more` says whether another page follows."""

    words: str
    page: int
    passages: tuple[Citation, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class Point:
    """One statement of a summary, and the message it came from."""

    text: str
    author: str
    link: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Summary:
    """What a thread says, in its order; `messages` were read. No points: there was nothing to summarise."""

    points: tuple[Point, ...]
    messages: int


@dataclass(frozen=True, slots=True)
class Weighed:
    """A passage as *Why this answer?* lists it. `quote` is its beginning where the clicker may read it."""

    citation: Citation
    score: float
    used: bool


@dataclass(frozen=True, slots=True)
class Why:
    """How an answer came about, without anything that the clicker may not read.

    `documents` counts what everyone who reads the answer, and the clicker, may read. `unsaid` is True when something
    that was weighed changed since, or is gone, or is not for the clicker: never how much, nor what.
    """

    question_id: str
    code: str
    standalone_query: str
    documents: int
    used: tuple[Weighed, ...]
    left_out: tuple[Weighed, ...]
    unsaid: bool
    backends: Mapping[str, str]
    timings_ms: Mapping[str, float]
    cost: float
    indexed_at: datetime | None = None
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reopened:
    """An earlier answer shown again; `text` is empty when its words are gone (changed, or no longer kept)."""

    question_id: str
    question: str
    text: str
    citations: tuple[Citation, ...]
    link: str
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class Earlier:
    """One of the person's last questions; `outcome` in a word or two (answered, not in the docs, pending, failed)."""

    question_id: str
    question: str
    outcome: str
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class SourceState:
    """What is indexed of a source, as far as the reader may know; `failed` and `skipped` are for admins alone."""

    name: str
    documents: int
    synced_at: datetime | None
    skipped: int = 0
    failed: str = ""


@dataclass(frozen=True, slots=True)
class Week:
    """The last seven days, in numbers."""

    questions: int
    answered: int
    people: int
    good: int
    bad: int
    cost: float


@dataclass(frozen=True, slots=True)
class Desk:
    """What admins see on their Home tab: usage, top unanswered questions (with how often), problems as sentences.

    `changes` are the last lines of the audit, newest first; `today` is to be held against `limits`.
    """

    week: Week
    unanswered: tuple[tuple[str, int], ...]
    problems: tuple[str, ...]
    channels: Mapping[str, ChannelSettings]
    changes: tuple[Change, ...] = ()
    today: Today = field(default_factory=Today)
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class Home:
    """A person's Home tab; `desk` for admins alone."""

    suggestions: tuple[str, ...]
    earlier: tuple[Earlier, ...]
    sources: tuple[SourceState, ...]
    desk: Desk | None = None


@dataclass(frozen=True, slots=True)
class ChannelForm:
    """What the settings modal of a channel is filled with: how it is now, and the sources that there are."""

    channel: str
    now: ChannelSettings
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Doubt:
    """What the owner of a document is told: which passage somebody doubts, and who. `owner` as the document says."""

    citation: Citation
    owner: str
    person: str
    question: str
    day: str
