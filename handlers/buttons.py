"""What our buttons, menus and forms are called, and the seal on every value that comes back from them."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, cast

from bot.errors import BadRequest


class Action(StrEnum):
    """`action_id` of each button and menu. Beside each: what its sealed value holds."""

    STOP = "stop"  # question id
    AGAIN = "again"  # question id
    RATE = "rate"  # "good" or "bad", question id
    WHY = "why"  # question id
    ASK_PERSON = "ask_person"  # question id
    RESOLVED = "resolved"  # question id
    OUTDATED = "outdated"  # question id, chunk id
    SHARE = "share"  # question id
    FOLLOW_UP = "follow_up"  # question id
    ACCEPT_OFFER = "accept_offer"  # question id
    SEND_REST = "send_rest"  # question id
    MORE_PASSAGES = "more_passages"  # words, page
    REOPEN = "reopen"  # question id
    SUGGESTED = "suggested"  # the question, as words; none: a form to write one opens
    EDIT_CHANNEL = "edit_channel"  # a button: channel id; a menu: nothing, it says which channel
    OPEN_LINK = "open_link"  # nothing: a button with an address only has to be acknowledged
    REPORT_PROBLEM = "report_problem"  # question id


class Form(StrEnum):
    """`callback_id` of each modal that is submitted; its sealed `private_metadata` holds what stands beside."""

    FEEDBACK = "feedback"  # question id
    FOLLOW_UP = "follow_up"  # question id, reply_url
    RESOLVE = "resolve"  # question id, channel, thread, reply_url
    CHANNEL = "channel"  # channel id, the admin whom the form was opened for
    ASK = "ask"  # nothing: a question from the Home tab
    ANSWER_THIS = "answer_this"  # channel, message, thread, its text, moment of the gesture, reply_url


class Entry(StrEnum):
    """`action_id` of each field of a form."""

    REASONS = "reasons"
    WORDS = "words"
    QUESTION = "question"
    ANSWER = "answer"
    WHERE = "where"
    MODE = "mode"
    AUTO_ANSWER = "auto_answer"
    SOURCES = "sources"
    TONE = "tone"
    HUMANS = "humans"


class Shortcut(StrEnum):
    """`callback_id` of each message shortcut."""

    ANSWER_THIS = "answer_this"
    SUMMARISE_THREAD = "summarise_thread"


class Forged(BadRequest):
    """A value did not come from us, or from an installation that has another token by now."""

    user_message = "That button is too old to use. Ask again, and use the new one."


@dataclass(frozen=True, slots=True)
class Seal:
    """Signs what a button carries, so that nobody can make us act on something we never offered.

    The value is readable (it holds ids, never a secret) and bound to its action. HMAC-SHA-256, cut to 128 bits.
    """

    key: bytes = field(repr=False)

    @classmethod
    def of(cls, bot_token: str) -> Seal:
        """The seal of an installation: it needs no setting of its own, and changes with the bot's token."""
        return cls(hashlib.sha256(b"footnote/buttons/" + bot_token.encode()).digest())

    def close(self, action: StrEnum, *parts: str) -> str:
        """The value that a button of this action carries."""
        said = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
        return f"{self._mark(action, said)}{said}"

    def open(self, action: StrEnum, value: object) -> tuple[str, ...]:
        """The parts that `close` was given for this action. Raises `Forged`."""
        mark, said = (value[:_MARK], value[_MARK:]) if isinstance(value, str) else ("", "")
        if not hmac.compare_digest(mark.encode(), self._mark(action, said).encode()):
            raise Forged(f"the value of {action} does not carry our seal")
        return tuple(str(part) for part in cast("list[Any]", json.loads(said)))

    def _mark(self, action: StrEnum, said: str) -> str:
        kind = type(action).__name__
        digest = hmac.digest(self.key, f"{kind}/{action}\n{said}".encode(), "sha256")
        return urlsafe_b64encode(digest[:16]).decode().rstrip("=")


_MARK = 22
"""Characters of the mark: 128 bits in Base64."""
