"""A small company's handbook, as companies write them: for everyone, and for the people who look after people."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

HANDBOOK = {
    "leave.md": """---
title: Leave
owner: ana@playground.example
---
# Leave

## Annual leave

You may carry over at most 240 hours of annual leave into the next leave year. Hours above that are forfeited, unless
your leave was scheduled in writing and then cancelled by the company.

Ask for annual leave in the portal at least two weeks ahead. Your lead answers within three working days.

## Sick leave

Tell your lead before ten in the morning when you are ill. From the fourth day on, send a doctor's note to People Ops.

## Parental leave

Each parent may take up to sixteen weeks of parental leave, paid in full, within two years of the birth or adoption.
Request parental leave in the portal eight weeks before it begins.
""",
    "news.md": """---
title: News 2024
owner: ana@playground.example
---
# News 2024

## What changes for annual leave

From January on, 200 hours of annual leave can be carried over. The office stays closed between the years.
""",
    "travel.md": """---
title: Travel
owner: ben@playground.example
---
# Travel

## Per diem rates

The per diem covers meals and small expenses on a business trip.

| Country     | Full day | Half day |
|-------------|---------:|---------:|
| Germany     |     28 € |     14 € |
| France      |     53 € |     35 € |
| Switzerland |     64 € |     43 € |

## Booking a trip

Book trains and flights through the travel desk. Trips under four hours go by train.

## Claiming expenses

To claim expenses, photograph the receipts and upload them in the portal within thirty days of the trip. Expenses are
paid back with the next salary.
""",
    "vpn.md": """---
title: Working from afar
owner: ben@playground.example
---
# Working from afar

## Setting up the VPN

Install the VPN client from the self-service portal, then sign in with your badge number. To set it up from a terminal:

```sh
sudo apt install acme-vpn
acme-vpn login --badge 004217
acme-vpn connect --profile office
```

## Working from another country

Ask for approval two weeks before you work from another country. Up to thirty days a year are possible within the EU.
""",
    "office.md": """---
title: The office
---
# The office

## Lunch

Lunch is served in the canteen from noon until two. Vegetarian dishes are marked with a green leaf.

## Visitor parking

Visitors park on level two. Ask at the reception desk for a ticket.

## Lost badges

Report a lost badge to the reception desk on the same day, and it is blocked at once.

## How do I change the PIN of my badge?

To change the PIN of your badge, hold the badge to the reader in the lobby and type the new PIN twice.
""",
    "laptops.md": """---
title: Laptops
owner: ben@playground.example
---
# Laptops

## Replacing a laptop

A laptop is replaced every four years. Order the new one from the hardware shop in the portal.

## A broken screen

Bring a laptop with a broken screen to the repair counter on level one; you get a spare one on the spot.
""",
}
PAY = {
    "pay-bands.md": """---
title: Pay bands
owner: ana@playground.example
---
# Pay bands

## Band four

Band four earns between 70,000 and 85,000 euros a year. A move to band four needs a written review by two leads.

## Annual raise

Salaries are reviewed every March. The average raise for 2026 is 3.4 percent.
""",
}

WRITTEN = {"leave.md": 21, "news.md": 745, "travel.md": 90, "vpn.md": 40, "office.md": 10, "laptops.md": 200}
"""Days since each page was last changed."""


def write(folder: Path, files: Mapping[str, str], *, now: datetime) -> Path:
    """The folder with these pages, each as old as it is said to be."""
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
        written = now.timestamp() - 86_400 * WRITTEN.get(name, 5)
        os.utime(folder / name, (written, written))
    return folder
