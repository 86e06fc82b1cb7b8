"""Judged questions as they lie on disk: BEIR's layout over passages, and our own over a folder of documents."""

import csv
import json
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal, TextIO, TypeVar

from pydantic import BaseModel, Field, ValidationError

from bot.conversations import Turn
from bot.errors import BadRequest

Rewrite = Literal["none", "history", "auto", "gold"]
"""What is asked for a follow-up: its words alone, all turns joined, as we rewrite it, as a person rewrote it."""

QUERIES: Mapping[Rewrite, str] = {
    "none": "queries_lastturn.jsonl",
    "history": "queries_history.jsonl",
    "gold": "queries.jsonl",
}
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)

Kind = Literal["answerable", "unanswerable", "followup"]


@dataclass(frozen=True, slots=True)
class Asked:
    """One question as it is put to the pipeline. `group` names the conversation whose turns belong together."""

    id: str
    group: str
    text: str
    history: tuple[Turn, ...] = ()


@dataclass(frozen=True, slots=True)
class PassageQuestion:
    """A question with the gain of each passage that answers it."""

    asked: Asked
    gains: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class PassageSet:
    """Questions over passages that somebody else has cut."""

    name: str
    corpus: Path
    questions: tuple[PassageQuestion, ...]


@dataclass(frozen=True, slots=True)
class Gold:
    """A place that answers: document, nearest heading, and the words that do."""

    file: str
    heading: str
    evidence: str


@dataclass(frozen=True, slots=True)
class HandbookQuestion:
    """A question with every place that answers it; none for an unanswerable one."""

    asked: Asked
    kind: Kind
    gold: tuple[Gold, ...] = ()


@dataclass(frozen=True, slots=True)
class HandbookSet:
    """Questions over a folder of documents."""

    name: str
    questions: tuple[HandbookQuestion, ...]


def resolved(folder: Path, rewrite: Rewrite | None) -> Rewrite:
    """How follow-ups are put when `rewrite` leaves it open: as deployed where there are dialogs, else as they stand."""
    return rewrite or ("auto" if (folder / "dialogs.jsonl").exists() else "gold")


def load(folder: Path, *, rewrite: Rewrite | None, corpus: Path | None, limit: int | None) -> PassageSet | HandbookSet:
    """The questions of a folder, the first `limit` of each file; raises `BadRequest` with file, line and remedy.

    Without `rewrite`, follow-ups are rewritten as deployed where the folder holds dialogs.
    """
    if not folder.is_dir():
        raise BadRequest(f"{folder} is not a folder; give one with judged questions")
    if (folder / "questions.jsonl").exists():
        return HandbookSet(folder.name, tuple(_handbook(folder, resolved(folder, rewrite), limit)))
    if not (folder / "qrels.tsv").exists():
        raise BadRequest(f"{folder} holds neither questions.jsonl nor qrels.tsv; see docs/guide/evaluating.md")
    passages = (corpus or folder) / "corpus.jsonl"
    if not passages.exists():
        raise BadRequest(f"{passages} is not there; name the folder that holds the passages with --corpus")
    return PassageSet(folder.name, passages, tuple(_judged(folder, _asked(folder, resolved(folder, rewrite)), limit)))


# --- passages -------------------------------------------------------------------------------------------------------


class Passage(BaseModel):
    """One line of corpus.jsonl."""

    id: Annotated[str, Field(alias="_id")]
    title: str = ""
    text: str


class _Query(BaseModel):
    id: Annotated[str, Field(alias="_id")]
    text: str


class _Said(BaseModel):
    role: Literal["user", "assistant"]
    text: str


class _DialogTurn(BaseModel):
    id: Annotated[str, Field(alias="_id")]
    conversation_id: str
    question: str
    history: tuple[_Said, ...] = ()


def passages(corpus: Path) -> Iterator[Passage]:
    """The passages of a corpus, in the file's order."""
    return _lines(corpus, Passage)


def _asked(folder: Path, rewrite: Rewrite) -> Iterator[Asked]:
    turns = list(_optional(folder / "dialogs.jsonl", _DialogTurn))
    if rewrite == "auto" and turns:
        yield from (Asked(turn.id, turn.conversation_id, turn.question, _said(turn.history)) for turn in turns)
        return
    groups = {turn.id: turn.conversation_id for turn in turns}
    for query in _lines(_query_file(folder, rewrite), _Query):
        yield Asked(query.id, groups.get(query.id, query.id), query.text)


def _query_file(folder: Path, rewrite: Rewrite) -> Path:
    """The file that `rewrite` reads; where nothing is a follow-up, the questions stand as they are."""
    plain = folder / QUERIES["gold"]
    wished = folder / QUERIES[rewrite] if rewrite in QUERIES else plain
    if wished.exists():
        return wished
    if rewrite in ("none", "auto") and plain.exists():
        return plain
    raise BadRequest(f"{wished} is not there; choose another --rewrite")


