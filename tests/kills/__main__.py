"""Kills the bot again and again while people ask, and tells what became of every question.

Without arguments it runs every row, or goes on where it was stopped. Results lie in build/kills; a full run also writes
docs/reliability.md.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random

from bot.logs import configure
from tests.architecture.sources import ROOT
from tests.kills.document import write_document
from tests.kills.results import Results, faults, table
from tests.kills.rig import Rig, rigged
from tests.kills.rows import Cycle, Row, rows
from tests.kills.self_test import self_test
from tests.kills.tally import Tally

FOLDER = ROOT / "build/kills"


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(prog="make kills", description=__doc__)
    parser.add_argument("rows", nargs="*", help="rows to run; all of them unless named")
    parser.add_argument("--list", action="store_true", help="say which rows there are")
    parser.add_argument("--again", action="store_true", help="start anew instead of going on")
    parser.add_argument("--quick", action="store_true", help="the short pass: few cycles of a few rows")
    parser.add_argument("--minutes", type=float, help="begin no cycle after so many minutes")
    parser.add_argument("--soak", type=float, metavar="MINUTES", help="how long the soak lasts (30)")
    parser.add_argument("--seed", type=int, help="of all that is left to chance")
    parser.add_argument("--replay", metavar="ROW:CYCLE", help="run one cycle as it was, and keep its logs")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where results are kept (build/kills)")
    parser.add_argument("--self-test", action="store_true", help="break the bot on purpose, and see it found out")
    parser.add_argument("--document", action="store_true", help="only write docs/reliability.md from the results")
    parser.add_argument(
        "--beside",
        type=Path,
        action="append",
        default=[],
        metavar="FOLDER",
        help="with --document: take in the results of a run that went on beside this one, of other rows",
    )
    return parser.parse_args()


async def run_row(
    row: Row, results: Results, *, cycles: Sequence[int], until: float, folder: Path, soak: float | None = None
) -> None:
    """Run the cycles of a row that are not done, against one rig."""
    left = [number for number in cycles if not results.done(row.id, number)]
    if not left or time.monotonic() > until:
        return
    _say(f"row {row.id}: {row.title}")
    if row.needs and not row.needs.exists():
        _say(f"  left out: there is no {row.needs}")
        return
    home = folder / f"row-{row.id}"
    shutil.rmtree(home, ignore_errors=True)
    async with rigged(row.setup, home) as rig:
        for number in left:
            if time.monotonic() > until:
                return
            began = time.monotonic()
            tally = await run_cycle(row, rig, number, seed=results.seed, soak=soak)
            results.keep(row.id, number, tally)
            _report(row, results, number, seconds=time.monotonic() - began)
            if tally.counts["broke"]:
                break
        else:
            return
    await run_row(row, results, cycles=cycles, until=until, folder=folder, soak=soak)  # on a rig that is whole


async def run_cycle(row: Row, rig: Rig, number: int, *, seed: int, soak: float | None = None) -> Tally:
    """One cycle, tried again while its fault did not happen; an earlier try counts for what it showed."""
    tally = Tally()
    for again in range(row.tries):
        random = Random(f"{seed} {row.id} {number} {again}")
        cycle = Cycle(number, random, f"r{row.id}c{number}t{again}", soak)
        try:
            one = await row.run(rig, cycle)
        except Exception as error:  # noqa: BLE001  (whatever breaks one cycle, the others are run)
            tally.fault("broke", "".join(traceback.format_exception(error))[-600:])
            break
        tally.add(one)
        if not one.counts["missed"]:
            break
    return tally


def _report(row: Row, results: Results, number: int, *, seconds: float) -> None:
    done, total = len(results.cycles[row.id]), results.total(row.id)
    for sentence in results.cycles[row.id][number].faults:
        _say(f"  cycle {number}: {sentence}")
    wrong = f", {len(total.faults)} FAULTS" if total.bad else ""
    put = f"{total.counts['questions']:,} questions{wrong}"
    print(
        f"\r  {done} of {row.cycles} cycles, {put}; the last took {seconds:.1f} s  ",
        end="" if sys.stdout.isatty() else "\n",
        flush=True,
    )


def _say(words: str) -> None:
    print(f"\n{words}" if sys.stdout.isatty() else words, flush=True)


async def main() -> int:
    """Run what was asked for; 1 when anything went wrong."""
    given, known = arguments(), rows()
    configure("error")
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # callers of the stand-ins die: that is what we do
    if given.list:
        for row in known.values():
            print(f"{row.id:5} {row.title} ({row.cycles} cycles, {row.quick} of them in the short pass)")
        return 0
    if given.self_test:
        return await self_test(given.folder / "self-test", seed=given.seed or 0)
    if given.replay:
        return await replay(known, given.replay, seed=given.seed, folder=given.folder)
    chosen = [known[name] for name in given.rows] if given.rows else list(known.values())
    results = begun(given, chosen)
    for folder in given.beside:
        results.take_in(Results.open(folder / "results.json", seed=None, again=False))
    shutil.rmtree(given.folder / "index", ignore_errors=True)
    until = time.monotonic() + 60 * given.minutes if given.minutes else float("inf")
    for row in [] if given.document else chosen:
        cycles = range(row.quick if given.quick else row.cycles)
        await run_row(row, results, cycles=cycles, until=until, folder=given.folder, soak=given.soak)
    if time.monotonic() > until:
        _say("the time is up: what is left is run next time, or not at all in the short pass")
    return conclude(known, results, document=not given.quick)


def begun(given: argparse.Namespace, chosen: Sequence[Row]) -> Results:
    """What the run goes on with: nothing of what is to be run again."""
    file = given.folder / ("quick.json" if given.quick else "results.json")
    results = Results.open(file, seed=given.seed, again=given.quick or (given.again and not given.rows))
    for row in chosen if given.again else ():
        results.forget(row.id)
    return results


def conclude(known: Mapping[str, Row], results: Results, *, document: bool) -> int:
    """Print the table; 1 when anything went wrong."""
    _say(f"\n{table(known, results)}\n\nseed {results.seed}, commit {results.commit}")
    wrong = faults(known, results)
    for sentence in wrong:
        print(sentence)
    if document:
        write_document(known, results)
    return 1 if wrong else 0


async def replay(known: Mapping[str, Row], which: str, *, seed: int | None, folder: Path) -> int:
    """Run one cycle again from its seed, and say where the logs of its processes are."""
    name, _, number = which.partition(":")
    row = known[name]
    results = Results.open(folder / "results.json", seed=seed, again=False)
    home = Path(tempfile.mkdtemp(prefix="kills-")) / name
    async with rigged(row.setup, home) as rig:
        tally = await run_cycle(row, rig, int(number), seed=seed if seed is not None else results.seed)
    print(dict(tally.counts), {name: max(values) for name, values in tally.samples.items()})
    for sentence in tally.faults:
        print(sentence)
    print(f"the logs of its processes: {home}")
    return 1 if tally.bad else 0


async def stoppable() -> int:
    """The same; SIGTERM ends it as Ctrl-C does, with all that it started."""
    running = asyncio.current_task()
    if running:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, running.cancel)
    return await main()


if __name__ == "__main__":
    try:
        sys.exit(asyncio.run(stoppable()))
    except (KeyboardInterrupt, asyncio.CancelledError):
        sys.exit("\nStopped; the same command goes on from here.")
