"""Turn what people said of answers into judged questions."""

import argparse
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from bot.commands import options

if TYPE_CHECKING:
    from bot.evaluation.judgements import Opinion
    from bot.ports.memory import Memory

EXAMPLE = """Example:
  footnote feedback export ~/judged --days 30
  footnote evaluate ~/judged --docs ~/handbook

Writes questions.jsonl, unanswerable.jsonl and ratings.jsonl. Questions are what people typed: keep the folder private
as well. Evidence comes from what may be read by whom --as names (default: everyone)."""


def register(parser: argparse.ArgumentParser) -> None:
    """Arguments of `footnote feedback`."""
    parser.epilog = EXAMPLE
    parser.add_argument("what", choices=("export",), help="export: write judged questions to a folder")
    parser.add_argument("folder", type=Path, metavar="DIR", help="a new or empty folder")
    parser.add_argument("--days", type=options.positive, default=30, metavar="N", help="how far back (default: 30)")
    options.add_as(parser)


async def run(arguments: argparse.Namespace) -> int:
    """Write the files and say how many lines each has."""
    from bot.composition import answering, remembering
    from bot.evaluation.judgements import judged, write

    folder: Path = arguments.folder.expanduser()
    _check(folder)
    settings = options.settings(arguments.home)
    async with answering(settings) as pipeline, remembering(settings) as memory:
        opinions = await _opinions(memory, days=arguments.days)
        ids = [c.chunk_id for one in opinions if one.record.answer for c in one.record.answer.citations]
        chunks = await pipeline.index.chunks(ids, visible_to=options.audience(arguments.principals))
    found = judged(opinions, chunks)
    write(folder, found)
    print(f"{len(found.questions)} answerable and {len(found.unanswerable)} unanswerable questions in {folder}")
    print(f"{len(found.ratings)} opinions in ratings.jsonl; {found.unplaced} questions judge no passage")
    return 0


async def _opinions(memory: "Memory", *, days: int) -> "list[Opinion]":
    """Every question that somebody said something about, as far as its record is kept."""
    from bot.composition import now
    from bot.evaluation.judgements import Opinion

    moment = now() - timedelta(days=days)
    escalations = {one.question_id: one for one in await memory.feedback.escalations(moment)}
    asked = dict.fromkeys([*(rating.question_id for rating in await memory.feedback.since(moment)), *escalations])
    found: list[Opinion] = []
    for question_id in asked:
        record = await memory.records.read(question_id)
        if record is None:
            continue
        turns = (await memory.conversations.read(record.question.conversation)).turns
        words = next((turn.answer for turn in turns if turn.question_id == question_id), "")
        ratings = await memory.feedback.ratings(question_id)
        found.append(Opinion(record, tuple(ratings), escalations.get(question_id), words))
    return found


def _check(folder: Path) -> None:
    """Raises `BadRequest` for a place that holds something already, before anything is read."""
    from bot.errors import BadRequest

    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BadRequest(f"{folder} is not empty; name a new folder, so that nothing is overwritten")
