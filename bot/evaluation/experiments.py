"""Puts judged questions to the pipeline as it is deployed, and keeps one value per question and metric."""

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

from bot.answering.pipeline import Answered, Found, Pipeline
from bot.evaluation import metrics
from bot.evaluation.datasets import Asked, HandbookQuestion, HandbookSet, PassageSet
from bot.models import EVERYONE, Audience

DEPTH = 100
"""Passages ranked for each question: as many as the deeper metrics look at."""
READER = Audience.of([EVERYONE])
OnQuestion = Callable[[int, int], None]
"""Told after each question: how many are done, of how many."""


@dataclass(slots=True)
class Measured:
    """Values per metric and question, the conversation of each question, and how long each took in milliseconds."""

    values: dict[str, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))
    groups: dict[str, str] = field(default_factory=dict[str, str])
    milliseconds: list[float] = field(default_factory=list[float])
    backends: dict[str, str] = field(default_factory=dict[str, str])

    def note(self, asked: Asked, values: dict[str, float]) -> None:
        """Add what one question came to."""
        self.groups[asked.id] = asked.group
        for name, value in values.items():
            self.values[name][asked.id] = value


async def measure(dataset: PassageSet | HandbookSet, pipeline: Pipeline, *, on_question: OnQuestion) -> Measured:
    """Ask everything in the set. The pipeline must stand over the set's own documents."""
    if isinstance(dataset, PassageSet):
        return await _over_passages(dataset, pipeline, on_question)
    return await _over_documents(dataset, pipeline, on_question)


async def _over_passages(dataset: PassageSet, pipeline: Pipeline, on_question: OnQuestion) -> Measured:
    measured = Measured()
    ranked: dict[str, Sequence[str]] = {}
    async for asked, found in _found([question.asked for question in dataset.questions], pipeline, measured):
        ranked[asked.id] = [hit.chunk.path for hit in found.ranking.hits]
        on_question(len(ranked), len(dataset.questions))
    gains = {question.asked.id: question.gains for question in dataset.questions}
    for name, values in metrics.retrieval(ranked, gains).items():
        measured.values[name] = dict(values)
    measured.groups = {question.asked.id: question.asked.group for question in dataset.questions}
    return measured


async def _found(
    questions: Sequence[Asked], pipeline: Pipeline, measured: Measured
) -> AsyncIterator[tuple[Asked, Found]]:
    for asked in questions:
        start = pipeline.clock()
        found = await pipeline.find(asked.text, asked.history, audience=READER, limit=DEPTH)
        measured.milliseconds.append((pipeline.clock() - start) * 1000)
        yield asked, found


async def _over_documents(dataset: HandbookSet, pipeline: Pipeline, on_question: OnQuestion) -> Measured:
    measured = Measured()
    for number, question in enumerate(dataset.questions, 1):
        found = await pipeline.find(question.asked.text, question.asked.history, audience=READER, limit=DEPTH)
        given = await _answered(question, pipeline, measured)
        measured.note(question.asked, _values(question, found, given))
        on_question(number, len(dataset.questions))
    return measured


async def _answered(question: HandbookQuestion, pipeline: Pipeline, measured: Measured) -> Answered:
    start = pipeline.clock()
    given = await pipeline.answer(question.asked.text, question.asked.history, audience=READER)
    measured.milliseconds.append((pipeline.clock() - start) * 1000)
    measured.backends.update(given.answer.backends)
    return given


def _values(question: HandbookQuestion, found: Found, given: Answered) -> dict[str, float]:
    places = metrics.places(found.ranking.hits, question.gold)
    if question.kind == "followup":
        return {"followup_file@5": places["file@5"], "followup_mrr": places["mrr"]}
    answered = metrics.answered(question, given)
    return {**places, **answered} if question.kind == "answerable" else answered
