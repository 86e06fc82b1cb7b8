"""The command line: parses, calls, and turns every known error into one sentence and an exit status."""

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from bot.errors import FootnoteError

COMMANDS = (
    "index",
    "migrate",
    "search",
    "ask",
    "chat",
    "evaluate",
    "feedback",
    "jobs",
    "playground",
    "manifest",
    "doctor",
    "serve",
    "work",
)
"""Each a module of `bot.commands`, in the order that `--help` shows them."""

FAILED, INTERRUPTED = 1, 130


class Command(Protocol):
    """What a module of `bot.commands` offers; heavy imports stay inside `run`."""

    def register(self, parser: argparse.ArgumentParser) -> None:
        """Add the command's arguments, its description and its example."""
        ...

    async def run(self, arguments: argparse.Namespace) -> int:
        """Do it; the exit status."""
        ...


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 0 when done, 1 when it failed (argparse itself leaves with 2 for wrong use)."""
    arguments = _parser().parse_args(argv)
    from bot.logs import configure  # noqa: PLC0415  (not loaded for --help)

    configure("warning")
    for name in (signal.SIGTERM, signal.SIGHUP):  # a closed terminal ends a command as Ctrl-C does, servers included
        signal.signal(name, signal.default_int_handler)
    try:
        return asyncio.run(arguments.run(arguments))
    except FootnoteError as error:
        print(f"footnote: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="footnote", description="Answers questions from your documents, with footnotes.", allow_abbrev=False
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name in COMMANDS:
        command = cast("Command", import_module(f"bot.commands.{name}"))
        subparser = commands.add_parser(
            name,
            help=(command.__doc__ or "").strip().rstrip("."),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        subparser.add_argument(
            "--home", type=Path, metavar="DIR", help="where state lives (default: FOOTNOTE_HOME, else the data folder)"
        )
        command.register(subparser)
        subparser.set_defaults(run=command.run)
    return parser


if __name__ == "__main__":
    sys.exit(main())
