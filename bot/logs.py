"""Logs: one JSON line per event on standard error, with ids and never text, and no secret in any of them."""

import logging
import re
import sys
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger

SECRET = re.compile(r"x(?:ox[a-z]|app)-[\w-]+|(?<=://)[^/@\s]+(?=@)")
"""Slack tokens, and the user part of a URL."""

HIDDEN = "…"


def configure(level: str) -> None:
    """Send every log line of this process, those of libraries too, through one redacting pipeline."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redact,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    handler.setLevel(max(logging.getLevelNamesMapping()[level.upper()], logging.INFO))
    logging.basicConfig(handlers=[handler], level=handler.level, force=True)
    for chatty in ("httpx", "httpcore"):  # a line for every call of a backend
        logging.getLogger(chatty).setLevel(max(handler.level, logging.WARNING))


def redact(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """The event with whatever looks like a secret taken out of its strings."""
    return {key: SECRET.sub(HIDDEN, value) if isinstance(value, str) else value for key, value in event.items()}
