"""One person asks too much, or all together cost too much: who is told what, and who is answered all the same."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace

from bot.allowance import current
from bot.models import Hit, Query, Statement
from bot.settings.tree import Budgets
from tests.scenarios.company import LEAVE, LUNCH, VPN, Dictated
from tests.scenarios.test_home_and_admin import opened
from tests.scenarios.whole import Whole

FEW = Budgets(person_minute=3)


class Priced(Dictated):
    """What a test dictates, at sixty cents an answer."""

    async def generate(self, query: Query, passages: Sequence[Hit]) -> AsyncGenerator[Statement]:
        """What was dictated, and the bill."""
        allowance = current()
        assert allowance is not None
        allowance.charge(tokens=100, dollars=0.6)
        async for statement in super().generate(query, passages):
            yield statement


def within(company: Whole, budgets: Budgets) -> Whole:
    """The company with these budgets."""
    return replace(company, settings=company.settings.model_copy(update={"budgets": budgets}))


async def test_a_person_who_asks_too_much_is_told_when_to_ask_again(company: Whole) -> None:
    """What was within the limit is answered, what was over it refused to the asker alone; others are answered."""
    company = within(company, FEW)
    async with company.running() as footnote:
        for _ in range(3):
            await company.asked("ana", "general", f"@Footnote {LUNCH}")
        fourth = await company.slack.say("ana", "general", f"@Footnote {LEAVE}")
        line = await company.told("ana", "general", "You've asked 3 questions in the last minute. Ask again in ")
        other = await company.asked("ben", "general", f"@Footnote {VPN}")
        await company.settled(footnote)
        await opened(company, "ada")
        await opened(company, "ana")
        await company.settled(footnote)
        desk, own, bens = (company.home_tab(who) for who in ("ada", "ana", "ben"))
    assert line.ephemeral_to == "ana"
    assert company.by_bot("general", fourth) == []
    assert "self-service portal" in other.visible_text
    assert "$0.00 of $25.00 · 1 question turned away" in desk
    assert "1 question over one person’s 3 a minute" in desk
    assert company.slack.id_of("ana") in desk
    assert "over budget" in own
    assert "turned away" not in own + bens


async def test_a_flood_is_told_three_times_and_slows_nobody(company: Whole) -> None:
    """Of thirty questions three are answered; the third line speaks for the rest, whose records say the same."""
    company = within(company, FEW)
    slack = company.slack
    async with company.running() as footnote:
        asked = [await slack.say("ana", "general", f"@Footnote {LUNCH}") for _ in range(30)]
        other = await company.asked("ben", "it-help", f"@Footnote {VPN}")
        await company.settled(footnote)
        lines = [line.visible_text for line in company.private("ana", "general")]
        records = await footnote.memory.records.of_person(slack.team_id, slack.id_of("ana"), limit=99)
        today = await footnote.memory.budgets.today(slack.team_id)
    assert "self-service portal" in other.visible_text
    assert sum(bool(company.by_bot("general", root)) for root in asked) == 3
    assert len(lines) == 3
    assert ["won't repeat this for a minute" in line for line in lines] == [False, False, True]
    assert sum(record.failure == "over budget: person_minute" for record in records) == 27
    assert today.people == {slack.id_of("ana"): 27}


async def test_a_command_over_budget_is_told_in_its_own_line(company: Whole) -> None:
    """Where nobody but the asker reads anything anyway."""
    company = within(company, Budgets(person_day=1))
    async with company.running() as footnote:
        await company.asked("ana", "general", f"@Footnote {LUNCH}")
        await company.slack.command("ana", "general", "/ask", LEAVE)
        await company.told("ana", "general", "You've asked 1 question in the last 24 hours. Ask again in 24 hours")
        await company.settled(footnote)


async def test_when_the_day_has_cost_enough_nobody_is_answered(company: Whole) -> None:
    """Each is told so alone, and an admin sees what it came to and why nobody gets an answer."""
    company = within(company, Budgets(workspace_cost=1.0))
    generator = Priced(["Lunch is from noon."])
    generator.released.set()
    async with company.running(generator=generator) as footnote:
        for person in ("ana", "ben"):
            await company.asked(person, "general", f"@Footnote {LUNCH}")
        await company.settled(footnote)
        await company.slack.say("ana", "general", f"@Footnote {LEAVE}")
        await company.told("ana", "general", "This workspace has used its budget for answers today.")
        await company.settled(footnote)
        await opened(company, "ada")
        desk = company.home_tab("ada")
    assert generator.begun == 2
    assert "$1.20 of $1.00 · 1 question turned away" in desk
    assert "Today's budget of $1.00 is used up" in desk
