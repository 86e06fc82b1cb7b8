"""Configurations side by side: a column each, and paired differences from the first."""

from __future__ import annotations

import json

import pytest

from bot.evaluation import beside, report
from bot.evaluation.experiments import Measured
from bot.evaluation.report import Run
from bot.evaluation.watching import Spent


def a_run(
    name: str,
    *,
    mrr: tuple[float, ...],
    generator: str = "quotes",
    spent: Spent | None = None,
    failed: int = 0,
    unpriced: tuple[str, ...] = (),
) -> Run:
    measured = Measured()
    measured.groups = {f"q{n}": f"q{n}" for n in range(4)}
    measured.values["mrr"] = {f"q{n}": value for n, value in enumerate(mrr)}
    measured.milliseconds = [10.0 * len(name)] * len(mrr)
    measured.spent = spent or Spent()
    measured.short["failed"] = failed
    configuration = {"rewrite": "auto", "generator": generator}
    return report.run_of("house", configuration, measured, name=name, unpriced=unpriced)


FIRST = a_run("plain", mrr=(0.25, 0.5, 0.5, 0.25))
SECOND = a_run(
    "written", mrr=(0.5, 0.75, 0.75), generator="command-a", spent=Spent(0.03, 12, 8000), failed=1, unpriced=("m-1",)
)


def lines(*runs: Run) -> dict[str, str]:
    """The table's rows, by what they begin with."""
    rows = [line for line in beside.told(runs).splitlines() if line]
    return {row.split("  ")[0]: row for row in rows}


def test_each_configuration_has_a_column() -> None:
    """Every metric stands with its interval under each name, and the paired difference beside them."""
    table = lines(FIRST, SECOND)
    head = next(row for row in table.values() if "written - plain" in row)
    assert head.split() == ["plain", "written", "written", "-", "plain"]
    cells = [cell.strip() for cell in table["mrr"].split("  ") if cell]
    assert cells[:2] == ["mrr", "0.375 [0.250, 0.500]"]
    assert cells[2].startswith("0.667 [")
    assert cells[3] == "+0.250 [+0.250, +0.250] *"


def test_time_cost_and_shortfalls_stand_below() -> None:
    """Percentiles of the time, dollars for a thousand questions, calls, tokens, and how many questions failed."""
    table = lines(FIRST, SECOND)
    assert table["p50, ms"].split()[2:] == ["50", "70"]
    assert table["$ for 1,000"].split()[3:] == ["0.00", "7.50"]
    assert table["calls a question"].split()[3:] == ["0.0", "3.0"]
    assert table["tokens a question"].split()[3:] == ["0", "2,000"]
    assert table["failed"].split()[1:] == ["0", "1"]
    assert "unwritten" not in table
    assert "written: (no price is known for m-1)" in beside.told([FIRST, SECOND])


def test_choices_that_differ_stand_in_the_table_and_others_below() -> None:
    """Who did each work is said once where it is the same in all."""
    told = beside.told([FIRST, SECOND])
    assert lines(FIRST, SECOND)["generator"].split()[1:] == ["quotes", "command-a"]
    assert "In all: rewrite auto." in told


def test_more_than_two_are_each_compared_with_the_first() -> None:
    """The second is no measure of the third."""
    third = a_run("third", mrr=(0.25, 0.5, 0.5, 0.25))
    told = beside.as_json([FIRST, SECOND, third])
    assert [(one["name"], one["against"]) for one in told["differences"]] == [("written", "plain"), ("third", "plain")]
    assert told["differences"][1]["metrics"]["mrr"]["mean"] == 0.0
    assert "third - plain" in beside.told([FIRST, SECOND, third])


def test_programs_read_the_same() -> None:
    """The JSON holds each run as it would be told alone, with its name, and the paired differences."""
    told = beside.as_json([FIRST, SECOND])
    assert json.loads(json.dumps(told)) == told
    assert [run["name"] for run in told["runs"]] == ["plain", "written"]
    assert told["runs"][1]["per_question"]["dollars"] == pytest.approx(0.0075)
    assert told["runs"][1]["short"]["failed"] == 1
    assert told["differences"][0]["metrics"]["mrr"] == {"mean": 0.25, "low": 0.25, "high": 0.25, "n": 3}


def test_a_configuration_that_answered_nothing_has_an_empty_column() -> None:
    """A backend that was away all the time leaves dashes and its count, and the others their figures."""
    table = lines(FIRST, a_run("away", mrr=(), failed=4))
    assert table["mrr"].split("  ")[-1].strip() == "-"
    assert table["p50, ms"].split()[2:] == ["50", "-"]
    assert table["failed"].split()[1:] == ["0", "4"]


def test_one_alone_has_no_differences() -> None:
    """One configuration is told in the same shape."""
    assert "paired" not in beside.told([FIRST])
    assert beside.as_json([FIRST])["differences"] == []
