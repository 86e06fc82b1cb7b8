"""Lines fit the terminal that they are printed on, and say the same as the JSON."""

from __future__ import annotations

import json

import pytest

from bot.doctor import report
from bot.doctor.findings import Finding, Found

SKETCH = Found(
    (
        Finding("ok", "Slack bot token", "xoxb-…1234, workspace Acme, user @footnote"),
        Finding(
            "error",
            "Slack scopes",
            "missing groups:history",
            "OAuth & Permissions › Bot Token Scopes, add it, reinstall",
        ),
        Finding(
            "warning", "Slack channels", "the bot is in no channel", "in Slack, in each channel: /invite @footnote"
        ),
    ),
    ("Help channel",),
)


def _shown(width: int | None) -> list[str]:
    return "\n".join(line.plain for line in report.lines(SKETCH, width=width)).splitlines()


def test_a_pipe_gets_one_line_for_each_finding() -> None:
    """What is searched with grep is never wrapped: level, name, what was found, and what to do."""
    assert _shown(None) == [
        "ok       Slack bot token  xoxb-…1234, workspace Acme, user @footnote",
        "error    Slack scopes     missing groups:history → OAuth & Permissions › Bot Token Scopes, add it, reinstall",
        "warning  Slack channels   the bot is in no channel → in Slack, in each channel: /invite @footnote",
        "Not checked, until the errors above are mended: Help channel",
        "1 ok, 1 warning, 1 error",
    ]


def test_a_terminal_gets_what_to_do_on_lines_of_its_own() -> None:
    """What is too long goes on under itself, so that the levels and the names stay columns to look down."""
    assert _shown(80) == [
        "ok       Slack bot token  xoxb-…1234, workspace Acme, user @footnote",
        "error    Slack scopes     missing groups:history",
        "                          → OAuth & Permissions › Bot Token Scopes, add it,",
        "                            reinstall",
        "warning  Slack channels   the bot is in no channel",
        "                          → in Slack, in each channel: /invite @footnote",
        "Not checked, until the errors above are mended: Help channel",
        "1 ok, 1 warning, 1 error",
    ]


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    """In a narrow one what was found stands under its name."""
    assert max(map(len, _shown(width))) <= width


@pytest.mark.parametrize("width", [60, 70, 71, 72, 73, 74, 75, 76])
def test_what_is_to_be_typed_is_never_broken(width: int) -> None:
    """A command can be copied from one line."""
    assert any("/invite @footnote" in line for line in _shown(width))


def test_the_summary_counts_in_words() -> None:
    """One warning, two warnings."""
    assert report.summary(Found((), ())) == "0 ok, 0 warnings, 0 errors"
    assert report.summary(SKETCH) == "1 ok, 1 warning, 1 error"


def test_json_holds_all_of_it() -> None:
    """Every finding with its four parts, what was not looked at, and the counts."""
    told = json.loads(json.dumps(report.as_json(SKETCH)))
    assert [tuple(one.values()) for one in told["checks"]] == [
        (one.level, one.name, one.said, one.remedy) for one in SKETCH.findings
    ]
    assert (told["unchecked"], told["ok"], told["warnings"], told["errors"]) == (["Help channel"], 1, 1, 1)
