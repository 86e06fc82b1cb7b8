"""A secret is known by its looks, and shown by no more than its end."""

from __future__ import annotations

import pytest

from bot.doctor import tokens


@pytest.mark.parametrize(
    ("secret", "shown"),
    [
        ("xoxb-" + "1" * 20 + "abcd", "xoxb-…abcd"),
        ("xapp-1-A0-" + "1" * 20 + "abcd", "xapp-…abcd"),
        ("0123456789abcdef0123456789abcdef", "…cdef"),
        ("xoxb-short", "xoxb-…"),
        ("hunter2", "…"),
    ],
)
def test_a_secret_is_masked(secret: str, shown: str) -> None:
    """Its kind and its last four characters; of a short one not even those."""
    assert tokens.masked(secret) == shown


@pytest.mark.parametrize(
    ("secret", "level"),
    [
        ("0123456789abcdef0123456789abcdef", "ok"),
        ("0123456789ABCDEF0123456789ABCDEF", "error"),
        ("0123456789abcdef0123456789abcde", "error"),
        ("0123456789abcdef0123456789abcdeg", "error"),
        ("0123456789abcdef0123456789abcdef0", "error"),
        ("", "error"),
    ],
)
def test_a_signing_secret_has_its_shape(secret: str, level: str) -> None:
    """Thirty-two lower-case hexadecimal characters; anything else was copied from somewhere else."""
    assert [one.level for one in tokens.signing_secret(secret)] == [level]


@pytest.mark.parametrize(
    ("token", "said"),
    [
        ("xoxb-…", "characters that no token has"),
        ("xoxb-1 2", "characters that no token has"),
        ("xoxb-1\n2", "characters that no token has"),
        ('"xoxb-12345"', "its quotation marks too"),
        ("\u201cxoxb-12345\u201d", "its quotation marks too"),
        ("https://hooks.slack.example/1", "an address"),
        ("xoxs-12345", "another kind of Slack token"),
    ],
)
def test_a_token_that_cannot_be_one_is_told(token: str, said: str) -> None:
    """What was copied from a guide, or with its quotation marks, is never sent to Slack."""
    (told,) = tokens.bot_token(token)
    assert said in told.said
    assert "12345" not in told.said
