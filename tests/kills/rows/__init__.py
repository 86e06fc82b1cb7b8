"""The rows of the table, each a function that runs one cycle against a rig; see `row`."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.kills.rig import Rig, Setup
from tests.kills.tally import Tally


@dataclass(frozen=True, slots=True)
class Cycle:
    """One run of a row: its number from 0, and chance that is the same whenever it is replayed."""

    number: int
    random: Random
    label: str
    """Begins the canaries of its questions."""
    minutes: float | None = None
    """How long a soak lasts, where somebody said so."""


Run = Callable[[Rig, Cycle], Awaitable[Tally]]


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table: what is done, what is to be reached, and how often."""

    id: str
    title: str
    reach: str
    cycles: int
    quick: int
    """Cycles of the short pass."""
    setup: Setup
    run: Run
    needs: Path | None = None
    """A file without which the row is left out."""
    tries: int = 1
    """How often a cycle is tried until its fault has happened (`missed` says that it has not)."""
    whole: Callable[[Tally], None] | None = None
    """Says what all cycles together show, where one is too few to tell."""


ROWS: dict[str, Row] = {}


def row(
    number: str,
    title: str,
    *,
    reach: str,
    cycles: int,
    quick: int = 0,
    setup: Setup | None = None,
    needs: Path | None = None,
    tries: int = 1,
    whole: Callable[[Tally], None] | None = None,
) -> Callable[[Run], Run]:
    """Enter a function as a row: it runs one cycle and tells what came of it."""

    def enter(run: Run) -> Run:
        if number in ROWS:
            raise ValueError(f"there are two rows {number}")
        ROWS[number] = Row(number, title, reach, cycles, quick, setup or Setup(), run, needs, tries, whole)
        return run

    return enter


def rows() -> Mapping[str, Row]:
    """Every row there is, in the order of their numbers: each module beside this one enters its own."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return dict(sorted(ROWS.items(), key=lambda item: (_number(item[0]), item[0])))


def _number(name: str) -> int:
    return int("".join(letter for letter in name.partition("-")[0] if letter.isdigit()) or 0)
