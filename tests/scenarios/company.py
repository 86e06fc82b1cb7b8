"""A company with documents for everyone, for one group and for one person, and a generator that a test dictates to."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.models import Hit, Principal, Query, Statement, Support
from bot.settings import Settings
from indexing.connectors.files import source_name
from tests.scenarios.whole import Whole, indexed

HANDBOOK = {
    "leave.md": """---
owner: ben@playground.example
---
# Leave

## Annual leave

You may carry over at most 240 hours of annual leave into the next year. Hours above that are forfeited.

## Sick leave

Tell your lead before ten when you are ill.
""",
    "vpn.md": """# Working from afar

## Setting up the VPN

Install the client from the self-service portal, then sign in with your badge number.

## Working abroad

Ask for approval two weeks before you work from another country.
""",
    "canteen.md": "# Canteen\n\nLunch is served from noon until two. Vegetarian dishes are marked with a leaf.\n",
    "expenses.md": """# Expenses

## Claiming expenses

To claim expenses, send the receipts to the finance desk within thirty days.

## Taxis

A taxi is paid for after nine in the evening.
""",
    "parking.md": "# Parking\n\nVisitors park on level two. Ask the reception desk for a ticket.\n",
    "security.md": """# Security

## Badges

Report a lost badge to the reception desk the same day.

## How do I change the PIN of my badge?

To change the PIN of your badge, hold the badge to the reader in the lobby and type the new PIN twice.

## Passwords

Change your password in the self-service portal every year.
""",
}
IT = {
    "laptops.md": """# Laptops

## Replacing a laptop

A laptop is replaced every four years. Order it from the hardware shop.

## A broken screen

Bring a laptop with a broken screen to the repair counter on level one.
"""
}
PAY = {
    "bands.md": """# Pay bands

## Band four

Band four, called Quillfeather, earns between 70,000 and 85,000 euros a year.
"""
}
REVIEW = {"review.md": "# Review of Ana\n\n## Outcome\n\nThe review of Ana ends with a raise to grade Marmalade.\n"}

LEAVE = "how many hours of annual leave can I carry over?"
LUNCH = "when is lunch served?"
VPN = "how do I set up the VPN?"
PIN = "how do I change the PIN of my badge?"
"""The one of them that the documents answer almost word for word."""
UNKNOWN = "which database does the billing system use?"
BAND_FOUR = "how much does band four earn?"

SECRETS = {"Quillfeather": ("ana",), "Pay bands": ("ana",), "Marmalade": ("ana",), "Review of Ana": ("ana",)}
"""Words that stand in restricted documents and nowhere else, and who may read those."""


@dataclass(frozen=True)
class Shelf:
    """An index of the company's documents, made once and copied."""

    home: Path
    folders: Path

    async def give(self, company: Whole) -> None:
        """Let the company have it."""
        if not self.home.exists():
            await self._fill()
        shutil.copytree(self.home, company.settings.home)

    async def _fill(self) -> None:
        settings = Settings(home=self.home)
        await indexed(settings, self.folders / "handbook", HANDBOOK)
        await indexed(settings, self.folders / "it", IT)
        await indexed(settings, self.folders / "pay", PAY, readable_by=[Principal("group", "people-ops")])
        await indexed(settings, self.folders / "review", REVIEW, readable_by=[Principal("user", "U07ANARBRO1")])

    def source(self, name: str) -> str:
        """What the index calls one of the folders."""
        return source_name(self.folders / name)


@dataclass
class Dictated:
    """A generator that says `first`, waits until it is `released`, and goes on with `rest`."""

    first: Sequence[str]
    rest: Sequence[str] = ()
    begun: int = 0
    ended: int = 0
    """How many answers it began, and how many it no longer works on, finished or not."""
    released: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def name(self) -> str:
        """What an answer calls it."""
        return "dictated"

    async def generate(self, query: Query, passages: Sequence[Hit]) -> AsyncGenerator[Statement]:
        """What was dictated, each sentence supported by the first passage."""
        chunk = passages[0].chunk
        start, end = chunk.units[0]
        self.begun += 1
        try:
            for text in self.first:
                yield Statement(text, (Support(chunk.id, chunk.text[start:end]),))
            await self.released.wait()
            for text in self.rest:
                yield Statement(text, (Support(chunk.id, chunk.text[start:end]),))
        finally:
            self.ended += 1
