"""What people say of answers in Slack becomes judged questions that the evaluation reads."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

from bot.channels import ChannelSettings
from tests.scenarios.company import BAND_FOUR, LEAVE, LUNCH, UNKNOWN, Shelf
from tests.scenarios.test_beside_answers import thumb
from tests.scenarios.whole import Whole


async def test_thumbs_and_people_become_a_data_set(company: Whole, shelf: Shelf, tmp_path: Path) -> None:
    """A liked answer names its passage, one whose source is missing none; people's words stand beside."""
    slack, folder = company.slack, tmp_path / "judged"
    async with company.running() as footnote:
        await company.set_up(footnote, "general", ChannelSettings(humans="S07PEOPLEOP"))
        liked = await company.asked("ana", "general", f"@Footnote {LEAVE}")
        await slack.click("ben", "general", liked.ts, "rate", value=thumb(liked, "positive"))
        secret = await company.asked("ana", "people-ops", f"@Footnote {BAND_FOUR}")
        await slack.click("ana", "people-ops", secret.ts, "rate", value=thumb(secret, "positive"))
        wrong = await company.asked("ben", "general", f"@Footnote {LUNCH}")
        await slack.click("ben", "general", wrong.ts, "rate", value=thumb(wrong, "negative"))
        reasons = slack.modal("ben")
        assert reasons
        await slack.submit(reasons.id, {"reasons": ["source_missing"]})
        unsaid = await company.asked("ana", "general", f"@Footnote {UNKNOWN}")
        await slack.click("ana", "general", unsaid.ts, "ask_person")
        call = await company.answered("general", unsaid.root_ts, before=1)
        await slack.click("ben", "general", call.ts, "resolved")
        form = slack.modal("ben")
        assert form
        await slack.submit(form.id, {"answer": "PostgreSQL."})
        await company.settled(footnote)
    home = company.settings.home
    await run("feedback", "export", str(folder), home=home)
    judged = {file.stem: lines(file) for file in sorted(folder.iterdir())}
    measured = await run("evaluate", str(folder), "--docs", str(shelf.folders / "handbook"), "--json", home=home)
    assert [(one["question"], one["gold"][0]["file"]) for one in judged["questions"]] == [(LEAVE, "leave.md")]
    assert [one["question"] for one in judged["unanswerable"]] == [LUNCH]
    assert [one["answered_by_people"] for one in judged["ratings"] if one["question"] == UNKNOWN] == ["PostgreSQL."]
    assert json.loads(measured)
    assert not any("Quillfeather" in file.read_text() for file in folder.iterdir())


async def run(*arguments: str, home: Path) -> str:
    """What `footnote …` prints under this home."""
    done = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot.cli",
        *arguments,
        env={**os.environ, "FOOTNOTE_HOME": str(home)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, errors = await done.communicate()
    assert done.returncode == 0, errors.decode()
    return out.decode()


def lines(file: Path) -> list[Any]:
    """The objects in a file of JSON lines."""
    return [json.loads(line) for line in file.read_text().splitlines()]
