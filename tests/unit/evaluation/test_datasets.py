"""Judged questions are read as they lie on disk, and a broken file is named with its line and a remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import BadRequest
from bot.evaluation.datasets import HandbookSet, PassageSet, Rewrite, load, passages
from tests.unit.evaluation.judged import gold, handbook_set, passage_set, write_lines


def read(folder: Path, *, rewrite: Rewrite | None = None, limit: int | None = None) -> PassageSet | HandbookSet:
    return load(folder, rewrite=rewrite, corpus=None, limit=limit)


def passage_questions(
    folder: Path, *, rewrite: Rewrite | None = None, limit: int | None = None
) -> list[tuple[str, str, str]]:
    dataset = read(folder, rewrite=rewrite, limit=limit)
    assert isinstance(dataset, PassageSet)
    return [(question.asked.id, question.asked.group, question.asked.text) for question in dataset.questions]


def handbook_questions(folder: Path, *, rewrite: Rewrite | None = None) -> HandbookSet:
    dataset = read(folder, rewrite=rewrite)
    assert isinstance(dataset, HandbookSet)
    return dataset


# --- passages -------------------------------------------------------------------------------------------------------


def test_a_labelled_set_is_read(tmp_path: Path) -> None:
    """Questions come with the gains of their passages; one without any is not asked."""
    dataset = read(passage_set(tmp_path / "cooking"))
    assert isinstance(dataset, PassageSet)
    assert dataset.name == "cooking"
    assert [(question.asked.id, question.gains) for question in dataset.questions] == [
        ("a1", {"p0": 1.0}),
        ("b1", {"p2": 2.0, "p3": 1.0}),
    ]
    assert [passage.text for passage in passages(dataset.corpus)] == [f"passage {n}" for n in range(4)]


@pytest.mark.parametrize(
    ("rewrite", "expected"),
    [
        ("none", [("a1", "a", "first"), ("b1", "b", "third")]),
        ("history", [("a1", "a", "before\nfirst"), ("b1", "b", "before\nthird")]),
        ("gold", [("a1", "a", "first whole"), ("b1", "b", "third whole")]),
        ("auto", [("a1", "a", "first"), ("b1", "b", "third")]),
        (None, [("a1", "a", "first"), ("b1", "b", "third")]),
    ],
)
def test_each_way_to_ask_reads_its_file(
    tmp_path: Path, rewrite: Rewrite | None, expected: list[tuple[str, str, str]]
) -> None:
    """None, history and gold read their queries' files, auto the dialogs; turns of a conversation stay together."""
    assert passage_questions(passage_set(tmp_path, dialogs=True), rewrite=rewrite) == expected


def test_a_dialog_becomes_turns(tmp_path: Path) -> None:
    """What was said before is one turn per question, with everything the other side said to it."""
    dataset = read(passage_set(tmp_path, dialogs=True), rewrite="auto")
    assert isinstance(dataset, PassageSet)
    history = dataset.questions[0].asked.history
    assert [(turn.question, turn.answer) for turn in history] == [("before", "so\nand so"), ("again", "")]


def test_questions_that_follow_nothing_stand_as_they_are(tmp_path: Path) -> None:
    """A set without dialogs asks its questions as they are, whether rewritten by a person or not at all."""
    folder = passage_set(tmp_path)
    assert passage_questions(folder, rewrite="none") == passage_questions(folder, rewrite="gold")


def test_the_corpus_may_lie_elsewhere(tmp_path: Path) -> None:
    """A set without passages of its own is read with another's."""
    own, other = passage_set(tmp_path / "own"), passage_set(tmp_path / "other")
    (own / "corpus.jsonl").unlink()
    with pytest.raises(BadRequest, match="--corpus"):
        read(own)
    dataset = load(own, rewrite=None, corpus=other, limit=None)
    assert isinstance(dataset, PassageSet)
    assert dataset.corpus == other / "corpus.jsonl"


def test_a_limit_keeps_the_first_questions(tmp_path: Path) -> None:
    """A limit counts judged questions, from the first one on."""
    assert [identifier for identifier, _, _ in passage_questions(passage_set(tmp_path), limit=1)] == ["a1"]


# --- documents ------------------------------------------------------------------------------------------------------


