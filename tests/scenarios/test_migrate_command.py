"""`footnote migrate` as a person types it and as a deploy runs it, in processes of their own."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from bot.commands.index import index
from bot.commands.judging import Judging
from bot.composition import migrating
from bot.errors import BadRequest
from bot.settings import Settings
from tests.architecture.sources import ROOT
from tests.weaviate_server import WeaviateAddress

Footnote = Callable[..., subprocess.CompletedProcess[str]]
QUALITY = ROOT / "tests/quality"
pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """Two documents on disk."""
    folder = tmp_path / "handbook"
    folder.mkdir()
    (folder / "leave.md").write_text("# Leave\n\nYou may carry over at most 240 hours of annual leave.\n")
    (folder / "vpn.md").write_text("# Network\n\nInstall the VPN client from the self-service portal.\n")
    return folder


@pytest.fixture
def footnote(tmp_path: Path) -> Footnote:
    """Runs `footnote …` under a home of the test's own."""
    basis = {name: value for name, value in os.environ.items() if not name.startswith("WEAVIATE_")}
    environment = {**basis, "FOOTNOTE_HOME": str(tmp_path / "home"), "NO_COLOR": "1"}

    def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "bot.cli", *arguments]
        return subprocess.run(
            command, input="", env=environment | variables, capture_output=True, text=True, check=False
        )

    return run


def _json(done: subprocess.CompletedProcess[str]) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_deploy_may_always_run_it(footnote: Footnote, docs: Path) -> None:
    """With nothing indexed, and with nothing to do, it says so and ends well."""
    done = footnote("migrate")
    assert (done.returncode, done.stdout) == (0, "Nothing is indexed yet, so there is nothing to migrate.\n")
    footnote("index", str(docs))
    done = footnote("migrate")
    assert (done.returncode, done.stdout) == (0, "The index is what the settings ask for (index): nothing to do.\n")


def test_there_and_back_and_forgotten(footnote: Footnote, docs: Path) -> None:
    """A person sees what was moved, where questions go now, and how to return; answers stay the same all along."""
    footnote("index", str(docs))
    moved = footnote("migrate", "--rebuild")
    assert moved.returncode == 0, moved.stderr
    assert "Answers come from index (all-MiniLM" in moved.stdout
    assert "readable by everyone: 2 documents (2 chunks)" in moved.stdout
    assert "footnote migrate --back returns to it" in moved.stdout
    assert "2/2 documents · 2/2 chunks" in moved.stderr
    back = footnote("migrate", "--back")
    assert "Answers come from index (all-MiniLM" in back.stdout
    unasked = footnote("migrate", "--forget")
    assert (unasked.returncode, unasked.stdout) == (1, "")
    assert "this removes index.previous for good; run it with --yes" in unasked.stderr
    assert footnote("migrate", "--forget", "--yes").stdout == "Removed index.previous.\n"
    assert footnote("migrate", "--forget").stdout == "No index is kept beside the one in use.\n"
    assert footnote("migrate", "--back").returncode == 1
    assert "240 hours" in footnote("ask", "how many hours of annual leave can I carry over?").stdout


def test_from_a_laptop_to_weaviate(footnote: Footnote, docs: Path, weaviate_address: WeaviateAddress) -> None:
    """With WEAVIATE_URL set, one command fills it from the home folder, and questions are answered from there."""
    company = {
        "WEAVIATE_URL": weaviate_address.url,
        "WEAVIATE_GRPC_URL": f"http://127.0.0.1:{weaviate_address.grpc_port}",
        "WEAVIATE_TENANT": f"t{uuid4().hex}",
    }
    footnote("index", str(docs))
    moved = _json(footnote("migrate", "--json", **company))
    assert (moved["did"], moved["was"], moved["documents"], moved["left_out"]) == ("moved", "index", 2, {})
    assert moved["now"].startswith("Footnote_all_MiniLM")
    assert _json(footnote("migrate", "--json", **company))["did"] == "up to date"
    assert "240 hours" in footnote("ask", "how many hours of annual leave can I carry over?", **company).stdout
    assert _json(footnote("index", str(docs), "--json", **company))["unchanged"] == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--back", "--forget"), "--back and --forget stand alone"),
        (("--back", "--rebuild"), "--back and --forget stand alone"),
        (("--docs", "."), "name those too"),
        (("--judged", "/nowhere"), "is not a folder"),
    ],
)
def test_what_does_not_go_together(footnote: Footnote, arguments: tuple[str, ...], said: str) -> None:
    """A wrong combination is refused in a sentence, before anything is done."""
    done = footnote("migrate", *arguments)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


# --- judged questions -------------------------------------------------------------------------------------------------


async def test_judged_questions_decide(tmp_path: Path, docs: Path) -> None:
    """An index that answers as well may be switched to, one that does not may not, unless somebody insists."""
    settings, show = Settings(home=tmp_path), io.StringIO()
    await index(settings, [QUALITY / "handbook"], show=show)
    async with migrating(settings) as made:
        live = await made.indexes.live()
        assert live
        judging = Judging.of(made, QUALITY / "questions", docs=QUALITY / "handbook", force=False, show=show)
        await judging.compare(live, live)
        assert not judging.worse
        async with made.indexes.filling() as new:
            some = sorted((await live.inventory()).entries)[:4]
            await new.writer.upsert_many(await live.documents(some, vectors=True))
        with pytest.raises(BadRequest, match=r"index.next answers worse than index: .*file@5 by .*--force"):
            await judging.compare(live, new.stock)
        assert "second run minus first, paired by question" in show.getvalue()
        await Judging.of(made, QUALITY / "questions", docs=None, force=True, show=show).compare(live, new.stock)
        with pytest.raises(BadRequest, match="none of the questions"):
            await Judging.of(made, QUALITY / "questions", docs=docs, force=False, show=show).compare(live, live)
