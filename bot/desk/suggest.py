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
WORDS = 3
"""Words from which a heading that asks is a question of its own ("How fast?" is not)."""
SHORTEST, LONGEST = 3, 70
"""Characters of a heading that makes a question; any other is passed over."""

_GENERIC = re.compile(
    r"\(top\)|about|background|contents|faq|get(?:ting)? started|home|index|intro(?:duction)?|notes|overview|purpose|"
    r"quick ?start|readme|references|related|scope|see also|start here|summary|table of contents|welcome",
    re.IGNORECASE,
)
"""Headings that say nothing without the title above them."""
_ASKS = re.compile(
    r"(?:how (?:do|does|can|much|many|long|often)|which|(?:who|when|where|why) (?:is|are|do|does|can|should|will)|"
    r"what (?:is|are|if|do|does|should)|what (?!this)(?:\w+[^\W\dus])s|can (?:i|we|you)|do (?:i|we)|is|are|should|"
    r"may (?:i|we)) \w",
    re.IGNORECASE,
)
_FRAGMENT = re.compile(
    r"(?:about|after|and|as|at|because|before|by|for|from|how|if|in|instead|no|not|of|on|or|other|since|that|then|these|"
    r"this|those|to|until|what|when|where|which|while|who|why|with|without)\b|.*\b(?:it|its|that|them|these|this|those)\b",
    re.IGNORECASE,
)
"""A heading that leans on the one above it, or is half a sentence."""
_VERBS = (
    "add apply ask book bring build call change check choose claim close configure connect contact copy create delete "
    "deploy disable download edit enable export file fill find fix get give import install invite join keep log look "
    "make manage move open order pay pick plan prepare print publish put register remove renew report request reset "
    "restart restore return review run save schedule send set share sign start stop store submit take tell test track "
    "transfer turn update upgrade upload use write"
)
_LEADS_ON = "a an and another for from in into involved my new off on our out the to up with your"
_TELLS_TO = re.compile(
    rf"(how to )\w|(?:{_VERBS.replace(' ', '|')}) (?:{_LEADS_ON.replace(' ', '|')})\b", re.IGNORECASE
)
"""A heading that tells what to do: a verb, and a word that shows it to be one ("Reset your password")."""
_PREAMBLE = re.compile(
    r"^(?:welcome to|(?:step|chapter|section|part) \d+[.):]?|\d+(?:\.\d+)*[.):]|\d+(?:\.\d+)+) ", re.IGNORECASE
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
    if told := _told(heading):
        return f"How do I {told}?"
    if _ASKS.match(heading) and _tells(heading) and len(heading.split()) >= WORDS:
        return f"{heading.rstrip('?')}?"
    if _tells(heading) and not heading.endswith("?") and not _FRAGMENT.match(heading):
        return f"What should I know about {_inside(heading, chunk)}{_of(heading, title)}?"
    if not _tells(title):
        return None
    begun = "How do I get started with" if _GENERIC.fullmatch(heading) else "What should I know about"
    return f"{begun} {_inside(title, chunk)}?"


def _told(heading: str) -> str | None:
    """What a heading tells the reader to do, in the reader's words."""
    said = _TELLS_TO.match(heading)
    if said is None or not _tells(heading):
        return None
    deed = heading[len(said[1] or "") :].rstrip("?")
    return _mine(deed[0].lower() + deed[1:])


def _plain(text: str) -> str:
    """A heading as one gated line, without its number, its welcome and what ends it."""
    return _PREAMBLE.sub("", label(text, limit=LONGEST + 1)).strip(" :.!")


def _tells(name: str) -> bool:
    """Whether a question can be made of it: neither nothing, nor cut off, nor code."""
    return SHORTEST <= len(name) <= LONGEST and not set("`…") & set(name) and not _GENERIC.fullmatch(name)


def _inside(name: str, chunk: Chunk) -> str:
    """As it stands within a sentence: small, unless its first word is a name or all its words are large."""
    first, _, rest = name.partition(" ")
    is_name = re.search(rf"(?<=[\w,;] ){re.escape(first)}(?!\w)", chunk.text)
    is_small = re.search(r"\b[a-z]", rest) or re.search(rf"(?<!\w){re.escape(first.lower())}(?!\w)", chunk.text)
    plain = is_small and not is_name and first.isalpha() and first[1:].islower()
    return _mine(name[0].lower() + name[1:] if plain or first == "Your" else name)


def _mine(words: str) -> str:
    """What the document calls the reader's, as the reader calls it."""
    return re.sub(r"\byour\b", "my", words)


def _of(heading: str, title: str) -> str:
    """The title beside a heading of one word, which may stand in many documents."""
    alone = " " not in heading and _tells(title) and title.casefold() != heading.casefold()
    return f" ({title})" if alone else ""
