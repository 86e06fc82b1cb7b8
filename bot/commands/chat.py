"""Ask in a terminal, with memory and sources underneath."""

import argparse
import asyncio
import sys
import threading
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from bot.commands import options
from bot.errors import FootnoteError

if TYPE_CHECKING:
    from bot.answering.converse import Alone, Conversing
    from bot.models import Audience

EXAMPLE = "Example:\n  footnote chat\n  > how many hours of annual leave can I roll over?\n  > and for part-timers?"
PROMPT = "> "
HISTORY = 1000


def register(parser: argparse.ArgumentParser) -> None:
    """Arguments of `footnote chat`."""
    parser.epilog = EXAMPLE
    options.add_as(parser)


async def run(arguments: argparse.Namespace) -> int:
    """Answer line after line until the input ends; arrow keys bring earlier questions back."""
    from bot.composition import conversing

    settings = options.settings(arguments.home)
    audience = options.audience(arguments.principals)
    async with conversing(settings, conversation=f"chat-{uuid4().hex}") as ask:
        with _LineHistory(settings.home / "chat-history"):
            if sys.stdin.isatty():
                print("Ask about your documents. An empty line or Ctrl-D ends.")
            await _converse(ask, audience)
    return 0


async def _converse(ask: "Alone | Conversing", audience: "Audience") -> None:
    from bot.commands import shown

    while (line := await _typed()).strip():
        try:
            answered = await ask(line, audience=audience)
            print(f"\n{shown.answer(answered, now=datetime.now(UTC))}\n")
        except FootnoteError as error:
            print(f"footnote: {error}\n", file=sys.stderr)


async def _typed() -> str:
    """The next line. A thread of its own waits for it, which nobody waits for: Ctrl-C ends a chat at an open prompt."""
    loop = asyncio.get_running_loop()
    line: asyncio.Future[str] = loop.create_future()

    def read() -> None:
        typed = _read()
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(lambda: line.done() or line.set_result(typed))

    threading.Thread(target=read, daemon=True).start()
    return await line


def _read() -> str:
    try:
        return input(PROMPT if sys.stdin.isatty() else "")
    except EOFError:
        return ""


class _LineHistory:
    """Arrow keys over what was typed before, kept between sessions where the platform has readline."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        try:
            import readline
        except ImportError:
            return
        readline.set_history_length(HISTORY)
        if self._path.exists():
            readline.read_history_file(self._path)

    def __exit__(self, *_: object) -> None:
        readline = sys.modules.get("readline")
        if readline is not None and sys.stdin.isatty():
            readline.write_history_file(self._path)
            self._path.chmod(0o600)
