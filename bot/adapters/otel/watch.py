"""Counts and times what the bot does, for whoever collects this process's metrics."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, get_args

from opentelemetry import metrics
from opentelemetry.metrics import CallbackOptions, Histogram, Meter, MeterProvider, Observation

from bot.budgets import Scope
from bot.ports.watch import Accepted, Outcome, Readings

SCOPE: Final = "footnote.watch"
ACKNOWLEDGED: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0)
"""Bounds in seconds: Slack waits for three."""
WAITED: Final = (0.1, 0.25, 0.5, 1.0, 1.5, 2.5, 4.0, 6.0, 9.0, 12.0, 20.0, 30.0, 60.0, 90.0, 120.0, 300.0, 600.0)
"""Bounds in seconds: the service's targets are among them."""

Read = Callable[[], Readings]
Numbers = Callable[[Readings], Iterable[Observation]]


class OtelWatch:
    """The instruments of one process. Without a provider that of the process is used, also when it is set later on."""

    def __init__(self, *, meters: MeterProvider | None = None) -> None:
        meter = metrics.get_meter(SCOPE, meter_provider=meters)
        self._meter = meter
        self._accepted = meter.create_counter("footnote.envelopes", "{envelope}", "Envelopes of Slack's, by outcome")
        self._acknowledged = _seconds(
            meter, "footnote.acknowledgement.duration", "Until an envelope was taken, or not", ACKNOWLEDGED
        )
        self._delivered = meter.create_counter(
            "footnote.deliveries", "{delivery}", "Jobs leased, for the first time or again"
        )
        self._waited = _seconds(meter, "footnote.queue.wait", "From being queued to the first delivery", WAITED)
        self._ended = meter.create_counter("footnote.attempts", "{attempt}", "Deliveries that ended, by outcome")
        self._worked = _seconds(meter, "footnote.attempt.duration", "One delivery of a job", WAITED)
        self._signed = _seconds(meter, "footnote.first_sign", "From the question to its first sign of life", WAITED)
        self._answered = _seconds(meter, "footnote.answer", "From the question to its answer", WAITED)
        self._turned_away = meter.create_counter("footnote.turned_away", "{question}", "Questions beyond a budget")
        self._swept = meter.create_counter("footnote.swept", "{question}", "Forgotten questions taken up again")
        self._begin()

    def _begin(self) -> None:
        """Show a nought at once: a rise from nothing is none to Prometheus."""
        for outcome in get_args(Accepted):
            self._accepted.add(0, {"outcome": outcome})
        for scope in get_args(Scope):
            self._turned_away.add(0, {"scope": scope})
        self._swept.add(0)

    # --- what happens: see the port ---------------------------------------------------------------------------------

    def accepted(self, outcome: Accepted, *, seconds: float) -> None:
        """An envelope of Slack's was taken, or not."""
        self._accepted.add(1, {"outcome": outcome})
        self._acknowledged.record(seconds, {"outcome": outcome})

    def delivered(self, kind: str, *, deliveries: int, waited: float) -> None:
        """A job was leased."""
        self._delivered.add(1, {"kind": kind, "delivery": "1" if deliveries == 1 else "2+"})
        if deliveries == 1:
            self._waited.record(waited, {"kind": kind})

    def ended(self, kind: str, outcome: Outcome, *, seconds: float) -> None:
        """One delivery of a job ended."""
        self._ended.add(1, {"kind": kind, "outcome": outcome})
        self._worked.record(seconds, {"kind": kind})

    def signed(self, *, seconds: float) -> None:
        """A question got its first sign of life."""
        self._signed.record(seconds)

    def answered(self, *, seconds: float, answered: bool) -> None:
        """A question got its answer."""
        self._answered.record(seconds, {"answered": "true" if answered else "false"})

    def turned_away(self, scope: str) -> None:
        """A question exceeded a budget."""
        self._turned_away.add(1, {"scope": scope})

    def swept(self) -> None:
        """A forgotten question was taken up again."""
        self._swept.add(1)

    # --- how things stand -------------------------------------------------------------------------------------------

    def show(self, read: Read) -> None:
        """Show from now on what `read` gives. What is not known is not shown: an old number would look like a new one.

        `read` may be called from any thread.
        """
        self._gauge(read, "footnote.queue.jobs", "{job}", "Jobs in the queue, by state", _jobs)
        self._gauge(read, "footnote.queue.dead", "{job}", "Jobs that were buried in the last 30 days", _dead)
        self._gauge(read, "footnote.queue.oldest", "s", "How long the oldest waiting job waits", _oldest)
        self._gauge(read, "footnote.spool.envelopes", "{envelope}", "Envelopes that wait on this disk", _spooled)
        self._gauge(read, "footnote.budget.spent.dollars", "{USD}", "Dollars that today has cost so far", _spent)
        self._gauge(read, "footnote.budget.limit.dollars", "{USD}", "Dollars that a day may cost", _limit)
        self._gauge(read, "footnote.ready", "1", "Whether a part of this process can do its work", _ready)
        self._gauge(read, "footnote.loop.lag", "s", "The longest hold-up in the last half minute", _lag)
        self._gauge(read, "footnote.tasks", "{task}", "Tasks of asyncio that have not ended", _tasks)

    def _gauge(self, read: Read, name: str, unit: str, about: str, numbers: Numbers) -> None:
        def observe(_: CallbackOptions) -> Iterable[Observation]:
            return numbers(read())

        self._meter.create_observable_gauge(name, [observe], unit, about)


def _jobs(now: Readings) -> Iterable[Observation]:
    if (load := now.load) is not None:
        for state, count in (("waiting", load.waiting), ("leased", load.leased), ("held_back", load.held_back)):
            yield Observation(count, {"state": state})


def _dead(now: Readings) -> Iterable[Observation]:
    return _known(now.load and now.load.dead)


def _oldest(now: Readings) -> Iterable[Observation]:
    return _known(now.load and now.load.oldest)


def _spooled(now: Readings) -> Iterable[Observation]:
    return _known(now.spooled)


def _spent(now: Readings) -> Iterable[Observation]:
    return _known(now.spent)


def _limit(now: Readings) -> Iterable[Observation]:
    return _known(now.limit)


def _ready(now: Readings) -> Iterable[Observation]:
    return [Observation(int(ready), {"part": part}) for part, ready in now.ready]


def _lag(now: Readings) -> Iterable[Observation]:
    return _known(now.lag)


def _tasks(now: Readings) -> Iterable[Observation]:
    return _known(now.tasks)


def _known(number: float | None) -> Iterable[Observation]:
    return [] if number is None else [Observation(number)]


def _seconds(meter: Meter, name: str, about: str, bounds: tuple[float, ...]) -> Histogram:
    return meter.create_histogram(name, "s", about, explicit_bucket_boundaries_advisory=bounds)
