"""The one place where what such a server refuses, or fails to do, becomes an error of ours."""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from time import time
from typing import Final

import httpx
from openai import APIConnectionError, APIStatusError, APITimeoutError, OpenAIError

from bot.errors import Unavailable, Unusable
from bot.http import retry_after

FOR_NOW: Final = frozenset((408, 409, 425, 429))
"""What passes by itself, beside every error of the server's own; any other refusal stays until somebody acts."""
LEAST_OF_ITS_OWN: Final = 500
REASONS: Final[Mapping[int, str]] = {
    400: "does not take this call",
    401: "refuses the API key",
    402: "asks for a payment",
    403: "does not let this API key do that",
    404: "knows no such model or address",
    405: "does not take this call at this address",
    413: "finds this call too large",
    422: "does not take this call",
    501: "was not started for this call",
}
SPENT: Final = frozenset(("insufficient_quota", "billing_hard_limit_reached"))
"""Codes of a 429 that does not pass by waiting."""
UNREADABLE: Final = (AttributeError, TypeError, ValueError, LookupError, ArithmeticError, RecursionError)
"""What reading a reply raises that lacks something, has another type, too large a number or too many brackets."""
TOO_LONG: Final = "too_long"
"""The code of a refusal of texts for their length or their number: asking for less can help."""

_TOO_LONG = re.compile(r"context (?:length|size|window)|too (?:long|large)|maximum|exceeds", re.IGNORECASE)
_OF_LENGTH: Final = frozenset((400, 413, 422, 500))


@contextmanager
def translated(what: str) -> Generator[None]:
    """Raise `Unavailable`, or `Unusable`, for whatever the SDK or HTTP raises inside.

    No message, and no error behind it, holds words of a question, of a document or of the key: servers repeat in their
    errors what they were sent.
    """
    try:
        yield
    except APIStatusError as error:
        code = TOO_LONG if _is_too_long(error) else str(error.code or error.type or "")
        raise refusal(what, error.status_code, error.response.headers, code) from None
    except (APITimeoutError, httpx.TimeoutException):
        raise Unavailable(f"the model server did not answer in time ({what})") from None
    except (APIConnectionError, httpx.HTTPError):
        raise Unavailable(f"the model server cannot be reached ({what})") from None
    except OpenAIError:
        raise Unavailable(f"the model server failed ({what})") from None
    except UNREADABLE:
        raise malformed(what) from None


def refusal(what: str, status: int, headers: Mapping[str, str], code: str) -> Unavailable:
    """The error for a reply with this status, and the server's own code where it says one."""
    if code in SPENT:
        return Unusable(f"the model server asks for a payment ({what}, {status})", code=code)
    if code == TOO_LONG:
        return Unusable(f"the model server finds a text too long ({what}, {status})", code=code)
    if status not in REASONS and (status in FOR_NOW or status >= LEAST_OF_ITS_OWN):
        return Unavailable(
            f"the model server refuses for now ({what}, {status})", retry_after=retry_after(headers, now=time())
        )
    return Unusable(f"the model server {REASONS.get(status, 'refuses')} ({what}, {status})", code=str(status))


def _is_too_long(error: APIStatusError) -> bool:
    """Ollama says it with 400, llama.cpp with 500, Text Embeddings Inference with 413 or 422."""
    return error.status_code in _OF_LENGTH and _TOO_LONG.search(error.message) is not None


def malformed(what: str) -> Unavailable:
    """The error for a reply that is not what the API promises."""
    return Unavailable(f"the model server's reply cannot be read ({what})")
