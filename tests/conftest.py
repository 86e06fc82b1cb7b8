"""Nouns as fixtures, and the guards that stand around every test."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

from tests.nouns import (
    Clock,
    DocumentFactory,
    HitFactory,
    QuestionFactory,
    a_document,
    a_hit,
    a_question,
)

pytest_plugins = ("tests.redis_fixtures",)

settings.register_profile("house", deadline=None, print_blob=True)  # a slow machine is no failure
settings.load_profile("house")

OURS = ("FOOTNOTE_", "SLACK_", "REDIS_", "COHERE_", "WEAVIATE_", "OPENAI_")
"""Beginnings of the variables that settings read, now or in a later release."""
ALSO = ("PORT", "NO_COLOR", "FORCE_COLOR", "COLUMNS")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test sees the settings of the person who runs it, nor writes into their home."""
    for name in list(os.environ):
        if name.startswith(OURS) or name in ALSO:
            monkeypatch.delenv(name)
    monkeypatch.setenv("FOOTNOTE_HOME", str(tmp_path / "home"))


@pytest.fixture(scope="session")
def browser_required() -> bool:
    """Whether a missing browser is a failure (CI) rather than a reason to skip: FOOTNOTE_REQUIRE_BROWSER=1."""
    return os.environ.get("FOOTNOTE_REQUIRE_BROWSER") == "1"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def asker() -> str:
    """The id of the person who asks."""
    return "U0ASKER"


@pytest.fixture
def question() -> QuestionFactory:
    return a_question


@pytest.fixture
def hit() -> HitFactory:
    return a_hit


@pytest.fixture
def document() -> DocumentFactory:
    return a_document
