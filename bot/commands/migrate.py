"""Move the index to another model or shape while questions go on; go back; remove what is no longer used."""

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from bot.commands import options
from bot.commands.priority import INDEXING, give_way
from bot.errors import BadRequest

if TYPE_CHECKING:
    from bot.commands.judging import Judging
    from bot.composition import Migrating
    from indexing.migrate import Migration, Moved
    from indexing.progress import Progress

EXAMPLE = """Examples:
  footnote migrate
  footnote migrate --judged ~/questions
  footnote migrate --back

Says so and does nothing where the index is already what the settings ask for, so that every deploy may run it. Killed
at any moment, it goes on when it is run again (docs/guide/backends.md)."""
EVERY = 10.0
"""Seconds between two lines of progress where they go into a log."""
SHOWN = 20
"""Documents and parts that are named; --json names all."""


def register(parser: argparse.ArgumentParser) -> None:
    """Arguments of `footnote migrate`."""
    parser.epilog = EXAMPLE
    parser.add_argument(
        "--judged", type=Path, metavar="DATASET", help="first ask these judged questions of both: it must not get worse"
    )
    parser.add_argument(
        "--docs", type=Path, metavar="DIR", help="with --judged: the indexed folder that the questions are about"
    )
    parser.add_argument(
        "--force", action="store_true", help="switch although answers get worse or documents cannot be taken over"
    )
    parser.add_argument("--rebuild", action="store_true", help="build a new index even if nothing has changed")
    parser.add_argument("--back", action="store_true", help="let the index that was used before be used again")
    parser.add_argument("--forget", action="store_true", help="remove every index that is kept and not used")
    parser.add_argument("--yes", action="store_true", help="with --forget: do not ask")
    options.add_json(parser)


async def run(arguments: argparse.Namespace) -> int:
    """Do one of the three, and print what was done."""
    _check(arguments)
    give_way(INDEXING)
    from bot.composition import migrating

    async with migrating(options.settings(arguments.home)) as made:
        if arguments.forget:
            said = await _forget(made, arguments)
        else:
            said = await _move(made, arguments)
    print(said)
    return 0


def _check(arguments: argparse.Namespace) -> None:
    if sum((arguments.back, arguments.forget, arguments.judged is not None or arguments.rebuild)) > 1:
        raise BadRequest("--back and --forget stand alone; leave the other options out")
    if arguments.docs is not None and arguments.judged is None:
        raise BadRequest("--docs says what the questions of --judged are about; name those too")


async def _move(made: "Migrating", arguments: argparse.Namespace) -> str:
    judging = _judging(made, arguments)
    migration = _migration(made, judging, show=sys.stderr, force=arguments.force)
    moved = await (migration.back() if arguments.back else migration.run(rebuild=arguments.rebuild))
    judged = judging.as_json() if judging else None
    return json.dumps(as_json(moved) | {"judged": judged}, ensure_ascii=False) if arguments.json else told(moved)


def _judging(made: "Migrating", arguments: argparse.Namespace) -> "Judging | None":
    if arguments.judged is None:
        return None
    from bot.commands.judging import Judging

    return Judging.of(made, arguments.judged, docs=arguments.docs, force=arguments.force, show=sys.stderr)


def _migration(made: "Migrating", judging: "Judging | None", *, show: TextIO, force: bool) -> "Migration":
    from indexing.migrate import Migration

    return Migration(
        home=made.settings.home,
        indexes=made.indexes,
        embedder=made.embedder,
        clock=time.monotonic,
        origin=made.origin,
        on_progress=_lines(show, time.monotonic),
        on_step=lambda step: print(step, file=show, flush=True),
        judge=judging.compare if judging else None,
        force=force,
    )


