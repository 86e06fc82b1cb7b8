"""Figures mean what their names say, worked out by hand, and intervals hold what they promise."""

from __future__ import annotations

from dataclasses import replace
from math import log2

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answering.pipeline import Answered
from bot.evaluation.datasets import Asked, Gold, HandbookQuestion, Kind
from bot.evaluation.metrics import answered, difference, estimate, places, retrieval
from bot.models import Answer, Citation, Confidence
from tests.unit.evaluation.judged import hit

# --- passages -------------------------------------------------------------------------------------------------------


def test_retrieval_is_trec_evals() -> None:
    """Linear gains, a discount of log2(rank + 1), recall over all that is relevant, rank of the first that is."""
    ranked = {"q": ["x", "b", "y", "a"]}
    measured = retrieval(ranked, {"q": {"a": 2.0, "b": 1.0, "c": 1.0}})
    best = 2 / log2(2) + 1 / log2(3) + 1 / log2(4)
    assert measured["ndcg@10"]["q"] == pytest.approx((1 / log2(3) + 2 / log2(5)) / best)
    assert measured["recall@10"]["q"] == pytest.approx(2 / 3)
    assert measured["recall@50"]["q"] == pytest.approx(2 / 3)
    assert measured["mrr@10"]["q"] == pytest.approx(1 / 2)


def test_retrieval_is_cut_where_its_name_says() -> None:
    """What is found beyond the tenth place counts for recall at fifty alone."""
    measured = retrieval({"q": [*(f"x{n}" for n in range(10)), "a"]}, {"q": {"a": 1.0}})
    assert {name: values["q"] for name, values in measured.items()} == {
        "ndcg@10": 0.0,
        "recall@10": 0.0,
        "recall@50": 1.0,
        "mrr@10": 0.0,
    }


def test_a_question_that_found_nothing_counts_as_nothing() -> None:
    """A question without a single hit is a nought in every mean, not left out of it."""
    measured = retrieval({"q": ["a"], "r": []}, {"q": {"a": 1.0}, "r": {"a": 1.0}, "s": {"a": 1.0}})
    assert all(values == {"q": 1.0, "r": 0.0, "s": 0.0} for values in measured.values())


def test_the_order_given_is_the_order_measured() -> None:
    """Even a hundred hits keep their order: none is moved by a tie."""
    names = [f"p{n:03}" for n in range(100)]
    for place in (0, 9, 49):
        ranked = [name for name in reversed(names) if name != "gold"]
        ranked.insert(place, "gold")
        assert retrieval({"q": ranked}, {"q": {"gold": 1.0}})["recall@50"]["q"] == 1.0
        assert retrieval({"q": ranked}, {"q": {"gold": 1.0}})["mrr@10"]["q"] == (1 / (place + 1) if place < 10 else 0)


# --- documents ------------------------------------------------------------------------------------------------------

GOLD = [Gold("leave.md", "Annual leave", "240 hours"), Gold("pay.md", "(top)", "paid out")]


def test_files_are_counted_once() -> None:
    """Three passages of one file take one place among the files."""
    hits = [hit("a.md"), hit("a.md", heading="More"), hit("b.md"), hit("leave.md")]
    assert places(hits, GOLD)["mrr"] == pytest.approx(1 / 3)
    assert places(hits, GOLD)["file@5"] == 1.0
    assert places(hits, GOLD)["file@1"] == 0.0


def test_a_section_is_a_heading_in_its_file() -> None:
    """The gold heading in another file is another section; white space in a heading does not matter."""
    elsewhere = [hit("other.md", heading="Annual leave"), hit("leave.md", heading="Sick leave")]
    assert places(elsewhere, GOLD)["section@5"] == 0.0
    assert places([*elsewhere, hit("leave.md", heading="Annual  leave")], GOLD)["section@5"] == 1.0
    assert places([hit("pay.md")], GOLD)["section@5"] == 1.0


def test_ranks_end_somewhere() -> None:
    """A gold file is looked for among ten files, and among five for the share that finds it early."""
    hits = [hit(f"{n}.md") for n in range(12)]
    assert places([*hits[:9], hit("pay.md")], GOLD)["mrr"] == pytest.approx(1 / 10)
    assert places([*hits[:10], hit("pay.md")], GOLD)["mrr"] == 0.0
    assert places([*hits[:5], hit("pay.md")], GOLD)["file@5"] == 0.0


def given_answer(*quotes: tuple[str, str], confidence: Confidence = "high", declined: bool = False) -> Answered:
    """An answer with a footnote per (file, quote)."""
    citations = tuple(
        Citation(n, f"{path}#0", path, "1", path, "Title", "(top)", (), quote, "", None)
        for n, (path, quote) in enumerate(quotes, 1)
    )
    answer = Answer("?", "?", "text", answered=not declined, confidence=confidence, citations=citations)
    return Answered(answer, hits=())


def judged(kind: Kind = "answerable") -> HandbookQuestion:
    return HandbookQuestion(Asked("q", "q", "?"), kind, tuple(GOLD) if kind == "answerable" else ())


def test_evidence_must_stand_in_what_is_shown() -> None:
    """The gold words count when a quote holds them, white space folded; a gold file alone does not."""
    assert answered(judged(), given_answer(("x.md", "at most 240\n  hours a year")))["evidence_shown"] == 1.0
    assert answered(judged(), given_answer(("leave.md", "at most 30 days")))["evidence_shown"] == 0.0


