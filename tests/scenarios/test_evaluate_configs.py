"""Two configurations are measured side by side by the real command: one quotes, the other has a model write."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.standins.cohere import CohereStandIn

KEY = "co-not-a-key"
PAGES = {
    "leave.md": "# Leave\n\n## Annual leave\n\nYou may carry over 240 hours of annual leave into the next year.\n",
    "vpn.md": "# VPN\n\n## Setting it up\n\nInstall the VPN client from the self-service portal.\n",
}
QUESTIONS: tuple[Mapping[str, Any], ...] = (
    {
        "_id": "q1",
        "question": "how many hours of annual leave may I carry over?",
        "gold": [{"file": "leave.md", "heading": "Annual leave", "evidence": "240 hours"}],
    },
    {
        "_id": "q2",
        "question": "where do I get the VPN client?",
        "gold": [{"file": "vpn.md", "heading": "Setting it up", "evidence": "self-service portal"}],
    },
)


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended."""

    status: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Bench:
    """A handbook with judged questions, a stand-in for Cohere, and the command over them."""

    folder: Path
    api: CohereStandIn

    def configuration(self, name: str, **variables: str) -> Path:
        """A file of settings; what embeds and ranks is ours in each."""
        local = {"FOOTNOTE_EMBEDDER": "local", "FOOTNOTE_RERANKER": "local", "FOOTNOTE_REWRITER": "history"}
        path = self.folder / f"{name}.toml"
        path.write_text("".join(f"{key} = {json.dumps(value)}\n" for key, value in {**local, **variables}.items()))
        return path

    def writing(self, name: str = "written", **variables: str) -> Path:
        """A configuration in which Cohere writes."""
        reached = {"COHERE_BASE_URL": self.api.url, "COHERE_API_KEY": KEY, "FOOTNOTE_GENERATOR": "cohere"}
        return self.configuration(name, **reached, **variables)

    async def evaluate(self, *arguments: str | Path) -> Done:
        """`footnote evaluate` over the questions, in a process of its own."""
        environment = {**os.environ, "FOOTNOTE_HOME": str(self.folder / "home"), "NO_COLOR": "1"}
        command = ["-m", "bot.cli", "evaluate", self.folder / "judged", "--docs", self.folder / "docs", *arguments]
        process = await asyncio.create_subprocess_exec(
            sys.executable, *command, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        out, err = await process.communicate()
        return Done(process.returncode or 0, out.decode(), err.decode())


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncGenerator[Bench]:
    """Two pages, two questions, and an API that answers well."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "judged").mkdir()
    for name, text in PAGES.items():
        (tmp_path / "docs" / name).write_text(text)
    lines = "".join(f"{json.dumps(question)}\n" for question in QUESTIONS)
    (tmp_path / "judged" / "questions.jsonl").write_text(lines)
    async with CohereStandIn(key=KEY).running() as api:
        yield Bench(tmp_path, api)


async def test_two_configurations_stand_side_by_side(bench: Bench) -> None:
    """One run measures both on the same questions: figures, who did what, what it cost, and the paired differences."""
    quotes = bench.configuration("quotes", FOOTNOTE_GENERATOR="quotes")
    saved = bench.folder / "run.json"
    done = await bench.evaluate("--config", quotes, "--config", bench.writing(), "--json", "--save", saved)
    assert done.status == 0, done.err
    told = json.loads(done.out)
    plain, written = told["runs"]
    assert (plain["name"], written["name"], plain["queries"], written["queries"]) == ("quotes", "written", 2, 2)
    assert plain["per_question"] == {"dollars": 0.0, "calls": 0.0, "tokens": 0.0}
    assert written["per_question"]["calls"] == 1.0
    assert written["per_question"]["dollars"] > 0
    assert written["short"] == {"failed": 0, "unwritten": 0, "unranked": 0, "unembedded": 0}
    assert written["metrics"]["evidence_shown"]["mean"] == 1.0
    assert told["differences"][0]["metrics"]["file@1"] == {"mean": 0.0, "low": 0.0, "high": 0.0, "n": 2}
    assert "written (2 of 2)" in done.err
    assert KEY not in done.out + done.err
    assert f"{bench.folder / 'written.toml'} holds COHERE_API_KEY" in done.err
    assert {path.name for path in bench.folder.glob("run-*.json")} == {"run-quotes.json", "run-written.json"}
    homes = list((bench.folder / "home" / "evaluation").iterdir())
    assert len(homes) == 1  # what embeds is the same, so the index is


async def test_what_a_configuration_could_not_do_is_shown(bench: Bench) -> None:
    """A model that is away is no silent gap: passages were quoted in its place, and the table counts that."""
    bench.api.refuse(401, on="chat")
    quotes = bench.configuration("quotes", FOOTNOTE_GENERATOR="quotes")
    done = await bench.evaluate("--config", quotes, "--config", bench.writing())
    assert done.status == 0, done.err
    rows = {line.split()[0]: line.split()[1:] for line in done.out.splitlines() if line}
    assert rows["unwritten"] == ["0", "2"]
    assert rows["generator"][0] != rows["generator"][1]
    assert "In all:" in done.out


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        (
            {"FOOTNOTE_GENRATOR": "quotes"},
            "a.toml: FOOTNOTE_GENRATOR is no setting that answers depend on; did you mean",
        ),
        ({"SLACK_BOT_TOKEN": "xoxb-1"}, "a.toml: SLACK_BOT_TOKEN is no setting that answers depend on"),
        ({"FOOTNOTE_GENERATOR": "cohere"}, "a.toml: FOOTNOTE_GENERATOR is cohere, but COHERE_API_KEY is not set"),
        ({"FOOTNOTE_DECLINE_BELOW": "7"}, "a.toml: FOOTNOTE_DECLINE_BELOW cannot be used"),
    ],
)
async def test_a_wrong_configuration_is_named_before_anything_is_asked(
    bench: Bench, variables: Mapping[str, str], said: str
) -> None:
    """One sentence with the file's name; nothing was indexed, nothing asked."""
    done = await bench.evaluate("--config", bench.writing(), "--config", bench.configuration("a", **variables))
    assert (done.status, done.out) == (1, "")
    assert said in done.err
    assert "Traceback" not in done.err
    assert bench.api.calls == []
    assert not (bench.folder / "home").exists()


async def test_saved_runs_and_configurations_are_not_mixed(bench: Bench) -> None:
    """What compares two saved runs measures nothing, so a configuration beside it is a mistake."""
    done = await bench.evaluate("--compare", "a.json", "b.json", "--config", bench.configuration("a"))
    assert (done.status, done.out) == (1, "")
    assert "--compare compares saved runs; leave --config out" in done.err


async def test_saved_runs_of_configurations_are_compared_later(bench: Bench) -> None:
    """Each run that was saved beside others is one that `--compare` reads."""
    first, second = bench.configuration("a"), bench.configuration("b", FOOTNOTE_DECLINE_BELOW="0.4")
    await bench.evaluate("--config", first, "--config", second, "--save", bench.folder / "run.json")
    done = await bench.evaluate("--compare", bench.folder / "run-a.json", bench.folder / "run-b.json")
    assert done.status == 0, done.err
    assert "second run minus first" in done.out
