"""What the kill test says of a row whose cycles are too few each: all of them together are judged, once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kills.results import Results, faults, table
from tests.kills.rig import Rig, Setup
from tests.kills.rows import Cycle, Row
from tests.kills.rows.people import IDLE, OTHERS, hold_against_idle
from tests.kills.tally import Tally


async def never(rig: Rig, cycle: Cycle) -> Tally:
    raise NotImplementedError(rig, cycle)


ROW = Row("28", "poison", "p95 within 10 %", 2, 1, Setup(), never, whole=hold_against_idle)


def a_cycle(*, idle: float, others: float) -> Tally:
    """Ninety quick answers, and ten that took so long."""
    times = {IDLE[0]: idle, IDLE[1]: idle, OTHERS: others}
    tally = Tally(samples={name: [0.01] * 90 + [slow] * 10 for name, slow in times.items()})
    tally.count("questions", 300)
    return tally


def results_of(folder: Path, *cycles: Tally) -> Results:
    results = Results(folder / "results.json", 1, "abc", "now")
    results.cycles["28"] = dict(enumerate(cycles))
    return results


@pytest.mark.parametrize(("others", "held"), [(0.219, True), (0.221, False)])
def test_the_others_are_held_against_idle(tmp_path: Path, others: float, *, held: bool) -> None:
    """Ten of a hundred slower are no more than those that are slow anyway."""
    results = results_of(tmp_path, a_cycle(idle=0.2, others=others))
    assert (faults({"28": ROW}, results) == []) is held
    assert table({"28": ROW}, results).endswith(f"| {'yes' if held else 'no'} |")


def test_the_cycles_are_judged_together(tmp_path: Path) -> None:
    """One of them alone would tell by chance that others were slower; the table says it once."""
    results = results_of(tmp_path, a_cycle(idle=0.2, others=0.3), a_cycle(idle=0.5, others=0.2))
    assert faults({"28": ROW}, results) == []
    assert table({"28": ROW}, results).count("p95 of the others") == 1


def test_the_table_says_what_chance_does(tmp_path: Path) -> None:
    """The halves of what was idle differ too."""
    tally = a_cycle(idle=0.2, others=0.2)
    tally.samples[IDLE[1]] = [0.3] * 100
    assert "idle 300 ms (its halves 200 and 300 ms)" in table({"28": ROW}, results_of(tmp_path, tally))


def test_a_row_that_has_not_been_run_is_not_judged(tmp_path: Path) -> None:
    """There is nothing to hold against anything."""
    assert faults({"28": ROW}, Results(tmp_path / "results.json", 1, "abc", "now")) == []
