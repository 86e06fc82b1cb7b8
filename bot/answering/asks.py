"""Does a message ask something? Told from its words alone, where nobody named us."""

import re

_NOT_SAID = re.compile(
    r"```.*?(?:```|\Z)|`[^`\n]*`"  # code
    r"|<[^<>\s]*>|\b\w+://\S+|\bwww\.\S+"  # entities and addresses
    r"|:[\w+'-]+:",  # emoji by name
    re.DOTALL,
)
_EMOJI = re.compile(r":[\w+'-]+:")
_QUOTED = re.compile(r"^[^\S\n]*(?:>|&gt;)[^\n]*$", re.MULTILINE)
_MARK = re.compile("[?\u00bf\u055e\u061f\u2047-\u2049\ufe16\ufe56\uff1f]")
"""Question marks of the scripts that have one of their own."""
_WORD = re.compile(r"[^\W\d_][\w'-]*")

_SMALL_TALK = """
    ah aha cheers cool eh fine great ha haha hah hehe heh hi hello hey hm hmm huh k kk lmao lol nice no nope np oh ok
    okay omg oops perfect please right rofl ta thank thanks thx ty uh um ugh welcome wow wtf yay yeah yep yes yup you
"""
CHATTER = frozenset(_SMALL_TALK.split())
"""Words that, with nothing but their like, ask nothing, whatever mark follows them."""

_BEFORE = """
    actually ah all also alright and anyway but cheers cool er folks great hello hey hi hm hmm morning nice no now oh ok
    okay one or perfect please question quick right so sorry team thank thanks then thx um well yeah yep yes you
"""
FILLERS = frozenset(_BEFORE.split())
"""Words that may stand before a question."""

QUESTION_WORDS = frozenset(("how", "how's", "what", "what's", "whats", "which", "who", "who's", "whom", "whose", "why"))
PLACES_AND_TIMES = frozenset(("when", "where", "when's", "where's"))
"""Words that begin a clause as often as a question: they ask where a verb follows."""

_HELPING = """
    am are aren't can can't could couldn't did didn't do does doesn't don't had has have is isn't may might must shall
    should shouldn't was wasn't were weren't will won't would wouldn't
"""
VERBS = frozenset(_HELPING.split())
_WHO_OR_WHAT = """
    a all an any anybody anyone each every everybody everyone he her his i it its managers my new no one our part people
    she somebody someone staff that the their there these they this those we you your
"""
SUBJECTS = frozenset(_WHO_OR_WHAT.split())
ORDERS = frozenset(("did", "do", "don't", "had", "have", "may"))
"""Verbs that begin an order or a remark too ("do the dishes"): they ask before few subjects."""
PEOPLE = frozenset(("any", "anybody", "anyone", "he", "i", "people", "she", "they", "we", "you"))

_REQUEST = re.compile(
    r"(?:(?:and|or|but|also) (?:for|if)|(?:i )?wonder(?:ing)?|any(?:one|body)? (?:idea|know|knows|chance)"
    r"|tell (?:me|us)|show (?:me|us)|give (?:me|us)|remind (?:me|us)|help (?:me|us)|walk (?:me|us) through"
    r"|let (?:me|us) know|explain|describe|define|compare|clarify|look up|search(?: for)?|find|list"
    r"|summari[sz]e|i(?:'d| would) like to know|i(?: need|'m trying| want) to (?:know|find)) \w"
)
_REMARK = re.compile(
    r"(?:what an? |what(?:ever| the heck| the hell)\b|(?:how|so) (?:nice|great|cool|lovely|funny|true|sad|sweet)\b"
    r"|who cares|which (?:is|was|means|makes|i|we)\b|who knows$|why not$|how come$|no idea\b)"
)


def asks(text: str) -> bool:
    """Whether `text` is a question or a request: it has a question mark, or opens as one does in English.

    Code, addresses, quoted lines and emoji do not count, and thanks or laughter ask nothing, however they are marked.
    """
    said = _NOT_SAID.sub(" ", _QUOTED.sub(" ", text))
    words = _words(said)
    if all(word in CHATTER for word in words):
        return False
    return bool(_MARK.search(said)) or _opens_as_a_question(words)


def only_chats(text: str) -> bool:
    """Whether `text` is thanks, a greeting or laughter, and nothing else: nobody waits for an answer to it."""
    words = _words(_EMOJI.sub(" ", text))
    return bool(words) and all(word in CHATTER for word in words)


def _words(said: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(said.replace("’", "'"))]


def _opens_as_a_question(words: list[str]) -> bool:
    opening = list(words)
    while opening:
        if _begins(opening):
            return True
        if opening.pop(0) not in FILLERS:
            return False
    return False


def _begins(words: list[str]) -> bool:
    first, second = words[0], words[1] if len(words) > 1 else ""
    line = " ".join(words)
    if _REQUEST.match(line):
        return True
    if first in QUESTION_WORDS:
        return not _REMARK.match(line)
    if first in PLACES_AND_TIMES:
        return second in VERBS or not second or "'" in first
    return first in VERBS and second in (PEOPLE if first in ORDERS else SUBJECTS)
