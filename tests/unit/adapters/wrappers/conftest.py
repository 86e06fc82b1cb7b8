"""The rig as a fixture."""

from __future__ import annotations

import pytest

from tests.unit.adapters.wrappers.rig import Rig


@pytest.fixture
def rig() -> Rig:
    return Rig()
