"""One span around each delivery of a job, so that the calls made for a question hang together."""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import Awaitable, Callable
from typing import Final

from opentelemetry import trace
from opentelemetry.trace import SpanKind, Status, StatusCode, TracerProvider

from bot.ports.queue import Claim

SCOPE: Final = "footnote.jobs"
JOB: Final = "footnote.job"
QUESTION: Final = "footnote.question"
DELIVERY: Final = "footnote.delivery"
ERROR: Final = "error.type"

Handle = Callable[[Claim], Awaitable[None]]


def traced(handle: Handle, *, tracers: TracerProvider | None = None) -> Handle:
    """The same, in a span of the job's kind with the ids that its log lines carry, and never a word of it."""
    tracer = trace.get_tracer(SCOPE, tracer_provider=tracers)

    async def spanned(claim: Claim) -> None:
        kind = type(claim.job).__name__
        about = {JOB: claim.id, QUESTION: claim.job.id, DELIVERY: claim.deliveries}
        span = tracer.start_span(kind, kind=SpanKind.CONSUMER, attributes=about)
        with trace.use_span(span, end_on_exit=True, record_exception=False, set_status_on_exception=False):
            try:
                await handle(claim)
            except CancelledError:
                raise
            except BaseException as error:
                span.set_attribute(ERROR, type(error).__name__)
                span.set_status(Status(StatusCode.ERROR))
                raise

    return spanned
