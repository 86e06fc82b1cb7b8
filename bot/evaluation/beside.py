"""Configurations side by side: one column of figures each, and what each adds to or takes from the first, paired."""

from collections.abc import Callable, Sequence
from typing import Any

from bot.evaluation import report
from bot.evaluation.experiments import SHORT
from bot.evaluation.metrics import Estimate
from bot.evaluation.report import ORDER, Run

NOTHING = "-"
MARK = "*"

Row = tuple[str, ...]


def as_json(runs: Sequence[Run]) -> dict[str, Any]:
    """The comparison as `footnote evaluate --config … --json` prints it."""
    first, *others = runs
    return {
        "dataset": first.dataset,
        "runs": [{"name": run.name, **run.as_json()} for run in runs],
        "differences": [
            {
                "name": run.name,
                "against": first.name,
                "metrics": report.estimates_as_json(report.differences(first, run)),
            }
            for run in others
        ],
    }


def told(runs: Sequence[Run]) -> str:
    """The comparison as a person reads it."""
    first, *others = runs
    heads = ("", *(run.name for run in runs), *(f"{run.name} - {first.name}" for run in others))
    rows = [heads, *_metrics(runs), *_figures(runs), *_choices(runs)]
    return "\n".join([f"{first.dataset}: {len(first.groups)} questions", "", *_aligned(rows), "", *_notes(runs)])


def _metrics(runs: Sequence[Run]) -> list[Row]:
    """Means with their 95 % intervals, and the paired differences with theirs."""
    first, *others = runs
    columns = [run.estimates() for run in runs]
    differences = [report.differences(first, run) for run in others]
    measured = sorted(set[str]().union(*columns), key=ORDER.index)
    return [
        (
            name,
            *(_mean(column.get(name)) for column in columns),
            *(_difference(column.get(name)) for column in differences),
        )
        for name in measured
    ]


def _mean(of: Estimate | None) -> str:
    return f"{of.mean:.3f} [{of.low:.3f}, {of.high:.3f}]" if of else NOTHING


def _difference(of: Estimate | None) -> str:
    if of is None:
        return NOTHING
    sure = f" {MARK}" if of.low > 0 or of.high < 0 else ""
    return f"{of.mean:+.3f} [{of.low:+.3f}, {of.high:+.3f}]{sure}"


def _figures(runs: Sequence[Run]) -> list[Row]:
    """Time, cost, and how many questions came short of something; the last only where any did."""
    figures: list[tuple[str, Callable[[Run], str]]] = [
        ("p50, ms", lambda run: _milliseconds(run, "p50")),
        ("p95, ms", lambda run: _milliseconds(run, "p95")),
        ("$ for 1,000", lambda run: _took(run, "dollars", 1000, ".2f")),
        ("calls a question", lambda run: _took(run, "calls", 1, ".1f")),
        ("tokens a question", lambda run: _took(run, "tokens", 1, ".0f")),
    ]
    rows = [(name, *(figure(run) for run in runs)) for name, figure in figures]
    counted = [what for what in SHORT if any(run.short.get(what) for run in runs)]
    return [*rows, *((what, *(str(run.short.get(what, 0)) for run in runs)) for what in counted)]


def _milliseconds(run: Run, which: str) -> str:
    found = {str(percentile): taken for percentile, taken in run.latency_ms.items()}.get(which)
    return NOTHING if found is None else f"{found:,.0f}"


def _took(run: Run, what: str, questions: int, form: str) -> str:
    each = run.per_question().get(what)
    return NOTHING if each is None else f"{each * questions:,{form}}"


def _choices(runs: Sequence[Run]) -> list[Row]:
    """Who did each work, where that is not the same in all."""
    return [(work, *(str(run.configuration.get(work, NOTHING)) for run in runs)) for work in _works(runs, alike=False)]


def _works(runs: Sequence[Run], *, alike: bool) -> list[str]:
    every = dict.fromkeys(work for run in runs for work in run.configuration)
    return [work for work in every if (len({str(run.configuration.get(work)) for run in runs}) == 1) is alike]


def _notes(runs: Sequence[Run]) -> list[str]:
    alike = ", ".join(f"{work} {runs[0].configuration[work]}" for work in _works(runs, alike=True))
    notes = [f"In all: {alike}." if alike else ""]
    if len(runs) > 1:
        notes.append(f"Differences are paired by question; {MARK} where their 95 % interval leaves out zero.")
    notes += [f"{run.name}:{report.unpriced(run)}" for run in runs if run.unpriced]
    return [note for note in notes if note]


def _aligned(rows: Sequence[Row]) -> list[str]:
    """Columns as wide as their widest cell."""
    width = max(len(row) for row in rows)
    full = [(*row, *[""] * (width - len(row))) for row in rows]
    widths = [max(len(row[column]) for row in full) for column in range(width)]
    return ["  ".join(cell.ljust(of) for cell, of in zip(row, widths, strict=True)).rstrip() for row in full]
