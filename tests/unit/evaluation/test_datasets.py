"""Judged questions are read as they lie on disk, and a mistake in them is named by file and line."""

import json
from pathlib import Path
from typing import Any

import pytest

from bot.errors import BadRequest
from bot.evaluation.datasets import HandbookSet, PassageSet, load, passages


def _write(path: Path, lines: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


@pytest.fixture
def beir(tmp_path: Path) -> Path:
    """A set in BEIR's layout with one dialog of two turns."""
    _write(
        tmp_path / "corpus.jsonl", [{"_id": "p1", "title": "Leave", "text": "240 hours."}, {"_id": "p2", "text": "x"}]
    )
    (tmp_path / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\nc<::>2\tp1\t1\nc<::>1\tp2\t0\n")
    for name, text in (("queries", "how much leave for part-timers?"), ("queries_lastturn", "and for part-timers?")):
        _write(tmp_path / f"{name}.jsonl", [{"_id": "c<::>2", "text": text}])
    history = [{"role": "user", "text": "how much leave?"}, {"role": "assistant", "text": "240 hours"}]
    turn = {"_id": "c<::>2", "conversation_id": "c", "question": "and for part-timers?", "history": history}
    _write(tmp_path / "dialogs.jsonl", [turn])
    return tmp_path


@pytest.fixture
def handbook(tmp_path: Path) -> Path:
    """A set over documents, with one dialog of two turns."""
    gold = [{"file": "leave.md", "heading": "Annual leave", "evidence": "240 hours"}]
    _write(tmp_path / "questions.jsonl", [{"_id": "q1", "question": "how much leave?", "gold": gold}])
    _write(tmp_path / "unanswerable.jsonl", [{"_id": "u1", "question": "stock options?"}])
    turns = [
        {"turn": 1, "question": "how much leave?", "rewrite": "how much leave?", "gold": gold, "answer": "240 hours"},
        {"turn": 2, "question": "and ill?", "rewrite": "how much sick leave?", "gold": gold, "answer": "ask"},
    ]
    _write(tmp_path / "dialogs.jsonl", [{"_id": "d1", "turns": turns}])
    return tmp_path


def _asked(folder: Path, rewrite: Any) -> list[tuple[str, int]]:
    found = load(folder, rewrite=rewrite, corpus=None, limit=None)
    return [(question.asked.text, len(question.asked.history)) for question in found.questions]


def test_each_way_of_rewriting_reads_its_own_file(beir: Path) -> None:
    """none, gold and auto put the same turn three ways; auto brings what was said before."""
    assert _asked(beir, "none") == [("and for part-timers?", 0)]
    assert _asked(beir, "gold") == [("how much leave for part-timers?", 0)]
    assert _asked(beir, "auto") == _asked(beir, None) == [("and for part-timers?", 1)]


def test_history_pairs_questions_with_answers(beir: Path) -> None:
    """A turn before holds the question and what was answered to it."""
    found = load(beir, rewrite="auto", corpus=None, limit=None)
    turn = found.questions[0].asked.history[0]
    assert (turn.question, turn.answer) == ("how much leave?", "240 hours")


def test_only_judged_questions_count_and_gains_of_nothing_do_not(beir: Path) -> None:
    """A question without a positive label is left out."""
    found = load(beir, rewrite=None, corpus=None, limit=None)
    assert isinstance(found, PassageSet)
    assert [dict(question.gains) for question in found.questions] == [{"p1": 1.0}]


def test_passages_come_in_order(beir: Path) -> None:
    """Every line of the corpus is a passage; a title may be missing."""
    assert [(passage.id, passage.title) for passage in passages(beir / "corpus.jsonl")] == [("p1", "Leave"), ("p2", "")]


def test_kinds_of_questions_are_kept_apart(handbook: Path) -> None:
    """Answerable, unanswerable and follow-up questions are measured differently; first turns are no follow-ups."""
    found = load(handbook, rewrite=None, corpus=None, limit=None)
    assert isinstance(found, HandbookSet)
    assert [(q.asked.id, q.kind, q.asked.group) for q in found.questions] == [
        ("q1", "answerable", "q1"),
        ("u1", "unanswerable", "u1"),
        ("d1.2", "followup", "d1"),
    ]


@pytest.mark.parametrize(
    ("rewrite", "text", "turns"),
    [
        ("none", "and ill?", 0),
        ("history", "how much leave?\nand ill?", 0),
        ("gold", "how much sick leave?", 0),
        ("auto", "and ill?", 1),
    ],
)
def test_a_follow_up_over_documents_is_put_four_ways(handbook: Path, rewrite: str, text: str, turns: int) -> None:
    """The dialogs of our own layout know the same four ways."""
    assert _asked(handbook, rewrite)[-1] == (text, turns)


def test_limit_keeps_the_first_of_each_kind(handbook: Path) -> None:
    """A quick look asks a little of everything."""
    assert len(load(handbook, rewrite=None, corpus=None, limit=1).questions) == 3


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("questions.jsonl", '{"_id": "q1"}\n', "questions.jsonl, line 1: question: Field required"),
        ("questions.jsonl", "{}\n", "questions.jsonl, line 1: _id"),
        ("questions.jsonl", "\nnot json\n", "questions.jsonl, line 2: not JSON"),
        ("questions.jsonl", "[]\n", "questions.jsonl, line 1"),
    ],
)
def test_a_malformed_line_is_named(tmp_path: Path, file: str, text: str, said: str) -> None:
    """File and line of the first mistake stand in the error."""
    (tmp_path / file).write_text(text)
    with pytest.raises(BadRequest, match=said):
        load(tmp_path, rewrite=None, corpus=None, limit=None)


def test_a_malformed_label_is_named(beir: Path) -> None:
    """A label without a number says which line."""
    (beir / "qrels.tsv").write_text("header\nq1\tp1\n")
    with pytest.raises(BadRequest, match=r"qrels\.tsv, line 2"):
        load(beir, rewrite=None, corpus=None, limit=None)


def test_a_set_without_its_passages_says_how_to_name_them(beir: Path) -> None:
    """A set whose corpus lies elsewhere asks for --corpus."""
    (beir / "corpus.jsonl").unlink()
    with pytest.raises(BadRequest, match="--corpus"):
        load(beir, rewrite=None, corpus=None, limit=None)


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    """A folder without judged questions is no dataset."""
    with pytest.raises(BadRequest, match=r"neither questions\.jsonl nor qrels\.tsv"):
        load(tmp_path, rewrite=None, corpus=None, limit=None)
