"""The laptop default is light: what a company runs is imported where a setting asks for it, and nowhere else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.architecture.sources import ROOT

VENDORS = ("weaviate", "grpc", "cohere", "openai")
FIRST_ANSWER = f"""
import contextlib, io, sys
from bot import cli
import bot.app, bot.composition, bot.doctor, bot.worker
with contextlib.redirect_stdout(io.StringIO()):
    failed = cli.main(["index", sys.argv[1]]) or cli.main(["ask", "When is lunch?"])
print(failed, *(name for name in {VENDORS} if name in sys.modules))
"""


def test_a_first_answer_loads_no_vendor(tmp_path: Path) -> None:
    """Indexing a folder and asking, with no setting at all, imports none of the vendors' packages."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/canteen.md").write_text("# Canteen\nLunch is served at noon.")
    command = [sys.executable, "-c", FIRST_ANSWER, str(tmp_path / "docs")]
    answered = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert answered.stdout.split() == ["0"], answered.stderr
