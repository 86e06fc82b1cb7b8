"""The one place where what Cohere refuses, or fails to do, becomes an error of ours."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from time import time
from typing import Final

import httpx
from cohere.core import ApiError
from cohere.core.parse_error import ParsingError

from bot import http
from bot.errors import Unavailable, Unusable

UNUSABLE: Final[Mapping[int, str]] = {
    401: "refuses the API key",
    402: "asks for a payment, or its limit on the bill is reached",
    403: "does not let this API key do that",
    404: "knows no such model or address",
    405: "does not take this call at this address",
    422: "does not take this call as we make it",
    498: "calls the API key invalid",
    501: "has no such call",
}
"""What somebody must act on. A 400 is not among them: it may be one question's own fault."""
TOO_MANY: Final = 429
REDIRECTS: Final = range(300, 400)
LEAST_ERROR: Final = 400
UNREADABLE: Final = (AttributeError, TypeError, ValueError, LookupError, ArithmeticError, RecursionError)
"""What reading a reply raises that lacks something, has another type, too large a number or too many brackets."""
RESET: Final = "x-ratelimit-reset"
"""The header with the moment when a limit is lifted."""
A_MONTH: Final = "month"
"""In the words of a 429 that ends with the month, not with the minute: a trial key has 1,000 calls."""


@contextmanager
def translated(what: str, *, clock: Callable[[], float] = time) -> Generator[None]:
    """Raise `Unavailable`, or `Unusable`, for whatever the SDK or HTTP raises inside.

    No message, and no error behind it, holds words of a question, of a document or of the key: Cohere repeats in its
    errors what it was sent.
    """
    try:
        yield
    except ApiError as error:
        raise refusal(
            what, error.status_code or 0, error.headers or {}, month=A_MONTH in str(error.body), clock=clock
        ) from None
    except httpx.TimeoutException:
        raise Unavailable(f"Cohere did not answer in time ({what})") from None
    except httpx.HTTPError as error:
        raise Unavailable(f"Cohere cannot be reached ({what}: {type(error).__name__})") from None
    except (ParsingError, *UNREADABLE):
        raise malformed(what) from None


@contextmanager
def reading(what: str) -> Generator[None]:
    """Raise `Unavailable` when a reply read inside lacks what it should have: the SDK does not check it."""
    try:
        yield
    except UNREADABLE:
        raise malformed(what) from None


def refusal(
    what: str, status: int, headers: Mapping[str, str], *, month: bool = False, clock: Callable[[], float] = time
) -> Unavailable:
    """The error for a reply with this status."""
    if status in UNUSABLE:
        return Unusable(f"Cohere {UNUSABLE[status]} ({what}, {status})", code=str(status))
    if status in REDIRECTS:
        return Unusable(f"Cohere's address leads elsewhere ({what}, {status})", code=str(status))
    if status == TOO_MANY and month:
        return Unusable("Cohere's calls for this month are used up", code=str(status))
    if status < LEAST_ERROR:
        return malformed(what)
    return Unavailable(f"Cohere refuses for now ({what}, {status})", retry_after=retry_after(headers, clock=clock))


def malformed(what: str) -> Unavailable:
    """The error for a reply that is not what Cohere promises."""
    return Unavailable(f"Cohere's reply cannot be read ({what})")


def retry_after(headers: Mapping[str, str], *, clock: Callable[[], float] = time) -> float | None:
    """Seconds to wait, by whichever header says so; None where none does. `clock` tells seconds since 1970."""
    seconds = http.retry_after(headers, now=clock())
    reset = http.number(next((said for name, said in headers.items() if name.lower() == RESET), None))
    return seconds if seconds is not None or reset is None else max(0.0, reset - clock())
