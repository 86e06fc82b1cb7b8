"""Measure the pipeline as deployed, on judged questions."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from bot.commands import options
from bot.errors import BadRequest

if TYPE_CHECKING:
    from bot.evaluation.datasets import HandbookSet, PassageSet
    from bot.evaluation.report import Run
    from bot.settings import Settings

EXAMPLE = """Examples:
  footnote evaluate ~/questions --docs ~/handbook --save before.json
  footnote evaluate --compare before.json after.json

DATASET is a folder with corpus.jsonl, queries*.jsonl or dialogs.jsonl, and qrels.tsv (BEIR's layout), or with
questions.jsonl, unanswerable.jsonl and dialogs.jsonl over the documents in --docs (docs/guide/evaluating.md)."""


def register(parser: argparse.ArgumentParser) -> None:
    """Arguments of `footnote evaluate`."""
    parser.epilog = EXAMPLE
    parser.add_argument("dataset", nargs="?", type=Path, metavar="DATASET", help="a folder with judged questions")
    parser.add_argument("--docs", type=Path, metavar="DIR", help="the documents that the questions are about")
    parser.add_argument(
        "--corpus", type=Path, metavar="DIR", help="the folder of corpus.jsonl, where it lies elsewhere"
    )
    parser.add_argument(
        "--rewrite",
        choices=("none", "history", "auto", "gold"),
        help="what is asked for a follow-up: its words alone, all turns, as deployed (default), or a person's rewrite",
    )
    parser.add_argument("--limit", type=options.positive, metavar="N", help="only the first N questions")
    parser.add_argument("--save", type=Path, metavar="RUN", help="write the run to a file, for --compare")
    parser.add_argument("--compare", nargs=2, type=Path, metavar="RUN", help="compare two saved runs, the later second")
    options.add_json(parser)


async def run(arguments: argparse.Namespace) -> int:
    """Measure, or compare what was measured; print a table, or JSON."""
    from bot.evaluation import report

    if arguments.compare:
        before, after = (report.read(path) for path in arguments.compare)
        compared = report.differences_as_json(before, after) if arguments.json else None
        print(json.dumps(compared) if compared else report.told_differences(before, after))
        return 0
    if arguments.dataset is None:
        raise BadRequest("name a folder with judged questions, or two saved runs with --compare")
    measured = await _measured(arguments)
    if arguments.save:
        report.save(measured, arguments.save)
    print(json.dumps(measured.as_json()) if arguments.json else report.told(measured))
    return 0


async def _measured(arguments: argparse.Namespace) -> "Run":
    from bot.commands.progress import counter
    from bot.composition import answering
    from bot.evaluation import datasets, experiments, report

    dataset = datasets.load(
        arguments.dataset, rewrite=arguments.rewrite, corpus=arguments.corpus, limit=arguments.limit
    )
    settings = await _indexed(options.settings(arguments.home), dataset, arguments.docs)
    with counter("questions", sys.stderr) as on_question:
        async with answering(settings) as pipeline:
            measured = await experiments.measure(dataset, pipeline, on_question=on_question)
            rewrite = datasets.resolved(arguments.dataset, arguments.rewrite)
            configuration = {"rewrite": rewrite, **pipeline.backends()}
    return report.run_of(dataset.name, configuration, measured)


async def _indexed(settings: "Settings", dataset: "PassageSet | HandbookSet", docs: Path | None) -> "Settings":
    """A home of its own whose index holds just what the set is about; kept, so that a second run is quick."""
    from bot.commands.index import index
    from bot.commands.progress import counter
    from bot.composition import apart, writing
    from bot.evaluation.corpus import fill
    from bot.evaluation.datasets import PassageSet

    if isinstance(dataset, PassageSet):
        own = apart(settings, "evaluation", dataset.corpus)
        with counter("passages", sys.stderr) as on_passages:
            async with writing(own) as write:
                await fill(dataset.corpus, index=write.index, embedder=write.embedder, on_passages=on_passages)
        return own
    if docs is None:
        raise BadRequest(f"{dataset.name} asks about a folder of documents; name it with --docs")
    own = apart(settings, "evaluation", docs)
    await index(own, [docs], allow_removals=True, show=sys.stderr)
    return own