def _lines(show: TextIO, clock: Callable[[], float]) -> "Callable[[Progress], None]":
    """Progress for a terminal and for the log of a deploy alike: a line now and then."""
    from bot.commands.progress import pace

    said = clock()

    def tell(at: "Progress") -> None:
        nonlocal said
        if clock() - said >= EVERY or at.read == at.documents:
            said = clock()
            print(f"  {at.read:,}/{at.documents:,} documents · {pace(at)}", file=show, flush=True)

    return tell


# --- removing ---------------------------------------------------------------------------------------------------------


async def _forget(made: "Migrating", arguments: argparse.Namespace) -> str:
    names = list(await made.indexes.spare())
    if names and not arguments.yes:
        _confirm(names)
    migration = _migration(made, None, show=sys.stderr, force=False)
    removed = list(await migration.forget(names))
    if arguments.json:
        return json.dumps({"did": "forgot", "removed": removed})
    return f"Removed {', '.join(removed)}." if removed else "No index is kept beside the one in use."


def _confirm(names: list[str]) -> None:
    """Raises `BadRequest` unless a person at a terminal says yes."""
    if not sys.stdin.isatty():
        raise BadRequest(f"this removes {', '.join(names)} for good; run it with --yes where nobody can be asked")
    print(f"This removes {', '.join(names)} for good. There is no going back to it, and a bot that still runs with its")
    if input("settings cannot answer any more. Remove it? [y/N] ").strip().lower() not in ("y", "yes"):
        raise BadRequest("nothing was removed")


# --- telling ----------------------------------------------------------------------------------------------------------


def as_json(moved: "Moved") -> dict[str, Any]:
    """What was done, for programs."""
    return {
        "did": moved.did,
        "was": moved.was,
        "now": moved.now,
        "model": moved.model,
        "documents": moved.total.documents,
        "chunks": moved.total.chunks,
        "written": moved.written,
        "removed": moved.removed,
        "behind": moved.behind,
        "left_out": dict(moved.left_out),
        "parts": [
            {
                "source": source,
                "readable_by": [str(principal) for principal in readable_by],
                "documents": counts.documents,
                "chunks": counts.chunks,
            }
            for (source, readable_by), counts in moved.parts.items()
        ],
        "seconds": round(moved.seconds, 3),
    }


def told(moved: "Moved") -> str:
    """What was done, as a person reads it."""
    match moved.did:
        case "nothing indexed":
            return "Nothing is indexed yet, so there is nothing to migrate."
        case "up to date":
            return f"The index is what the settings ask for ({moved.now}): nothing to do."
        case "returned":
            return _told_back(moved)
        case "moved":
            return _told_moved(moved)


def _told_moved(moved: "Moved") -> str:
    size = moved.total
    counted = f"{size.documents:,} documents ({size.chunks:,} chunks)"
    same = "" if moved.left_out else f", as many as in {moved.was}"
    lines = [f"Answers come from {moved.now} ({moved.model}) now: {counted}{same}, after {moved.seconds:.1f} s."]
    for (source, readable_by), counts in list(moved.parts.items())[:SHOWN]:
        who = ", ".join(map(str, readable_by))
        lines.append(f"  {source}, readable by {who}: {counts.documents:,} documents ({counts.chunks:,} chunks)")
    if moved.left_out:
        lines.append(f"Left out {len(moved.left_out):,}; footnote index reads them again:")
        lines += [f"  {name}  {why}" for name, why in list(moved.left_out.items())[:SHOWN]]
    lines.append(
        f"{moved.was} is kept: footnote migrate --back returns to it, footnote migrate --forget removes it.\n"
        "Restart a bot that runs with the settings of before."
    )
    return "\n".join(lines)


def _told_back(moved: "Moved") -> str:
    behind = f" {moved.behind:,} documents have changed since." if moved.behind else ""
    return (
        f"Answers come from {moved.now} ({moved.model}) again.{behind}\n"
        "Set the embedding model back to that one, restart the bot and run footnote index. As long as the settings\n"
        "name another one, the next footnote migrate moves on to that again."
    )
