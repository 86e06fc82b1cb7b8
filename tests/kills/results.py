"""What a run has found so far, in a file, so that it can be stopped and go on; and the table that it makes."""

from __future__ import annotations

import json
import platform
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.architecture.sources import ROOT
from tests.kills.rows import Row
from tests.kills.tally import BAD, Tally, percentile

SHOWN = ("lost", "twice", "silent", "stuck")
"""Columns of their own."""


@dataclass(slots=True)
class Results:
    """The cycles that are done, by row, and what the run began with."""

    file: Path
    seed: int
    commit: str
    began: str
    cycles: dict[str, dict[int, Tally]] = field(default_factory=dict[str, "dict[int, Tally]"])
    ended: str = ""

    @classmethod
    def open(cls, file: Path, *, seed: int | None, again: bool) -> Results:
        """Those of an earlier run, to go on with; or new ones."""
        if file.exists() and not again:
            plain: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
            cycles = {
                row: {int(number): Tally.read(tally) for number, tally in done.items()}
                for row, done in plain["cycles"].items()
            }
            return cls(file, plain["seed"], plain["commit"], plain["began"], cycles, plain["ended"])
        chosen = seed if seed is not None else int(datetime.now(UTC).timestamp())
        return cls(file, chosen, _commit(), _now())

    def done(self, row: str, number: int) -> bool:
        """Whether this cycle has been run."""
        return number in self.cycles.get(row, {})

    def keep(self, row: str, number: int, tally: Tally) -> None:
        """Keep what came of a cycle, at once."""
        self.cycles.setdefault(row, {})[number] = tally
        self.ended = _now()
        commit = _commit()
        if commit not in self.commit.split(" to "):
            self.commit = f"{self.commit.split(' to ')[0]} to {commit}"
        self._write()

    def take_in(self, other: Results) -> None:
        """Add the rows of another run; the run is as long as both."""
        self.cycles = {**other.cycles, **self.cycles}
        self.began, self.ended = min(self.began, other.began), max(self.ended, other.ended)
        for commit in other.commit.split(" to "):
            if commit not in self.commit.split(" to "):
                self.commit = f"{self.commit} to {commit}"

    def forget(self, row: str) -> None:
        """Run this row anew."""
        self.cycles.pop(row, None)

    def total(self, row: str) -> Tally:
        """All cycles of a row together."""
        tally = Tally()
        for one in self.cycles.get(row, {}).values():
            tally.add(one)
        return tally

    def _write(self) -> None:
        plain = {
            "seed": self.seed,
            "commit": self.commit,
            "began": self.began,
            "ended": self.ended,
            "cycles": {row: {n: tally.plain() for n, tally in done.items()} for row, done in self.cycles.items()},
        }
        self.file.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.file.with_suffix(".new")
        fresh.write_text(json.dumps(plain), encoding="utf-8")
        fresh.replace(self.file)


# --- the table ------------------------------------------------------------------------------------------------------


def table(rows: Mapping[str, Row], results: Results) -> str:
    """One line per row that was run, as Markdown."""
    head = ["row", "what was done", "cycles", "questions", *SHOWN, "answered, p50 / p99 / slowest", "else", "held"]
    lines = [_line(row, results) for row in rows.values() if results.cycles.get(row.id)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *lines))


def _line(row: Row, results: Results) -> list[str]:
    tally, cycles = results.total(row.id), len(results.cycles[row.id])
    if row.whole:
        row.whole(tally)
    times = tally.samples.get("ended", [])
    slow = " / ".join(f"{percentile(times, share):.1f}" for share in (0.5, 0.99, 1.0)) + " s" if times else ""
    counted = [f"{tally.counts['questions']:,}", *(str(tally.counts[name]) for name in SHOWN)]
    if not tally.counts["questions"]:
        counted = [""] * len(counted)
    held = "no" if tally.bad else "yes"
    part = f"{cycles} of {row.cycles}" if cycles < row.cycles else str(cycles)
    return [row.id, f"{row.title}; reach: {row.reach}", part, *counted, slow, _else(tally), held]


def _else(tally: Tally) -> str:
    """Whatever else was counted or measured."""
    counts = [
        f"{name.replace('_', ' ')} {number:,}"
        for name, number in sorted(tally.counts.items())
        if name not in (*SHOWN, "questions") and not name.startswith("at ") and (number or name not in BAD)
    ]
    samples = [
        f"{name} p50 {percentile(values, 0.5):.3g}, p99 {percentile(values, 0.99):.3g}, at most {max(values):.3g} s"
        for name, values in sorted(tally.samples.items())
        if name != "ended"
    ]
    return "; ".join(counts + samples + tally.notes)


def faults(rows: Mapping[str, Row], results: Results) -> list[str]:
    """Each thing that went wrong, with what replays it; of all cycles of a row together, nothing does."""
    return [sentence for row in rows.values() for sentence in (*_in_cycles(row.id, results), *_in_whole(row, results))]


def _in_cycles(row: str, results: Results) -> list[str]:
    return [
        f"row {row}, cycle {number}: {sentence}  (make kills ARGS='--replay {row}:{number} --seed {results.seed}')"
        for number, tally in sorted(results.cycles.get(row, {}).items())
        for sentence in tally.faults
    ]


def _in_whole(row: Row, results: Results) -> list[str]:
    tally = Tally(samples=results.total(row.id).samples)
    if row.whole and results.cycles.get(row.id):
        row.whole(tally)
    return [f"row {row.id}: {sentence}" for sentence in tally.faults]


def machine() -> str:
    """Where it ran, in words."""
    cores = len(_lines("/proc/cpuinfo", "processor"))
    model = next(iter(_lines("/proc/cpuinfo", "model name")), platform.machine()).partition(":")[2].strip()
    memory = next(iter(_lines("/proc/meminfo", "MemTotal")), "0 0").split()[1]
    return f"{cores} cores ({model or platform.machine()}), {int(memory) / 2**20:.0f} GiB, {platform.platform()}"


def _lines(file: str, beginning: str) -> list[str]:
    try:
        return [line for line in Path(file).read_text(encoding="utf-8").splitlines() if line.startswith(beginning)]
    except OSError:
        return []


def _commit() -> str:
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "unknown"


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
