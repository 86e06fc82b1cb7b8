"""Where the sentences of plain text begin and end, by rules for English and for scripts with their own full stops."""

import re
from collections.abc import Iterable
from itertools import pairwise

Span = tuple[int, int]

_STOP = re.compile(r"(?<![.!?…])[.!?…]++[\"'”’»)\]]*+(?=\s)|[。！？]+[\"”’」』）]*|\n+")  # noqa: RUF001 - full-width stops are meant
_DOTTED = re.compile(r"[A-Za-z]{1,2}(?:\.[A-Za-z]{1,2})+$|[A-Z]$")
_WORD = re.compile(r"\w")
_FIRST_WORD = re.compile(r"\s*[\"'“\u2018«(\[]*([\w'’]+)")
_ENUMERATOR = re.compile(
    r"\(?(?:(?:step|part|phase|chapter|section|rule)\s+)?(?:\d{1,3}|[A-Za-z]|[ivxIVX]{1,5})$", re.IGNORECASE
)


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


LOOK = 80
"""Characters before and after a full stop that can matter; a bound, so that no text costs quadratic time."""
_NEVER = _set(
    "mr mrs ms mx dr prof gen col capt lt sgt cpl rep sen gov hon rev pres msgr e.g i.e eg ie cf viz vs v ca aka "
    "approx incl excl esp resp fig figs eq eqs ref refs"
)
"""Abbreviations that something always follows."""
_BEFORE_A_NUMBER = _set(
    "no nos sec secs art arts vol vols ch chap p pp par para pt ext tel ver rev rm bldg jan feb mar apr jun jul aug "
    "sep sept oct nov dec"
)
"""Abbreviations when a number follows, words or sentence ends otherwise."""
_OFTEN_INSIDE = _set("inc ltd co corp llc jr sr st ave blvd rd dept est al univ assn bros")
"""Abbreviations that end a sentence only when the next word is one that begins sentences."""
_STARTERS = _set(
    "a about after all also although an and any are as at be because before both but by can check click contact "
    "could do does during each either every first for from go have he her here his how however i if in instead is it "
    "its keep let make many may more most must my neither next no not note now of on once one only or other others "
    "our please see select send she should since so some such talk thank that the their then there therefore these "
    "they this those though through thus to under unless until use we what when where whether which while who why will "
    "with within without you your"
)


def sentences(text: str) -> list[Span]:
    """Half-open spans of the sentences in `text`, in order, trimmed; together they hold every word character.

    A line end is a sentence end too, unless the next line plainly goes on.
    """
    ends = [0, *_ends(text), len(text)]
    return trimmed(text, pairwise(ends))


def trimmed(text: str, spans: Iterable[Span]) -> list[Span]:
    """The spans without white space at either end, and without those that hold no word character."""
    found: list[Span] = []
    for start, end in spans:
        piece = text[start:end]
        if _WORD.search(piece):
            begin = start + len(piece) - len(piece.lstrip())
            found.append((begin, begin + len(piece.strip())))
    return found


def _ends(text: str) -> list[int]:
    ends: list[int] = []
    for stop in _STOP.finditer(text):
        begin = ends[-1] if ends else 0
        if _is_end(text, begin, stop):
            ends.append(stop.end())
    return ends


def _is_end(text: str, begin: int, stop: re.Match[str]) -> bool:
    mark, after = stop.group(), text[stop.end() : stop.end() + LOOK]
    before = text[max(begin, stop.start() - LOOK) : stop.start()]
    return not goes_on(before, after) if "\n" in mark else ends(before, mark, after)


def ends(before: str, mark: str, after: str) -> bool:
    """Whether a sentence ends with the full stop `mark` between what stands `before` in it and what comes `after`."""
    if mark[0] in "。！？":  # noqa: RUF001 - full-width stops are meant
        return True
    following = after.lstrip()
    if not following or following.lstrip("([")[:1].islower():
        return not following
    if mark.startswith(".") and not mark.startswith(".."):
        return not _is_abbreviation(before, mark, following)
    return True


def hangs_on_a_word(before: str) -> bool:
    """Whether a full stop after this is judged by the whole next word, and not by its first character alone."""
    word = _last_word(before)
    return word.lower() in _OFTEN_INSIDE or bool(_DOTTED.match(word))


def goes_on(before: str, after: str) -> bool:
    """Whether a line end stands inside a sentence: nothing closes the line, and the next begins in lower case."""
    return before.rstrip()[-1:] not in ".!?:;…" and after.lstrip()[:1].islower()


def _is_abbreviation(before: str, mark: str, following: str) -> bool:
    so_far, word = before.strip(), _last_word(before)
    if _ENUMERATOR.match(so_far):
        return True
    if ")" in mark or "]" in mark:
        return False
    key = word.lower()
    if key in _BEFORE_A_NUMBER:
        return following[0].isdigit()
    return key in _NEVER or ((key in _OFTEN_INSIDE or bool(_DOTTED.match(word))) and not _starts_sentence(following))


def _last_word(before: str) -> str:
    return before.rsplit(maxsplit=1)[-1].lstrip("\"'“\u2018«([") if before.strip() else ""


def _starts_sentence(following: str) -> bool:
    word = _FIRST_WORD.match(following)
    return word is None or re.split("['’]", word[1])[0].lower() in _STARTERS
