"""Questions to begin with, made of what stands in the documents: never canned, never about what one may not read."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from bot.answering.pipeline import Pipeline
from bot.errors import NothingIndexed
from bot.gate import label
from bot.jobs import Suggest
from bot.models import Audience, Chunk, Hit
from bot.ports.memory import Channels
from bot.ports.slack import Directory, Panels

OPENING = "how do I get started"
"""What somebody new asks of any documents: the passages nearest to it become suggestions."""
SUGGESTED = 3
CANDIDATES = 8
"""Passages looked at for each suggestion."""
SHORTEST, LONGEST = 3, 70
"""Characters of a heading that makes a question; any other is passed over."""

_GENERIC = re.compile(
    r"\(top\)|about|background|contents|faq|get(?:ting)? started|home|index|intro(?:duction)?|notes|overview|purpose|"
    r"quick ?start|readme|references|related|scope|see also|start here|summary|table of contents|welcome",
    re.IGNORECASE,
)
"""Headings that say nothing without the title above them."""
_ASKS = re.compile(
    r"(?:how (?:do|does|can|much|many|long|often)|what (?:is|are|if|do|does|should|happens|counts)|which|"
    r"(?:who|when|where|why) (?:is|are|do|does|can|should|will)|can (?:i|we|you)|do (?:i|we)|is|are|should|"
    r"may (?:i|we))\b",
    re.IGNORECASE,
)
_VERBS = (
    "add apply ask book build change check choose claim close configure connect contact create delete deploy disable "
    "download edit enable export file find fix get give import install invite join keep log make manage move open "
    "order pay plan prepare print publish register remove renew report request reset restart restore return review "
    "run save schedule send set share sign start stop store submit test track transfer turn update upgrade upload use "
    "write"
)
_LEADS_ON = "a an and another for from in into my new off on our out the to up with your"
_HOW_TO = re.compile(r"(how to )\w", re.IGNORECASE)
_TELLS_TO = re.compile(rf"()(?:{_VERBS.replace(' ', '|')}) (?:{_LEADS_ON.replace(' ', '|')})\b", re.IGNORECASE)
"""A heading that tells what to do: a verb, and a word that shows it to be one ("Reset your password")."""
_NUMBERING = re.compile(
    r"^(?:(?:step|chapter|section|part) \d+[.):]?|\d+(?:\.\d+)*[.):]|\d+(?:\.\d+)+) ", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Suggester:
    """Pins questions in the person's direct messages, first about what concerns the channel before them."""

    pipeline: Pipeline
    directory: Directory
    channels: Channels
    panels: Panels

    async def suggest(self, job: Suggest) -> None:
        """Pin them; where the documents give none, leave things as they are."""
        click = job.click
        reader = await self.directory.reader(click.person)
        looked_at = await self.channels.looked_at(click.workspace, click.person)
        settings = await self.channels.read(click.workspace, looked_at) if looked_at else None
        first = frozenset(settings.sources if settings else ())
        questions = await suggestions(self.pipeline, reader, SUGGESTED, first=first)
        if questions:
            await self.panels.suggest(click, questions)


async def suggestions(
    pipeline: Pipeline, audience: Audience, n: int, *, first: frozenset[str] = frozenset()
) -> tuple[str, ...]:
    """At most `n` questions about what all of `audience` may read, those about the sources `first` before others.

    None where nothing is indexed. Raises as the index does.
    """
    hits: list[Hit] = []
    try:
        for within in dict.fromkeys((first, frozenset[str]())):
            found = await pipeline.find(OPENING, (), audience=audience, limit=n * CANDIDATES, within=within)
            hits += found.ranking.hits
    except NothingIndexed:
        return ()
    return tuple(_spread(hit.chunk for hit in hits))[:n]


def _spread(chunks: Iterable[Chunk]) -> list[str]:
    """A question for each chunk that makes one, each once; second ones about a document after all first ones."""
    asked: dict[str, int] = {}
    of_document: dict[str, int] = {}
    for chunk in chunks:
        question = phrased(chunk)
        if question and question not in asked:
            asked[question] = of_document.get(chunk.document_id, 0)
            of_document[chunk.document_id] = asked[question] + 1
    return sorted(asked, key=asked.__getitem__)


def phrased(chunk: Chunk) -> str | None:
    """The question that the passage's heading, or else its document's title, answers; None when neither says enough."""
    heading, title = _plain(chunk.heading), _plain(chunk.title)
    if _GENERIC.fullmatch(heading):
        return f"How do I get started with {_inside(title, chunk)}?" if _tells(title) else None
    if not _tells(heading):
        return None
    if told := _HOW_TO.match(heading) or _TELLS_TO.match(heading):
        rest = heading.removeprefix(told[1] or "").rstrip("?")
        return f"How do I {_mine(rest[0].lower() + rest[1:])}?"
    if heading.endswith("?") or _ASKS.match(heading):
        return f"{heading.rstrip('?')}?"
    return f"What should I know about {_inside(heading, chunk)}{_of(heading, title)}?"


def _plain(text: str) -> str:
    """A heading as one gated line, without its number and what ends it."""
    return _NUMBERING.sub("", label(text, limit=LONGEST + 1)).strip(" :.")


def _tells(name: str) -> bool:
    """Whether a question can be made of it: neither nothing, nor cut off, nor code."""
    return SHORTEST <= len(name) <= LONGEST and not set("`…") & set(name) and not _GENERIC.fullmatch(name)


def _mine(words: str) -> str:
    """What the document calls the reader's, as the reader calls it."""
    return re.sub(r"\byour\b", "my", words)


def _inside(name: str, chunk: Chunk) -> str:
    """As it stands within a sentence: small, where the passage writes its first word small too."""
    begins = name.split(maxsplit=1)[0]
    small = re.search(rf"(?<!\w){re.escape(begins.lower())}(?!\w)", chunk.text)
    return name[0].lower() + name[1:] if small and begins[1:].islower() else name


def _of(heading: str, title: str) -> str:
    """The title beside a heading of one word, which may stand in many documents."""
    alone = " " not in heading and _tells(title) and title.casefold() != heading.casefold()
    return f" ({title})" if alone else ""
