"""What the guide shows works when it is typed."""

from __future__ import annotations

import json
import re
from pathlib import Path

from bot.evaluation.datasets import HandbookSet, load
from tests.architecture.sources import ROOT

GUIDE = ROOT / "docs/guide"


def _examples() -> list[str]:
    page = (GUIDE / "evaluating.md").read_text(encoding="utf-8")
    return [line for block in re.findall(r"```json\n(.*?)```", page, re.DOTALL) for line in block.splitlines()]


def test_judged_examples_can_be_loaded(tmp_path: Path) -> None:
    """The lines of JSON on the page about evaluating are a data set that `footnote evaluate` reads."""
    question, dialog = _examples()
    (tmp_path / "questions.jsonl").write_text(f"{question}\n", encoding="utf-8")
    (tmp_path / "dialogs.jsonl").write_text(f"{dialog}\n", encoding="utf-8")
    found = load(tmp_path, rewrite="auto", corpus=None, limit=None)
    assert isinstance(found, HandbookSet)
    assert [question.kind for question in found.questions] == ["answerable", "followup"]


def test_judged_examples_are_right() -> None:
    """Each gold place in those lines stands in the guide: file, heading and evidence."""
    question, dialog = map(json.loads, _examples())
    places = [*question["gold"], *(gold for turn in dialog["turns"] for gold in turn.get("gold", []))]
    assert len(places) == 2
    for gold in places:
        section = (GUIDE / gold["file"]).read_text(encoding="utf-8").partition(f"# {gold['heading']}\n")[2]
        assert gold["evidence"] in " ".join(section.partition("\n## ")[0].split())
