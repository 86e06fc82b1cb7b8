"""A variable that cannot be used is named, in words, and costs nothing but itself."""

from __future__ import annotations

import pytest

from bot.doctor import settings
from bot.settings import VARIABLES


@pytest.mark.parametrize(
    ("name", "value", "said", "remedy"),
    [
        ("FOOTNOTE_ADMINS", "ada", "'ada' is no id of a person", "write one such as U0123ABCD"),
        ("FOOTNOTE_HUMANS", "people", "'people' is no id of a user group or person", "S0123ABCD"),
        ("FOOTNOTE_MEMORY", "postgres", "it is none of the choices", "embedded or server"),
        ("FOOTNOTE_ANSWERS", "many", "it is no whole number", "questions answered at the same time"),
        ("FOOTNOTE_ANSWERS", "0", "it should be greater than or equal to 1", "questions answered"),
        ("FOOTNOTE_MAX_FILE_MB", "big", "it is no number", "larger documents are skipped"),
        ("FOOTNOTE_LOG_LEVEL", "loud", "it should be 'debug'", "debug, info, warning or error"),
        ("SLACK_API_URL", "slack", "it is no address", "another Slack"),
        ("REDIS_URL", "http://x", "its address begins with something else", "redis, rediss, unix"),
        ("PORT", "three", "it is no whole number", "port that serve --http listens on"),
    ],
)
def test_a_malformed_variable_is_told_in_words(name: str, value: str, said: str, remedy: str) -> None:
    """Its name comes first, then what is wrong in plain words, then what it is for; it is left out of what follows."""
    read, without, (told,) = settings.read({name: value, "FOOTNOTE_HTTP_HOST": "10.0.0.1"})
    assert told.said.startswith(f"{name} cannot be used: {said}")
    assert remedy in told.remedy
    assert without == {name}
    assert read.http.host == "10.0.0.1"


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("FOOTNOTE_HTTP_PROT", "did you mean FOOTNOTE_HTTP_PORT? If not, leave it out; "),
        ("FOOTNOTE_", "leave it out; "),
    ],
)
def test_an_unknown_variable_is_told_with_the_one_that_was_meant(name: str, remedy: str) -> None:
    """As far as one is near enough."""
    _, without, (told,) = settings.read({name: "1"})
    assert (told.said, without) == (f"{name} is not a setting", {name})
    assert remedy in told.remedy


def test_variables_of_others_are_not_looked_at() -> None:
    """An environment holds a hundred of them."""
    _, without, (told,) = settings.read({"PATH": "/bin", "LANG": "C", "SLACK_SOMETHING": "x"})
    assert (told.level, without) == ("ok", frozenset())


@pytest.mark.parametrize("name", [variable.name for variable in VARIABLES])
def test_whatever_a_variable_holds_it_can_be_read(name: str) -> None:
    """No value of any variable stops the doctor."""
    for value in ("\x00", "“", "-1", "x" * 10_000, "http://[", "unix://", "[]", "{}"):
        _, without, found = settings.read({name: value})
        assert (without == {name}) == (found[0].level == "error")
        assert all(len(one.said) <= 400 for one in found)
