"""The laptop default is light: what a company runs is imported where a setting asks for it, and nowhere else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.architecture.sources import ROOT

VENDORS = ("weaviate", "grpc", "cohere", "openai", "opentelemetry", "prometheus_client", "bot.adapters.otel")
FIRST_ANSWER = f"""
import contextlib, io, sys
from bot import cli
import bot.app, bot.composition, bot.doctor, bot.worker
with contextlib.redirect_stdout(io.StringIO()):
    failed = cli.main(["index", sys.argv[1]]) or cli.main(["ask", "When is lunch?"])
print(failed, *(name for name in {VENDORS} if name in sys.modules))
"""

MISSING: Final = """
import sys
sys.modules.update(dict.fromkeys(("httpx", "weaviate", "grpc", "cohere", "openai")))
from bot import cli
sys.exit(cli.main(["ask", "When is lunch?"]))
"""


def test_a_first_answer_loads_no_vendor(tmp_path: Path) -> None:
    """Indexing a folder and asking, with no setting at all, imports none of the vendors' packages."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/canteen.md").write_text("# Canteen\nLunch is served at noon.")
    command = [sys.executable, "-c", FIRST_ANSWER, str(tmp_path / "docs")]
    answered = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert answered.stdout.split() == ["0"], answered.stderr


@pytest.mark.parametrize(
    "asked",
    [
        {"COHERE_API_KEY": "k"},
        {"OPENAI_BASE_URL": "http://127.0.0.1:1/v1", "OPENAI_EMBED_MODEL": "small", "OPENAI_EMBED_DIMENSION": "384"},
        {"WEAVIATE_URL": "http://127.0.0.1:1"},
    ],
)
def test_a_vendor_without_its_package_says_what_to_install(tmp_path: Path, asked: dict[str, str]) -> None:
    """As it is after the laptop's installation: none of them is there, nor what they share."""
    environment = {"PATH": "/usr/bin:/bin", "FOOTNOTE_HOME": str(tmp_path), **asked}
    command = [sys.executable, "-c", MISSING]
    answered = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert answered.returncode != 0
    assert "run make backends" in answered.stderr + answered.stdout
    assert "Traceback" not in answered.stderr
