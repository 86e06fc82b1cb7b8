"""The English (Porter 2) stemmer of Snowball 3.1, https://snowballstem.org/algorithms/english/stemmer.html."""

from __future__ import annotations

import re
from typing import Final

EXCEPTIONS: Final = {
    "skis": "ski", "skies": "sky", "idly": "idl", "gently": "gentl", "ugly": "ugli", "early": "earli", "only": "onli",
    "singly": "singl", "sky": "sky", "news": "news", "howe": "howe", "atlas": "atlas", "cosmos": "cosmos",
    "bias": "bias", "andes": "andes",
}  # fmt: skip
LEFT_BY_ING: Final = frozenset(("even", "cann", "inn", "earr", "herr", "out"))
LEFT_BY_EED: Final = frozenset(("succ", "proc", "exc"))
SECOND: Final = {
    "ization": "ize", "ational": "ate", "fulness": "ful", "ousness": "ous", "iveness": "ive", "tional": "tion",
    "biliti": "ble", "lessli": "less", "entli": "ent", "ation": "ate", "alism": "al", "aliti": "al", "ousli": "ous",
    "iviti": "ive", "fulli": "ful", "ogist": "og", "enci": "ence", "anci": "ance", "abli": "able", "izer": "ize",
    "ator": "ate", "alli": "al", "bli": "ble", "ogi": "og", "li": "",
}  # fmt: skip
THIRD: Final = {
    "ational": "ate", "tional": "tion", "alize": "al", "icate": "ic", "iciti": "ic", "ative": "", "ical": "ic",
    "ness": "", "ful": "",
}  # fmt: skip
FOURTH: Final = (
    "ement", "ance", "ence", "able", "ible", "ment", "ant", "ent", "ism", "ate", "iti", "ous", "ive", "ize", "ion",
    "al", "er", "ic",
)  # fmt: skip

_BEGINNING = re.compile("(?:arsen|commun|emerg|gener|inter|later|organ|past|univers)")
_REGION = re.compile("[^aeiouy]*[aeiouy]+[^aeiouy]")
_CONSONANT_Y = re.compile("(?:^|(?<=[aeiouy]))y")
_VOWEL = re.compile("[aeiouy]")
_SHORT_END = re.compile("(?:[^aeiouy][aeiouy][^aeiouywxY]|^[aeiouy][^aeiouy]|past)$")
_DOUBLE_END = re.compile("(?:bb|dd|ff|gg|mm|nn|pp|rr|tt)$")


def stem(word: str) -> str:
    """The stem of a lower-case word without apostrophes: what its inflections share."""
    if word in EXCEPTIONS:
        return EXCEPTIONS[word]
    if len(word) < 3:  # noqa: PLR2004 - as the algorithm says
        return word
    word = _mark_consonants(word)
    first = _region(word, _BEGINNING.match(word))
    second = _region(word, None, first)
    word = _step_1c(_step_1b(_step_1a(word), first))
    word = _step_2(word, first)
    word = _step_3(word, first, second)
    word = _step_5(_step_4(word, second), first, second)
    return word.replace("Y", "y")


def _mark_consonants(word: str) -> str:
    """`Y` where y stands first or after a vowel, from left to right: a y so marked is no vowel for the next."""
    if "y" not in word:
        return word
    word = "Y" + word[1:] if word[0] == "y" else word
    letters = list(word)
    for place in range(1, len(letters)):
        if letters[place] == "y" and letters[place - 1] in "aeiouy":
            letters[place] = "Y"
    return "".join(letters)


def _region(word: str, beginning: re.Match[str] | None, start: int = 0) -> int:
    """Where the part after the first consonant that follows a vowel begins."""
    found = beginning or _REGION.match(word, start)
    return found.end() if found else len(word)


def _step_1a(word: str) -> str:
    if word.endswith("sses"):
        return word[:-2]
    if word.endswith(("ied", "ies")):
        return word[:-2] if len(word) > 4 else word[:-1]  # noqa: PLR2004 - cries, ties
    if word.endswith("s") and not word.endswith(("us", "ss")) and _VOWEL.search(word[:-2]):
        return word[:-1]
    return word


def _step_1b(word: str, first: int) -> str:
    for suffix in ("eedly", "eed"):
        if word.endswith(suffix):
            rest = word[: -len(suffix)]
            return f"{rest}ee" if len(rest) >= first and rest not in LEFT_BY_EED else word
    for suffix in ("ingly", "edly", "ing", "ed"):
        if word.endswith(suffix):
            rest = word[: -len(suffix)]
            return word if suffix == "ing" and rest in LEFT_BY_ING else _without(rest, suffix, word, first)
    return word


def _without(rest: str, suffix: str, word: str, first: int) -> str:
    """What stays of a verb: hoping, hop(p)ing, dying, agreed."""
    if suffix == "ing" and len(rest) == 2 and rest[1] == "y" and rest[0] not in "aeiouy":  # noqa: PLR2004 - dying
        return rest[0] + "ie"
    if not _VOWEL.search(rest):
        return word
    if rest.endswith(("at", "bl", "iz")):
        return rest + "e"
    if _DOUBLE_END.search(rest):
        return rest if len(rest) == 3 and rest[0] in "aeo" else rest[:-1]  # noqa: PLR2004 - adding, egged
    return rest + "e" if len(rest) == first and _SHORT_END.search(rest) else rest


def _step_1c(word: str) -> str:
    if len(word) > 2 and word[-1] in "yY" and word[-2] not in "aeiouy":  # noqa: PLR2004 - cry, by
        return word[:-1] + "i"
    return word


def _step_2(word: str, first: int) -> str:
    for suffix, replacement in SECOND.items():
        if word.endswith(suffix):
            rest = word[: -len(suffix)]
            allowed = {"ogi": "l", "li": "cdeghkmnrt"}.get(suffix)
            fits = len(rest) >= first and (allowed is None or rest[-1:] in tuple(allowed))
            return rest + replacement if fits else word
    return word


def _step_3(word: str, first: int, second: int) -> str:
    for suffix, replacement in THIRD.items():
        if word.endswith(suffix):
            rest = word[: -len(suffix)]
            return rest + replacement if len(rest) >= (second if suffix == "ative" else first) else word
    return word


def _step_4(word: str, second: int) -> str:
    for suffix in FOURTH:
        if word.endswith(suffix):
            rest = word[: -len(suffix)]
            fits = len(rest) >= second and (suffix != "ion" or rest.endswith(("s", "t")))
            return rest if fits else word
    return word


def _step_5(word: str, first: int, second: int) -> str:
    rest = word[:-1]
    if word.endswith("e"):
        return rest if len(rest) >= second or (len(rest) >= first and not _SHORT_END.search(rest)) else word
    return rest if word.endswith("ll") and len(rest) >= second else word
