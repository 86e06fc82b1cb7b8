"""Check an installation: each line says what to do about it."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from bot.commands import options

if TYPE_CHECKING:
    from bot.doctor.findings import Found

EXAMPLE = """Examples:
  footnote doctor         before the first `footnote serve`, and whenever the bot does not answer
  footnote doctor --http  the same for `footnote serve --http`

Each line is ok, a warning (it works, but not for long or not as well as it could) or an error, with the exact thing
to do. Exit status 1 when there is an error. Nothing is changed, and no secret is shown. To try Socket Mode it connects
for a moment: beside a bot that serves, a command typed in that very moment may have to be typed again."""


def register(parser: argparse.ArgumentParser) -> None:
    """Arguments of `footnote doctor`."""
    parser.epilog = EXAMPLE
    parser.add_argument("--http", action="store_true", help="check for `serve --http` instead of Socket Mode")
    options.add_json(parser)


async def run(arguments: argparse.Namespace) -> int:
    """Look at everything, print what was found; 1 when anything is an error."""
    from bot.commands.progress import counter
    from bot.composition import now
    from bot.doctor.examination import examine
    from bot.logs import configure

    configure("error")
    with counter("checking", sys.stderr) as count:
        found = await examine(
            options.environment(arguments.home),
            transport="http" if arguments.http else "socket",
            now=now,
            on_done=count,
            secrets=Path(options.ENV_FILE),
        )
    _print(found, as_json=arguments.json)
    return 1 if found.count("error") else 0


def _print(found: "Found", *, as_json: bool) -> None:
    from rich.console import Console

    from bot.doctor import report

    if as_json:
        print(json.dumps(report.as_json(found), ensure_ascii=False))
        return
    console = Console(highlight=False, emoji=False, markup=False)
    for line in report.lines(found, width=console.width if console.is_terminal else None):
        console.print(line, soft_wrap=True)
