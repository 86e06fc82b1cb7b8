"""What people said becomes judged questions that the evaluation itself can read."""

from dataclasses import replace
from pathlib import Path

from bot.answering.cite import citation
from bot.evaluation.datasets import Gold, HandbookSet, load
from bot.evaluation.judgements import Opinion, judged, write
from bot.feedback import Escalation, Feedback, Reason
from bot.models import Answer, Chunk
from bot.records import AnswerRecord, State
from tests.nouns import NOON, a_chunk, a_question

CHUNK = a_chunk("Badges are made on Mondays. Lunch is at noon.", units=((0, 27), (28, 45)))
CHUNKS = {CHUNK.id: CHUNK}


def _record(*cited: Chunk, question_id: str = "q1") -> AnswerRecord:
    """A delivered record, which keeps no words; without a passage the docs did not say."""
    question = replace(a_question("When is lunch?"), id=question_id)
    answer = Answer(
        question=question.text,
        standalone_query=question.text,
        text="",
        answered=bool(cited),
        confidence="high",
        citations=tuple(citation(n, chunk, "") for n, chunk in enumerate(cited, 1)),
    )
    return AnswerRecord(question, State.DELIVERED, answer=answer)


def _rated(person: str, *reasons: Reason, good: bool = False) -> Feedback:
    return Feedback("q1", person, "good" if good else "bad", NOON, reasons)


GOOD = (_rated("U1", good=True),)


def test_a_good_answer_makes_its_passage_gold() -> None:
    """The evidence is the sentence that was quoted, or once the words are gone the one nearest to the question."""
    quoted = judged([Opinion(_record(CHUNK), GOOD, words="Badges are made on Mondays. [1]")], CHUNKS)
    assert quoted.questions[0]["gold"][0]["evidence"] == "Badges are made on Mondays."
    forgotten = judged([Opinion(_record(CHUNK), GOOD)], CHUNKS)
    assert forgotten.questions[0]["gold"] == [
        {"file": "canteen.md", "heading": "Opening hours", "evidence": "Lunch is at noon."}
    ]


def test_a_passage_that_changed_since_judges_nothing() -> None:
    """An opinion is about what was cited then, not about what stands there now."""
    changed = {CHUNK.id: replace(CHUNK, revision="later")}
    assert judged([Opinion(_record(CHUNK), GOOD)], changed).questions == ()
    assert judged([Opinion(_record(CHUNK), GOOD)], {}).unplaced == 1


def test_a_divided_opinion_judges_nothing_but_is_listed() -> None:
    """One good and one bad rating leave the question unjudged; both are there to be read."""
    found = judged([Opinion(_record(CHUNK), (*GOOD, _rated("U2", Reason.WRONG)))], CHUNKS)
    assert (found.questions, found.unanswerable) == ((), ())
    assert [(line["rating"], line["reasons"]) for line in found.ratings] == [("good", []), ("bad", ["wrong"])]


def test_what_the_docs_do_not_say_is_unanswerable_when_people_agree() -> None:
    """A decline that was found good, and a bad answer whose source is missing; not a bad decline without a reason."""
    opinions = [
        Opinion(_record(question_id="declined"), GOOD),
        Opinion(_record(CHUNK, question_id="missing"), (_rated("U1", Reason.SOURCE_MISSING),)),
        Opinion(_record(question_id="doubted"), (_rated("U1"),)),
    ]
    assert [line["_id"] for line in judged(opinions, CHUNKS).unanswerable] == ["declined", "missing"]


def test_what_people_answered_is_listed_without_a_rating_too() -> None:
    """A resolved question brings its answer along as a candidate."""
    resolved = Escalation("q1", "U1", "C1", "1.1", NOON, resolved_by="U2", answer="At one on Fridays.")
    found = judged([Opinion(_record(), (), resolved)], CHUNKS)
    assert [(line["rating"], line["answered_by_people"]) for line in found.ratings] == [(None, "At one on Fridays.")]


def test_the_evaluation_reads_what_was_written(tmp_path: Path) -> None:
    """The layout is the one that `footnote evaluate` takes."""
    opinions = [Opinion(_record(CHUNK), GOOD), Opinion(_record(question_id="q2"), GOOD)]
    write(tmp_path / "judged", judged(opinions, CHUNKS))
    found = load(tmp_path / "judged", rewrite=None, corpus=None, limit=None)
    assert isinstance(found, HandbookSet)
    answerable, unanswerable = found.questions
    assert (answerable.asked.text, answerable.kind) == ("When is lunch?", "answerable")
    assert answerable.gold == (Gold("canteen.md", "Opening hours", "Lunch is at noon."),)
    assert (unanswerable.asked.id, unanswerable.kind) == ("q2", "unanswerable")
