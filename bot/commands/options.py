"""Options and start-up that several commands share."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bot.models import EVERYONE, Audience, Principal

if TYPE_CHECKING:
    from bot.settings import Settings

ENV_FILE = ".env"
"""In the current folder: variables for who does not set them in the environment."""


def principal(text: str) -> Principal:
    """An argparse type: `everyone`, `group:NAME` or `user:ID`."""
    try:
        return Principal.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def positive(text: str) -> int:
    """An argparse type: a whole number from 1 on."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return int(text)


def add_as(parser: argparse.ArgumentParser) -> None:
    """`--as PRINCIPAL`, which may stand several times."""
    parser.add_argument(
        "--as",
        dest="principals",
        type=principal,
        action="append",
        metavar="PRINCIPAL",
        help="ask as somebody who holds this: everyone (default), group:NAME or user:ID; may be repeated",
    )


def add_json(parser: argparse.ArgumentParser) -> None:
    """`--json`: nothing but JSON on standard output."""
    parser.add_argument("--json", action="store_true", help="print JSON and nothing else")


def audience(principals: Sequence[Principal] | None) -> Audience:
    """One reader who holds `principals`, or `everyone` when none was named."""
    return Audience.of(principals or [EVERYONE])


def settings(home: Path | None) -> "Settings":
    """The settings of this process: the environment over `.env` in the current folder, `--home` over both."""
    from bot.settings import load

    return load(environment(home))


def environment(home: Path | None) -> dict[str, str]:
    """The variables that settings are read from, not yet looked at."""
    from dotenv import dotenv_values

    from_file = {name: value for name, value in dotenv_values(ENV_FILE).items() if value is not None}
    chosen = {"FOOTNOTE_HOME": str(home.expanduser().absolute())} if home else {}
    return {**from_file, **os.environ, **chosen}
