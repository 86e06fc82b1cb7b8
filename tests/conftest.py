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

pytest_plugins = ("tests.redis_fixtures", "tests.weaviate_fixtures")

# A slow machine is no failure; CI tries the same examples each time (Hypothesis's own rule), people try new ones.
settings.register_profile("house", deadline=None, print_blob=True, derandomize=bool(os.environ.get("CI")))
settings.load_profile("house")

OURS = ("FOOTNOTE_", "SLACK_", "REDIS_", "COHERE_", "WEAVIATE_", "OPENAI_")
"""Beginnings of the variables that settings read, now or in a later release."""
ALSO = ("PORT", "KILL_AT", "NO_COLOR", "FORCE_COLOR", "COLUMNS")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test sees the settings of the person who runs it, nor writes into their home."""
    for name in list(os.environ):
        if name.startswith(OURS) or name in ALSO:
            monkeypatch.delenv(name)
    monkeypatch.setenv("FOOTNOTE_HOME", str(tmp_path / "home"))


BROWSER_REQUIRED = pytest.StashKey[bool]()
WEAVIATE_REQUIRED = pytest.StashKey[bool]()
REDIS_REQUIRED = pytest.StashKey[bool]()


def pytest_configure(config: pytest.Config) -> None:
    """Take the suite's own switches out of the environment, where the bot would call them unknown settings.

    A process that only hands the tests out leaves them there for those that run them.
    """
    if getattr(config.option, "numprocesses", None) and not hasattr(config, "workerinput"):
        return
    config.stash[BROWSER_REQUIRED] = os.environ.pop("FOOTNOTE_REQUIRE_BROWSER", "") == "1"
    config.stash[WEAVIATE_REQUIRED] = os.environ.pop("FOOTNOTE_REQUIRE_WEAVIATE", "") == "1"
    config.stash[REDIS_REQUIRED] = os.environ.pop("FOOTNOTE_REQUIRE_REDIS", "") == "1"


@pytest.fixture(scope="session")
def browser_required(request: pytest.FixtureRequest) -> bool:
    """Whether a missing browser is a failure (CI) rather than a reason to skip: FOOTNOTE_REQUIRE_BROWSER=1."""
    return request.config.stash[BROWSER_REQUIRED]


@pytest.fixture(scope="session")
def weaviate_required(request: pytest.FixtureRequest) -> bool:
    """Whether a missing Weaviate is a failure (CI) rather than a reason to skip: FOOTNOTE_REQUIRE_WEAVIATE=1."""
    return request.config.stash[WEAVIATE_REQUIRED]


@pytest.fixture(scope="session")
def redis_required(request: pytest.FixtureRequest) -> bool:
    """Whether a missing Redis server is a failure (CI) rather than a reason to skip: FOOTNOTE_REQUIRE_REDIS=1."""
    return request.config.stash[REDIS_REQUIRED]


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