def test_evidence_is_not_put_together_from_two_quotes() -> None:
    """Words that only meet where two footnotes touch were never shown together."""
    assert answered(judged(), given_answer(("a.md", "at most 240"), ("b.md", "hours a year")))["evidence_shown"] == 0.0


def test_citations_are_judged_by_their_files() -> None:
    """The first footnote, and the share of all footnotes, that point into gold files."""
    values = answered(judged(), given_answer(("leave.md", "a"), ("x.md", "b"), ("pay.md", "c"), ("y.md", "d")))
    assert values["first_citation_gold"] == 1.0
    assert values["citation_precision"] == 0.5
    assert answered(judged(), given_answer(("x.md", "a"), ("pay.md", "b")))["first_citation_gold"] == 0.0


@pytest.mark.parametrize(
    ("answer", "declined", "plain"),
    [
        (given_answer(("leave.md", "a")), 0.0, 1.0),
        (given_answer(("leave.md", "a"), confidence="low"), 0.0, 0.0),
        (given_answer(declined=True), 1.0, 0.0),
        (given_answer(declined=True, confidence="high"), 1.0, 0.0),
    ],
)
@pytest.mark.parametrize("kind", ["answerable", "unanswerable"])
def test_abstention_is_counted_both_ways(kind: Kind, answer: Answered, declined: float, plain: float) -> None:
    """A hedged answer is neither declined nor plain, of whichever kind the question is."""
    values = answered(judged(kind), answer)
    assert (values[f"declined_{kind}"], values[f"plain_{kind}"]) == (declined, plain)


def test_a_declined_question_shows_nothing() -> None:
    """Declining an answerable question costs its evidence, and leaves no citation to judge."""
    values = answered(judged(), given_answer(declined=True))
    assert values["evidence_shown"] == 0.0
    assert "first_citation_gold" not in values
    assert "citation_precision" not in values


def test_an_unanswerable_question_has_no_evidence_to_show() -> None:
    """Of a question without an answer only the abstention counts."""
    assert set(answered(judged("unanswerable"), given_answer(("x.md", "a")))) == {
        "declined_unanswerable",
        "plain_unanswerable",
    }


# --- intervals ------------------------------------------------------------------------------------------------------

values = st.dictionaries(st.integers(0, 40).map(str), st.floats(0, 1), min_size=1)


def alone(of: dict[str, float]) -> dict[str, str]:
    return {question: question for question in of}


@given(values)
def test_an_interval_holds_its_mean(of: dict[str, float]) -> None:
    """The mean is the mean, lies in its interval, and the interval in the range of the values."""
    measured = estimate(of, alone(of))
    assert measured.mean == pytest.approx(float(np.mean(list(of.values()))))
    assert measured.low - 1e-9 <= measured.mean <= measured.high + 1e-9 or len(set(of.values())) > 1
    assert min(of.values()) - 1e-9 <= measured.low <= measured.high <= max(of.values()) + 1e-9
    assert measured.n == len(of)


@given(values)
def test_the_same_values_have_the_same_interval(of: dict[str, float]) -> None:
    """Chance comes from a fixed seed: a report can be made again."""
    assert estimate(of, alone(of)) == estimate(of, alone(of))


def test_an_interval_is_as_wide_as_chance() -> None:
    """For many independent values the interval is the mean plus and minus two standard errors."""
    drawn = np.random.default_rng(3).random(400)
    of = {str(n): float(value) for n, value in enumerate(drawn)}
    measured = estimate(of, alone(of))
    error = float(drawn.std()) / 20
    assert measured.low == pytest.approx(measured.mean - 1.96 * error, abs=0.2 * error)
    assert measured.high == pytest.approx(measured.mean + 1.96 * error, abs=0.2 * error)


def test_turns_of_one_conversation_are_drawn_together() -> None:
    """Ten turns of one conversation say less than ten conversations: the interval is wider."""
    of = {f"{n}": float(n < 50) for n in range(100)}
    apart = estimate(of, alone(of))
    together = estimate(of, {question: question[0] if len(question) == 2 else "0" for question in of})
    assert together.mean == apart.mean
    assert together.high - together.low > 2 * (apart.high - apart.low)


def test_differences_are_paired() -> None:
    """Questions vary more than systems: paired, a small gain on every question is sure."""
    before = {str(n): n / 40 for n in range(40)}
    after = {question: value + 0.01 for question, value in before.items()}
    gain = difference(before, after, alone(before))
    assert gain is not None
    assert gain.low == pytest.approx(0.01)
    assert gain.high == pytest.approx(0.01)
    alone_after = estimate(after, alone(after))
    assert alone_after.high - alone_after.low > 0.1


def test_only_questions_of_both_runs_are_compared() -> None:
    """A question that one run did not ask has no part in the difference; without any there is none."""
    gain = difference({"a": 0.0, "b": 0.5}, {"b": 1.0, "c": 0.0}, {"a": "a", "b": "b", "c": "c"})
    assert gain is not None
    assert (gain.mean, gain.n) == (0.5, 1)
    assert difference({"a": 0.0}, {"b": 1.0}, {"a": "a", "b": "b"}) is None
    assert replace(gain, n=1) == gain