def _said(history: Sequence[_Said]) -> tuple[Turn, ...]:
    """What was said before as turns: each question with the answer that followed it."""
    turns: list[Turn] = []
    for said in history:
        if said.role == "user":
            turns.append(_turn(said.text, ""))
        elif turns:
            turns[-1] = _turn(turns[-1].question, f"{turns[-1].answer}\n{said.text}".strip())
    return tuple(turns)


def _turn(question: str, answer: str) -> Turn:
    return Turn(question=question, standalone_query=question, answer=answer, cited={}, asked_at=_LONG_AGO)


def _judged(folder: Path, asked: Iterator[Asked], limit: int | None) -> Iterator[PassageQuestion]:
    gains = _qrels(folder / "qrels.tsv")
    judged = (PassageQuestion(question, gains[question.id]) for question in asked if question.id in gains)
    yield from _first(judged, limit)


def _qrels(path: Path) -> dict[str, dict[str, float]]:
    gains: dict[str, dict[str, float]] = {}
    with _opened(path) as file:
        for number, row in enumerate(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE), 1):
            if number == 1:
                continue
            try:
                query, passage, gain = row[0], row[1], float(row[2])
            except (IndexError, ValueError):
                raise BadRequest(f"{path}, line {number}: write query, passage and gain, with tabs between") from None
            if gain > 0:
                gains.setdefault(query, {})[passage] = gain
    return gains


# --- a folder of documents ------------------------------------------------------------------------------------------


class _Gold(BaseModel):
    file: str
    heading: str
    evidence: str


class _Question(BaseModel):
    id: Annotated[str, Field(alias="_id")]
    question: str
    gold: tuple[_Gold, ...] = ()


class _Turn(BaseModel):
    turn: int
    question: str
    rewrite: str
    gold: tuple[_Gold, ...] = ()
    answer: str = ""


class _Dialog(BaseModel):
    id: Annotated[str, Field(alias="_id")]
    turns: tuple[_Turn, ...]


def _handbook(folder: Path, rewrite: Rewrite, limit: int | None) -> Iterator[HandbookQuestion]:
    files: tuple[tuple[str, Kind], ...] = (("questions.jsonl", "answerable"), ("unanswerable.jsonl", "unanswerable"))
    for name, kind in files:
        for line in _first(_optional(folder / name, _Question), limit):
            yield HandbookQuestion(Asked(line.id, line.id, line.question), kind, _gold(line.gold))
    yield from _first(_follow_ups(folder / "dialogs.jsonl", rewrite), limit)


def _follow_ups(path: Path, rewrite: Rewrite) -> Iterator[HandbookQuestion]:
    for dialog in _optional(path, _Dialog):
        for number, turn in enumerate(dialog.turns):
            if number > 0 and turn.gold:
                asked = _follow_up(dialog, number, rewrite)
                yield HandbookQuestion(asked, "followup", _gold(turn.gold))


def _follow_up(dialog: _Dialog, number: int, rewrite: Rewrite) -> Asked:
    turn, before = dialog.turns[number], dialog.turns[:number]
    texts: Mapping[Rewrite, str] = {
        "gold": turn.rewrite,
        "history": "\n".join([*(earlier.question for earlier in before), turn.question]),
    }
    history = tuple(_turn(earlier.question, earlier.answer) for earlier in before) if rewrite == "auto" else ()
    return Asked(f"{dialog.id}.{turn.turn}", dialog.id, texts.get(rewrite, turn.question), history)


def _gold(lines: Sequence[_Gold]) -> tuple[Gold, ...]:
    return tuple(Gold(line.file, line.heading, line.evidence) for line in lines)


# --- lines ----------------------------------------------------------------------------------------------------------

Line = TypeVar("Line", bound=BaseModel)
Item = TypeVar("Item")


def _optional(path: Path, kind: type[Line]) -> Iterator[Line]:
    return _lines(path, kind) if path.exists() else iter(())


def _lines(path: Path, kind: type[Line]) -> Iterator[Line]:
    with _opened(path) as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield _read(line, kind, f"{path}, line {number}")


@contextmanager
def _opened(path: Path) -> Generator[TextIO]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            yield file
    except UnicodeDecodeError:
        raise BadRequest(f"{path} is not UTF-8; save it again as UTF-8 text") from None


def _read(line: str, kind: type[Line], where: str) -> Line:
    try:
        return kind.model_validate(json.loads(line))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise BadRequest(f"{where}: {field}: {first['msg']}") from None
    except ValueError as error:
        raise BadRequest(f"{where}: not JSON ({error})") from None


def _first(items: Iterator[Item], limit: int | None) -> Iterator[Item]:
    for number, item in enumerate(items):
        if limit is not None and number >= limit:
            return
        yield item
