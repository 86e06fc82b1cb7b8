"""What is measured is the pipeline as deployed: asked as people ask it, timed, one value per question."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from bot.allowance import current
from bot.conversations import Turn
from bot.errors import IndexUnavailable, NothingIndexed, Unavailable
from bot.evaluation.datasets import Rewrite, load
from bot.evaluation.experiments import Measured, measure
from bot.evaluation.watching import Spent
from bot.models import Audience, Hit, Matrix, Query, Ranking, Statement
from bot.ports.generation import Rewritten
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


# --- what it costs, and what goes wrong -----------------------------------------------------------------------------


def charge(*, tokens: int, dollars: float) -> None:
    """What a vendor's adapter does with each call."""
    allowance = current()
    if allowance is not None:
        allowance.begin_call()
        allowance.charge(tokens=tokens, dollars=dollars)


class Charging(Library):
    """Every step is a call that is charged to the question, if there is one."""

    async def rewrite(self, question: str, history: Sequence[Turn]) -> Rewritten:
        charge(tokens=10, dollars=0.25)
        return await super().rewrite(question, history)

    async def embed_queries(self, texts: Sequence[str]) -> Matrix:
        charge(tokens=1, dollars=0.5)
        return await super().embed_queries(texts)

    async def rerank(self, query: Query, hits: Sequence[Hit], *, limit: int) -> Ranking:
        charge(tokens=100, dollars=1.0)
        return await super().rerank(query, hits, limit=limit)

    async def generate(self, query: Query, passages: Sequence[Hit]) -> AsyncGenerator[Statement]:
        charge(tokens=1000, dollars=4.0)
        async for statement in super().generate(query, passages):
            yield statement


async def test_ranking_a_question_is_charged_to_it(tmp_path: Path) -> None:
    """A set over passages costs what finding costs: rewriting, embedding, reranking."""
    library = Charging({"first": passages("p0"), "third": passages("p2")})
    found = await measured(passage_set(tmp_path, dialogs=True), library, rewrite="auto")
    assert found.spent == Spent(dollars=2 * 1.75, calls=6, tokens=2 * 111)


async def test_an_answer_costs_what_answering_costs(tmp_path: Path) -> None:
    """A set over documents costs its answers: that each question is ranked once more for the metrics is not counted."""
    library = Charging({name: [hit("canteen.md")] for name in ("lunch?", "dinner?", "soup?", "tea?")})
    found = await measured(handbook_set(tmp_path), library)
    assert found.spent.calls == 4 * 3 + 2
    assert found.spent == Spent(dollars=4 * 5.5 + 2 * 0.25, calls=14, tokens=4 * 1101 + 2 * 10)


class Shaky(Charging):
    """Away for what is asked about soup, wherever it is put."""

    async def search(
        self, query: Query, *, visible_to: Audience, limit: int, within: frozenset[str] = frozenset()
    ) -> list[Hit]:
        if query.text == "soup?":
            raise IndexUnavailable("the index did not answer within 3 s")
        return await super().search(query, visible_to=visible_to, limit=limit, within=within)


async def test_a_question_that_fails_is_counted(tmp_path: Path) -> None:
    """It has no figures, but counts, costs what it took, and does not keep others from being asked."""
    library = Shaky({name: [hit("canteen.md")] for name in ("lunch?", "dinner?", "tea?")})
    told: list[tuple[int, int]] = []
    found = await measured(handbook_set(tmp_path), library, told=told)
    assert found.short["failed"] == 1
    assert found.trouble == "the index did not answer within 3 s"
    assert set(found.groups) == {"q1", "u1", "d1.2", "d1.3"}
    assert set(found.values["followup_mrr"]) == {"d1.3"}
    assert len(found.milliseconds) == 3
    assert found.spent.dollars == 3 * 5.5 + 2 * 0.25 + 0.5
    assert told[-1] == (4, 4)


async def test_a_failed_question_is_not_measured_as_a_miss(tmp_path: Path) -> None:
    """Over passages too: what was never ranked is no rank of nought."""

    class Gone(Shaky):
        async def search(
            self, query: Query, *, visible_to: Audience, limit: int, within: frozenset[str] = frozenset()
        ) -> list[Hit]:
            asked = "soup?" if query.text == "first" else query.text
            return await super().search(replace(query, text=asked), visible_to=visible_to, limit=limit, within=within)

    found = await measured(passage_set(tmp_path, dialogs=True), Gone({"third": passages("p2")}), rewrite="none")
    assert found.values["mrr@10"] == {"b1": 1.0}
    assert (found.short["failed"], set(found.groups)) == (1, {"a1", "b1"})


async def test_what_was_done_without_a_model_is_counted(tmp_path: Path) -> None:
    """Answers that the spare quoted, that nobody ranked, or that were found by words alone are counted by kind."""

    class Bare(Library):
        async def embed_queries(self, texts: Sequence[str]) -> Matrix:
            raise Unavailable("no embedder")

        async def rerank(self, query: Query, hits: Sequence[Hit], *, limit: int) -> Ranking:
            raise Unavailable("no reranker")

        async def generate(self, query: Query, passages: Sequence[Hit]) -> AsyncGenerator[Statement]:
            raise Unavailable("no writer")
            yield

    library = Bare({name: [hit("canteen.md")] for name in ("lunch?", "dinner?", "soup?")})
    dataset = load(handbook_set(tmp_path), rewrite=None, corpus=None, limit=1)
    pipeline = replace(library.pipeline(), spare=Library(name="spare"))
    found = await measure(dataset, pipeline, on_question=lambda _done, _of: None)
    assert +found.short == {"unwritten": 3, "unranked": 3, "unembedded": 3}
