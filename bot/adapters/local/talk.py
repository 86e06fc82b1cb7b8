"""What people write to each other in a thread: where its sentences begin and end, and which of them matter."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Final

LONGEST: Final = 60
"""Words of a sentence that is quoted; what is longer is a log or a list."""
BARE: Final = 5
"""A sentence of fewer words says little by itself, unless it decides something or asks."""

# An opening fence without an end hides the rest, as Slack shows it.
_CODE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_LINE = re.compile(r"[^\n]+")
_QUOTED = re.compile(r"\s*(?:>|&gt;)")
_LEAD = re.compile(r"\s*(?:[-*•◦]\s+|\(?\d{1,2}[.)]\s+)?")
_STOP = re.compile(r"[.!?…]++[\"'”’)\]*_~]*+(?=\s)|[。！？]+")  # noqa: RUF001 - full-width stops are meant
_LONG_WORD = 12
_LAST_WORD = re.compile(rf"(?<![^\s(\"'“])[^\s(\"'“]{{1,{_LONG_WORD}}}\Z")
_ABBREVIATION = re.compile(
    r"(?:e\.g|i\.e|a\.k\.a|vs|cf|ca|approx|incl|mr|mrs|ms|dr|prof|st|dept|[a-z])\.(?=\s)"
    r"|(?:no|nr|fig|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\.(?=\s+\d)",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"<[^<>\s]+>|@[\w.-]+|:[\w+-]+:|[^\W_](?:[\w'’.-]*\w)?")
_NOT_A_WORD = ("<", "@", ":")

SMALL_TALK: Final = """
hi hello hey hiya heya howdy morning afternoon evening good night happy monday friday day weekend all everyone
everybody folks team guys people friends there thanks thank thankyou thx thnx ty tysm cheers ta kudos props you u so
very much a lot ton tons million again in advance for the your to help that this it quick info heads-up headsup
response reply answer great awesome nice neat cool perfect lovely amazing brilliant excellent wonderful fantastic
super sweet legend hero star best works welcome you're youre no not any problem worries np nw yw anytime pleasure my
sure ok okay k kk yep yup yes yeah aye nope right got roger noted understood indeed exactly true same here me too
lol haha hahaha heh wow oh ah hmm ping bump bye later see ya enjoy sounds and well done guess have question questions
lgtm
"""
"""What a sentence is made of that only greets, thanks or agrees."""

_THANKS = re.compile(r"\W*(?:many |big )?(?:thanks|thank you|thx|ty|cheers|kudos)\b", re.IGNORECASE)
_THANKS_WORDS: Final = 9
_LOOK: Final = 60
"""Characters before a word that can deny it; a bound, so that no message costs quadratic time."""

_DECIDES = re.compile(
    r"\b(?:decided|decision|agreed|settled|approved|signed off|conclusion|confirmed|fixed|solved|resolved"
    r"|work(?:s|ing)? (?:now|again)|back up|root cause|culprit|turn(?:s|ed) out|going with"
    r"|(?:let's|lets|we(?:'ll| will)?) go with|merged|deployed|shipped|released|rolled back|reverted"
    r"|(?<!well )done|answer (?:is|was)|short answer|tl;?dr"
    r"|(?:fix|solution|cause|reason|workaround|trick|problem|issue|plan|deadline) (?:is|was)"
    r"|final(?:ly|ised|ized)?|action items?|from now on)\b",
    re.IGNORECASE,
)
_PROMISES = re.compile(
    r"\b(?:(?:i|we)(?:'ll| will)|(?:i'm|i am|we're|we are) going to|let's|lets)"
    r" (?!(?:have|take) a (?:look|peek)|look|check|see|ask|try|ping|be\b|get back|think|wait)",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"(?:\b(?:not|never|no|nothing|isn't|aren't|wasn't|weren't|hasn't|haven't|hadn't|don't|doesn't|didn't|can't|cannot|won't"
    r"|until|unless|if|once|when|before|get this|get it|be)\b\W+(?:\w+\W+){0,2})\Z",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"\W*(?:(?:hi|hey|hello)\b[^,]{0,20},\s*)?(?:(?:does|do|did|has|have|is|can|could|would) "
    r"(?:any|some)(?:one|body)\b|any(?:one|body) (?:know|here|else|seen)|how (?:do|does|can|should|long|much|many)\b"
    r"|(?:what|which|when|where|who|why)(?:'s| is| are| do| does| should| can)\b)",
    re.IGNORECASE,
)


def sentences(text: str) -> Iterator[str]:
    """The sentences of a message, word for word and in order, without code, quoted lines and the signs of a list."""
    shown = _CODE.sub(lambda found: "\n" * len(found.group()), text)
    for line in _LINE.finditer(shown):
        if _QUOTED.match(line.group()):
            continue
        for start, end in _spans(line.group()):
            piece = text[line.start() + start : line.start() + end].strip()
            if words(piece):
                yield piece


def words(text: str) -> list[str]:
    """Its words in small letters, without mentions, addresses and emoji."""
    return [word.lower().replace("’", "'") for word in _TOKEN.findall(text) if not word.startswith(_NOT_A_WORD)]


def is_small_talk(sentence: str) -> bool:
    """Whether it greets, thanks or agrees, and says nothing else."""
    said = words(sentence)
    if _THANKS.match(sentence) and len(said) <= _THANKS_WORDS and not decides(sentence) and "?" not in sentence:
        return True
    return all(word in _small_words() for word in said) and not decides(sentence)


@cache
def _small_words() -> frozenset[str]:
    return frozenset(SMALL_TALK.split())


def is_quotable(sentence: str) -> bool:
    """Whether it says something by itself, in few enough words."""
    length = len(words(sentence))
    return length <= LONGEST and (length >= BARE or asks(sentence) or decides(sentence))


def asks(sentence: str) -> bool:
    """Whether it is a question, with its mark or plainly without."""
    return sentence.rstrip(" \"'”’)*_~").endswith("?") or bool(_ASKS.match(sentence))


def decides(sentence: str) -> bool:
    """Whether it says that something is decided, found or done; to ask or to deny it is not to say it."""
    plain = sentence.replace("’", "'")
    if asks(plain):
        return False
    starts = [found.start() for found in _DECIDES.finditer(plain)]
    return any(not _DENIED.search(plain, max(0, at - _LOOK), at) for at in starts)


def promises(sentence: str) -> bool:
    """Whether somebody says in it what will be done."""
    return not asks(sentence) and bool(_PROMISES.search(sentence.replace("’", "'")))


def _spans(line: str) -> Iterator[tuple[int, int]]:
    lead = _LEAD.match(line)
    start = lead.end() if lead else 0
    for stop in _STOP.finditer(line, start):
        last = _LAST_WORD.search(line, max(start, stop.start() - _LONG_WORD), stop.start())
        if last and stop.group() == "." and _ABBREVIATION.match(line, last.start()):
            continue
        yield start, stop.end()
        start = stop.end()
    yield start, len(line)
