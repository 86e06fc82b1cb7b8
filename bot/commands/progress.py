"""A progress bar for an indexing run, on a terminal only."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from indexing import progress
from indexing.progress import OnProgress

MINUTE = 60


@contextmanager
def progress_bar(show: TextIO) -> Generator[OnProgress]:
    """What an indexer reports to while the block runs: two bars, one for reading and one for embedding."""
    columns = (TextColumn("{task.description:<10}"), BarColumn(), TextColumn("{task.fields[told]}"))
    console = Console(file=show)
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bars:
        tasks: dict[str, tuple[TaskID, TaskID]] = {}

        def advance(at: progress.Progress) -> None:
            if at.source not in tasks:
                tasks[at.source] = (bars.add_task("Reading", told=""), bars.add_task("Embedding", told=""))
            reading, embedding = tasks[at.source]
            read = f"{at.read:,}/{at.documents:,} documents"
            bars.update(reading, completed=at.read, total=at.documents, told=read)
            bars.update(embedding, completed=at.embedded, total=at.chunks, told=pace(at))

        yield advance


@contextmanager
def counter(what: str, show: TextIO) -> Generator[Callable[..., None]]:
    """What counts `what` while the block runs: told how many are done, and of how many where that is known."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:,}"))
    console = Console(file=show)
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bars:
        task = bars.add_task(what.capitalize(), total=None)

        def count(done: int, total: int | None = None) -> None:
            bars.update(task, completed=done, total=total)

        yield count


def pace(at: progress.Progress) -> str:
    """How many chunks are done, how quickly, and how long the rest will take."""
    left = "" if at.seconds_left is None else f" · {_duration(at.seconds_left)} left"
    return f"{at.embedded:,}/{at.chunks:,} chunks · {at.rate:.0f}/s{left}"


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < MINUTE else f"{seconds / MINUTE:.0f} min"
