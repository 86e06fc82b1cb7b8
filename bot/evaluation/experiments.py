"""Puts judged questions to the pipeline as it is deployed, and keeps one value per question and metric."""

from collections import Counter, defaultdict
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from bot.allowance import allowing
from bot.answering.pipeline import Answered, Found, Pipeline
from bot.errors import Unavailable
from bot.evaluation import metrics
from bot.evaluation.datasets import Asked, HandbookQuestion, HandbookSet, PassageSet
from bot.evaluation.watching import Spent, Watching, watched
from bot.models import EVERYONE, Audience

DEPTH = 100
"""Passages ranked for each question: as many as the deeper metrics look at."""
READER = Audience.of([EVERYONE])
FAILED, UNWRITTEN, UNRANKED, UNEMBEDDED = SHORT = ("failed", "unwritten", "unranked", "unembedded")
"""What a question came short of: any answer, the model that writes, the reranker, the embedder."""
OnQuestion = Callable[[int, int], None]
"""Told after each question: how many are done, of how many."""


@dataclass(slots=True)
class Measured:
    """Values per metric and question, the conversation of each question, and how long each took in milliseconds.

    A question that failed has its conversation and what it cost, and nothing else; `trouble` is why the last one did.
    `short` counts the questions that came short of something.
    """

    values: dict[str, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))
    groups: dict[str, str] = field(default_factory=dict[str, str])
    milliseconds: list[float] = field(default_factory=list[float])
    spent: Spent = field(default_factory=Spent)
    short: Counter[str] = field(default_factory=Counter[str])
    trouble: str = ""

    def note(self, asked: Asked, values: dict[str, float]) -> None:
        """Add what one question came to."""
        for name, value in values.items():
            self.values[name][asked.id] = value


async def measure(dataset: PassageSet | HandbookSet, pipeline: Pipeline, *, on_question: OnQuestion) -> Measured:
    """Ask everything in the set. The pipeline must stand over the set's own documents.

    A question for which a backend is away fails and is counted. Raises what no later question would do without, such as
    `NothingIndexed`.
    """
    trial = _Trial(*watched(pipeline), Measured())
    if isinstance(dataset, PassageSet):
        return await _over_passages(dataset, trial, on_question)
    return await _over_documents(dataset, trial, on_question)


@dataclass(frozen=True, slots=True)
class _Trial:
    """A pipeline that is asked, what watches it, and what it came to so far."""

    pipeline: Pipeline
    watching: Watching
    measured: Measured

    @contextmanager
    def question(self, asked: Asked) -> Generator[None]:
        """What is done inside is done for this question; where a backend is away, the question has failed."""
        measured = self.measured
        measured.groups[asked.id] = asked.group
        self.watching.begin()
        try:
            yield
        except Unavailable as error:
            measured.short[FAILED] += 1
            measured.trouble = str(error)
        finally:
            measured.spent = measured.spent.and_of(self.watching.allowance)
            measured.short[UNEMBEDDED] += self.watching.away

    @contextmanager
    def timed(self) -> Generator[None]:
        """How long what is done inside takes, where it does not fail."""
        start = self.pipeline.clock()
        yield
        self.measured.milliseconds.append((self.pipeline.clock() - start) * 1000)

    async def found(self, asked: Asked) -> Found:
        """The passages of a question, ranked as deep as any metric looks."""
        return await self.pipeline.find(asked.text, asked.history, audience=READER, limit=DEPTH)

    async def answered(self, asked: Asked) -> Answered:
        """The answer to a question, timed."""
        with self.timed():
            given = await self.pipeline.answer(asked.text, asked.history, audience=READER)
        self.measured.short[UNWRITTEN] += given.answer.unwritten
        self.measured.short[UNRANKED] += "reranker" in given.answer.without
        return given


async def _over_passages(dataset: PassageSet, trial: _Trial, on_question: OnQuestion) -> Measured:
    measured = trial.measured
    ranked: dict[str, Sequence[str]] = {}
    for number, question in enumerate(dataset.questions, 1):
        with trial.question(question.asked):
            with trial.timed(), allowing(trial.pipeline.terms):
                found = await trial.found(question.asked)
            measured.short[UNRANKED] += not found.reranked
            ranked[question.asked.id] = [hit.chunk.path for hit in found.ranking.hits]
        on_question(number, len(dataset.questions))
    gains = {question.asked.id: question.gains for question in dataset.questions if question.asked.id in ranked}
    for name, values in metrics.retrieval(ranked, gains).items():
        measured.values[name] = dict(values)
    return measured


async def _over_documents(dataset: HandbookSet, trial: _Trial, on_question: OnQuestion) -> Measured:
    for number, question in enumerate(dataset.questions, 1):
        with trial.question(question.asked):
            given = await trial.answered(question.asked)  # first: it is timed and charged, so it finds nothing cached
            found = await trial.found(question.asked)
            trial.measured.note(question.asked, _values(question, found, given))
        on_question(number, len(dataset.questions))
    return trial.measured


def _values(question: HandbookQuestion, found: Found, given: Answered) -> dict[str, float]:
    places = metrics.places(found.ranking.hits, question.gold)
    if question.kind == "followup":
        return {"followup_file@5": places["file@5"], "followup_mrr": places["mrr"]}
    answered = metrics.answered(question, given)
    return {**places, **answered} if question.kind == "answerable" else answered
