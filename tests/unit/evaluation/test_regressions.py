"""Which falls of which figures keep an index from being switched to."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from bot.evaluation.regressions import is_about, regressions
from bot.evaluation.report import Run


def a_run(**figures: Sequence[float]) -> Run:
    """A run with these values of each figure, question by question."""
    values = {
        name.replace("_at_", "@"): {f"q{number}": value for number, value in enumerate(of)}
        for name, of in figures.items()
    }
    groups = {question: question for of in values.values() for question in of}
    return Run(dataset="d", configuration={}, latency_ms={}, groups=groups, values=values)


@pytest.mark.parametrize(
    ("before", "after", "worse"),
    [
        (a_run(file_at_5=[1, 1, 1, 0]), a_run(file_at_5=[1, 1, 1, 0]), []),
        (a_run(file_at_5=[1, 1, 1, 0]), a_run(file_at_5=[1, 1, 0, 0]), ["file@5"]),
        (a_run(file_at_5=[1] * 60), a_run(file_at_5=[1] * 59 + [0]), []),
        (a_run(declined_answerable=[0, 0, 0]), a_run(declined_answerable=[1, 0, 0]), ["declined_answerable"]),
        (a_run(declined_unanswerable=[1, 0]), a_run(declined_unanswerable=[1, 1]), []),
        (a_run(mrr=[1, 1]), a_run(mrr=[0, 0]), []),
    ],
)
def test_what_counts_as_worse(before: Run, after: Run, worse: list[str]) -> None:
    """A figure that decides has fallen, or risen where less is better, by more than one question in fifty."""
    assert list(regressions(before, after)) == worse


def test_questions_about_something_else() -> None:
    """A set none of whose questions finds its answer says nothing about an index."""
    assert is_about(a_run(file_at_5=[0, 1]))
    assert not is_about(a_run(file_at_5=[0, 0]))
    assert not is_about(a_run(declined_unanswerable=[1]))
