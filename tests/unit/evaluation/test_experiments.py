"""What is measured is the pipeline as deployed: asked as people ask it, timed, one value per question."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import NothingIndexed
from bot.evaluation.datasets import Rewrite, load
from bot.evaluation.experiments import Measured, measure
from bot.models import Audience, Hit, Query
from tests.unit.evaluation.judged import UNSURE, Library, handbook_set, hit, passage_set


async def measured(
    folder: Path, library: Library, *, rewrite: Rewrite | None = None, told: list[tuple[int, int]] | None = None
) -> Measured:
    dataset = load(folder, rewrite=rewrite, corpus=None, limit=None)
    seen = [] if told is None else told
    return await measure(dataset, library.pipeline(), on_question=lambda done, of: seen.append((done, of)))


def passages(*names: str) -> list[Hit]:
    return [hit(name, f"passage {name}") for name in names]


async def test_passages_are_ranked_for_every_labelled_question(tmp_path: Path) -> None:
    """Each question is put to the pipeline, and what comes back is measured by the passages' ids."""
    library = Library({"first": passages("p0", "p2"), "third": passages("p0", "p3", "p2")})
    told: list[tuple[int, int]] = []
    found = await measured(passage_set(tmp_path, dialogs=True), library, rewrite="auto", told=told)
    assert found.values["mrr@10"] == {"a1": 1.0, "b1": 0.5}
    assert found.values["recall@10"] == {"a1": 1.0, "b1": 1.0}
    assert found.groups == {"a1": "a", "b1": "b"}
    assert told == [(1, 2), (2, 2)]


async def test_follow_ups_reach_the_rewriter_with_their_history(tmp_path: Path) -> None:
    """With `auto` the deployed rewriter sees what was said before; other ways to ask leave it out."""
    library = Library()
    await measured(passage_set(tmp_path, dialogs=True), library, rewrite="auto")
    assert library.asked == [(text, ("before -> so\nand so", "again -> ")) for text in ("first", "third")]
    await measured(tmp_path, library, rewrite="history")
    assert len(library.asked) == 2


async def test_answers_are_measured_where_questions_have_answers(tmp_path: Path) -> None:
    """Answerable questions yield ranks, evidence and citations, unanswerable ones abstention, follow-ups ranks."""
    library = Library(
        {
            "lunch?": [hit("canteen.md")],
            "dinner?": [hit("canteen.md")],
            "soup?": [hit("tea.md"), hit("soup.md")],
            "tea?": [hit("tea.md")],
        },
        {"dinner?": UNSURE},
    )
    found = await measured(handbook_set(tmp_path), library)
    assert dict(found.values) == {
        "file@1": {"q1": 1.0},
        "file@5": {"q1": 1.0},
        "section@5": {"q1": 1.0},
        "mrr": {"q1": 1.0},
        "evidence_shown": {"q1": 1.0},
        "first_citation_gold": {"q1": 1.0},
        "citation_precision": {"q1": 1.0},
        "declined_answerable": {"q1": 0.0},
        "plain_answerable": {"q1": 1.0},
        "declined_unanswerable": {"u1": 0.0},
        "plain_unanswerable": {"u1": 0.0},
        "followup_file@5": {"d1.2": 1.0, "d1.3": 1.0},
        "followup_mrr": {"d1.2": 0.5, "d1.3": 1.0},
    }
    assert found.groups == {"q1": "q1", "u1": "u1", "d1.2": "d1", "d1.3": "d1"}


async def test_a_low_confidence_is_a_decline(tmp_path: Path) -> None:
    """What the pipeline declines is counted as declined: the experiment decides nothing by itself."""
    library = Library({"lunch?": [hit("canteen.md")], "dinner?": [hit("canteen.md")]}, {"lunch?": 0.1, "dinner?": 0.1})
    found = await measured(handbook_set(tmp_path), library)
    assert found.values["declined_unanswerable"] == {"u1": 1.0}
    assert found.values["declined_answerable"] == {"q1": 1.0}
    assert found.values["evidence_shown"] == {"q1": 0.0}


async def test_every_question_is_timed(tmp_path: Path) -> None:
    """One time per question, by the pipeline's own clock."""
    found = await measured(handbook_set(tmp_path), Library())
    assert len(found.milliseconds) == 4
    assert all(taken > 0 for taken in found.milliseconds)


async def test_an_index_that_is_not_there_is_no_bad_figure(tmp_path: Path) -> None:
    """What keeps the pipeline from searching stops the experiment: a nought would be a lie."""

    class Empty(Library):
        async def search(
            self, query: Query, *, visible_to: Audience, limit: int, within: frozenset[str] = frozenset()
        ) -> list[Hit]:
            raise NothingIndexed("no index")

    with pytest.raises(NothingIndexed):
        await measured(passage_set(tmp_path), Empty())
