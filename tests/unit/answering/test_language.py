"""A question in a language that the model does not know is recognised; an English one never is."""

import pytest

from bot.answering.language import ask_again, foreign


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("wie viele Urlaubstage habe ich im Jahr", "de"),
        ("cuántos días de vacaciones tengo al año", "es"),
        ("combien de jours de congés ai-je", "fr"),
        ("quante ferie ho ogni anno in azienda", "it"),
        ("Hoeveel vakantiedagen krijg ik per jaar", "nl"),
        ("休暇は何日ありますか", "ja"),
    ],
)
def test_a_foreign_question_is_recognised(question: str, language: str) -> None:
    """The asker is told in a sentence of their own, with the English one below it."""
    assert foreign(question) == language
    assert ask_again(language).endswith("Ask again in English?")


@pytest.mark.parametrize(
    "question",
    [
        "how many hours of annual leave can I roll over?",
        "VPN",
        "vpn laptop wifi password reset",
        "parental leave eligibility requirements",
        "ERR-1234 deploy.yml timeout",
        "sick leave vs annual leave differences",
        "who is Søren Kierkegaard-Müller?",
        "what does Übergabe mean in our handover docs",
        "",
        "???",
        "12 + 30",
    ],
)
def test_an_english_question_is_searched(question: str) -> None:
    """Keywords, names, identifiers and short questions are never mistaken for another language."""
    assert foreign(question) is None
