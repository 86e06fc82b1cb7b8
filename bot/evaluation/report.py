"""A run as people read it, as programs read it, and as it is saved to be compared with another."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from bot.errors import BadRequest
from bot.evaluation.experiments import FAILED, SHORT, Measured
from bot.evaluation.metrics import Estimate, difference, estimate
from bot.evaluation.watching import Spent

_ORDER = """
    ndcg@10 recall@10 recall@50 mrr@10 file@1 file@5 section@5 mrr followup_file@5 followup_mrr evidence_shown
    first_citation_gold citation_precision declined_unanswerable declined_answerable plain_unanswerable
    plain_answerable
"""
ORDER: list[str] = [*_ORDER.split()]
"""Metrics in the order in which they are shown."""


class Run(BaseModel):
    """Everything a run came to, one value per metric and question.

    What older versions did not save has a default. `unpriced` names models whose price nobody told.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    dataset: str
    configuration: dict[str, Any]
    latency_ms: dict[Literal["p50", "p95"], float]
    groups: dict[str, str]
    values: dict[str, dict[str, float]]
    name: str = ""
    spent: Spent | None = None
    short: dict[str, int] = Field(default_factory=dict[str, int])
    unpriced: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        """Every metric is one of ours, and every value belongs to a question that was asked."""
        if not set(self.values) <= set(ORDER) or any(set(of) - set(self.groups) for of in self.values.values()):
            raise ValueError("values without a metric or a question")
        return self

    def estimates(self) -> dict[str, Estimate]:
        """Mean and interval per metric, in the order of `ORDER`."""
        names = sorted((name for name, values in self.values.items() if values), key=ORDER.index)
        return {name: estimate(self.values[name], self.groups) for name in names}

    def as_json(self) -> dict[str, Any]:
        """The report as `footnote evaluate --json` prints it."""
        return {
            "dataset": self.dataset,
            "queries": len(self.groups),
            "configuration": self.configuration,
            "latency_ms": self.latency_ms,
            "per_question": self.per_question(),
            "unpriced": list(self.unpriced),
            "short": {what: self.short.get(what, 0) for what in SHORT},
            "metrics": estimates_as_json(self.estimates()),
        }

    def per_question(self) -> dict[str, float]:
        """Dollars, calls of models, and tokens that a question took on average; empty where nobody counted."""
        if self.spent is None or not self.groups:
            return {}
        totals, asked = asdict(self.spent), len(self.groups)
        return {what: round(total / asked, 8) for what, total in totals.items()}

    @property
    def failed(self) -> int:
        """Questions that were not answered because a backend was away."""
        return self.short.get(FAILED, 0)


def run_of(
    dataset: str,
    configuration: Mapping[str, Any],
    measured: Measured,
    *,
    name: str = "",
    unpriced: Sequence[str] = (),
) -> Run:
    """What was measured, as a run. Raises `BadRequest` when nothing was asked."""
    if not measured.groups:
        raise BadRequest(f"{dataset} holds no judged question; see docs/guide/evaluating.md")
    return Run(
        dataset=dataset,
        configuration=dict(configuration),
        latency_ms=_percentiles(measured.milliseconds),
        groups=measured.groups,
        values={metric: dict(values) for metric, values in measured.values.items()},
        name=name,
        spent=measured.spent,
        short={what: count for what in SHORT if (count := measured.short[what])},
        unpriced=tuple(unpriced),
    )


def _percentiles(milliseconds: Sequence[float]) -> dict[Literal["p50", "p95"], float]:
    """Empty where every question failed."""
    if not milliseconds:
        return {}
    p50, p95 = np.percentile(milliseconds, [50, 95])
    return {"p50": round(float(p50), 1), "p95": round(float(p95), 1)}


def save(run: Run, path: Path) -> None:
    """Write a run for a later comparison. Raises `BadRequest` when it cannot be written."""
    try:
        path.write_text(run.model_dump_json(), encoding="utf-8")
    except OSError as error:
        raise BadRequest(f"cannot save the run to {path} ({error.strerror}); choose another place") from None


