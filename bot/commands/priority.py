"""Who has the processor first on a busy machine: Slack's acknowledgements, then answers, then the index."""

import os

WORKING, INDEXING = 5, 10
"""How far each gives way, as nice(1) counts it; the edge gives way to nobody."""


def give_way(by: int) -> None:
    """Let others go first for as long as this process lives; where nobody else wants the processor, nothing changes."""
    os.nice(by)
