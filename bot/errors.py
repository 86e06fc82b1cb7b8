"""Every error that Footnote raises on purpose, and what a person is told when it happens.

FootnoteError
├── Misconfigured           a setting is missing or wrong; said at start, by name
├── BadRequest              the caller asked for something that cannot be done as asked
│   └── NothingIndexed      there is no index yet
├── Unreadable              one document cannot be read; it is skipped by name, the rest goes on
├── IndexMismatch           the index was made by another model or a newer version
├── LeaseLost               another worker owns this job now; stop without writing
├── Stopped                 the person who asked wants no answer any more
├── Refused                 Slack, or another service, said no for good
└── Unavailable             a collaborator did not answer in time; worth another try
    ├── Unusable            it refuses until somebody acts: a key, a bill, a quota, a model's name
    ├── OutOfAllowance      the question has used up its time, calls or tokens
    ├── IndexUnavailable
    ├── MemoryUnavailable   Redis: conversations, records and the queue
    ├── SpoolUnavailable    the folder on disk that keeps envelopes while Redis is away
    └── SlackUnavailable
"""

from typing import ClassVar


class FootnoteError(Exception):
    """An error with a sentence for the person who meets it."""

    user_message: ClassVar[str] = "I couldn't answer this. It's logged for your admins."
    retryable: ClassVar[bool] = False


class Misconfigured(FootnoteError):
    """A setting is missing, malformed or contradicts another; the message names it and the remedy."""


class BadRequest(FootnoteError):
    """What was asked for cannot be done; the message says what to do instead."""


class NothingIndexed(BadRequest):
    """No index exists yet."""

    user_message = "I have no documents yet. An admin can add some with `footnote index`."


class Unreadable(FootnoteError):
    """One document cannot be read; the message is the reason, fit for a list of skipped files."""


class IndexMismatch(FootnoteError):
    """The index on disk was built by another embedding model, or by a newer schema."""

    user_message = "My index is being rebuilt. Ask again later."


class LeaseLost(FootnoteError):
    """This worker's claim on a job has passed to another worker; it must stop without writing."""


class Stopped(FootnoteError):
    """The person stopped the answer while it was being made."""

    user_message = "Stopped."


class Refused(FootnoteError):
    """A service refused for good, `code` says why (Slack's `is_archived`, say); trying again cannot help."""

    def __init__(self, message: str = "", *, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class Unavailable(FootnoteError):
    """A collaborator did not answer in time, or asked to wait: `retry_after` says how long, in seconds, where known."""

    user_message = "I can't reach my sources right now. I'll try again and edit this message."
    retryable = True

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unusable(Unavailable):
    """A collaborator refuses until somebody acts: asking again cannot help. `code` is its own word or number."""

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class OutOfAllowance(Unavailable):
    """A question has used up the time, the calls or the tokens that it may take."""


class IndexUnavailable(Unavailable):
    """The search index could not be reached within its deadline."""

    user_message = "Search is unavailable. I'll keep trying and edit this message."


class MemoryUnavailable(Unavailable):
    """The Redis-protocol server could not be reached within its deadline."""


class SpoolUnavailable(Unavailable):
    """The disk did not take an envelope."""


class SlackUnavailable(Unavailable):
    """Slack did not answer, or asked to wait."""
