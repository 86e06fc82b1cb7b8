"""A desk for each test."""

import pytest

from tests.unit.desk.world import World


@pytest.fixture
def world() -> World:
    return World()
