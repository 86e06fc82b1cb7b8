"""See what waits, and deal with jobs that were given up."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from bot.commands import options
from bot.errors import BadRequest

if TYPE_CHECKING:
    from bot.jobs import AnswerQuestion, Job
    from bot.ports.memory import Memory
    from bot.ports.queue import DeadLetter, Load
    from bot.records import AnswerRecord

EXAMPLE = """Examples:
  footnote jobs
  footnote jobs show 1795280000000-0 --text
  footnote jobs retry 1795280000000-0
  footnote jobs drop --all

A job that could not be done lies with the dead letters for 30 days; whoever asked was told so. A question that is tried
again is answered in the message that says that it failed. What people asked is shown by `show --text` alone."""
EVERY = 1_000
"""As many dead letters as are kept."""
MINUTE, HOUR, DAY = 60, 3600, 86_400
ANSWERABLE = timedelta(minutes=30)
"""For so long the address lives at which Slack takes the answer to a command, asked or asked again."""
HEAD = ("ID", "QUESTION", "KIND", "WHERE", "TRIES", "AGE", "WHEN", "REASON")


def register(parser: argparse.ArgumentParser) -> None:
    """Arguments of `footnote jobs`."""
    parser.epilog = EXAMPLE
    parser.add_argument(
        "what", nargs="?", default="list", choices=("list", "show", "retry", "drop"), help="what to do (default: list)"
    )
    parser.add_argument("id", nargs="?", metavar="ID", help="the dead letter, as the list names it")
    parser.add_argument("--all", action="store_true", help="with retry and drop: every dead letter")
    parser.add_argument("--yes", action="store_true", help="with drop --all: do not ask")
    parser.add_argument("--text", action="store_true", help="with show: what the person asked, too")
    parser.add_argument(
        "--limit", type=options.positive, default=50, metavar="N", help="lines of the list (default: 50)"
    )
    options.add_json(parser)


async def run(arguments: argparse.Namespace) -> int:
    """Do it and say what was done; 1 when something of it could not be done."""
    _check(arguments)
    from bot.composition import remembering

    async with remembering(options.settings(arguments.home)) as memory:
        match arguments.what:
            case "show":
                return _show(await _found(memory, arguments.id), arguments)
            case "retry":
                return await _retry(memory, arguments)
            case "drop":
                return await _drop(memory, arguments)
            case _:
                return await _list(memory, arguments)


def _check(arguments: argparse.Namespace) -> None:
    alone = arguments.what == "list"
    if arguments.all and (alone or arguments.what == "show" or arguments.id):
        raise BadRequest("--all goes with retry and drop, and without an ID")
    if alone and arguments.id:
        raise BadRequest(f"footnote jobs list takes no ID; to see one, type footnote jobs show {arguments.id}")
    if not alone and not arguments.id and not arguments.all:
        raise BadRequest(f"footnote jobs {arguments.what} needs an ID; footnote jobs lists them")


async def _found(memory: "Memory", id_: str) -> "DeadLetter":
    letter = await memory.dead_letters.find(id_)
    if letter is None:
        raise BadRequest(f"there is no dead letter {id_}; footnote jobs lists them")
    return letter


async def _chosen(memory: "Memory", arguments: argparse.Namespace) -> "Sequence[DeadLetter]":
    """The one that was named, or every one, oldest first."""
    if not arguments.all:
        return [await _found(memory, arguments.id)]
    return [*reversed(await memory.dead_letters.list(limit=EVERY))]


# --- doing ------------------------------------------------------------------------------------------------------------


async def _retry(memory: "Memory", arguments: argparse.Namespace) -> int:
    """Each is put back in line for itself: what cannot be tried again does not keep the others."""
    done: list[str] = []
    left: dict[str, str] = {}
    for letter in await _chosen(memory, arguments):
        try:
            await _put_back(memory, letter)
            done.append(letter.id)
        except BadRequest as error:
            if not arguments.all:
                raise
            left[letter.id] = str(error)
    return _told("put back in line", done, left, as_json=arguments.json)


async def _drop(memory: "Memory", arguments: argparse.Namespace) -> int:
    letters = await _chosen(memory, arguments)
    if arguments.all and letters and not arguments.yes:
        _confirm(len(letters))
    dropped = [letter.id for letter in letters if await memory.dead_letters.drop(letter.id)]
    return _told("dropped", dropped, {}, as_json=arguments.json)


def _confirm(count: int) -> None:
    """Raises `BadRequest` unless a person at a terminal says yes."""
    if not sys.stdin.isatty():
        raise BadRequest(f"this forgets {count} dead letters for good; run it with --yes where nobody can be asked")
    if input(f"This forgets {count} dead letters for good. Forget them? [y/N] ").strip().lower() not in ("y", "yes"):
        raise BadRequest("nothing was dropped")


async def _put_back(memory: "Memory", letter: "DeadLetter") -> None:
    """Let the job be done again. Raises `BadRequest` where that would do nothing, or nothing good."""
    from bot.composition import now
    from bot.jobs import AnswerQuestion

    job = letter.job
    if job is None:
        raise BadRequest(f"{letter.id} cannot be read by this version of Footnote; it can only be dropped")
    if isinstance(job, AnswerQuestion):
        job = anew(job, await memory.records.read(job.question.id), at=now())
        await memory.stops.clear(job.question.id)
    if not await memory.dead_letters.revive(letter.id, job):
        raise BadRequest(f"{letter.id} is gone: somebody else has tried it again, or dropped it")


def anew(job: "AnswerQuestion", record: "AnswerRecord | None", *, at: datetime) -> "AnswerQuestion":
    """The job that answers the question after all, in the message that stands; raises `BadRequest` if none should.

    A question that has failed goes on only in a later version, as when somebody presses *Try again*.
    """
    from bot.jobs import AnswerQuestion
    from bot.records import ENDED, State

    asked = job.question if record is None else record.question
    if asked.reply_url and at - _asked_at(asked.version, asked.asked_at) > ANSWERABLE:
        raise BadRequest("it was asked privately more than half an hour ago; its person has to ask again")
    if record is None or (record.state not in ENDED and asked.version == job.question.version):
        return replace(job, sweeps=0)
    match record.state:
        case State.FAILED:
            return AnswerQuestion(replace(asked, version=f"{at.timestamp():.6f}", addressed="named"))
        case State.DELIVERED:
            raise BadRequest("it has been answered since; it can be dropped")
        case State.STOPPED:
            raise BadRequest("its person has stopped it since; it can be dropped")
        case State.WITHDRAWN:
            raise BadRequest("its question was deleted; it can be dropped")
        case _:
            raise BadRequest("it was asked anew and is being answered; it can be dropped")


def _asked_at(version: str, asked_at: datetime) -> datetime:
    return datetime.fromtimestamp(float(version), tz=asked_at.tzinfo) if version else asked_at


# --- telling ----------------------------------------------------------------------------------------------------------


async def _list(memory: "Memory", arguments: argparse.Namespace) -> int:
    load = await memory.jobs.load()
    letters = await memory.dead_letters.list(limit=arguments.limit)
    if arguments.json:
        told = {"load": asdict(load), "dead_letters": [as_json(letter) for letter in letters]}
        print(json.dumps(told, ensure_ascii=False))
        return 0
    print(in_words(load))
    print(table(letters) if letters else "No dead letters.")
    if load.dead > len(letters):
        print(f"and {load.dead - len(letters)} older ones; --limit shows more")
    return 0


def _show(letter: "DeadLetter", arguments: argparse.Namespace) -> int:
    from bot.gate import label

    told = as_json(letter) | ({"text": _text(letter.job)} if arguments.text else {})
    if arguments.json:
        print(json.dumps(told, ensure_ascii=False))
        return 0
    for name, value in told.items():
        print(f"{name.replace('_', ' '):<11}{label(str(value), limit=4_000)}")
    return 0


def _told(did: str, done: Sequence[str], left: dict[str, str], *, as_json: bool) -> int:
    if as_json:
        print(json.dumps({"did": did, "ids": list(done), "left": left}))
    else:
        print(f"{len(done)} {did}.")
        for id_, reason in left.items():
            print(f"{id_} was left: {reason}")
    return 1 if left else 0


def in_words(load: "Load") -> str:
    """What there is to do, in one line."""
    said = f"{load.waiting} waiting, {load.leased} running, {load.held_back} held back"
    return f"{said}; the oldest has waited {_duration(load.oldest)}." if load.oldest else f"{said}."


def as_json(letter: "DeadLetter") -> dict[str, Any]:
    """A dead letter without a word of what anybody asked."""
    from bot.answering.respond import code

    question = _question(letter.job)
    return {
        "id": letter.id,
        "question": code(question) if question else "",
        "kind": type(letter.job).__name__ if letter.job else "unreadable",
        "where": _where(letter.job),
        "reason": letter.reason,
        "deliveries": letter.deliveries,
        "age": round(letter.age, 3),
        "buried_at": letter.buried_at.isoformat(timespec="seconds"),
    }


def table(letters: "Sequence[DeadLetter]") -> str:
    """Dead letters, a line for each."""
    rows = [HEAD, *map(_row, letters)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def _row(letter: "DeadLetter") -> tuple[str, ...]:
    from bot.gate import label

    told = as_json(letter)
    moment = f"{letter.buried_at:%Y-%m-%d %H:%M}"
    tries, age = str(letter.deliveries), _duration(letter.age)
    cells = (told["id"], told["question"] or "-", told["kind"], told["where"] or "-", tries, age, moment)
    return (*cells, label(letter.reason, limit=100))


def _question(job: "Job | None") -> str:
    """The id of the question that a job is about, if any."""
    question = getattr(job, "question", None)
    return question.id if question else getattr(job, "question_id", "")


def _where(job: "Job | None") -> str:
    """Workspace and channel."""
    place = getattr(job, "click", None)
    if place is None:
        question = getattr(job, "question", None)
        place = question.conversation if question else getattr(job, "conversation", None)
    return "/".join(part for part in (place.workspace, place.channel) if part) if place else ""


def _text(job: "Job | None") -> str:
    """What the person typed."""
    question = getattr(job, "question", None)
    return question.text if question else getattr(job, "words", "")


def _duration(seconds: float) -> str:
    for length, name in ((DAY, "d"), (HOUR, "h"), (MINUTE, "min")):
        if seconds >= length:
            return f"{seconds / length:.0f} {name}"
    return f"{seconds:.0f} s"
