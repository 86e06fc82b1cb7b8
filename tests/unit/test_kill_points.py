"""A process dies at the point that it was told, the time that it was told, and nowhere else."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bot.errors import Misconfigured
from bot.kill_points import POINTS, arm

ROOT = Path(__file__).parents[2]
PASS = "from bot.kill_points import arm, passing; arm({!r}); [passing('claimed') for _ in range(3)]; print('alive')"


def _passed(order: str) -> subprocess.CompletedProcess[bytes]:
    """What becomes of a process that passes one point three times."""
    return subprocess.run([sys.executable, "-c", PASS.format(order)], cwd=ROOT, capture_output=True, check=False)


@pytest.mark.parametrize("order", ["claimed:1", "claimed:3"])
def test_it_dies_there(order: str) -> None:
    """By the signal that nobody can catch."""
    assert _passed(order).returncode == -signal.SIGKILL


@pytest.mark.parametrize("order", ["", "claimed:4", "verified:1"])
def test_it_lives_elsewhere(order: str) -> None:
    """Without an order, past another point, or not as often."""
    assert _passed(order).stdout == b"alive\n"


@pytest.mark.parametrize("order", ["nowhere:1", "claimed", "claimed:0", "claimed:x", "claimed:²", ":1"])
def test_a_wrong_order_is_refused(order: str) -> None:
    """It names the setting and the points that there are."""
    with pytest.raises(Misconfigured, match=r"KILL_AT.*verified"):
        arm(order)


def test_every_point_is_passed_somewhere() -> None:
    """No point stands in the list alone: each is a place in the code, and no place has a name of its own."""
    sources = [path.read_text("utf-8") for room in ("bot", "handlers") for path in (ROOT / room).rglob("*.py")]
    passed = {name for source in sources for name in re.findall(r'passing\("(\w+)"\)', source)}
    assert passed == set(POINTS)
