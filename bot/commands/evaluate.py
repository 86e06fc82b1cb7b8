"""Measure the pipeline as deployed, on judged questions."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from bot.commands import options
from bot.errors import BadRequest, Misconfigured

if TYPE_CHECKING:
    from bot.evaluation.configurations import Configuration
    from bot.evaluation.datasets import HandbookSet, PassageSet
    from bot.evaluation.report import Run
    from bot.settings import Settings

MEASURED = frozenset({"index", "models", "cohere", "openai", "asking"})
"""The parts of the settings that answers depend on."""

EXAMPLE = """Examples:
  footnote evaluate ~/questions --docs ~/handbook --save before.json
  footnote evaluate --compare before.json after.json
  footnote evaluate ~/questions --docs ~/handbook --config quotes.toml --config cohere.toml

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
    parser.add_argument(
        "--config",
        type=Path,
        action="append",
        metavar="FILE",
        help="measure with these settings (TOML) over the others; repeat it to compare, side by side with the first",
    )
    parser.add_argument(
        "--save",
        type=Path,
        metavar="RUN",
        help="write the run to a file, for --compare; with --config one each, with its name appended",
    )
    parser.add_argument("--compare", nargs=2, type=Path, metavar="RUN", help="compare two saved runs, the later second")
    options.add_json(parser)


@dataclass(frozen=True, slots=True)
class _Trial:
    """What is measured once: settings, and what they are called where there are several."""

    name: str
    settings: "Settings"

    def place(self, path: Path) -> Path:
        """Where its run is saved."""
        from bot.evaluation.configurations import mark

        return path.with_name(f"{path.stem}-{mark(self.name)}{path.suffix}") if self.name else path


async def run(arguments: argparse.Namespace) -> int:
    """Measure, or compare what was measured; print a table, or JSON. 1 when a configuration answered nothing."""
    from bot.evaluation import beside, report

    if arguments.compare:
        return _compare(arguments)
    if arguments.dataset is None:
        raise BadRequest("name a folder with judged questions, or two saved runs with --compare")
    runs = await _measured(arguments, _trials(arguments))
    if arguments.config:
        print(json.dumps(beside.as_json(runs)) if arguments.json else beside.told(runs))
    else:
        print(json.dumps(runs[0].as_json()) if arguments.json else report.told(runs[0]))
    return 1 if any(run.failed == len(run.groups) for run in runs) else 0


def _compare(arguments: argparse.Namespace) -> int:
    from bot.evaluation import report

    if arguments.config:
        raise BadRequest("--compare compares saved runs; leave --config out, or name a data set to measure")
    before, after = (report.read(path) for path in arguments.compare)
    compared = report.differences_as_json(before, after) if arguments.json else None
    print(json.dumps(compared) if compared else report.told_differences(before, after))
    return 0


# --- what is measured -----------------------------------------------------------------------------------------------


def _trials(arguments: argparse.Namespace) -> "list[_Trial]":
    """The settings of this process, or each file's over them, checked before anything is asked."""
    from bot.evaluation.configurations import read_all

    if not arguments.config:
        return [_Trial("", options.settings(arguments.home))]
    trials: list[_Trial] = []
    for configuration in read_all(arguments.config, known=_measurable()):
        for secret in sorted(_secrets() & configuration.variables.keys()):
            print(f"{configuration.path} holds {secret}: keep that file to yourself", file=sys.stderr)
        trials.append(_Trial(configuration.name, _laid_over(arguments.home, configuration)))
    return trials


def _laid_over(home: Path | None, configuration: "Configuration") -> "Settings":
    from bot.settings import load

    try:
        return load({**options.environment(home), **configuration.variables})
    except Misconfigured as wrong:
        raise Misconfigured(f"{configuration.path}: {wrong}") from None


def _measurable() -> list[str]:
    """Variables that answers depend on. The home folder is none: each index lies apart from it anyway."""
    from bot.settings import VARIABLES

    return [variable.name for variable in VARIABLES if variable.place[0] in MEASURED]


def _secrets() -> set[str]:
    from bot.settings import VARIABLES

    return {variable.name for variable in VARIABLES if variable.place[-1] == "api_key"}


async def _measured(arguments: argparse.Namespace, trials: "Sequence[_Trial]") -> "list[Run]":
    """One run for each, saved as soon as it is there. Every index is filled before the first question is asked."""
    from bot.evaluation import datasets, report

    dataset = datasets.load(
        arguments.dataset, rewrite=arguments.rewrite, corpus=arguments.corpus, limit=arguments.limit
    )
    indexed = [replace(trial, settings=await _indexed(trial.settings, dataset, arguments.docs)) for trial in trials]
    rewrite = datasets.resolved(arguments.dataset, arguments.rewrite)
    runs: list[Run] = []
    for number, trial in enumerate(indexed, 1):
        if trial.name:
            print(f"{trial.name} ({number} of {len(trials)})", file=sys.stderr)
        runs.append(await _asked(trial, dataset, rewrite))
        if arguments.save:
            report.save(runs[-1], trial.place(arguments.save))
    return runs


async def _asked(trial: _Trial, dataset: "PassageSet | HandbookSet", rewrite: str) -> "Run":
    from bot.commands.progress import counter
    from bot.composition import answering
    from bot.evaluation import experiments, report

    uncached = trial.settings.model_copy(update={"cache_url": None})  # what another run has paid for is no bargain
    with counter("questions", sys.stderr) as on_question:
        async with answering(uncached) as pipeline:
            measured = await experiments.measure(dataset, pipeline, on_question=on_question)
            configuration = {"rewrite": rewrite, **pipeline.backends()}
    if failed := measured.short[experiments.FAILED]:
        print(f"{failed} of {len(measured.groups)} questions failed; the last: {measured.trouble}", file=sys.stderr)
    unpriced = _unpriced(trial.settings)
    return report.run_of(dataset.name, configuration, measured, name=trial.name, unpriced=unpriced)


def _unpriced(settings: "Settings") -> list[str]:
    """Models that a question may call and that the table of prices does not have."""
    from bot.composition.bounds import prices

    table = prices(settings.asking.prices)
    return sorted({model for model in _called(settings) if model and not table.knows(model)})


def _called(settings: "Settings") -> list[str]:
    """The vendors' models that a question may call."""
    named: dict[tuple[str, str], str] = {}
    if cohere := settings.cohere:
        named["embedder", "cohere"] = cohere.queries_by
        named["reranker", "cohere"] = cohere.rerank_model
        named["generator", "cohere"] = cohere.chat_model
        named["rewriter", "cohere"] = cohere.rewrite_model
    if openai := settings.openai:
        named["embedder", "openai"] = openai.embed_model
        named["reranker", "openai"] = openai.rerank_model
        named["generator", "openai"] = openai.chat_model
        named["rewriter", "openai"] = openai.rewrite_model or openai.chat_model
    return [named.get((work, by), "") for work, by in settings.models.model_dump().items()]


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