def read(path: Path) -> Run:
    """A saved run. Raises `BadRequest` when it is not one."""
    try:
        return Run.model_validate_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadRequest(f"cannot read {path} ({error.strerror}); save a run with --save first") from None
    except (ValidationError, UnicodeDecodeError):
        raise BadRequest(f"{path} is not a run that this version saved; save it again with --save") from None


def differences(before: Run, after: Run) -> dict[str, Estimate]:
    """Paired differences per metric over the questions of both runs. Raises `BadRequest` for runs of unlike sets."""
    if before.dataset != after.dataset:
        raise BadRequest(f"these runs measured {before.dataset} and {after.dataset}; compare runs over one dataset")
    groups = {**before.groups, **after.groups}
    shared = sorted((name for name in before.values if name in after.values), key=ORDER.index)
    found = {name: difference(before.values[name], after.values[name], groups) for name in shared}
    return {name: measured for name, measured in found.items() if measured is not None}


def differences_as_json(before: Run, after: Run) -> dict[str, Any]:
    """A comparison as `footnote evaluate --compare --json` prints it."""
    return {
        "dataset": after.dataset,
        "before": before.configuration,
        "after": after.configuration,
        "differences": estimates_as_json(differences(before, after)),
    }


def estimates_as_json(estimates: Mapping[str, Estimate]) -> dict[str, dict[str, float]]:
    """Each with its mean, interval and count."""
    return {
        name: {"mean": round(e.mean, 4), "low": round(e.low, 4), "high": round(e.high, 4), "n": e.n}
        for name, e in estimates.items()
    }


def table(estimates: Mapping[str, Estimate], *, sign: bool = False) -> str:
    """Metrics with their intervals as a person reads them; with `sign` as differences, marked where they are sure."""
    plus = "+" if sign else ""
    lines = [f"{'metric':<22}{'mean':>8}   {'95 % interval':<18}{'n':>6}"]
    for name, e in estimates.items():
        interval = f"[{e.low:{plus}.3f}, {e.high:{plus}.3f}]"
        sure = "  *" if sign and (e.low > 0 or e.high < 0) else ""
        lines.append(f"{name:<22}{e.mean:>{plus}8.3f}   {interval:<18}{e.n:>6}{sure}")
    return "\n".join(lines)


def told(run: Run) -> str:
    """The whole report as a person reads it."""
    configuration = ", ".join(f"{key} {value}" for key, value in run.configuration.items())
    head = f"{run.dataset}: {len(run.groups)} questions ({configuration})"
    below = [_latency(run), _spending(run), _shortfalls(run)]
    return "\n".join([head, "", table(run.estimates()), "", *filter(None, below)])


def _latency(run: Run) -> str:
    return f"latency p50 {run.latency_ms['p50']:.0f} ms, p95 {run.latency_ms['p95']:.0f} ms" if run.latency_ms else ""


def _spending(run: Run) -> str:
    """Nothing where no backend was called."""
    took = run.per_question()
    if not took.get("calls"):
        return ""
    each = f"{took['calls']:.1f} calls and {took['tokens']:,.0f} tokens a question"
    return f"{each}, ${took['dollars'] * 1000:,.2f} for 1,000{unpriced(run)}"


def unpriced(run: Run) -> str:
    """What the dollars of a run leave out, in brackets."""
    return f" (no price is known for {', '.join(run.unpriced)})" if run.unpriced else ""


def _shortfalls(run: Run) -> str:
    return ", ".join(f"{run.short[what]} {what}" for what in SHORT if run.short.get(what))


def told_differences(before: Run, after: Run) -> str:
    """A comparison as a person reads it."""
    changed = {
        key: (before.configuration.get(key), value)
        for key, value in after.configuration.items()
        if before.configuration.get(key) != value
    }
    head = f"{after.dataset}, second run minus first, paired by question (* the interval leaves out zero)"
    what = "".join(f"\n{key}: {json.dumps(was)} -> {json.dumps(now)}" for key, (was, now) in changed.items())
    return f"{head}{what}\n\n{table(differences(before, after), sign=True)}"
