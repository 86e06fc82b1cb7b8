"""The dashboard, the alert rules and the guide speak of the metrics that a process really serves."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import yaml
from aiohttp import ClientSession

from tests.architecture.sources import ROOT

MONITORING = ROOT / "docs/monitoring"
GUIDE = ROOT / "docs/guide/monitoring.md"
OURS = r"(?:footnote|gen_ai|db|process)_[a-z0-9_]+|target_info"
UNSEEN = {"job", "instance", "le", "error_type"}
"""Labels that Prometheus adds, and one of calls that failed."""


@dataclass(frozen=True, slots=True)
class Served:
    """The text of /metrics, and what stands in it."""

    text: str

    @property
    def families(self) -> set[str]:
        return set(re.findall(r"^# TYPE (\S+)", self.text, re.MULTILINE))

    @property
    def samples(self) -> set[str]:
        return set(re.findall(r"^(\w+)[{ ]", self.text, re.MULTILINE))

    @property
    def labels(self) -> set[str]:
        return set(re.findall(r'[{,](\w+)="', self.text))


@pytest.fixture(scope="module")
def address() -> Generator[str]:
    """Of a process in which everything that is counted has happened once."""
    command = [sys.executable, "-m", "tests.scenarios.watched_process"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        yield process.stdout.readline().strip()
        process.communicate()


@pytest.fixture
async def served(address: str) -> Served:
    async with ClientSession() as session, session.get(f"{address}/metrics") as response:
        assert response.content_type == "text/plain"
        return Served(await response.text())


def _dashboard() -> dict[str, Any]:
    return json.loads((MONITORING / "dashboard.json").read_text(encoding="utf-8"))


def _expressions() -> Iterator[str]:
    """Every query of the dashboard and of the rules."""
    for panel in _dashboard()["panels"]:
        yield from (target["expr"] for target in panel.get("targets", []))
    for group in yaml.safe_load((MONITORING / "alerts.yaml").read_text(encoding="utf-8"))["groups"]:
        yield from (rule["expr"] for rule in group["rules"])


def _metrics(expression: str) -> set[str]:
    bare = re.sub(r"\{[^}]*\}|\bby \([^)]*\)", "", expression)
    return set(re.findall(rf"\b(?:{OURS})\b", bare))


def _labels(expression: str) -> set[str]:
    grouped = [name for names in re.findall(r"\bby \(([^)]*)\)", expression) for name in names.split(", ")]
    return {*grouped, *re.findall(r"[{,](\w+)(?:=~|!=|=)", expression)}


async def test_every_metric_that_is_shown_or_watched_is_served(served: Served) -> None:
    """Those of the dashboard and of the alert rules, by the names that Prometheus gives them."""
    asked = {name for expression in _expressions() for name in _metrics(expression)}
    assert len(asked) > 20
    assert asked - served.samples == set()


async def test_every_label_that_is_asked_for_is_served(served: Served) -> None:
    """A query for a label that nobody sets finds nothing, and says nothing."""
    asked = {name for expression in _expressions() for name in _labels(expression)}
    assert len(asked) > 8
    assert asked - served.labels - UNSEEN == set()


async def test_the_guide_names_every_metric_and_no_other(served: Served) -> None:
    """In the first column of its table."""
    page = GUIDE.read_text(encoding="utf-8")
    table = page.partition("## The metrics")[2].partition("\n## ")[0]
    named = {
        name for line in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)`", line)
    }
    assert named == served.families


async def test_names_are_as_prometheus_wants_them(served: Served) -> None:
    """Counters end in _total, times are in seconds, and each of ours says what it is."""
    types = dict(re.findall(r"^# TYPE (footnote_\S+) (\S+)", served.text, re.MULTILINE))
    assert all(name.endswith("_total") for name, kind in types.items() if kind == "counter")
    assert all(name.endswith("_seconds") for name, kind in types.items() if kind == "histogram")
    helps = dict(re.findall(r"^# HELP (footnote_\S+) (.+)$", served.text, re.MULTILINE))
    assert sorted(types) == sorted(helps)


def test_every_alert_is_explained_to_operators() -> None:
    """The guide says of each what to do, and of no other; each says what has happened, and how bad it is."""
    (group,) = yaml.safe_load((MONITORING / "alerts.yaml").read_text(encoding="utf-8"))["groups"]
    rules = group["rules"]
    explained = re.findall(r"\*(Footnote\w+)\*", GUIDE.read_text(encoding="utf-8"))
    assert sorted(rule["alert"] for rule in rules) == sorted(explained)
    assert all(rule["labels"]["severity"] in ("warning", "critical") for rule in rules)
    assert all(rule["annotations"].keys() == {"summary", "description"} for rule in rules)


def test_the_dashboard_is_one_that_grafana_loads() -> None:
    """Its panels have ids of their own, stand beside each other, and ask the Prometheus that is chosen at the top."""
    board = _dashboard()
    assert board["schemaVersion"] >= 39
    assert [variable["type"] for variable in board["templating"]["list"]] == ["datasource", "query"]
    panels = board["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    cells = [cell for panel in panels for cell in _cells(panel["gridPos"])]
    assert len(set(cells)) == len(cells)
    assert max(column for column, _ in cells) < 24
    shown = [panel for panel in panels if panel["type"] != "row"]
    assert all(panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"} for panel in shown)
    assert all(panel["title"] and panel["description"] and panel["targets"] for panel in shown)


def _cells(place: dict[str, int]) -> Iterator[tuple[int, int]]:
    for column in range(place["x"], place["x"] + place["w"]):
        yield from ((column, line) for line in range(place["y"], place["y"] + place["h"]))
