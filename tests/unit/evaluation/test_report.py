"""A run is saved and read back whole, told to people as a table and to programs as JSON, and compared in pairs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.errors import BadRequest
from bot.evaluation import report
from bot.evaluation.experiments import Measured
from bot.evaluation.report import Run
from bot.evaluation.watching import Spent

NAMES = (
    "ndcg@10 recall@10 recall@50 mrr@10 file@1 file@5 section@5 mrr followup_file@5 followup_mrr evidence_shown "
    "first_citation_gold citation_precision declined_unanswerable declined_answerable plain_unanswerable "
    "plain_answerable"
)


def a_run(dataset: str = "house", *, mrr: tuple[float, ...] = (1.0, 0.5, 0.25), rewrite: str = "auto") -> Run:
    measured = Measured()
    measured.values["mrr"] = {f"q{n}": value for n, value in enumerate(mrr)}
    measured.values["declined_unanswerable"] = {"u1": 1.0}
    measured.groups = {**{f"q{n}": f"q{n}" for n in range(len(mrr))}, "u1": "u1"}
    measured.milliseconds = [float(n) for n in range(1, 101)]
    measured.spent = Spent(dollars=0.02, calls=8, tokens=4000)
    return report.run_of(dataset, {"rewrite": rewrite, "reranker": "double"}, measured)


def test_programs_read_what_was_promised() -> None:
    """The JSON has the keys that the README names, and every metric its mean, interval and count."""
    told = a_run().as_json()
    assert set(told) == {
        "dataset", "queries", "configuration", "latency_ms", "per_question", "unpriced", "short", "metrics",
    }  # fmt: skip
    assert (told["dataset"], told["queries"]) == ("house", 4)
    assert told["configuration"] == {"rewrite": "auto", "reranker": "double"}
    assert told["latency_ms"] == {"p50": 50.5, "p95": 95.0}
    assert told["per_question"] == {"dollars": 0.005, "calls": 2.0, "tokens": 1000.0}
    assert told["short"] == {"failed": 0, "unwritten": 0, "unranked": 0, "unembedded": 0}
    assert set(told["metrics"]["mrr"]) == {"mean", "low", "high", "n"}
    assert told["metrics"]["mrr"]["mean"] == pytest.approx(0.5833, abs=1e-4)
    assert told["metrics"]["mrr"]["n"] == 3
    assert told["metrics"]["declined_unanswerable"] == {"mean": 1.0, "low": 1.0, "high": 1.0, "n": 1}
    assert json.loads(json.dumps(told)) == told


def test_metrics_have_the_promised_names() -> None:
    """Programs rely on these names, people on this order."""
    assert [*NAMES.split()] == report.ORDER


def test_people_read_a_table() -> None:
    """The table names the set, how many questions it has, and for each metric mean, interval and count."""
    told = report.told(a_run())
    assert told.startswith("house: 4 questions")
    (line,) = [line for line in told.splitlines() if line.startswith("mrr ")]
    assert "0.583" in line
    assert line.split()[-1] == "3"
    assert "latency p50 50 ms, p95 95 ms" in told
    assert "2.0 calls and 1,000 tokens a question, $5.00 for 1,000" in told


def test_people_are_told_what_the_dollars_leave_out_and_what_went_wrong() -> None:
    """A model without a price is named beside the cost; questions that came short of something are counted."""
    measured = Measured()
    measured.groups = {"q1": "q1", "q2": "q2"}
    measured.spent = Spent(calls=2, tokens=100)
    measured.short.update({"failed": 1, "unwritten": 0, "unranked": 2})
    told = report.told(report.run_of("house", {}, measured, unpriced=("llama-9",)))
    assert "$0.00 for 1,000 (no price is known for llama-9)" in told
    assert told.splitlines()[-1] == "1 failed, 2 unranked"
    assert "latency" not in told


def test_a_saved_run_is_read_back(tmp_path: Path) -> None:
    """One file holds everything that a comparison needs."""
    report.save(a_run(), tmp_path / "run.json")
    assert report.read(tmp_path / "run.json") == a_run()
    assert json.loads((tmp_path / "run.json").read_text())["version"] == 1


def test_a_run_of_an_older_version_is_read(tmp_path: Path) -> None:
    """A file from before costs were counted is a run without costs, and can be compared."""
    old = json.loads(a_run().model_dump_json(exclude={"name", "spent", "short", "unpriced"}))
    assert "spent" not in old
    (tmp_path / "old.json").write_text(json.dumps(old))
    run = report.read(tmp_path / "old.json")
    assert run.per_question() == {}
    assert report.differences(run, a_run())["mrr"].mean == 0


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]",
        b"\xff\xfe",
        b'{"version": 2, "dataset": "x", "configuration": {}, "latency_ms": {}, "groups": {}, "values": {}}',
        b'{"version": 1, "dataset": "x", "configuration": {}, "latency_ms": {}, "groups": {}, "values": {"mrr": 1}}',
        b'{"version": 1, "dataset": "x", "configuration": {}, "latency_ms": {}, "groups": {}, "values": {}, "more": 1}',
    ],
)
def test_what_is_no_run_is_refused(tmp_path: Path, content: bytes) -> None:
    """A file that this version did not save is refused by name, with what to do."""
    path = tmp_path / "run.json"
    path.write_bytes(content)
    with pytest.raises(BadRequest, match=r"run\.json.*save it again"):
        report.read(path)


@pytest.mark.parametrize(
    "broken",
    [
        {"values": {"speed": {"q0": 1.0}}, "groups": {"q0": "q0"}},
        {"values": {"mrr": {"q0": 1.0}}, "groups": {}},
    ],
)
def test_a_run_that_does_not_hang_together_is_refused(tmp_path: Path, broken: dict[str, object]) -> None:
    """A metric that is none of ours, or a value of a question that the run did not ask, makes a file no run."""
    path = tmp_path / "run.json"
    report.save(a_run(), path)
    path.write_text(json.dumps({**json.loads(path.read_text()), **broken}))
    with pytest.raises(BadRequest, match=r"run\.json.*save it again"):
        report.read(path)


def test_a_run_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """A missing file, or a place that cannot be written, is said in a sentence."""
    with pytest.raises(BadRequest, match="cannot read"):
        report.read(tmp_path / "nowhere.json")
    with pytest.raises(BadRequest, match="cannot save"):
        report.save(a_run(), tmp_path / "nowhere" / "run.json")


def test_a_run_without_questions_is_no_run() -> None:
    """Nothing asked is nothing measured."""
    with pytest.raises(BadRequest, match="no judged question"):
        report.run_of("house", {}, Measured())


def test_two_runs_are_compared_in_pairs() -> None:
    """The second run minus the first, question by question, with an interval, and what was changed between them."""
    before, after = a_run(mrr=(1.0, 0.5, 0.25), rewrite="none"), a_run(mrr=(1.0, 1.0, 0.75))
    told = report.differences_as_json(before, after)
    assert told["dataset"] == "house"
    assert told["differences"]["mrr"]["mean"] == pytest.approx(1 / 3, abs=1e-3)
    assert told["differences"]["mrr"]["n"] == 3
    assert told["differences"]["mrr"]["low"] == 0.0
    people = report.told_differences(before, after)
    assert 'rewrite: "none" -> "auto"' in people
    assert "+0.333" in people


def test_a_sure_difference_is_marked() -> None:
    """A star stands where the interval leaves out zero, and nowhere else."""
    before, after = a_run(mrr=(0.5, 0.25, 0.25)), a_run(mrr=(1.0, 0.5, 0.5))
    (sure,) = [line for line in report.told_differences(before, after).splitlines() if line.startswith("mrr ")]
    (same,) = [line for line in report.told_differences(before, before).splitlines() if line.startswith("mrr ")]
    assert sure.endswith("*")
    assert not same.endswith("*")


def test_runs_of_unlike_sets_are_not_compared() -> None:
    """Figures of two datasets have no difference."""
    with pytest.raises(BadRequest, match="compare runs over one dataset"):
        report.differences(a_run("house"), a_run("garden"))
