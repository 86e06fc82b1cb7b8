"""Metrics mean what the issue and the literature say."""

from dataclasses import replace
from math import log2

import pytest

from bot.answering.pipeline import Answered
from bot.evaluation import metrics
from bot.evaluation.datasets import Asked, Gold, HandbookQuestion, Kind
from bot.models import Answer, Citation, Hit
from tests.nouns import a_hit


def _citation(path: str, quote: str) -> Citation:
    return Citation(1, f"h:{path}#0", f"h:{path}", "r", path, "T", "H", ("H",), quote, "", None)


def _answer(*citations: Citation, confidence: str = "high") -> Answered:
    answer = Answer("q", "q", "text", bool(citations), "high" if confidence == "high" else "low", citations)
    return Answered(answer, ())


def _question(kind: Kind = "answerable") -> HandbookQuestion:
    return HandbookQuestion(Asked("q", "q", "q"), kind, (Gold("leave.md", "Annual leave", "at most\n240 hours"),))


def _hit(path: str, heading: str) -> Hit:
    hit = a_hit(path=path)
    return replace(hit, chunk=replace(hit.chunk, heading_path=(heading,)))


def test_retrieval_agrees_with_the_definitions() -> None:
    """Gains are discounted by rank, recall counts gold passages, reciprocal rank looks at the first."""
    found = metrics.retrieval({"q": ["x", "a", "b"]}, {"q": {"a": 1, "b": 1}})
    assert found["ndcg@10"]["q"] == pytest.approx((1 / log2(3) + 1 / log2(4)) / (1 + 1 / log2(3)))
    assert found["recall@10"]["q"] == 1.0
    assert found["mrr@10"]["q"] == 0.5


def test_a_question_without_hits_counts_as_zero() -> None:
    """Finding nothing is a result, not a missing one."""
    assert metrics.retrieval({"q": []}, {"q": {"a": 1}})["ndcg@10"] == {"q": 0.0}


def test_equal_ranks_follow_the_order_given() -> None:
    """More than fifty passages keep their order, whatever their ids are."""
    ranked = [f"p{number:03}" for number in range(99, -1, -1)]
    assert metrics.retrieval({"q": ranked}, {"q": {"p049": 1}})["recall@50"] == {"q": 0.0}
    assert metrics.retrieval({"q": ranked}, {"q": {"p050": 1}})["recall@50"] == {"q": 1.0}


def test_places_count_distinct_files_and_sections() -> None:
    """Five chunks of one file are one place; a section is its file and heading together."""
    gold = [Gold("b.md", "Two", "")]
    hits = [*(_hit("a.md", "One") for _ in range(5)), _hit("b.md", "One"), _hit("b.md", "Two")]
    assert metrics.places(hits, gold) == {"file@1": 0.0, "file@5": 1.0, "section@5": 1.0, "mrr": 0.5}


def test_evidence_is_shown_when_the_quote_holds_it_across_lines() -> None:
    """White space is folded on both sides before looking."""
    shown = metrics.answered(_question(), _answer(_citation("leave.md", "You keep at  most 240\nhours.")))
    assert shown["evidence_shown"] == 1.0


def test_citations_are_judged_by_their_files() -> None:
    """The first one counts by itself, all of them by their share."""
    values = metrics.answered(_question(), _answer(_citation("x.md", "no"), _citation("leave.md", "no")))
    assert (values["first_citation_gold"], values["citation_precision"], values["evidence_shown"]) == (0.0, 0.5, 0.0)


def test_a_declined_answer_shows_nothing_and_is_judged_by_no_citation() -> None:
    """Declining an answerable question costs evidence, and is counted."""
    assert metrics.answered(_question(), _answer()) == {
        "declined_answerable": 1.0,
        "plain_answerable": 0.0,
        "evidence_shown": 0.0,
    }


def test_a_hedged_answer_is_neither_plain_nor_declined() -> None:
    """Low confidence stands between the two."""
    values = metrics.answered(_question("unanswerable"), _answer(_citation("x.md", "q"), confidence="low"))
    assert values == {"declined_unanswerable": 0.0, "plain_unanswerable": 0.0}


def test_intervals_draw_whole_conversations() -> None:
    """Ten equal turns of one conversation are one observation: no interval is narrower for them."""
    values = {f"a{n}": 1.0 for n in range(10)} | {"b": 0.0}
    alone = metrics.estimate(values, {question: question for question in values})
    together = metrics.estimate(values, {question: question[0] for question in values})
    assert alone.mean == together.mean == pytest.approx(10 / 11)
    assert (together.low, together.high) == (0.0, 1.0)
    assert alone.low > 0.5


def test_differences_are_paired() -> None:
    """Only questions of both runs count, each against itself."""
    groups = {"a": "a", "b": "b", "c": "c"}
    found = metrics.difference({"a": 0.0, "b": 0.5}, {"a": 0.5, "b": 1.0, "c": 0.0}, groups)
    assert found is not None
    assert (found.mean, found.low, found.high, found.n) == (0.5, 0.5, 0.5, 2)
    assert metrics.difference({"a": 0.0}, {"c": 0.0}, groups) is None
