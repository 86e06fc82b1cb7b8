"""Is the question in a language that the embedding model knows? If not, the person is told instead of misled."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

_ENGLISH = """
    about and any are can does from get have how it many much must my need of or our should that the their there they
    this what when where which who why with you your
"""
ENGLISH = frozenset(_ENGLISH.split())
"""Words that English questions are made of and that stand in no sentence of a neighbouring language."""

MINIMUM_WORDS = 4
"""Shorter questions are names and keywords more often than sentences; they are searched as they are."""

CERTAINTY = 0.85
"""How sure the detector must be of another language (its normalised probability)."""

ASK_AGAIN: Mapping[str, str] = {
    "de": "Ich kann hier nur auf Englisch suchen. Noch einmal auf Englisch fragen?",
    "es": "Aquí solo puedo buscar en inglés. ¿Preguntas otra vez en inglés?",
    "fr": "Je ne peux chercher ici qu'en anglais. Reposer la question en anglais ?",
    "it": "Qui posso cercare solo in inglese. Rifai la domanda in inglese?",
    "nl": "Ik kan hier alleen in het Engels zoeken. Vraag het nog eens in het Engels?",
    "pl": "Mogę tu szukać tylko po angielsku. Zapytasz jeszcze raz po angielsku?",
    "pt": "Aqui só consigo pesquisar em inglês. Pergunta de novo em inglês?",
    "ja": "ここでは英語でしか検索できません。英語でもう一度質問してください。",
    "zh": "这里只能用英文搜索。请用英文再问一次。",
}
"""The same sentence for an asker whose language is known."""

LAST_LATIN = 0x24F
"""The last code point of Latin letters (Latin Extended-B)."""

IN_ENGLISH = "I can only search in English here. Ask again in English?"


def foreign(question: str) -> str | None:
    """Code of the language (ISO 639-1) when the question is surely not English, else None.

    Needs either a script other than Latin, or a sentence without a single English function word of which the detector
    (langid.py, Lui and Baldwin 2012) is nearly certain.
    """
    words = [word for word in question.lower().split() if word.isalpha()]
    other_script = sum(character.isalpha() and ord(character) > LAST_LATIN for character in question)
    if other_script * 2 > sum(character.isalpha() for character in question):
        return _detected(question, certainty=0.0)
    if len(words) < MINIMUM_WORDS or not ENGLISH.isdisjoint(words):
        return None
    return _detected(question, certainty=CERTAINTY)


def ask_again(language: str) -> str:
    """What the person is told, in their language where we have the sentence, and in English."""
    theirs = ASK_AGAIN.get(language)
    return f"{theirs}\n{IN_ENGLISH}" if theirs else IN_ENGLISH


def _detected(question: str, *, certainty: float) -> str | None:
    language, probability = _classifier()(question)
    return language if language != "en" and probability >= certainty else None


@cache
def _classifier() -> Callable[[str], tuple[str, float]]:
    from py3langid import langid  # noqa: PLC0415  (its model takes half a second to load, and is seldom needed)

    untyped: Any = langid
    return untyped.LanguageIdentifier.from_model_file(untyped.MODEL_FILE, norm_probs=True).classify
