"""`footnote jobs` as an operator types it: what waits, and what becomes of jobs that were given up."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.answering.respond import code
from bot.commands.jobs import anew
from bot.composition import remembering
from bot.errors import BadRequest
from bot.jobs import AnswerQuestion, Click, Job, ShareAnswer
from bot.models import Question
from bot.ports.memory import Memory
from bot.records import AnswerRecord, State
from bot.settings import load
from tests.nouns import NOON, a_question

Footnote = Callable[..., subprocess.CompletedProcess[str]]
QUESTION = a_question("Where is my salary slip?")
CLICK = Click("1.2", "T0ACME", "U0ASKER")
LATER = NOON + timedelta(hours=1)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
async def memory(home: Path) -> AsyncGenerator[Memory]:
    """The memory of a bot that runs beside the command."""
    async with remembering(load({"FOOTNOTE_HOME": str(home)})) as memory:
        yield memory


@pytest.fixture
def footnote(home: Path) -> Footnote:
    """Runs `footnote …` under the same home."""
    environment = {**os.environ, "FOOTNOTE_HOME": str(home), "NO_COLOR": "1"}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "bot.cli", *arguments]
        return subprocess.run(command, input="", env=environment, capture_output=True, text=True, check=False)

    return run


def _json(done: subprocess.CompletedProcess[str]) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


async def _bury(memory: Memory, job: Job, *, reason: str = "ValueError at delivery 5") -> str:
    """The id of the dead letter."""
    await memory.jobs.enqueue(job, once=[])
    (claim,) = await memory.jobs.claim(limit=1, wait=0)
    await memory.jobs.bury(claim, reason=reason)
    (letter, *_) = await memory.dead_letters.list(limit=1)
    return letter.id


async def _failed(memory: Memory, question: Question = QUESTION) -> str:
    """A question that was given up, and whose person was told."""
    await memory.records.write(AnswerRecord(question, State.FAILED, "1.5", updated_at=NOON), fence=1)
    return await _bury(memory, AnswerQuestion(question))


async def test_it_says_what_waits_and_what_was_given_up(memory: Memory, footnote: Footnote) -> None:
    """A line of what there is to do, and a line for each dead letter, without a word of what was asked."""
    id_ = await _failed(memory)
    await memory.jobs.enqueue(AnswerQuestion(a_question(message="2.0")), once=[])
    done = footnote("jobs")
    first, head, row = done.stdout.splitlines()
    assert first.startswith("1 waiting, 0 running, 0 held back")
    assert head.split() == ["ID", "QUESTION", "KIND", "WHERE", "TRIES", "AGE", "WHEN", "REASON"]
    expected = [id_, code(QUESTION.id), "AnswerQuestion", "T0ACME/C0CANTEEN", "1", "0", "s"]
    assert row.split()[:7] == expected
    assert row.endswith("ValueError at delivery 5")
    assert "salary" not in done.stdout
    told = _json(footnote("jobs", "--json"))
    assert (told["load"]["waiting"], told["load"]["dead"]) == (1, 1)
    assert [letter["id"] for letter in told["dead_letters"]] == [id_]


async def test_the_words_are_shown_on_demand_alone(memory: Memory, footnote: Footnote) -> None:
    """`show` names everything but the question; with --text the question, too."""
    id_ = await _failed(memory)
    assert "salary" not in footnote("jobs", "show", id_).stdout
    assert "salary" in footnote("jobs", "show", id_, "--text").stdout
    assert _json(footnote("jobs", "show", id_, "--text", "--json"))["text"] == QUESTION.text


async def test_a_failed_question_is_asked_anew(memory: Memory, footnote: Footnote) -> None:
    """It comes back in a later version, and is a dead letter no more; an old wish to stop it is forgotten."""
    id_ = await _failed(memory)
    await memory.stops.ask(QUESTION.id)
    assert footnote("jobs", "retry", id_).stdout == "1 put back in line.\n"
    (claim,) = await memory.jobs.claim(limit=9, wait=0)
    assert isinstance(claim.job, AnswerQuestion)
    assert replace(claim.job.question, version="") == QUESTION
    assert float(claim.job.question.version) > NOON.timestamp()
    assert await memory.stops.asked([QUESTION.id]) == frozenset()
    gone = footnote("jobs", "retry", id_)
    assert (gone.returncode, gone.stderr) == (1, f"footnote: there is no dead letter {id_}; footnote jobs lists them\n")


async def test_all_are_tried_again_but_those_that_cannot(memory: Memory, footnote: Footnote) -> None:
    """What has been answered since stays a dead letter, with the reason; the rest is put back in line as it was."""
    share = ShareAnswer(CLICK, QUESTION.id)
    answered = a_question(message="3.0")
    left = await _bury(memory, AnswerQuestion(answered))
    await memory.records.write(AnswerRecord(answered, State.DELIVERED, updated_at=NOON), fence=9)
    await _bury(memory, share)
    done = footnote("jobs", "retry", "--all")
    assert done.returncode == 1
    assert done.stdout == f"1 put back in line.\n{left} was left: it has been answered since; it can be dropped\n"
    assert [claim.job for claim in await memory.jobs.claim(limit=9, wait=0)] == [share]
    assert [letter.id for letter in await memory.dead_letters.list(limit=9)] == [left]


async def test_dropping(memory: Memory, footnote: Footnote) -> None:
    """One by its id; all only when somebody says so."""
    first, _ = await _failed(memory), await _bury(memory, ShareAnswer(CLICK, QUESTION.id))
    assert footnote("jobs", "drop", first).stdout == "1 dropped.\n"
    unasked = footnote("jobs", "drop", "--all")
    assert (unasked.returncode, "--yes" in unasked.stderr) == (1, True)
    assert _json(footnote("jobs", "drop", "--all", "--yes", "--json"))["did"] == "dropped"
    assert footnote("jobs").stdout == "0 waiting, 0 running, 0 held back.\nNo dead letters.\n"


def test_wrong_use_is_explained(footnote: Footnote) -> None:
    """Nothing is done, and the message says what to type."""
    for wrong, right in (
        (("show",), "needs an ID"),
        (("retry",), "needs an ID"),
        (("list", "1-1"), "show 1-1"),
        (("drop", "1-1", "--all"), "without an ID"),
        (("show", "nonsense"), "there is no dead letter nonsense"),
    ):
        done = footnote("jobs", *wrong)
        assert (done.returncode, right in done.stderr) == (1, True), done.stderr


def _record(state: State, *, version: str = "") -> AnswerRecord:
    return AnswerRecord(replace(QUESTION, version=version), state)


def test_a_question_is_asked_anew_where_that_leads_to_an_answer() -> None:
    """What was never begun, or stands half done, goes on as it is; what has failed needs a later version."""
    job = AnswerQuestion(QUESTION)
    assert anew(job, None, at=LATER) == job
    assert anew(replace(job, sweeps=3), None, at=LATER) == job  # or it would only be apologised for once more
    assert anew(job, _record(State.POSTING), at=LATER) == job
    failed = anew(job, _record(State.FAILED, version="1.0"), at=LATER).question
    assert (failed.version, failed.addressed) == (f"{LATER.timestamp():.6f}", "named")


@pytest.mark.parametrize("state", [State.DELIVERED, State.STOPPED, State.WITHDRAWN])
def test_an_ended_question_is_left_alone(state: State) -> None:
    """Who got an answer, wanted none or deleted the question does not get one now."""
    with pytest.raises(BadRequest, match="it can be dropped"):
        anew(AnswerQuestion(QUESTION), _record(state), at=LATER)


def test_a_question_that_is_being_answered_anew_is_left_alone() -> None:
    """A later version is under way."""
    with pytest.raises(BadRequest, match="is being answered"):
        anew(AnswerQuestion(QUESTION), _record(State.RECEIVED, version="2.0"), at=LATER)


def test_a_private_line_ends_after_half_an_hour() -> None:
    """Its address has expired, so the operator is told."""
    private = AnswerQuestion(replace(QUESTION, private=True, reply_url="https://hooks.slack.com/x"))
    assert anew(private, None, at=NOON + timedelta(minutes=20)) == private
    with pytest.raises(BadRequest, match="has to ask again"):
        anew(private, None, at=LATER)
