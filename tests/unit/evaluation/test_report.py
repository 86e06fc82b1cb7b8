"""A run survives being saved, and two runs are compared over what both asked."""

from pathlib import Path

import pytest

from bot.errors import BadRequest
from bot.evaluation import report
from bot.evaluation.experiments import Measured


def _run(values: dict[str, float], *, dataset: str = "set", **configuration: str) -> report.Run:
    measured = Measured(milliseconds=[10.0, 20.0], groups={question: question for question in values})
    measured.values["mrr@10"] = values
    measured.values["ndcg@10"] = values
    return report.run_of(dataset, configuration, measured)


def test_json_has_the_promised_shape() -> None:
    """Programs find dataset, number of queries, configuration, latency, and mean, low, high and n per metric."""
    shown = _run({"a": 1.0, "b": 0.0}, rewrite="auto").as_json()
    assert (shown["dataset"], shown["queries"], shown["configuration"]) == ("set", 2, {"rewrite": "auto"})
    assert shown["latency_ms"] == {"p50": 15.0, "p95": 19.5}
    assert list(shown["metrics"]) == ["ndcg@10", "mrr@10"]
    assert shown["metrics"]["mrr@10"] == {"mean": 0.5, "low": 0.0, "high": 1.0, "n": 2}


def test_a_saved_run_is_read_back_equal(tmp_path: Path) -> None:
    """What was saved can be compared later."""
    run = _run({"a": 1.0})
    report.save(run, tmp_path / "run.json")
    assert report.read(tmp_path / "run.json") == run


@pytest.mark.parametrize("text", ["", "{}", '{"version": 2}', "[1]"])
def test_what_is_no_run_is_refused(tmp_path: Path, text: str) -> None:
    """A file of another kind or version is named with what to do."""
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(BadRequest, match="save it again with --save"):
        report.read(tmp_path / "run.json")


def test_a_sure_difference_is_marked() -> None:
    """People see the sign, the interval, and a star where it leaves out zero."""
    shown = report.told_differences(_run({"a": 0.0, "b": 0.0}, k="1"), _run({"a": 0.5, "b": 0.5}, k="2"))
    assert '"1" -> "2"' in shown
    assert "+0.500   [+0.500, +0.500]" in shown
    assert shown.rstrip().endswith("*")


def test_runs_over_unlike_sets_are_not_compared() -> None:
    """A difference between two datasets means nothing."""
    with pytest.raises(BadRequest, match="one dataset"):
        report.differences(_run({"a": 1.0}), _run({"a": 1.0}, dataset="other"))


def test_an_empty_set_is_an_error_not_a_zero() -> None:
    """Nothing asked is nothing measured."""
    with pytest.raises(BadRequest, match="holds no judged question"):
        report.run_of("set", {}, Measured())
