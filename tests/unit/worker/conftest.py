"""Nouns of the worker's tests."""

import pytest

from tests.unit.worker.desk import Desk


@pytest.fixture
def desk() -> Desk:
    return Desk()