def test_a_set_over_documents_is_read(tmp_path: Path) -> None:
    """Answerable and unanswerable questions are asked as they are; of dialogs, the follow-ups."""
    dataset = handbook_questions(handbook_set(tmp_path / "house"))
    assert dataset.name == "house"
    asked = [(question.kind, question.asked.id, question.asked.group) for question in dataset.questions]
    assert asked == [
        ("answerable", "q1", "q1"),
        ("unanswerable", "u1", "u1"),
        ("followup", "d1.2", "d1"),
        ("followup", "d1.3", "d1"),
    ]
    assert [place.file for place in dataset.questions[0].gold] == ["canteen.md"]


@pytest.mark.parametrize(
    ("rewrite", "text", "history"),
    [
        ("none", "tea?", []),
        ("history", "lunch?\nsoup?\ntea?", []),
        ("gold", "tea at lunch?", []),
        ("auto", "tea?", [("lunch?", "At noon."), ("soup?", "Two euros.")]),
    ],
)
def test_each_way_to_follow_up(tmp_path: Path, rewrite: Rewrite, text: str, history: list[tuple[str, str]]) -> None:
    """A follow-up is asked alone, after all questions, as a person rewrote it, or with what was said before."""
    asked = handbook_questions(handbook_set(tmp_path), rewrite=rewrite).questions[-1].asked
    assert asked.text == text
    assert [(turn.question, turn.answer) for turn in asked.history] == history


def test_unanswerable_questions_and_dialogs_may_be_missing(tmp_path: Path) -> None:
    """A folder with nothing but questions is a set."""
    write_lines(tmp_path / "questions.jsonl", {"_id": "q", "question": "?", "gold": [gold("a.md")]})
    assert len(handbook_questions(tmp_path).questions) == 1


# --- broken files ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        (
            "queries.jsonl",
            '{"_id": "a1", "text": "x"}\n{"_id": "b1"}\n',
            r"queries\.jsonl, line 2: text: Field required",
        ),
        ("queries.jsonl", '{"_id": "a1", "text": "x"}\n{oops}\n', r"queries\.jsonl, line 2: not JSON"),
        ("queries.jsonl", '["a1"]\n', r"queries\.jsonl, line 1: "),
        ("qrels.tsv", "q\tp\ts\na1\tp0\n", r"qrels\.tsv, line 2: write query, passage and gain"),
        ("qrels.tsv", "q\tp\ts\na1\tp0\tmuch\n", r"qrels\.tsv, line 2: "),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, file: str, content: str, said: str) -> None:
    """A malformed line stops the reading with its file, its number and what is wrong with it."""
    folder = passage_set(tmp_path)
    (folder / file).write_text(content)
    with pytest.raises(BadRequest, match=said):
        read(folder)


def test_a_broken_passage_is_named(tmp_path: Path) -> None:
    """A malformed passage stops the filling of the index with its line."""
    write_lines(tmp_path / "corpus.jsonl", {"_id": "p0", "text": "x"}, {"_id": "p1"})
    with pytest.raises(BadRequest, match=r"corpus\.jsonl, line 2: text"):
        list(passages(tmp_path / "corpus.jsonl"))


def test_what_is_no_set_is_refused(tmp_path: Path) -> None:
    """A folder that is not there, or that holds nothing judged, is refused with what to do."""
    with pytest.raises(BadRequest, match="is not a folder"):
        read(tmp_path / "nowhere")
    with pytest.raises(BadRequest, match=r"neither questions\.jsonl nor qrels\.tsv"):
        read(tmp_path)


def test_a_way_to_ask_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """A rewrite whose file is missing is refused, not answered with another's figures."""
    with pytest.raises(BadRequest, match="choose another --rewrite"):
        read(passage_set(tmp_path), rewrite="history")


@pytest.mark.parametrize("rewrite", ["none", "auto"])
def test_where_nothing_is_a_follow_up_questions_stand_as_they_are(tmp_path: Path, rewrite: Rewrite) -> None:
    """A set of single questions needs no rewriting, whichever way is asked for."""
    assert read(passage_set(tmp_path), rewrite=rewrite) == read(passage_set(tmp_path))


@pytest.mark.parametrize("file", ["queries.jsonl", "qrels.tsv"])
def test_bytes_that_are_no_text_are_refused(tmp_path: Path, file: str) -> None:
    """A file in another encoding is named; it is no crash."""
    folder = passage_set(tmp_path)
    (folder / file).write_bytes(b"caf\xe9\n")
    with pytest.raises(BadRequest, match=rf"{file} is not UTF-8"):
        read(folder)
