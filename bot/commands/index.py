"""Read folders of documents into the index; only what changed is read again."""

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from bot.commands import options
from bot.commands.priority import INDEXING, give_way
from bot.models import Principal

if TYPE_CHECKING:
    from bot.settings import Settings
    from indexing.progress import Report

EXAMPLE = "Example:\n  footnote index ~/handbook\n  footnote index ~/payroll --readable-by group:hr"
MEGABYTE = 1_000_000
SHOWN = 20
"""Skipped documents that are named on a terminal; --json names all."""


def register(parser: argparse.ArgumentParser) -> None:
    """Arguments of `footnote index`."""
    parser.epilog = EXAMPLE
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a folder, or a single document")
    parser.add_argument(
        "--readable-by",
        type=options.principal,
        action="append",
        metavar="WHO",
        help="everyone (members, not guests: the default), group:NAME or user:ID; may be repeated",
    )
    parser.add_argument(
        "--allow-removals", action="store_true", help="go on although a large part of a folder has disappeared"
    )
    options.add_json(parser)


async def run(arguments: argparse.Namespace) -> int:
    """Bring the index up to date with the folders, and print what was done."""
    give_way(INDEXING)
    report = await index(
        options.settings(arguments.home),
        arguments.paths,
        readable_by=tuple(arguments.readable_by) if arguments.readable_by else None,
        allow_removals=arguments.allow_removals,
        show=sys.stderr,
    )
    print(json.dumps(report.as_json(), ensure_ascii=False) if arguments.json else told(report))
    return 0


async def index(
    settings: "Settings",
    paths: Sequence[Path],
    *,
    readable_by: tuple[Principal, ...] | None = None,
    allow_removals: bool = False,
    show: TextIO,
) -> "Report":
    """Bring the index up to date with `paths`, with a progress bar on `show` where that is a terminal."""
    import time

    from bot.commands.progress import progress_bar
    from bot.composition import writing
    from indexing.sync import Indexer

    async with writing(settings) as write:
        with progress_bar(show) as on_progress:
            indexer = Indexer(
                home=settings.home,
                writer=write.index,
                embedder=write.embedder,
                clock=time.monotonic,
                now=lambda: datetime.now(UTC),
                on_progress=on_progress,
                largest=int(settings.work.max_file_mb * MEGABYTE),
                allow_removals=allow_removals,
            )
            return await indexer.index([path.expanduser() for path in paths], readable_by=readable_by)


def told(report: "Report") -> str:
    """The report as a person reads it."""
    size = f"{report.documents:,} documents ({report.chunks:,} chunks) in {report.seconds:.1f} s"
    did = f"{report.updated:,} new or changed, {report.unchanged:,} unchanged, {report.removed:,} removed"
    lines = [
        f"Indexed {size}: {did}.",
        *(f"{folder}: readable by {', '.join(map(str, who))}" for folder, who in report.readable_by),
    ]
    if report.skipped:
        lines.append(f"Skipped {len(report.skipped):,}:")
        lines += [f"  {skipped.path}  {skipped.reason}" for skipped in report.skipped[:SHOWN]]
    if len(report.skipped) > SHOWN:
        lines.append(f"  and {len(report.skipped) - SHOWN:,} more (--json names all)")
    if report.chunks:
        lines.append('Try: footnote ask "…"')
    return "\n".join(lines)
